import numpy as np

# two heads on one trunk, time as a list of arrays; x gradient made of one head only

def forward(x, Wt, Wa, Wb):
    outs_a, outs_b, trunk = [], [], []
    for row in x:
        h = np.tanh(row @ Wt)
        trunk.append(h)
        outs_a.append(h @ Wa)
        outs_b.append(np.exp(h @ Wb))
    return np.array(outs_a), np.array(outs_b), (x, trunk, outs_b, Wt, Wa, Wb)

def backward(da, db, cache):
    x, trunk, outs_b, Wt, Wa, Wb = cache
    g = {'Wt': 0, 'Wa': 0, 'Wb': 0, 'x': []}
    for i, h in enumerate(trunk):
        eb = db[i] * outs_b[i]
        dh = (da[i] @ Wa.T + eb @ Wb.T) * (1 - h * h)
        g['Wa'] = g['Wa'] + np.outer(h, da[i])
        g['Wb'] = g['Wb'] + np.outer(h, eb)
        g['Wt'] = g['Wt'] + np.outer(x[i], dh)
        g['x'].append(dh @ Wt.T)
    g['x'] = np.array(g['x'])
    return g

def backward_one_head(da, db, cache):
    x, trunk, outs_b, Wt, Wa, Wb = cache
    g = backward(da, db, cache)
    g['x'] = np.array([da[i] @ Wa.T * (1 - h * h) @ Wt.T for i, h in enumerate(trunk)])
    return g

EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def build(b):
    import oracle
    return oracle.Subject.from_functions(forward, b, inputs={"x": "N D", "Wt": "D H", "Wa": "H K", "Wb": "H M"})

def right(): return build(backward)
def wrong(): return build(backward_one_head)
