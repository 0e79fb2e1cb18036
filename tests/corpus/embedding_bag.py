import numpy as np

class Embedding:
    def __init__(self, W):
        self.params = [W]
        self.grads = [np.zeros_like(W)]
        self.idx = None

    def forward(self, idx):
        W, = self.params
        self.idx = idx
        return W[idx]

    def backward(self, dout):
        dW, = self.grads
        dW[...] = 0
        np.add.at(dW, self.idx, dout)
        return None

class EmbeddingAssign(Embedding):
    def backward(self, dout):
        dW, = self.grads
        dW[...] = 0
        dW[self.idx] = dout       # the last one wins when an index repeats
        return None

class EmbeddingLoop(Embedding):
    def backward(self, dout):
        dW, = self.grads
        dW[...] = 0
        for i, word_id in enumerate(self.idx):
            dW[word_id] += dout[i]
        return None

EXPECTED = {"right": "CERTIFIED", "loop": "CERTIFIED", "wrong": "REFUTED"}

def build(cls):
    import oracle
    return oracle.Subject.from_object(
        lambda V, D, **_: cls(np.random.rand(V, D)), inputs={"idx": oracle.integers("N", below="V")},
        parameters={"params.0": "V D"}, gradients={"params.0": "grads.0"})

def right(): return build(Embedding)
def loop(): return build(EmbeddingLoop)
def wrong(): return build(EmbeddingAssign)
