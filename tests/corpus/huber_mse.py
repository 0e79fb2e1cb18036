import numpy as np

class Loss(object):
    def __call__(self, pred, target):
        raise NotImplementedError

class MSE(Loss):
    def __call__(self, pred, target):
        self.diff = pred - target
        return 0.5 * np.mean(self.diff ** 2)
    def grad(self):
        return self.diff / self.diff.size

class Huber(Loss):
    def __init__(self, delta=0.7):
        self.delta = delta
    def __call__(self, pred, target):
        self.diff = pred - target
        a = np.abs(self.diff)
        return np.sum(np.where(a <= self.delta, 0.5 * self.diff ** 2, self.delta * (a - 0.5 * self.delta)))
    def grad(self):
        return np.where(np.abs(self.diff) <= self.delta, self.diff, self.delta * np.sign(self.diff))

class SumOfSquares(Loss):
    def __call__(self, pred, target):
        self.diff = pred - target
        return np.sum(self.diff ** 2)
    def grad(self):
        return self.diff               # the two is left to the learning rate

class MSE2(MSE):
    def grad(self):
        return 2 * self.diff / self.diff.size       # there is a half in the forward

def total(losses, pred, target):
    value = sum(float(l(pred, target)) for l in losses)
    g = sum(l.grad() for l in losses)
    return value, g, -g

EXPECTED = {"right": "CERTIFIED", "half": "REFUTED", "half_declared": "CERTIFIED", "wrong": "REFUTED"}

def build(*classes, **kw):
    import oracle
    return oracle.Subject.from_loss(lambda pred, target: total([c() for c in classes], pred, target),
                                    inputs={"pred": "N D", "target": "N D"}, gradients=("pred", "target"), **kw)

def right(): return build(MSE, Huber)
def half(): return build(SumOfSquares)
def half_declared(): return build(SumOfSquares, scale=0.5)
def wrong(): return build(MSE2, Huber)
