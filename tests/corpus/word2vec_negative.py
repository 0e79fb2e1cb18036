import numpy as np

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

# skip-gram, one center word, K negative samples (may repeat)
def neg_sampling_loss_and_gradient(centerWordVec, outsideWordIdx, outsideVectors, negSampleWordIndices):
    indices = [outsideWordIdx] + list(negSampleWordIndices)
    u = outsideVectors[indices]
    sgn = np.array([1.0] + [-1.0] * (len(indices) - 1))
    p = sigmoid(sgn * u.dot(centerWordVec))
    loss = -np.log(p).sum()
    g = (p - 1) * sgn
    gradCenterVec = g.dot(u)
    gradOutsideVecs = np.zeros_like(outsideVectors)
    np.add.at(gradOutsideVecs, indices, np.outer(g, centerWordVec))
    return loss, gradCenterVec, gradOutsideVecs

def neg_sampling_no_dups(centerWordVec, outsideWordIdx, outsideVectors, negSampleWordIndices):
    indices = [outsideWordIdx] + list(negSampleWordIndices)
    u = outsideVectors[indices]
    sgn = np.array([1.0] + [-1.0] * (len(indices) - 1))
    p = sigmoid(sgn * u.dot(centerWordVec))
    loss = -np.log(p).sum()
    g = (p - 1) * sgn
    gradCenterVec = g.dot(u)
    gradOutsideVecs = np.zeros_like(outsideVectors)
    gradOutsideVecs[indices] += np.outer(g, centerWordVec)      # a word drawn twice counts once
    return loss, gradCenterVec, gradOutsideVecs

EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def build(f):
    import oracle
    inputs = {"centerWordVec": "D", "outsideWordIdx": oracle.integers("", below="V"), "outsideVectors": "V D",
              "negSampleWordIndices": oracle.integers("K", below="V")}
    return oracle.Subject.from_loss(f, inputs=inputs, gradients=("centerWordVec", "outsideVectors"))

def right(): return build(neg_sampling_loss_and_gradient)
def wrong(): return build(neg_sampling_no_dups)
