"""The documentation builds without a warning, and holds what it must."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

import oracle
from oracle.cli import COMMANDS, main

pytest.importorskip("sphinx", reason="builds the documentation: pip install -e '.[docs]'")
pytest.importorskip("sphinx_click", reason="builds the documentation: pip install -e '.[docs]'")

DOCS = Path(__file__).parents[2] / "docs"


def built(source: Path, into: Path) -> subprocess.CompletedProcess[str]:
    """What building the pages of a folder gives; warnings are errors."""
    line = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", "-c", str(DOCS), str(source), str(into)]
    return subprocess.run(line, capture_output=True, text=True, encoding="utf-8", timeout=300)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the built pages."""
    into = tmp_path_factory.mktemp("built")
    ran = built(DOCS, into)
    assert ran.returncode == 0, ran.stderr
    return into


def words(page: Path) -> str:
    """The text of a built page, as a reader sees it, with spaces counting as one."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", page.read_text(encoding="utf-8"))).split())


def test_every_public_name_is_described(pages: Path) -> None:
    """Each name of the package has an entry in the API reference, with its own anchor."""
    text = (pages / "reference" / "api.html").read_text(encoding="utf-8")
    for name in oracle._HOME:  # what the package exports, `cases` apart
        assert f'id="oracle.{name}"' in text, name
    assert 'id="oracle.cases.Case"' in text
    assert 'id="oracle.Subject.from_torch"' in text


def test_every_command_and_option_is_described(pages: Path) -> None:
    """Each command with each option, and its help, as `--help` has it."""
    text = words(pages / "reference" / "command-line.html")
    context = click.Context(main)
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        assert f"oracle {name} [OPTIONS]" in text
        for option in (one for one in command.params if isinstance(one, click.Option)):
            assert option.opts[0] in text
            assert " ".join((option.help or "").split()) in text


def test_a_warning_ends_the_build(tmp_path: Path) -> None:
    """The control: a link to a page, and one to a heading, that are not there."""
    for k, link in enumerate(("gone.md", "#gone")):
        source = tmp_path / f"source{k}"
        source.mkdir()
        (source / "index.md").write_text(f"# Title\n\n[a]({link})\n", encoding="utf-8")
        ran = built(source, tmp_path / f"built{k}")
        assert ran.returncode != 0
        assert "gone" in ran.stderr
