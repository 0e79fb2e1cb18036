"""Known-answer vectors: those of the repository come out again, read back, and agree with independent arithmetic."""

import decimal
import hashlib
import json
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from lstm_ref import SEED, STANDARD, layer
from oracle import Subject, subjects, vectors
from oracle.arithmetic.nearest import Rounded
from oracle.cli import main
from oracle.vectors import Refused, answers, document, dumps
from oracle.vectors.answers import _expect_one_answer
from oracle.verdict import WitnessesDisagree

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "vectors"
AGAIN = ["lstm-seed", "lstm-classic-node", "lstm-stacked", "lstm-truncated"]
CELLS = {"lstm-seed": SEED, "lstm-standard": STANDARD}


def stored(name):
    """The JSON of a registered subject in the repository."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def entries(stored_document):
    """Every array of a document, with its place."""
    for number, case in enumerate(stored_document["cases"]):
        for part in ("inputs", "cotangents", "outputs", "gradients"):
            for name, entry in case[part].items():
                yield f"{number}/{part}/{name}", entry


def array(entry):
    """The array of an entry."""
    dtype = {"float64": "<f8", "int64": "<i8", "bool": "|b1"}[entry["dtype"]]
    return np.array(entry["values"], dtype=dtype).reshape(entry["shape"])


def test_every_registered_subject_has_its_vectors():
    """One JSON and one safetensors file each, none besides; to renew them: oracle vectors --out vectors."""
    expected = {f"{name}.{ending}" for name in subjects.names() for ending in ("json", "safetensors")}
    assert {path.name for path in FOLDER.iterdir()} == expected


def test_the_vectors_are_small():
    """All files together are below two megabytes."""
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 2_000_000


@pytest.mark.parametrize("name", AGAIN)
def test_the_same_vectors_come_out_again(name):
    """What is computed now is, byte for byte, what lies in the repository."""
    subject = subjects.load(name)
    assert dumps(document(subject, answers(subject))) == (FOLDER / f"{name}.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", subjects.names())
def test_stored_numbers_agree_with_their_decimals_and_checksums(name):
    """Every value is the float64 nearest to its 40 digits, and every checksum is that of the bytes."""
    for place, entry in entries(stored(name)):
        values = array(entry)
        assert hashlib.sha256(values.tobytes()).hexdigest() == entry["sha256"], place
        decimals = entry.get("decimals", map(repr, values.ravel().tolist()) if entry["dtype"] == "float64" else [])
        texts = list(decimals)
        assert len(texts) == (values.size if entry["dtype"] == "float64" else 0), place
        assert [float(text) for text in texts] == (values.ravel().tolist() if texts else []), place
        assert all(re.fullmatch(r"0|-?[1-9]\.\d{39}e[+-]\d+", text) for text in entry.get("decimals", [])), place


@pytest.mark.parametrize("name", subjects.names())
def test_both_formats_hold_the_same_bits(name):
    """Each tensor of the safetensors file is the array of that name in the JSON, and there is no other."""
    numpy = pytest.importorskip("safetensors.numpy", reason="needs the extra interop")
    tensors = numpy.load((FOLDER / f"{name}.safetensors").read_bytes())
    expected = {place: array(entry) for place, entry in entries(stored(name))}
    assert set(tensors) == set(expected)
    for place, value in expected.items():
        assert tensors[place].dtype == value.dtype
        assert tensors[place].shape == value.shape
        assert tensors[place].tobytes() == value.tobytes()


@pytest.mark.parametrize("name", ["lstm-seed", "lstm-standard"])
def test_the_layer_in_floats_is_within_ulps_of_the_vectors(name):
    """Outside saturation `lstm_ref` in float64 gives the stored outputs and gradients but for some roundings."""
    calm = [case for case in stored(name)["cases"] if case["regime"] != "saturated"]
    assert len(calm) == 3
    for case in calm:
        inputs, bars, outputs, gradients = (
            {key: array(entry) for key, entry in case[part].items()}
            for part in ("inputs", "cotangents", "outputs", "gradients")
        )
        *got, tape = layer.forward(**inputs, cell=CELLS[name])
        got += layer.backward(*bars.values(), tape)
        for one, expected in zip(got, [*outputs.values(), *gradients.values()], strict=True):
            assert np.abs(one - expected).max() <= 64 * np.finfo(float).eps * np.abs(expected).max()


def test_the_stored_gradients_are_derivatives():
    """With T = 1 and one of each, a difference of h = s σ(a_o) in 120 decimals is the stored gradient to 38 digits."""
    case = next(one for one in stored("lstm-seed")["cases"] if one["regime"] == "size one")
    inputs = {name: [Decimal(value) for value in entry["values"]] for name, entry in case["inputs"].items()}
    bars = [Decimal(entry["values"][0]) for entry in case["cotangents"].values()]

    def objective(b_o):
        (x,), (h0,), (s0,) = inputs["x"], inputs["h0"], inputs["s0"]
        biases = [*inputs["b"][:3], b_o]
        a = [w * x + u * h0 + b for w, u, b in zip(inputs["W"], inputs["U"], biases, strict=True)]
        g = (1 - (-2 * a[0]).exp()) / (1 + (-2 * a[0]).exp())
        i, f, o = (1 / (1 + (-one).exp()) for one in a[1:])
        s = g * i + s0 * f
        return (bars[0] + bars[1]) * s * o + bars[2] * s

    with decimal.localcontext(prec=120):
        step = Decimal(10) ** -30
        slope = (objective(inputs["b"][3] + step) - objective(inputs["b"][3] - step)) / (2 * step)
        certain = Decimal(case["gradients"]["b"]["decimals"][3])
        assert abs(slope - certain) < abs(certain) * Decimal(10) ** -38


# ---- the command


def run(*arguments):
    """What `oracle vectors` did."""
    return CliRunner().invoke(main, ["vectors", *arguments])


def test_the_command_writes_both_files(tmp_path):
    """NAME.json and NAME.safetensors, with so many cases, and a line for each file."""
    pytest.importorskip("safetensors", reason="needs the extra interop")
    done = run("--subject", "lstm-classic-node", "--out", str(tmp_path / "new"), "--cases", "2", "--seed", "5")
    assert done.exit_code == 0, done.output
    assert sorted(os.listdir(tmp_path / "new")) == ["lstm-classic-node.json", "lstm-classic-node.safetensors"]
    written = json.loads((tmp_path / "new" / "lstm-classic-node.json").read_text(encoding="utf-8"))
    assert [case["regime"] for case in written["cases"]] == ["generic", "saturated"]
    assert written["cases"][0] != stored("lstm-classic-node")["cases"][0]
    assert [line.split()[-1] for line in done.output.splitlines()] == ["bytes", "bytes"]


WRONG = """
import numpy as np, oracle

def forward(x):
    return np.tanh(x), x

def backward(y_bar, x):
    return (1 - np.tanh(x)) * y_bar

subject = oracle.Subject.from_functions(forward, backward, inputs={"x": "D"})
"""


def test_nothing_is_written_of_what_is_refuted(tmp_path):
    """Exit code 1, a sentence that names the verdict and the case, and no file."""
    (tmp_path / "wrong.py").write_text(WRONG, encoding="utf-8")
    done = run("--subject", f"{tmp_path / 'wrong.py'}:subject", "--out", str(tmp_path / "out"), "--format", "json")
    assert done.exit_code == 1
    assert " is REFUTED at D=" in done.output
    assert not (tmp_path / "out").exists()


def test_a_missing_library_is_a_sentence(tmp_path, monkeypatch):
    """Without safetensors the extra is named, nothing is written, and --format json works."""
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    arguments = ["--subject", "lstm-classic-node", "--out", str(tmp_path / "out"), "--cases", "1"]
    done = run(*arguments)
    assert done.exit_code == 2
    expected = (
        'Error: writing safetensors needs the extra interop: pip install "gradient-oracle[interop]"; without it, write '
        "--format json\n"
    )
    assert done.output == expected
    assert not (tmp_path / "out").exists()
    assert run(*arguments, "--format", "json").exit_code == 0
    assert os.listdir(tmp_path / "out") == ["lstm-classic-node.json"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--subject", "lstm-seed"], "Missing option '--out'"),
        (["--subject", "no-such", "--out", "x"], "there is no subject 'no-such'"),
        (["--out", "x", "--cases", "0"], "0 is not in the range"),
        (["--out", "x", "--format", "xml"], "'xml' is not one of"),
    ],
)
def test_misuse_of_the_command_is_a_sentence(arguments, sentence):
    """Exit code 2, and what was expected."""
    done = run(*arguments)
    assert done.exit_code == 2
    assert sentence in done.output


def test_files_are_written_together_or_not_at_all(tmp_path, monkeypatch):
    """When the second file cannot be written, the first is what it was, and nothing is left lying about."""
    vectors.write(tmp_path, {"a": b"old"})
    real = os.fdopen
    calls = []

    def failing(handle, mode):
        calls.append(handle)
        if len(calls) == 2:
            real(handle, mode).close()
            raise OSError(28, "No space left on device")
        return real(handle, mode)

    monkeypatch.setattr(os, "fdopen", failing)
    with pytest.raises(OSError, match="No space left"):
        vectors.write(tmp_path, {"a": b"new", "b": b"new"})
    assert os.listdir(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_programs_that_round_differently_contradict_each_other():
    """The control: one digit apart in the last decimal, or one bit, is noticed."""
    same = Rounded(np.ones(1), np.array(["1.0e+0"], dtype=object), np.ones(1, dtype=bool))
    digit = same._replace(decimals=np.array(["1.1e+0"], dtype=object))
    bit = same._replace(float64=np.nextafter(np.ones(1), 2))
    _expect_one_answer("here", {"x": same}, {"x": same})
    for other in (digit, bit):
        with pytest.raises(WitnessesDisagree, match=r"^x at here: the two programs are certified, but round to"):
            _expect_one_answer("here", {"x": same}, {"x": other})


def test_an_answer_that_stays_open_is_refused():
    """A gradient that is zero without being computed as zero cannot be rounded: the sentence says so."""

    def forward(x):
        return np.exp(x - x[::-1]) * 0 + np.sin(x) ** 2 + np.cos(x) ** 2, x

    def backward(y_bar, x):
        return y_bar * (2 * np.sin(x) * np.cos(x) - 2 * np.cos(x) * np.sin(x) * (np.exp(x) / np.exp(x)))

    subject = Subject.from_functions(forward, backward, inputs={"x": "D"}, name="always one")
    with pytest.raises(Refused, match=r"^always one "):
        answers(subject, cases=1)


def test_the_reader_reads_every_case():
    """The example runs with NumPy alone, and says of each case how many gradients it has read."""
    code = f"import sys; sys.argv[1:] = [{str(FOLDER / 'lstm-standard.json')!r}]; import runpy; "
    code += f"runpy.run_path({str(ROOT / 'examples' / 'read_vectors.py')!r}, run_name='__main__'); "
    code += "print('oracle' in sys.modules, 'lstm_ref' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True, cwd="/")
    *lines, loaded = done.stdout.splitlines()
    assert [line.split(" {")[0] for line in lines] == ["generic", "saturated", "float32", "size one"]
    assert all("6 gradients within" in line for line in lines)
    assert loaded == "False False"


def test_the_reader_refuses_a_damaged_file(tmp_path):
    """The control: one digit of one number changed, and the checksum tells."""
    text = (FOLDER / "lstm-standard.json").read_text(encoding="utf-8")
    first = stored("lstm-standard")["cases"][0]["inputs"]["x"]["values"][0]
    (tmp_path / "damaged.json").write_text(text.replace(repr(first), repr(first + 1e-6), 1), encoding="utf-8")
    command = [sys.executable, str(ROOT / "examples" / "read_vectors.py"), str(tmp_path / "damaged.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "AssertionError: the file is damaged" in done.stderr
