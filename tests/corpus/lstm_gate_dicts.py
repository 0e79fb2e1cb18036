# per gate dictionaries, one sequence, last hidden state is the output
import numpy as np
from helpers import *

GATES = ['i', 'f', 'o', 'c']


def forward(xs, p):
    n = p['bi'].shape[0]
    h, c = np.zeros(n), np.zeros(n)
    tape = []
    for x in xs:
        v = {g: p['W' + g] @ x + p['U' + g] @ h + p['b' + g] for g in GATES}
        a = {g: np.tanh(v[g]) if g == 'c' else sigmoid(v[g]) for g in GATES}
        tape.append(dict(x=x, h=h, c=c, a=a))
        c = a['f'] * c + a['i'] * a['c']
        tape[-1]['tc'] = np.tanh(c)
        h = a['o'] * tape[-1]['tc']
    return h, (tape, p)


def backward(dh, cache):
    tape, p = cache
    grads = zeros_for(p)
    dc = 0
    dxs = []
    for s in reversed(tape):
        a = s['a']
        dc = dc + dh * a['o'] * dtanh(s['tc'])
        d = {'o': dh * s['tc'] * sigmoid(a['o'], True),
             'i': dc * a['c'] * sigmoid(a['i'], True),
             'f': dc * s['c'] * sigmoid(a['f'], True),
             'c': dc * a['i'] * dtanh(a['c'])}
        dh, dx = 0, 0
        for g in GATES:
            grads['W' + g] += np.outer(d[g], s['x'])
            grads['U' + g] += np.outer(d[g], s['h'])
            grads['b' + g] += d[g]
            dh = dh + p['U' + g].T @ d[g]
            dx = dx + p['W' + g].T @ d[g]
        dc = dc * a['f']
        dxs.insert(0, dx)
    return dict(grads, xs=np.array(dxs))


def backward_v0(dh, cache):
    tape, p = cache
    grads = zeros_for(p)
    dc = 0
    dxs = []
    for s in reversed(tape):
        a = s['a']
        dc = dc + dh * a['o'] * dtanh(s['tc'])
        do = dh * s['tc'] * sigmoid(a['o'], True)
        di = dc * a['c'] * sigmoid(a['i'], True)
        df = dc * s['c'] * sigmoid(a['f'], True)
        dg = dc * a['i'] * dtanh(a['c'])
        grads['Wi'] += np.outer(di, s['x']); grads['Ui'] += np.outer(di, s['h']); grads['bi'] += di
        grads['Wf'] += np.outer(df, s['x']); grads['Uf'] += np.outer(di, s['h']); grads['bf'] += df  # <- di, pasted
        grads['Wo'] += np.outer(do, s['x']); grads['Uo'] += np.outer(do, s['h']); grads['bo'] += do
        grads['Wc'] += np.outer(dg, s['x']); grads['Uc'] += np.outer(dg, s['h']); grads['bc'] += dg
        dh = p['Ui'].T @ di + p['Uf'].T @ df + p['Uo'].T @ do + p['Uc'].T @ dg
        dxs.insert(0, p['Wi'].T @ di + p['Wf'].T @ df + p['Wo'].T @ do + p['Wc'].T @ dg)
        dc = dc * a['f']
    return dict(grads, xs=np.array(dxs))


NAMES = [kind + g for g in GATES for kind in 'WUb']
EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}


def build(back):
    import oracle

    shapes = {n: {"W": "H D", "U": "H H", "b": "H"}[n[0]] for n in NAMES}
    return oracle.Subject.from_functions(
        lambda xs, *ps: forward(xs, dict(zip(NAMES, ps))), back, inputs={"xs": "T D", **shapes})


def right():
    return build(backward)


def wrong():
    return build(backward_v0)
