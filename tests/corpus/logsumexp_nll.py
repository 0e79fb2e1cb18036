import numpy as np

def logsumexp(a, axis=-1):
    m = np.amax(a, axis=axis, keepdims=True)
    return (m + np.log(np.sum(np.exp(a - m), axis=axis, keepdims=True))).squeeze(axis)

class LogSoftmaxNLL:
    def __init__(self, reduction='mean'):
        self.reduction = reduction

    def forward(self, logits, target):
        self.lse = logsumexp(logits)
        self.logits, self.target = logits, target
        picked = np.take_along_axis(logits, target[..., None], axis=-1).squeeze(-1)
        return (self.lse - picked).mean()

    def backward(self, grad=1.0):
        p = np.exp(self.logits - self.lse[..., None])
        np.put_along_axis(p, self.target[..., None], np.take_along_axis(p, self.target[..., None], -1) - 1, axis=-1)
        return grad * p / self.target.size

class LogSoftmaxNLLRows(LogSoftmaxNLL):
    def backward(self, grad=1.0):
        # shape[0] is the batch only: wrong by T once there is a time axis
        return super().backward(grad) * self.target.size / self.target.shape[0]

EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def build(cls):
    import oracle
    inputs = {"logits": "B T C", "target": oracle.integers("B T", below="C")}
    return oracle.Subject.from_object(lambda **_: cls(), inputs=inputs, parameters={}, gradients="{}")

def right():
    return build(LogSoftmaxNLL)

def wrong():
    return build(LogSoftmaxNLLRows)
