"""`oracle verify --certificate` and `oracle replay`: written only when certified, the same everywhere, run again."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from oracle import cli
from oracle.records.certificate_digests import digest_of_document
from oracle.verdict import WitnessesDisagree

ROOT = Path(__file__).resolve().parents[2]
SOURCE = """\
from pathlib import Path

import numpy as np
import oracle

with Path(__file__).with_name("loaded").open("a") as file:
    file.write("loaded\\n")

def forward(x, w):
    return np.tanh(x @ w), (x, w)

def backward(y_bar, cache):
    x, w = cache
    a_bar = y_bar * (1 - np.tanh(x @ w) ** 2)
    return a_bar @ w.T, x.T @ a_bar

subject = oracle.Subject.from_functions(forward, backward, inputs={"x": "B D", "w": "D H"})
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with a right backward, to work in; files of one name are other modules in each folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "right.py").write_text(SOURCE)
    return tmp_path


def oracle(*words: str) -> Result:
    """The command line, run in this process."""
    return CliRunner().invoke(cli.main, words)


def certified(path: str = "c.json", *, spec: str = "right.py:subject") -> dict:
    """The certificate that `oracle verify` writes."""
    ran = oracle("verify", spec, "--cases", "4", "--certificate", path)
    assert ran.exit_code == 0, ran.output
    document = json.loads(Path(path).read_text())
    assert ran.output.splitlines()[-1] == f"certificate {path}  {document['digest']}"
    return document


def loaded() -> int:
    """How often the user's file was run."""
    return Path("loaded").read_text().count("loaded") if Path("loaded").exists() else 0


def elsewhere(source: str) -> None:
    """The same file name with another text, as a fresh module: in a folder beside."""
    Path("beside").mkdir()
    Path("beside/right.py").write_text(source)


def test_replays_bit_for_bit():
    """A certificate replays in the same place to the last bit, and says so."""
    document = certified()
    again = oracle("replay", "c.json", "--subject", "right.py:subject")
    assert again.exit_code == 0
    first, last = again.output.splitlines()[-2:]
    entries = sum(leaf["entries"] for leaf in document["subjects"][0]["leaves"])
    assert first == f"right.py:subject: the same 40 digits in all {entries} entries of 4 cases"
    assert last == f"the certificate came out again, bit for bit: {document['digest']}"


@pytest.mark.parametrize("environment", [{}, {"OPENBLAS_NUM_THREADS": "1"}, {"PYTHONHASHSEED": "7"}])
def test_the_same_bytes_in_other_processes(tmp_path, environment):
    """Another process, thread count or hash seed writes the same bytes."""
    certified("here.json", spec="lstm-classic-network")
    command = [sys.executable, "-m", "oracle", "verify", "lstm-classic-network", "--cases", "4"]
    given = {"PYTHONHASHSEED": "1", "OPENBLAS_NUM_THREADS": "2", **environment}
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    subprocess.run(
        [*command, "--certificate", "there.json"],
        env={**os.environ, **given, "PYTHONPATH": path},
        check=True,
        capture_output=True,
        cwd=tmp_path,
    )
    assert Path("there.json").read_bytes() == Path("here.json").read_bytes()


KEPT = Path(__file__).parent / "kept"


def test_what_was_certified_elsewhere_has_the_same_digits_here():
    """A certificate that was made once and is kept: wherever the tests run, every digit comes out again."""
    again = oracle("replay", str(KEPT / "certificate.json"), "--subject", f"{KEPT / 'layer.py'}:subject")
    assert again.exit_code == 0
    assert "layer.py:subject: the same 40 digits in all 660 entries of 8 cases" in again.output
    assert "the source differs" not in again.output


def test_another_layer_has_other_digits_than_the_kept_one():
    """The control: the same layer with another slope of tanh is certified, and is told from it."""
    text = (KEPT / "layer.py").read_text(encoding="utf-8")
    Path("layer.py").write_text(
        text.replace("np.tanh(x_t", "np.tanh(2 * x_t")
        .replace("a_bar @ W.T", "2 * a_bar @ W.T")
        .replace("x[t].T @", "2 * x[t].T @")
    )
    again = oracle("replay", str(KEPT / "certificate.json"), "--subject", "layer.py:subject")
    assert again.exit_code == 1
    assert "digits differ: x, h0, W, U, b, in 8 of 8 cases" in again.output


def test_another_seed_is_another_certificate():
    """The control of sameness: other cases have other digests."""
    one = certified()
    assert oracle("verify", "right.py:subject", "--cases", "4", "--seed", "1", "--certificate", "d.json").exit_code == 0
    other = json.loads(Path("d.json").read_text())
    assert one["subjects"][0]["gradients"] != other["subjects"][0]["gradients"]
    assert one["subjects"][0]["source"] == other["subjects"][0]["source"]
    assert one["subjects"][0]["program"] == other["subjects"][0]["program"]


def test_source_changed():
    """The same function written otherwise keeps its digits; the source differs, and is named."""
    certified()
    elsewhere(SOURCE.replace("a_bar = y_bar * (1 - np.tanh(x @ w) ** 2)", "a_bar = y_bar / np.cosh(x @ w) ** 2"))
    again = oracle("replay", "c.json", "--subject", "beside/right.py:subject")
    assert again.exit_code == 0
    assert again.output.splitlines()[-1] == "right.py:subject: the source differs; changed: right"


def test_digits_differ():
    """Another function, rightly differentiated, is certified, and has other digits, another source and program."""
    certified()
    elsewhere(
        SOURCE.replace("np.tanh(x @ w)", "np.tanh(x @ (2 * w))").replace("a_bar @ w.T, x", "2 * a_bar @ w.T, 2 * x")
    )
    again = oracle("replay", "c.json", "--subject", "beside/right.py:subject")
    assert again.exit_code == 1
    digits, source, program = again.output.splitlines()[-3:]
    assert digits == "right.py:subject: digits differ: x, w, in 4 of 4 cases"
    assert source == "right.py:subject: the source differs; changed: right"
    assert program.startswith("right.py:subject: another gradient program, by jax ")


def test_no_longer_certified():
    """A backward that is wrong now gives exit code 1 and the verdict."""
    certified()
    elsewhere(SOURCE.replace("return a_bar @ w.T", "return -a_bar @ w.T"))
    again = oracle("replay", "c.json", "--subject", "beside/right.py:subject")
    assert again.exit_code == 1
    sentence = "recorded CERTIFIED, now REFUTED: the backward is not the derivative of this forward"
    assert again.output.splitlines()[-1] == f"right.py:subject: {sentence}"


def resigned(document: dict) -> None:
    """Write a document with the digest of its content."""
    Path("c.json").write_text(json.dumps({**document, "digest": digest_of_document(document)}))


def test_versions_differ():
    """Another version of the tool, or of JAX, is named, and alone is no failure."""
    document = certified()
    document["versions"]["gradient-oracle"] = "0.0.1"
    document["subjects"][0]["program"] = {"jax": "0.0.2", "digest": "sha256:" + "0" * 64}
    resigned(document)
    again = oracle("replay", "c.json", "--subject", "right.py:subject")
    assert again.exit_code == 0
    program, versions = again.output.splitlines()[-2:]
    assert program.startswith("right.py:subject: another gradient program, by jax ")
    assert program.endswith("; it was jax 0.0.2")
    assert versions.startswith("versions differ: gradient-oracle 0.0.1, now ")


def test_a_later_version_replays():
    """A certificate with further keys cannot come out bit for bit, and replay says what that means."""
    resigned({**certified(), "later": 1})
    again = oracle("replay", "c.json", "--subject", "right.py:subject")
    assert again.exit_code == 0
    assert again.output.splitlines()[-1] == "it holds more than this version knows, and all that is known is the same"


# ---- no certificate


def test_only_what_is_certified():
    """A wrong backward gets none: a sentence, exit code 1, and nothing written; what was there stays."""
    Path("right.py").write_text(SOURCE.replace("return a_bar @ w.T", "return -a_bar @ w.T"))
    Path("c.json").write_text("precious")
    ran = oracle("verify", "right.py:subject", "--cases", "2", "--no-records", "--certificate", "c.json")
    assert ran.exit_code == 1
    assert "no certificate: right.py:subject is REFUTED, so there is no certificate; nothing was written" in ran.output
    assert Path("c.json").read_text() == "precious"
    assert sorted(path.name for path in Path().iterdir() if path.name != "__pycache__") == [
        "c.json",
        "loaded",
        "right.py",
    ]


def test_one_of_two_is_not_certified():
    """Of several subjects all must be certified."""
    Path("right.py").write_text(
        SOURCE + "def wrong(y_bar, cache):\n    return backward(2 * y_bar, cache)\n"
        "other = oracle.Subject.from_functions(forward, wrong, inputs={'x': 'B D', 'w': 'D H'})\n"
    )
    ran = oracle("verify", "right.py", "--cases", "2", "--no-records", "--certificate", "c.json")
    assert ran.exit_code == 1
    assert "no certificate: right.py:other is REFUTED" in ran.output
    assert not Path("c.json").exists()


def test_where_it_cannot_be_written():
    """A folder that cannot be made gives exit code 2 and a sentence."""
    ran = oracle("verify", "right.py:subject", "--cases", "1", "--certificate", "right.py/c.json")
    assert ran.exit_code == 2
    assert ran.output.splitlines()[-1].startswith("Error: cannot write right.py/c.json: ")


def test_too_large_a_seed():
    """What could not be read again is not written."""
    ran = oracle("verify", "right.py:subject", "--cases", "1", "--seed", "9" * 30, "--certificate", "c.json")
    assert ran.exit_code == 1
    assert "no certificate: a certificate cannot hold this: " in ran.output
    assert not Path("c.json").exists()


# ---- nothing is loaded unasked


def test_nothing_is_loaded_unasked():
    """A file that a certificate names is not run; what would be is said."""
    certified()
    before = loaded()
    ran = oracle("replay", "c.json")
    assert ran.exit_code == 2
    assert ran.output == (
        "Error: the certificate is of 1 subject that is not registered (right.py:subject), and none were named with "
        "--subject; loading them runs their code, so nothing was loaded. If you trust it: "
        "oracle replay c.json --subject right.py:subject\n"
    )
    assert loaded() == before


def test_a_name_too_many():
    """A certificate of registered subjects takes no --subject, and a record only one."""
    certified(spec="lstm-classic-node")
    ran = oracle("replay", "c.json", "--subject", "right.py:subject")
    assert ran.exit_code == 2
    assert loaded() == 0


def test_another_subject():
    """A subject with other sizes, or with narrower ones, is told apart before anything runs."""
    certified()
    ran = oracle("replay", "c.json", "--subject", "lstm-classic-node")
    assert ran.exit_code == 2
    assert ran.output.startswith("Error: the certificate has the sizes B, D, H, but lstm-classic-node has H, D; ")
    elsewhere(SOURCE.replace('"w": "D H"}', '"w": "D H"}, sizes={"D": (1, 2)}'))
    ran = oracle("replay", "c.json", "--subject", "beside/right.py:subject")
    assert ran.exit_code == 2
    assert "but beside/right.py:subject takes 1 to 2; its sizes were changed since" in ran.output


def test_huge_sizes_are_refused():
    """A certificate from a stranger cannot ask for more than the subject itself allows."""
    document = certified()
    document["subjects"][0]["cases"][1]["sizes"]["H"] = 100_000
    resigned(document)
    ran = oracle("replay", "c.json", "--subject", "right.py:subject")
    assert ran.exit_code == 2
    assert "the certificate has a case with H=100000, but right.py:subject takes 1 to" in ran.output


def test_tampered():
    """A certificate that was changed by hand is refused."""
    text = json.dumps(certified()).replace('"seed": 0', '"seed": 1')
    Path("c.json").write_text(text)
    ran = oracle("replay", "c.json", "--subject", "right.py:subject")
    assert ran.exit_code == 2
    assert "it was changed after it was made" in ran.output


def test_witnesses_disagree(monkeypatch):
    """Contradicting witnesses give exit code 3."""

    def contradict(recorded, subject, progress):
        raise WitnessesDisagree("the two witnesses contradict each other")

    certified()
    monkeypatch.setattr("oracle.records.certificate_replay.replay", contradict)
    assert oracle("replay", "c.json", "--subject", "right.py:subject").exit_code == 3
