import numpy as np
from random import shuffle

def svm_loss_naive(W, X, y, reg):
    dW = np.zeros(W.shape)
    num_classes = W.shape[1]
    num_train = X.shape[0]
    loss = 0.0
    for i in range(num_train):
        scores = X[i].dot(W)
        correct_class_score = scores[y[i]]
        for j in range(num_classes):
            if j == y[i]:
                continue
            margin = scores[j] - correct_class_score + 1
            if margin > 0:
                loss += margin
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
    loss /= num_train
    dW /= num_train
    loss += reg * np.sum(W * W)
    dW += 2 * reg * W
    return loss, dW

def svm_loss_vectorized(W, X, y, reg):
    n = X.shape[0]
    scores = X @ W
    correct = scores[np.arange(n), y][:, np.newaxis]
    margins = np.maximum(0, scores - correct + 1)
    margins[np.arange(n), y] = 0
    loss = margins.sum() / n + reg * np.sum(W ** 2)
    binary = (margins > 0).astype(float)
    binary[np.arange(n), y] = -binary.sum(axis=1)
    return loss, X.T.dot(binary) / n + 2 * reg * W

def svm_loss_half(W, X, y, reg):
    loss, dW = svm_loss_vectorized(W, X, y, reg)
    return loss, dW - reg * W         # gradient of 1/2 reg W^2

EXPECTED = {"naive": "CERTIFIED", "right": "CERTIFIED", "wrong": "REFUTED"}

def build(f):
    import oracle
    inputs = {"W": "D C", "X": oracle.reals("N D", differentiated=False), "y": oracle.integers("N", below="C"), "reg": oracle.fixed(0.05)}
    return oracle.Subject.from_loss(f, inputs=inputs, gradients=("W",))

def naive(): return build(svm_loss_naive)
def right(): return build(svm_loss_vectorized)
def wrong(): return build(svm_loss_half)
