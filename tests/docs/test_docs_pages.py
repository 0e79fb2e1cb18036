"""Every example on every page of the documentation runs, and prints what the page says."""

from __future__ import annotations

from pathlib import Path

import docs_watching
import pytest
from docs_pages import PageError, commands, fences, run, same

import oracle
from oracle.cli import COMMANDS
from oracle.loading import load

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
EVERY = sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md") if "_build" not in page.parts)
PAGES = [page for page in EVERY if page != "weights.md"]  # its examples need torch and ONNX: tests/interop runs them
SHOWN_ONLY = ("python benchmarks/", "python -m benchmarks", "nice -n 10 python")  # minutes to hours
OURS = ("index.md", "guide/", "reference/", "verdicts/")  # pages of which everything is run
INSTALLING = "python3 -m venv .venv"  # the one shell block that is typed once and not run


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page_run(page: str, tmp_path: Path) -> None:
    """Files are written, Python and commands run, and what comes out is what the page prints."""
    run((DOCS / page).read_text(encoding="utf-8"), Path(page).stem, tmp_path, SHOWN_ONLY)


def test_nothing_is_shown_that_is_not_run() -> None:
    """Shell and Python are written as what the runner runs; the one exception installs everything."""
    found = {
        (page, fence.content.splitlines()[0])
        for page in EVERY
        for fence in fences((DOCS / page).read_text(encoding="utf-8"))
        if fence.info in ("shell", "sh", "bash", "py", "pycon")
    }
    assert found == {("guide/tutorial.md", INSTALLING)}


def test_every_command_of_ours_is_run() -> None:
    """What is shown only measures something, outside of tutorial, guides, reference and the pages on verdicts."""
    shown = [
        (page, command)
        for page in PAGES
        for fence in fences((DOCS / page).read_text(encoding="utf-8"))
        if fence.info == "console"
        for command, _ in commands(fence.content)
    ]
    assert [command for page, command in shown if page.startswith(OURS) and command.startswith(SHOWN_ONLY)] == []
    assert [command for _, command in shown if command.startswith(SHOWN_ONLY) and "bench" not in command] == []
    run = {" ".join(command.split()[:2]) for _, command in shown if not command.startswith(SHOWN_ONLY)}
    assert {f"oracle {name}" for name in COMMANDS if name != "subjects"} <= run
    assert any("--against" in command for _, command in shown)


@pytest.mark.parametrize("verdict", oracle.Verdict, ids=lambda verdict: verdict.name)
def test_every_verdict_has_a_page(verdict: oracle.Verdict) -> None:
    """It begins with the verdict's sentence, provokes the verdict by a command, and is reached from the index."""
    name = verdict.name.lower().replace("_", "-")
    text = (DOCS / "verdicts" / f"{name}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# I got {verdict.name}, ")
    assert f"\n> {verdict.value}\n" in text
    printed = [printed for fence in fences(text) if fence.info == "console" for _, printed in commands(fence.content)]
    assert printed[0].startswith(f"{verdict.name}  ")
    index = (DOCS / "verdicts" / "index.md").read_text(encoding="utf-8")
    assert f"| [{verdict.name}]({name}.md) | {verdict.value} |" in index


def test_the_torch_function_of_the_guide_is_consistent(tmp_path: Path) -> None:
    """Where torch is installed, the file that the guide shows gets the verdict that it names."""
    pytest.importorskip("torch", reason="runs the guide's torch.autograd.Function: pip install torch")
    shown = fences((DOCS / "guide" / "your-code.md").read_text(encoding="utf-8"))
    (fence,) = [fence for fence in shown if fence.file == "torch_square.py"]
    (tmp_path / fence.file).write_text(fence.code, encoding="utf-8")
    (subject,) = load(f"{tmp_path / fence.file}:subject")
    assert oracle.verify(subject, cases=5).verdict is oracle.Verdict.CONSISTENT


# ---- the controls: what the runner must notice


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n", "the page prints:\n3\n"),
        ("```python\nprint(2)\n```\n", "but this came out:\n2\n"),
        ("```python\nx = 1\n```\n\n```text\n1\n```\n", "the page prints:\n1\n"),
        ("```console\n$ echo REFUTED\nCERTIFIED\n```\n", "but this came out:\nREFUTED\n"),
        ("```console\n$ exit 2\n```\n", "ended with exit code 2"),
        ("```console\n$ exit 1\n```\n", "ended with exit code 1"),
        ("```console\n$ pip install anything\n```\n", "is not run: expected one of cat, echo"),
        ("```console\noracle verify\n```\n", "expected a line that begins with '$ '"),
    ],
    ids=[
        "another output",
        "an output not shown",
        "no output",
        "another verdict",
        "misuse",
        "failure",
        "installation",
        "no prompt",
    ],
)
def test_a_page_that_is_wrong_is_found(page: str, message: str, tmp_path: Path) -> None:
    """Each kind of untruth has its message."""
    with pytest.raises(PageError) as caught:
        run(page, "wrong", tmp_path)
    assert message in str(caught.value)


@pytest.mark.parametrize("page", ["```python\n1 / 0\n```\n", "```json\n{,}\n```\n"])
def test_an_example_that_raises_is_found(page: str, tmp_path: Path) -> None:
    """Python that raises and JSON that does not parse end the test."""
    with pytest.raises((ZeroDivisionError, ValueError)):
        run(page, "wrong", tmp_path)


LAYER = "```{code-block} python\n:caption: a.py\n\nimport oracle\n\nf = lambda x: ((x * x).sum(), K * x)\n"
LAYER += 'subject = oracle.Subject.from_loss(f, inputs={"x": "D"})\n```\n'
WATCH = "```console\n$ oracle watch a.py:subject --cases 1\n12:40:03  CERTIFIED  …\n…\n12:40:04  watching …\n```\n"
AFTER = "\n```text\n12:40:05  REFUTED  a.py:subject  …\n…\n          smallest failing sizes: D=1\n```\n"
WATCHED = LAYER.replace("K", "2") + WATCH + LAYER.replace("K", "3") + AFTER


def test_a_watch_goes_on_while_files_are_saved(tmp_path: Path) -> None:
    """What comes out after a save is what the page prints there, and Ctrl-C ends it."""
    assert run(WATCHED, "watch", tmp_path) == 2


@pytest.mark.parametrize(
    ("there", "instead", "message"),
    [
        ("REFUTED", "UNDECIDED", "the page prints:\n12:40:05  UNDECIDED"),
        ("D=1", "D=2", "smallest failing sizes: D=2"),
        (AFTER, "", "REFUTED  a.py:subject"),
        ("a.py:subject --cases 1", "a.py:nothing", "there is no 'nothing'; its subjects are subject"),
    ],
    ids=["another verdict", "another end", "an output not shown", "misuse"],
)
def test_a_watch_that_prints_something_else_is_found(
    there: str, instead: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The controls, with less patience."""
    monkeypatch.setattr(docs_watching, "LONGEST", 5.0)
    assert there in WATCHED
    with pytest.raises(PageError) as caught:
        run(WATCHED.replace(there, instead), "watch", tmp_path)
    assert message in str(caught.value)


def test_a_right_page_counts_what_it_ran(tmp_path: Path) -> None:
    """Blocks share names, files are there for the commands, and each thing that was run is counted."""
    page = (
        "```{code-block} python\n:caption: two.py\n\nprint(2)\n```\n\n"
        "```console\n$ python two.py\n2\n$ cat two.py\nprint(2)\n```\n"
        "\n```python\nx = 3\n```\n\n```python\nprint(x)\n```\n\n```text\n3\n```\n"
    )
    assert run(page, "right", tmp_path) == 4


@pytest.mark.parametrize(
    ("expected", "got", "alike"),
    [
        ("20 cases, 1,925 entries, 2.4 s", "20 cases, 1,925 entries, 11.0 s", True),
        ("20 cases, 1,925 entries, 2.4 s", "19 cases, 1,925 entries, 2.4 s", False),
        ("x  CERTIFIED  858  97  ██··  4e+05", "x   CERTIFIED   858   97   █···   3e+05", True),
        ("x  CERTIFIED  858  97", "x  REFUTED  858  97", False),
        (
            "  worst in float64: x, 9 ulps at D=2, zeros, seed 3",
            "worst in float64: w, 4e+03 ulps at D=1, a, seed 2",
            True,
        ),
        ("worst in float64: x, 9 ulps at D=2, zeros, seed 3", "worst in float64: x", False),
        ("got -6.03744", "got -6.03745", False),
        ("a\n…\nb", "a\nmore\nb", True),
        ("a\n…\nb", "a\nmore\nc", False),
        ("at …/signal.py:…: x", "at /usr/signal.py:12: x", True),
        ("at …/signal.py:…: x", "at /usr/signal.py:12: y", False),
        ("rnn.py:20   U", "rnn.py:21   U", False),
        ("", "anything", False),
    ],
)
def test_what_counts_as_the_same(expected: str, got: str, alike: bool) -> None:
    """Times, spaces and ulps may differ; verdicts, values, counts and lines may not."""
    assert same(expected, got) is alike
