import numpy as np

def softmax_loss(x, y):
    """returns (loss, dx), targets are class numbers"""
    shifted_logits = x - np.max(x, axis=1, keepdims=True)
    Z = np.sum(np.exp(shifted_logits), axis=1, keepdims=True)
    log_probs = shifted_logits - np.log(Z)
    probs = np.exp(log_probs)
    N = x.shape[0]
    loss = -np.sum(log_probs[np.arange(N), y]) / N
    dx = probs.copy()
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx

def softmax_loss_unscaled(x, y):
    loss, dx = softmax_loss(x, y)
    return loss, dx * len(y)           # the sum's gradient for the mean's loss

EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED", "declared": "CERTIFIED"}

def build(f, **kw):
    import oracle
    return oracle.Subject.from_loss(f, inputs={"x": "N C", "y": oracle.integers("N", below="C")}, gradients=("x",), **kw)

def right():
    return build(softmax_loss)

def wrong():
    return build(softmax_loss_unscaled)

def declared():
    # the other way round: the loss is a sum, the gradient is divided by N, and says so
    return build(sum_loss_mean_gradient, mean_over="N")

def sum_loss_mean_gradient(x, y):
    loss, dx = softmax_loss(x, y)
    return loss * len(y), dx
