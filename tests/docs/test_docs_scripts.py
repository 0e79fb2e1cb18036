"""The scripts in examples/ do what their first lines say: homework, a paper's appendix, known answers for a kernel."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from oracle.loading import _file

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
VECTORS = ROOT / "vectors" / "lstm-standard.json"


def run(*words: str, within: Path) -> subprocess.CompletedProcess[str]:
    """A command of this Python, run in a folder."""
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"}
    line = [sys.executable, *words]
    return subprocess.run(
        line, cwd=within, env=environment, capture_output=True, text=True, timeout=300, encoding="utf-8"
    )


def test_the_homework_has_a_test_that_passes(tmp_path: Path) -> None:
    """The file that a student gets is a test file, of the one subject that the student wrote."""
    ran = run("-m", "pytest", "-q", str(EXAMPLES / "course_homework.py"), "-p", "no:cacheprovider", within=tmp_path)
    assert ran.returncode == 0, ran.stdout
    assert "CERTIFIED   course_homework.affine_relu_forward" in ran.stdout


def test_the_homework_fails_with_the_first_try(tmp_path: Path) -> None:
    """The control: the same test of the mistake fails, and the report says which gradients are wrong."""
    source = (EXAMPLES / "course_homework.py").read_text(encoding="utf-8")
    changed = source.replace("verify_gradients(subject)", "verify_gradients(wrong)")
    assert changed != source
    (tmp_path / "homework.py").write_text(changed, encoding="utf-8")
    ran = run("-m", "pytest", "-q", "homework.py", "-p", "no:cacheprovider", within=tmp_path)
    assert ran.returncode == 1
    assert "affine_relu_backward_first_try is not the derivative of homework.affine_relu_forward: 3 of 3" in ran.stdout


def test_the_appendix_cites_its_certificate(tmp_path: Path) -> None:
    """Certify, print the paragraph, replay: three commands, and the digests are those of the certificate."""
    (tmp_path / "layer.py").write_text((EXAMPLES / "paper_appendix.py").read_text(encoding="utf-8"), encoding="utf-8")
    made = run(
        "-m",
        "oracle",
        "verify",
        "layer.py:subject",
        "--cases",
        "4",
        "--certificate",
        "certificate.json",
        within=tmp_path,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    document = json.loads((tmp_path / "certificate.json").read_text(encoding="utf-8"))
    said = run("layer.py", "certificate.json", within=tmp_path)
    assert said.returncode == 0, said.stderr
    digests = re.findall(r"sha256:[0-9a-f]{64}", said.stdout)
    assert digests == [document["subjects"][0]["gradients"], document["digest"]]
    assert "in 4 cases drawn from seed 0" in said.stdout
    again = run("-m", "oracle", "replay", "certificate.json", "--subject", "layer.py:subject", within=tmp_path)
    assert again.returncode == 0, again.stdout + again.stderr
    assert f"the certificate came out again, bit for bit: {document['digest']}" in again.stdout


def test_the_appendix_replays_what_was_changed(tmp_path: Path) -> None:
    """The control: a certificate of another slope does not come out again."""
    source = (EXAMPLES / "paper_appendix.py").read_text(encoding="utf-8")
    (tmp_path / "layer.py").write_text(source, encoding="utf-8")
    words = ("-m", "oracle", "verify", "layer.py:subject", "--cases", "4", "--certificate", "certificate.json")
    assert run(*words, within=tmp_path).returncode == 0
    changed = source.replace("r_bar * r * (1 - r)", "r_bar * (1 - r)")
    assert changed != source
    (tmp_path / "layer.py").write_text(changed, encoding="utf-8")
    again = run("-m", "oracle", "replay", "certificate.json", "--subject", "layer.py:subject", within=tmp_path)
    assert again.returncode == 1
    assert "recorded CERTIFIED, now REFUTED" in again.stdout


def test_the_kernel_gives_the_known_answers(tmp_path: Path) -> None:
    """Every gradient, within some float32 roundings of its largest entry; nothing of ours is imported."""
    source = (EXAMPLES / "cuda_author.py").read_text(encoding="utf-8")
    assert re.findall(r"^(?:import|from) (\w+)", source, re.MULTILINE) == ["json", "sys", "pathlib", "numpy"]
    ran = run(str(EXAMPLES / "cuda_author.py"), str(VECTORS), within=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert set(re.findall(r"(\w+) \de-\d\d", ran.stdout)) == {"x", "h0", "s0", "W", "U", "b"}


def test_a_kernel_with_a_fault_does_not() -> None:
    """The control: without the cotangent of the last state all gradients are wrong; with gates mixed up, those of W."""
    script: Any = _file(EXAMPLES / "cuda_author.py")

    def forgetful(h_bar: Any, h_last_bar: Any, s_last_bar: Any, W: Any, U: Any, tape: Any) -> Any:
        return script.kernel_backward(h_bar, h_last_bar, np.zeros_like(s_last_bar), W, U, tape)

    def mixed_up(*arguments: Any) -> Any:
        *rest, W_bar, U_bar, b_bar = script.kernel_backward(*arguments)
        return (*rest, script.reordered(W_bar, "ifgo", "igfo"), U_bar, b_bar)

    ((_, right),) = script.errors(VECTORS)
    assert max(right.values()) < script.GONE
    for fault, expected in ((forgetful, {"x", "h0", "s0", "W", "U", "b"}), (mixed_up, {"W"})):
        ((_, found),) = script.errors(VECTORS, fault)
        assert {name for name, error in found.items() if not error < script.GONE} == expected


@pytest.mark.parametrize("name", ["cuda_author", "paper_appendix"])
def test_misuse_is_a_sentence(name: str, tmp_path: Path) -> None:
    """Without its file a script says how it is called, and exits with 1."""
    ran = run(str(EXAMPLES / f"{name}.py"), within=tmp_path)
    assert ran.returncode == 1
    assert ran.stderr.startswith("usage: python ")
