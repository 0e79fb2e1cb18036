"""Runs what a page of the documentation shows, and compares what comes out with what it prints.

A page is a story: its fenced blocks are taken in order, in one fresh folder.

| block                                   | what happens                                                           |
| --------------------------------------- | ---------------------------------------------------------------------- |
| `{code-block} python`, `:caption: NAME` | is written to the file NAME                                            |
| `python`                                | is run; the blocks of a page share one module                          |
| `text` right after a `python` block     | is what that block prints; without one, it prints nothing              |
| `console`                               | each line `$ …` is run by the shell; what follows is what it prints    |
| `$ oracle watch …` in a `console` block | goes on running; a file block below it is a save, and the `text` right |
|                                         | after that is what the watch then prints; the next command, or the end |
|                                         | of the page, is Ctrl-C                                                 |
| `json`                                  | is JSON                                                                |
| anything else                           | is not run                                                             |

The folder holds the repository's `examples`, and a reader who commits has a name.

What is printed is compared line by line: spaces count as one, a line `…` stands for any lines, `…` in a line for
anything. Times, speeds and commits are compared in shape alone, and so are ulps, in rows of tables and in the line of
the worst case: they depend on the machine's BLAS.

    python tests/docs/docs_pages.py docs/guide/tutorial.md        # writes what comes out into the page
"""

from __future__ import annotations

import contextlib
import io
import json
import linecache
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import ModuleType

from docs_watching import PageError, Watching
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
ANY = "…"
_FILE = re.compile(r":caption:\s*(\S+)\n(?::\S+:.*\n)*\n?")
_ROW = re.compile(
    r"^\s*\S+ +(CERTIFIED|CONSISTENT|REFUTED|INCONSISTENT|INACCURATE|UNDECIDED|BROKEN_CONTRACT|NOTHING_COM)"
)
_THEN = re.compile(r"^(\s*\S+ +(?:no|in \d+ of \d+ cases) +\d+ digits) +\S+ +\S+ *$")  # a row of --against: ulps
_LONGER = re.compile(r"^(\s*(?:forward|backward)) [\d.]+ times as long \([\d.]+ to [\d.]+\)(.*?)(: slower)?$")
_SPEED = re.compile(r"\b\d+ (mutants a second)")
_CLOCK = re.compile(r"^\d\d:\d\d:\d\d  ")
_COMMIT = re.compile(r"\([0-9a-f]{10}\)")
_NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(\.\d+)?(e[-+]?\d+)?(?!\w)")
_WORST = re.compile(r"^\s*worst in float64: .+ ulps at .+, seed \d+$")
_SECONDS = re.compile(r"(?<![\w.])\d[\d,.]*( ?m?s)\b")
_numbers = count()
PROGRAMS = {
    "oracle",
    "git",
    "pytest",
    "python",
    "sed",
    "cat",
    "echo",
    "exit",
}  # no page installs, removes or downloads anything


@dataclass(frozen=True)
class Fence:
    """One fenced block: its info string, its text, and the lines of the page between its fences."""

    info: str
    content: str
    first: int
    last: int
    follows: bool  # nothing stands between the block before and this one

    @property
    def file(self) -> str:
        """The name under which it is to be written, or nothing."""
        found = _FILE.match(self.content) if self.info.startswith("{code-block}") else None
        return found[1] if found else ""

    @property
    def code(self) -> str:
        """The text without directive options."""
        return _FILE.sub("", self.content, count=1) if self.file else self.content


def fences(text: str) -> list[Fence]:
    """The fenced blocks of a page, in order."""
    tokens, found = MarkdownIt().parse(text), []
    for k, token in enumerate(tokens):
        if token.type == "fence" and token.map:
            follows = k > 0 and tokens[k - 1].type == "fence"
            found.append(Fence(token.info.strip(), token.content, token.map[0] + 1, token.map[1] - 1, follows))
    return found


def commands(content: str) -> list[tuple[str, str]]:
    """The commands of a console block, each with what it prints."""
    found: list[tuple[str, list[str]]] = []
    for line in content.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif not found:
            raise PageError(f"a console block begins with {line!r}; expected a line that begins with '$ '")
        else:
            found[-1][1].append(line)
    return [(command, "\n".join(lines)) for command, lines in found]


# ---- comparing


def same(expected: str, got: str) -> bool:
    """Whether what came out is what the page prints."""
    return _match(_lines(expected), _lines(got))


def _lines(text: str) -> list[str]:
    lines = [_plain(line) for line in text.splitlines()]
    return [line for line in lines if line]


def _plain(line: str) -> str:
    """A line without what changes from run to run."""
    line = re.sub(r"[█▏▎▍▌▋▊▉░·]{2,}", " ", line)
    line = _NUMBER.sub("#", line) if _ROW.match(line) else _WORST.sub("worst in float64: #", line)
    line = _LONGER.sub(r"\1 # times as long\2", _THEN.sub(r"\1 # #", _CLOCK.sub("# ", line)))
    line = _COMMIT.sub("(#)", _SPEED.sub(r"# \1", line))
    return " ".join(_SECONDS.sub(r"#\1", line).split())


def _match(expected: list[str], got: list[str]) -> bool:
    if not expected:
        return not got
    if expected[0] == ANY:
        return any(_match(expected[1:], got[k:]) for k in range(len(got) + 1))
    if not got:
        return False
    pattern = ".*".join(map(re.escape, expected[0].split(ANY)))
    return re.fullmatch(pattern, got[0]) is not None and _match(expected[1:], got[1:])


# ---- running


class Story:
    """One page being read: a folder, and a module for its Python blocks."""

    def __init__(self, folder: Path, name: str, codes: tuple[int, ...] = (0,)) -> None:
        self.folder, self.codes = folder, codes
        self.module = ModuleType(f"page_{name.replace('-', '_')}_{next(_numbers)}")
        self.source = folder / f"{name}.page.py"
        self.module.__file__ = str(self.source)
        sys.modules[self.module.__name__] = self.module
        self.watch: Watching | None = None
        (folder / "examples").symlink_to(ROOT / "examples")

    def close(self) -> None:
        """Let nothing go on running, whatever happened."""
        if self.watch is not None:
            self.watch.close()

    def end(self) -> None:
        """What the reader does before typing another command."""
        if self.watch is not None:
            watch, self.watch = self.watch, None
            watch.end()

    def step(self, fence: Fence, skipped: tuple[str, ...] = (), printed: str = "") -> list[tuple[str, str]]:
        """Run a block; what was done and what came out. `printed` is what a watch should print after a save."""
        if fence.file:
            path = self.folder / fence.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(fence.code, encoding="utf-8")
            return [] if self.watch is None else [(f"saving {fence.file}", self.watch.printed(printed, same))]
        if fence.info == "python":
            return [("", self._python(fence.code))]
        if fence.info == "console":
            told = [one for one in commands(fence.content) if not _in(one[0], skipped)]
            return [(command, self._shell(command, printed)) for command, printed in told]
        if fence.info == "json":
            json.loads(fence.content)
        return []

    def _python(self, code: str) -> str:
        before = self.source.read_text(encoding="utf-8") if self.source.exists() else ""
        self.source.write_text(before + code, encoding="utf-8")
        linecache.checkcache(str(self.source))
        program = compile("\n" * before.count("\n") + code, str(self.source), "exec", dont_inherit=True)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.chdir(self.folder):
            exec(program, vars(self.module))
        return printed.getvalue().replace(f"{self.folder}/", "")

    def _shell(self, command: str, printed: str) -> str:
        if command.split()[0] not in PROGRAMS:
            raise PageError(f"$ {command}\nis not run: expected one of {', '.join(sorted(PROGRAMS))}")
        self.end()
        if command.startswith("oracle watch"):
            self.watch = Watching(command, self.folder, _environment())
            return self.watch.printed(printed, same)
        ran = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=300,
        )
        if ran.returncode not in (*self.codes, *((1,) if printed.strip() else ())):  # 1 is a verdict, and is shown
            raise PageError(f"$ {command}\nended with exit code {ran.returncode}:\n{ran.stdout}")
        return ran.stdout.replace(f"{self.folder}/", "")


def _environment() -> dict[str, str]:
    """What a reader's shell has: the programs of this Python first, one width, no colours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV", "PYTHONPATH"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    plain = {"PATH": path, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8", "TERM": "dumb"}
    name = {f"GIT_{who}_{what}": "reader" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return kept | plain | name


def run(text: str, name: str, folder: Path, skipped: tuple[str, ...] = ()) -> int:
    """Run a page; how many things were run. Commands that begin with one of `skipped` are not.

    Raises
    ------
    PageError
        If something printed is not what the page prints.
    """
    story, blocks, done = Story(folder, name), fences(text), 0
    with contextlib.closing(story):
        for k, fence in enumerate(blocks):
            expectations = _expected(fence, blocks[k + 1 : k + 2], skipped, story.watch is not None)
            outcomes = story.step(fence, skipped, expectations[0] if expectations else "")
            for (command, got), expected in zip(outcomes, expectations, strict=True):
                done += 1
                if not same(expected, got):
                    where = f"{name}, line {fence.first}: " + (f"$ {command}" if command else fence.code.strip()[:200])
                    raise PageError(f"{where}\nthe page prints:\n{expected}\nbut this came out:\n{got}")
        story.end()
    return done


def _in(command: str, skipped: tuple[str, ...]) -> bool:
    """Whether a command is one of those that are shown only."""
    return command.startswith(skipped) if skipped else False


def _expected(fence: Fence, following: list[Fence], skipped: tuple[str, ...] = (), watched: bool = False) -> list[str]:
    """What each thing that a block does should print; a save does nothing unless somebody watches."""
    if fence.info == "python" or (fence.file and watched):
        prints = following and following[0].info == "text" and following[0].follows
        return [following[0].content if prints else ""]
    if fence.info == "console":
        return [printed for command, printed in commands(fence.content) if not _in(command, skipped)]
    return []


# ---- writing


def refreshed(text: str, name: str, folder: Path) -> str:
    """The page with what comes out now, where that is not what it prints."""
    story, blocks, lines = Story(folder, name, codes=(0, 1)), fences(text), text.splitlines(keepends=True)
    changes: list[tuple[int, int, str]] = []
    for k, fence in enumerate(blocks):
        expected = _expected(fence, blocks[k + 1 : k + 2], watched=story.watch is not None)
        outcomes = story.step(fence, printed=expected[0] if expected else "")
        if all(same(printed, got) for printed, (_, got) in zip(expected, outcomes, strict=True)):
            continue
        outcomes = [(command, _kept(printed, got)) for printed, (command, got) in zip(expected, outcomes, strict=True)]
        if fence.info == "console":
            told = "".join(f"$ {command}\n" + (f"{got.rstrip()}\n" if got.strip() else "") for command, got in outcomes)
            changes.append((fence.first, fence.last, told))
        else:
            target = blocks[k + 1]
            changes.append((target.first, target.last, outcomes[0][1].rstrip() + "\n"))
    story.end()
    for first, last, told in reversed(changes):
        lines[first:last] = ["\n".join(line.rstrip() for line in told.splitlines()) + "\n"]
    return "".join(lines)


def _kept(printed: str, got: str) -> str:
    """What came out, but a line of which the page leaves a part open as the page has it."""
    loose = [line for line in printed.splitlines() if ANY in line.strip(f" {ANY}")]
    return "\n".join(next((one for one in loose if same(one, line)), line) for line in got.splitlines())


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        page = Path(argument)
        with tempfile.TemporaryDirectory() as place:
            page.write_text(refreshed(page.read_text("utf-8"), page.stem, Path(place)), encoding="utf-8")
        print(page)
