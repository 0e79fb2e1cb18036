# pre-norm block with LayerScale: x + ls1 * attn(ln(x)), then + ls2 * mlp(ln(.)). params in one dict, grads in another
import numpy as np

E = np.einsum
NAMES = ('wq', 'wk', 'wv', 'ls1', 'w1', 'w2', 'ls2')

def ln(x):
    m, s = x.mean(-1, keepdims=True), x.std(-1, keepdims=True) + 1e-2
    return (x - m) / s, (x - m, s)

def ln_back(dy, c):
    xm, s = c
    n = xm.shape[-1]
    std = s - 1e-2
    ds = -(dy * xm).sum(-1, keepdims=True) / s**2
    dx = dy / s + ds * xm / (n * std)
    return dx - dx.mean(-1, keepdims=True)

def block(x, p):
    c = {'x': x, 'p': p}
    n, c['ln1'] = ln(x)
    q, k, v = n @ p['wq'], n @ p['wk'], n @ p['wv']
    s = E('tk,sk->ts', q, k); s -= s.max(1, keepdims=True)
    a = np.exp(s); a /= a.sum(1, keepdims=True)
    o = a @ v
    x = x + p['ls1'] * o
    c.update(n=n, q=q, k=k, v=v, a=a, o=o)
    m, c['ln2'] = ln(x)
    hid = np.tanh(m @ p['w1'])
    f = hid @ p['w2']
    c.update(m=m, hid=hid, f=f)
    return x + p['ls2'] * f, c

def block_back(dy, c, skip=1):
    p, g = c['p'], {}
    g['ls2'] = (dy * c['f']).sum(0)
    df = dy * p['ls2']
    g['w2'] = c['hid'].T @ df
    dh = df @ p['w2'].T * (1 - c['hid']**2)
    g['w1'] = c['m'].T @ dh
    dx = dy * skip + ln_back(dh @ p['w1'].T, c['ln2'])
    g['ls1'] = (dx * c['o']).sum(0)
    do = dx * p['ls1']
    da, dv = do @ c['v'].T, c['a'].T @ do
    ds = c['a'] * (da - (da * c['a']).sum(1, keepdims=True))
    dq, dk = ds @ c['k'], ds.T @ c['q']
    g['wq'], g['wk'], g['wv'] = (c['n'].T @ d for d in (dq, dk, dv))
    dn = dq @ p['wq'].T + dk @ p['wk'].T + dv @ p['wv'].T
    g['x'] = dx + ln_back(dn, c['ln1'])
    return g

def block_back_no_skip(dy, c):
    return block_back(dy, c, skip=0)      # the second residual is not passed on

EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def build(back):
    import oracle
    shapes = dict(x="T C", wq="C K", wk="C K", wv="C C", ls1="C", w1="C M", w2="M C", ls2="C")
    # the derivative of a standard deviation does not exist for one feature
    return oracle.Subject.from_functions(lambda x, *w: block(x, dict(zip(NAMES, w))), back, inputs=shapes, sizes={"C": (2, 7)})

def right(): return build(block_back)
def wrong(): return build(block_back_no_skip)
