import numpy
from numpy import maximum

def timed(f):
    calls = []
    def wrapper(*args, **kwargs):
        calls.append(f.__name__)
        return f(*args, **kwargs)
    wrapper.calls = calls
    return wrapper

@timed
def affine(x, w, b):
    return numpy.dot(x, w) + b

@timed
def resblock(x, w1, b1, w2, b2):
    a = maximum(affine(x, w1, b1), 0.)
    y = affine(a, w2, b2) + x
    out = maximum(y, 0.)
    assert not numpy.isnan(out).any()
    print("resblock", out.shape, "max %s" % (numpy.shape(out),))
    return out, (x, a, out, w1, w2)

@timed
def resblock_grad(dout, cache):
    x, a, out, w1, w2 = cache
    dy = numpy.where(out > 0., dout, 0.)
    da = numpy.dot(dy, w2.T) * (a > 0.)
    return numpy.dot(da, w1.T) + dy, numpy.dot(x.T, da), numpy.sum(da, 0), numpy.dot(a.T, dy), numpy.sum(dy, 0)

@timed
def resblock_grad_early(dout, cache):
    x, a, out, w1, w2 = cache
    dy = numpy.where(out > 0., dout, 0.)
    da = numpy.dot(dy, w2.T) * (a > 0.)
    # the upstream cotangent for the masked one on the skip
    return numpy.dot(da, w1.T) + dout, numpy.dot(x.T, da), numpy.sum(da, 0), numpy.dot(a.T, dy), numpy.sum(dy, 0)

SHAPES = {"x": "B D", "w1": "D H", "b1": "H", "w2": "H D", "b2": "D"}
EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}

def right():
    import oracle
    return oracle.Subject.from_functions(resblock, resblock_grad, inputs=SHAPES)

def wrong():
    import oracle
    return oracle.Subject.from_functions(resblock, resblock_grad_early, inputs=SHAPES)
