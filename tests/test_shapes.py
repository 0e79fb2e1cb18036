"""Shape specs: what they mean, what they refuse and in which words."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.shapes import Shape, ShapeError

NAMES = ("T", "B", "D_in", "H")
EXAMPLE = 'write names and integers with + - * //, one dimension per word, such as "4*H D+H"'


def dimensions() -> st.SearchStrategy[str]:
    """Words of the grammar, with parentheses around every operation."""
    leaves = st.sampled_from(NAMES) | st.integers(1, 9).map(str)
    operators = st.sampled_from(["+", "*", "-", "//"])
    return st.recursive(
        leaves, lambda inner: st.tuples(inner, operators, inner).map(lambda part: f"({''.join(part)})"), max_leaves=5
    )


def computed(words: list[str], at: dict[str, int]) -> tuple[int, ...] | None:
    """What Python computes for the words; None where that is no shape."""
    try:
        found = tuple(eval(word, {}, dict(at)) for word in words)
    except ZeroDivisionError:
        return None
    return found if min(found, default=0) >= 0 else None


def concrete(shape: Shape, at: dict[str, int]) -> tuple[int, ...] | None:
    """The shape, or None where it is refused."""
    try:
        return shape.concrete(at)
    except ShapeError:
        return None


def sizes() -> st.SearchStrategy[dict[str, int]]:
    """A size for every name."""
    return st.fixed_dictionaries(dict.fromkeys(NAMES, st.integers(1, 7)))


@pytest.mark.parametrize(
    ("text", "names", "shape"),
    [
        ("", (), ()),
        ("  T   B ", ("T", "B"), (5, 3)),
        ("4*H D+H", ("H", "D"), (8, 9)),
        ("D+H 4*H", ("D", "H"), (9, 8)),
        ("(T+1)*B", ("T", "B"), (18,)),
        ("T//2 T-5", ("T",), (2, 0)),
        ("3", (), (3,)),
        ("B*B-B", ("B",), (6,)),
    ],
)
def test_a_spec_has_names_in_order_and_a_shape(text: str, names: tuple[str, ...], shape: tuple[int, ...]) -> None:
    """Names come in order of appearance, each once, and the dimensions follow Python's arithmetic."""
    parsed = Shape.parse(text)
    assert parsed.names == names
    assert parsed.concrete({"T": 5, "B": 3, "H": 2, "D": 7}) == shape


@given(st.lists(dimensions(), max_size=3), sizes())
@settings(deadline=None)
def test_dimensions_are_what_python_computes(words: list[str], at: dict[str, int]) -> None:
    """Every dimension is the value of its word; words without a value, or with a negative one, are refused."""
    assert concrete(Shape.parse(" ".join(words)), at) == computed(words, at)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("T B/2", "B/2"),
        ("H**2", "H**2"),
        ("-H", "-H"),
        ("T B#D", "B#D"),
        ("4H", "4H"),
        ("f(H)", "f(H)"),
        ("H.T", "H.T"),
        ("H,", "H,"),
        ("(T + 1)", "(T"),
        ("2.5", "2.5"),
        ("True", "True"),
        ("None H", "None"),
        ("H\\", "H\\"),
        ("T 2147483648", "2147483648"),
        ("'H'", "'H'"),
        ("H\x00", "H\x00"),
        ("H\x1b[2J", "H\x1b[2J"),
        ("lambda:H", "lambda:H"),
        ("(" * 240 + "H" + ")" * 240, "(" * 240 + "H" + ")" * 240),
    ],
)
def test_what_is_no_dimension_is_refused_by_name(text: str, word: str) -> None:
    """A word outside the grammar is shown, with the grammar."""
    with pytest.raises(ShapeError) as refused:
        Shape.parse(text)
    assert str(refused.value) == f"shape spec {text!r} does not parse at {word!r}: {EXAMPLE}"


def test_a_spec_is_text() -> None:
    """A tuple of sizes, as NumPy would have it, is not a spec."""
    with pytest.raises(ShapeError) as refused:
        Shape.parse((3, 4))  # type: ignore[arg-type]
    assert str(refused.value) == 'a shape spec is text such as "4*H D+H", but (3, 4) is of type tuple'


def test_a_spec_is_a_line() -> None:
    """Five hundred characters are enough, and one more is too many."""
    assert Shape.parse("H" * 500).names == ("H" * 500,)
    with pytest.raises(ShapeError, match=r"^a shape spec has at most 500 characters, but this one has 501$"):
        Shape.parse("H" * 501)


def test_a_missing_size_is_named() -> None:
    """Without one of its sizes a shape has no value."""
    with pytest.raises(ShapeError) as refused:
        Shape.parse("T 4*H").concrete({"T": 2})
    assert str(refused.value) == "shape spec 'T 4*H' needs the size 'H', but only {'T': 2} is known"


def test_a_negative_dimension_is_refused() -> None:
    """Zero is a dimension, less than zero is none, and the message says what to do."""
    assert Shape.parse("T-2").concrete({"T": 2}) == (0,)
    with pytest.raises(ShapeError) as refused:
        Shape.parse("T-2 B").concrete({"T": 1, "B": 3})
    expected = "shape spec 'T-2 B' gives (-1, 3) at {'T': 1, 'B': 3}, which is negative; choose sizes= that avoid it"
    assert str(refused.value) == expected


def test_division_by_zero_is_refused() -> None:
    """A divisor that vanishes at these sizes is told with them."""
    with pytest.raises(ShapeError, match=re.escape("shape spec 'T//(B-1)' divides by zero at {'T': 4, 'B': 1}")):
        Shape.parse("T//(B-1)").concrete({"T": 4, "B": 1})


def test_shapes_print_like_numpys() -> None:
    """A vector keeps its comma, a scalar its empty parentheses."""
    assert [str(Shape.parse(text)) for text in ("", "H", "4*H D+H")] == ["()", "(H,)", "(4*H, D+H)"]


def test_only_the_empty_spec_is_a_scalar() -> None:
    """One dimension of size 1 is still a dimension."""
    assert [Shape.parse(text).is_scalar for text in ("", "  ", "1")] == [True, True, False]


def test_equal_text_is_an_equal_shape() -> None:
    """Shapes compare and hash by their text, so that they can be keys."""
    assert len({Shape.parse("B D"), Shape.parse("B D"), Shape.parse("D B")}) == 2
