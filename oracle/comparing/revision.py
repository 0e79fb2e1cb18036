"""A git revision, taken out into a temporary folder that is gone afterwards; nothing of the user's is touched."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from oracle.subject import Subject
from oracle.watching.modules import project

_OWN = os.path.dirname(os.path.dirname(os.path.realpath(__file__))) + os.sep


class CannotCompare(ValueError):
    """There is no such revision, no repository, or no git; the message says which."""


@dataclass(frozen=True)
class Revision:
    """A commit of a repository."""

    text: str  # as the user named it
    commit: str
    top: str  # the folder of the repository

    @contextlib.contextmanager
    def extracted(self) -> Iterator[str]:
        """A folder that holds the files of the revision as long as the block lasts.

        Raises
        ------
        CannotCompare
            If git cannot give them.
        """
        with tempfile.TemporaryDirectory(prefix="oracle-against-") as folder:
            self._extract(folder)
            yield os.path.realpath(folder)

    def _extract(self, folder: str) -> None:
        command = ["git", "-C", self.top, "archive", "--format=tar", self.commit]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment(), stdin=subprocess.DEVNULL
        ) as git:
            try:
                with tarfile.open(fileobj=cast("IO[bytes]", git.stdout), mode="r|") as archive:
                    archive.extractall(folder, filter=_harmless)
            except (tarfile.TarError, OSError) as error:
                git.kill()
                raise CannotCompare(f"git could not take out {self.text}: {error}") from error
            except BaseException:
                git.kill()
                raise
        if git.returncode:
            raise CannotCompare(f"git archive of {self.text} failed with exit code {git.returncode}")


def _harmless(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
    """A file of an archive, unless it would be written, or point, outside of the folder."""
    try:
        return tarfile.data_filter(member, folder)
    except tarfile.FilterError:
        return None


def revision_of(text: str, subject: Subject) -> Revision:
    """The revision of this name, in the repository in which the subject's code lies.

    Raises
    ------
    CannotCompare
        If the name begins with a dash, is no revision there, or the code lies in no repository.
    """
    if text.startswith("-") or not text or not text.isprintable():
        raise CannotCompare(f"{text!r} is no revision; expected a commit, branch or tag, such as HEAD~1")
    folder = _folder(subject)
    top = _git(folder, "rev-parse", "--show-toplevel")
    if top is None:
        raise CannotCompare(f"the code of {subject.name} is in {folder}, which is in no git repository")
    top = os.path.realpath(top)
    commit = _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{text}^{{commit}}")
    if commit is None:
        raise CannotCompare(f"there is no revision {text!r} in {top}; expected a commit, branch or tag, such as HEAD~1")
    return Revision(text, commit, top)


def _folder(subject: Subject) -> str:
    """Where the subject's code lies; of a registered subject the code under test, not our adapter."""
    files = [os.path.realpath(file) for file in project(subject).values()]
    theirs = [file for file in files if not file.startswith(_OWN)] or files
    named = [_file_of(one) for one in subject.form.code]
    first = next((file for file in named if file in theirs), next(iter(theirs), os.getcwd()))
    return str(Path(first).parent) if os.path.isfile(first) else first


def _file_of(value: Any) -> str:
    module = sys.modules.get(getattr(value, "__module__", None) or "")
    return os.path.realpath(getattr(module, "__file__", None) or os.devnull)


def _git(folder: str, *words: str) -> str | None:
    """What git answers; None if it refuses."""
    try:
        ran = subprocess.run(
            ["git", "-C", folder, *words],
            capture_output=True,
            text=True,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except OSError as error:
        raise CannotCompare(f"git cannot be run: {error.strerror or error}") from error
    return ran.stdout.strip() or None if ran.returncode == 0 else None


def _environment() -> dict[str, str]:
    """Ours without what tells git of another repository, as inside of a hook."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
