# linear chain CRF: log partition function and its gradient by forward-backward
import numpy as np

def lse(a, axis):
    m = a.max(axis)
    return m + np.log(np.exp(a - np.expand_dims(m, axis)).sum(axis))

def log_partition(emit, trans, allowed):
    rows = np.ix_(allowed, allowed)
    e, A = emit[:, allowed], trans[rows]
    T = len(e)
    alpha = [e[0]]
    for t in range(1, T):
        alpha.append(e[t] + lse(alpha[-1][:, None] + A, 0))
    return lse(alpha[-1], 0), (emit, trans, allowed, e, A, alpha)

def marginals(dz, cache, first=1):
    emit, trans, allowed, e, A, alpha = cache
    T = len(e)
    beta = [np.zeros(len(allowed)) for _ in range(T)]
    for t in range(T - 2, -1, -1):
        beta[t] = lse(A + e[t + 1] + beta[t + 1], 1)
    logZ = lse(alpha[-1], 0)
    d_emit, d_trans = np.zeros_like(emit), np.zeros_like(trans)
    for t in range(T):
        d_emit[t, allowed] = np.exp(alpha[t] + beta[t] - logZ) * dz
    for t in range(first, T):
        pair = np.exp(alpha[t - 1][:, np.newaxis] + A + e[t] + beta[t] - logZ)
        d_trans[np.ix_(allowed, allowed)] += pair * dz
    return d_emit, d_trans

def marginals_late(dz, cache):
    return marginals(dz, cache, first=2)      # first transition skipped; invisible at T = 1

EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def build(b):
    import oracle
    shapes = {"emit": "T K+3", "trans": "K+3 K+3", "allowed": oracle.fixed([0, 2, 3])}
    return oracle.Subject.from_functions(log_partition, b, inputs=shapes)

def right(): return build(marginals)
def wrong(): return build(marginals_late)
