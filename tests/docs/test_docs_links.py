"""No link of the documentation leads nowhere: files are there, and so are the headings that anchors name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        ROOT / "tests/README.md",
        *(p for p in (ROOT / "docs").rglob("*.md") if "_build" not in p.parts),
    ]
)


def links(text: str) -> Iterator[str]:
    """The targets of links and images, in prose and tables; not those in code."""
    for token in MarkdownIt().enable("table").parse(text):
        for child in token.children or ():
            target = child.attrGet("href") if child.type == "link_open" else child.attrGet("src")
            if child.type in ("link_open", "image") and target:
                yield str(target)


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub and MyST make them."""
    tokens = MarkdownIt().parse(text)
    titles = [tokens[k + 1].content for k, token in enumerate(tokens) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", title.lower().strip()).replace(" ", "-") for title in titles}


def broken(page: Path, text: str) -> list[str]:
    """The links of a page that lead nowhere, each with why."""
    found = []
    for link in links(text):
        if re.match(r"https?://|mailto:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists():
            found.append(f"{link}: there is no such file")
        elif anchor and anchor not in anchors(text if target == page else target.read_text(encoding="utf-8")):
            found.append(f"{link}: there is no such heading")
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    """Of each page, README and CONTRIBUTING included."""
    assert broken(page, page.read_text(encoding="utf-8")) == []


def test_there_are_links() -> None:
    """Enough of them that an empty answer would be noticed, and some with anchors."""
    every = [link for page in PAGES for link in links(page.read_text(encoding="utf-8"))]
    assert len(every) > 30
    assert sum("#" in link for link in every) >= 3


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    """The control: a file, a heading of this page and one of another that are not there; what is code is no link."""
    (tmp_path / "other.md").write_text("# There\n", encoding="utf-8")
    text = "# Here\n[a](gone.md) [b](#here) [c](#there) [d](other.md#there) [e](other.md#here) `[f](g.md)`\n"
    text += "\n| h |\n| --- |\n| [i](j.md) |\n"
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    assert broken(page, text) == [
        "gone.md: there is no such file",
        "#there: there is no such heading",
        "other.md#here: there is no such heading",
        "j.md: there is no such file",
    ]
