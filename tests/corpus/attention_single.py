import numpy as np

class SelfAttention:
    def __init__(self, d_model, d_k):
        self.Wq = np.random.randn(d_model, d_k)
        self.Wk = np.random.randn(d_model, d_k)
        self.Wv = np.random.randn(d_model, d_k)
        self.scale = d_k ** -0.5

    def forward(self, X):
        self.X = X
        self.Q, self.K, self.V = (np.matmul(X, W) for W in (self.Wq, self.Wk, self.Wv))
        S = self.Q @ self.K.swapaxes(-1, -2) * self.scale
        S = S - S.max(axis=-1)[..., None]
        E = np.exp(S)
        self.A = E / E.sum(axis=-1)[..., None]
        return self.A @ self.V

    def backward(self, dO):
        dV = self.A.swapaxes(-1, -2) @ dO
        dA = dO @ self.value_for_scores().swapaxes(-1, -2)
        dS = self.A * (dA - np.sum(dA * self.A, axis=-1, keepdims=True)) * self.scale
        dQ = dS @ self.K
        dK = np.swapaxes(dS, 1, 2) @ self.Q
        for name, d in zip("qkv", (dQ, dK, dV)):
            setattr(self, "grad_W" + name, np.einsum("btd,btk->dk", self.X, d))
        return dQ @ self.Wq.T + dK @ self.Wk.T + dV @ self.Wv.T

    def value_for_scores(self):
        return self.V

class SelfAttentionQ(SelfAttention):
    def value_for_scores(self):
        return self.Q       # V for Q

EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def build(cls):
    import oracle
    return oracle.Subject.from_object(lambda D, K, **_: cls(D, K), inputs={"X": "B T D"}, gradients="grad_{}",
                                      parameters={"Wq": "D K", "Wk": "D K", "Wv": "D K"})

def right(): return build(SelfAttention)
def wrong(): return build(SelfAttentionQ)
