"""In the real ball arithmetic, numbers that Python would round come out exact to the working precision."""

from fractions import Fraction

import numpy as np
import pytest
from binding_snippets import module_of

from oracle.arithmetic import adapter, kernels
from oracle.arithmetic.ball_array import BallArray
from oracle.arithmetic.namespace import stand_for
from oracle.arithmetic.refusals import LeftArithmetic, recording
from oracle.binding import Binding

BITS = 256


def in_balls(source, *arguments):
    """What `run` of a source text returns in balls, as raw balls."""
    module = module_of("balls", source)
    with Binding(extra=[module]).bound(stand_for), kernels.precision(BITS):
        return adapter.raw(module.run(*arguments))


@pytest.mark.parametrize("n", [3, 5, 7])
@pytest.mark.parametrize(
    ("body", "exact"),
    [
        ("return 1. / n", lambda n: Fraction(1, n)),
        ("return n ** -1.0", lambda n: Fraction(1, n)),
        ("return n ** -2", lambda n: Fraction(1, n * n)),
        ("x = 2.0\n    x /= n\n    return x", lambda n: Fraction(2, n)),
        ("x = [1.0]\n    x[0] /= n\n    return x[0]", lambda n: Fraction(1, n)),
        ("return np.ones(2).sum() / n", lambda n: Fraction(2, n)),
        ("return np.arange(1, 3)[1] / n", lambda n: Fraction(2, n)),
        ("return float(1 / n)", lambda n: Fraction(1, n)),
        ("import numpy\n    return numpy.float64(1) / n", lambda n: Fraction(1, n)),
        ("return (lambda k: 0.5 / k)(n)", lambda n: Fraction(1, 2 * n)),
        ("return sum(i / n for i in range(3))", lambda n: Fraction(3, n)),
        ("return 0.1 * n", lambda n: Fraction(0.1) * n),
    ],
)
def test_constants_are_not_rounded(body, exact, n):
    """A constant computed from plain numbers encloses its exact value, a thousand times closer than floats could."""
    with kernels.precision(BITS):
        ball = in_balls(f"import numpy as np\ndef run(n):\n    {body}\n", n)
        expected = exact(n)
        difference = ball[()] * expected.denominator - expected.numerator
    assert difference.contains(0)
    assert float(kernels.radii(ball)) < 1e-60


@pytest.mark.parametrize("n", [3, 5, 7])
def test_a_square_root_is_not_rounded(n):
    """`n ** -0.5` squared and times `n` encloses one."""
    with kernels.precision(BITS):
        ball = in_balls("def run(n):\n    return n ** -0.5\n", n)
        assert (ball[()] * ball[()] * n - 1).contains(0)
    assert float(kernels.radii(ball)) < 1e-60


def test_without_lifting_the_rounding_shows():
    """The same constant is off by a rounding if lifting is left out: the tests above can fail."""
    module = module_of("unlifted", "def run(n):\n    return 1. / n\n")
    with Binding(extra=[module]).bound(stand_for, lift=False), kernels.precision(BITS):
        ball = adapter.raw(module.run(3))
        assert not (ball[()] * 3 - 1).contains(0)


def test_arrays_of_the_module_become_balls_and_come_back():
    """An array of the module is one array of balls under all its names; written to, it is as before afterwards."""
    module = module_of(
        "arrays", "import numpy as np\nW = np.ones(2)\nP = {'W': W}\ndef run():\n    P['W'] /= 3\n    return W\n"
    )
    with Binding(extra=[module]).bound(stand_for), kernels.precision(BITS):
        result = module.run()
    assert isinstance(result, BallArray)
    assert float(kernels.radii(result._raw)[0]) > 0
    assert module.W is module.P["W"]
    assert module.W.tolist() == [1, 1]


def test_an_array_that_stays_floats_takes_no_balls():
    """Writing balls into an array that was not replaced is refused, never rounded."""
    source = "import numpy as np\nW = np.zeros(4)\nV = W[1:]\ndef run():\n    V[0] = np.exp(1.0)\n"
    module = module_of("shared", source)
    refused = pytest.raises((LeftArithmetic, ValueError))  # NumPy puts an error of its own before ours
    with recording() as record, Binding(extra=[module]).bound(stand_for), refused:
        module.run()
    assert [refusal.kind for refusal in record.refusals] == ["LeftArithmetic"]
    assert module.W.tolist() == [0, 0, 0, 0]


def test_random_draws_are_the_same_in_floats_and_balls():
    """The global generator starts from the same state in every run, and is left in it."""
    module = module_of("draws", "import numpy as np\ndef run():\n    return np.random.rand(3)\n")
    binding, state = Binding(extra=[module]), np.random.get_state()
    with binding.untouched():
        floats = module.run()
    with binding.bound(stand_for):
        balls = module.run()
    assert kernels.midpoints(balls._raw).tolist() == floats.tolist()
    assert repr(np.random.get_state()) == repr(state)
