"""Runs pytest in a process of its own, with the plugin registered as an installation registers it."""

import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENTRY_POINT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"][
    "pytest11"
]


@dataclass(frozen=True)
class Ran:
    """A process that has ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of standard output."""
        return self.out.splitlines()


def installed(folder: Path) -> Path:
    """A folder with the metadata of an installed distribution that has this project's entry point."""
    about = folder / "as_installed-0.1.0.dist-info"
    about.mkdir(parents=True, exist_ok=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: as-installed\nVersion: 0.1.0\n")
    words = "".join(f"{name} = {module}\n" for name, module in ENTRY_POINT.items())
    (about / "entry_points.txt").write_text(f"[pytest11]\n{words}")
    return folder


def python(folder: Path, *words: str, path: tuple[Path, ...] = ()) -> Ran:
    """Python, run in a folder with this project importable."""
    places = os.pathsep.join(map(str, (ROOT, *path)))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    ended = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**kept, "PYTHONPATH": places, "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return Ran(ended.returncode, ended.stdout, ended.stderr)


def pytest_in(folder: Path, *words: str) -> Ran:
    """Pytest, run in a folder, with warnings as errors and the plugin as installed."""
    options = ("-W", "error", "--strict-markers", "--strict-config", "-p", "no:cacheprovider")
    return python(folder, "-m", "pytest", *options, *words, path=(installed(folder / ".installed"),))
