# many to one lstm, lists of everything. weights are (in, out)
import numpy as np

sig = lambda v: 1/(1+np.exp(-v))

def run(seq, W, U, b, V):
    H = U.shape[0]
    hs, cs, gates = [], [], []
    for k, x in enumerate(seq):
        h = hs[k-1] if k else np.zeros(H)
        c = cs[k-1] if k else np.zeros(H)
        a = x @ W + h @ U + b
        i, f, o, g = sig(a[:H]), sig(a[H:2*H]), sig(a[2*H:3*H]), np.tanh(a[3*H:])
        cs.append(f*c + i*g)
        hs.append(o*np.tanh(cs[-1]))
        gates.append([i, f, o, g])
    return hs[-1] @ V, (seq, hs, cs, gates, W, U, V)

def back(dy, tape):
    seq, hs, cs, gates, W, U, V = tape
    dW, dU, db = W*0, U*0, U[0]*0
    dV = np.outer(hs[-1], dy)
    dh = V @ dy
    dc = dh*0
    dseq = []
    for k in range(len(seq)-1, -1, -1):
        i, f, o, g = gates[k]
        c_old = cs[k-1] if k else 0*dc
        h_old = hs[k-1] if k else 0*dc
        tc = np.tanh(cs[k])
        dc = dc + dh*o*(1-tc**2)
        da = np.r_[dc*g*i*(1-i), dc*c_old*f*(1-f), dh*tc*o*(1-o), dc*i*(1-g**2)]
        dW += np.outer(seq[k], da); dU += np.outer(h_old, da); db += da
        dseq.append(W @ da)
        dh = U @ da; dc = dc*f
    return np.array(dseq[::-1]), dW, dU, db, dV

def back_wrapping(dy, tape):
    seq, hs, cs, gates, W, U, V = tape
    dW, dU, db = W*0, U*0, U[0]*0
    dV = np.outer(hs[-1], dy)
    dh = V @ dy
    dc = dh*0
    dseq = []
    for k in range(len(seq)-1, -1, -1):
        i, f, o, g = gates[k]
        tc = np.tanh(cs[k])
        dc = dc + dh*o*(1-tc**2)
        # at k == 0 this is cs[-1], hs[-1]: the end of the list
        da = np.r_[dc*g*i*(1-i), dc*cs[k-1]*f*(1-f), dh*tc*o*(1-o), dc*i*(1-g**2)]
        dW += np.outer(seq[k], da); dU += np.outer(hs[k-1], da); db += da
        dseq.append(W @ da)
        dh = U @ da; dc = dc*f
    return np.array(dseq[::-1]), dW, dU, db, dV


SHAPES = {"seq": "T D", "W": "D 4*H", "U": "H 4*H", "b": "4*H", "V": "H K"}
EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def right():
    import oracle
    return oracle.Subject.from_functions(run, back, inputs=SHAPES)

def wrong():
    import oracle
    return oracle.Subject.from_functions(run, back_wrapping, inputs=SHAPES)
