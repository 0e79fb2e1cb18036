"""The loop: look for saves, judge what they affect, and hear the rest of the cases in between."""

from __future__ import annotations

import importlib.util
import linecache
import os
import sys
import sysconfig
import time
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from oracle.loading import UnknownSubject, load
from oracle.verdict import Report, WitnessesDisagree
from oracle.watching import files as looking
from oracle.watching.files import Stamp
from oracle.watching.interrupting import unless_saved
from oracle.watching.judging import Docket
from oracle.watching.keeping import keep_program
from oracle.watching.modules import afresh, loaded_since, project

LEAST_CASES, FIRST_SECONDS = 2, 0.1  # heard at once after a save
_NOT_THEIRS = (
    os.path.dirname(os.path.dirname(os.path.realpath(__file__))) + os.sep,
    os.path.realpath(sysconfig.get_path("stdlib")) + os.sep,
)
_GONE = 0.3  # seconds: an editor that replaces a file lets it be missing for less


class Shown(Protocol):
    """Is told what happens."""

    def first(self, docket: Docket, after: float | None) -> None:
        """A subject was judged by its first few cases, so many seconds after the save."""

    def last(self, report: Report) -> None:
        """A subject was judged by all its cases, or failed."""

    def failed(self, names: Sequence[str], error: BaseException) -> None:
        """Subjects could not be loaded or judged."""

    def gone(self, file: str) -> None:
        """A file is missing."""

    def watching(self, files: int, subjects: int) -> None:
        """There is nothing to do before the next save, of other files than before."""


@dataclass
class _Group:
    """What one word of the user names: its subjects, and the modules and files that they come from."""

    text: str
    dockets: list[Docket] = field(default_factory=list)
    modules: dict[str, str] = field(default_factory=dict)  # name and file
    stamps: dict[str, Stamp] = field(default_factory=dict)
    stale: bool = True  # whether it is to be loaded at the next save, whatever that is of


class Watch:
    """Subjects that are judged again at each save.

    Parameters
    ----------
    texts : sequence of str
        What the user named: registered names, `module:name`, `path/to/file.py:name`, or files.
    show
        Is told what happens.
    cases, seed, digits
        As of `oracle.verify`.
    """

    def __init__(self, texts: Sequence[str], show: Shown, *, cases: int, seed: int, digits: float) -> None:
        self.groups = [_Group(text) for text in texts]
        self.show = show
        self.options: dict[str, Any] = {"cases": cases, "seed": seed, "digits": digits}
        self._began = time.time_ns()
        self._missing: dict[str, float] = {}  # since when a file is missing; infinity once that was said
        self._said = (0, 0)

    # ---- the loop

    def begin(self) -> None:
        """Load and judge everything.

        Raises
        ------
        UnknownSubject
            If something is named that cannot be found.
        """
        self._judge_again(self.groups, None, loading_error=UnknownSubject)

    def forever(self) -> None:
        """Until the user ends it."""
        while True:
            self.step()

    def step(self) -> None:
        """Judge what a save affects, or else hear one more case, or else wait a moment."""
        if affected := self._affected():
            self._judge_again(affected, time.time())
        elif (docket := self._pending()) is not None:
            self._hear(docket)
        else:
            self._say_what_is_watched()
            time.sleep(looking.POLL)

    def _say_what_is_watched(self) -> None:
        files = {file for group in self.groups for file in group.stamps}
        counts = len(files), sum(len(group.dockets) for group in self.groups)
        if counts != self._said:
            self._said = counts
            self.show.watching(*counts)

    def _affected(self) -> list[_Group]:
        """The groups of which a file was saved, once all of their files are there."""
        moved = {file for group in self.groups for file in looking.changed(group.stamps)}
        self._missing = {file: since for file, since in self._missing.items() if not os.path.exists(file)}
        for file in sorted(moved):
            if not os.path.exists(file):
                self._wait_for(file)
        if not moved or self._missing:
            return []
        return [group for group in self.groups if group.stale or not moved.isdisjoint(group.stamps)]

    def _wait_for(self, file: str) -> None:
        since = self._missing.setdefault(file, time.monotonic())
        if time.monotonic() - since > _GONE:
            self.show.gone(file)
            self._missing[file] = float("inf")
            self._forget([group for group in self.groups if file in group.stamps])
        time.sleep(looking.POLL)

    def _pending(self) -> Docket | None:
        if self._missing:
            return None
        every = (docket for group in self.groups for docket in group.dockets)
        return next((docket for docket in every if not docket.finished), None)

    # ---- loading

    def _judge_again(
        self, groups: list[_Group], now: float | None, loading_error: type[Exception] | tuple[()] = ()
    ) -> None:
        """Load groups afresh and judge each by its first cases."""
        stamps = looking.settle({file for group in groups for file in group.stamps}) if now is not None else {}
        modules = {name: file for group in groups for name, file in group.modules.items()}
        before, began = set(sys.modules), time.time_ns()
        old = {docket.subject.name: docket for group in groups for docket in group.dockets}
        try:
            loaded = afresh(modules, lambda: [load(group.text) for group in groups])
        except loading_error:
            raise
        except Exception as error:
            self._failed(groups, error, stamps)
            return
        again = {name: file for name, file in modules.items() if name in sys.modules}  # also those no import names
        fresh = again | loaded_since(before)
        saved = _saved(stamps)
        for group, subjects in zip(groups, loaded, strict=True):
            group.stale = False
            group.dockets = [Docket(subject, **self.options) for subject in subjects]
            self._look(group, fresh, stamps, began)
        for docket in [docket for group in groups for docket in group.dockets]:
            if (known := old.get(docket.subject.name)) is not None:
                keep_program(known.trial, docket.trial, modules)
            self._hear_first(docket, saved)

    def _look(self, group: _Group, fresh: dict[str, str], stamps: dict[str, Stamp], began: int) -> None:
        """Note the modules and files of a group, loaded since then; their text is read now, while it is that."""
        group.modules = dict(fresh)
        for docket in group.dockets:
            group.modules |= project(docket.subject, docket.files)
        files = {*group.modules.values(), *([group.text] if group.text.endswith(".py") else [])}
        for file in files:
            linecache.getlines(file)
        group.stamps = {file: stamps[file] if file in stamps else looking.stamp_before(file, began) for file in files}

    def _failed(self, groups: list[_Group], error: BaseException, stamps: dict[str, Stamp]) -> None:
        """Show why code cannot be loaded, and look at all files that may be the reason."""
        self._forget(groups)
        for group in groups:
            every = {*group.stamps, *_files_of(error), *_origin(group.text)}
            group.stamps = {file: stamps[file] if file in stamps else looking.stamp(file) for file in every}
        self.show.failed([group.text for group in groups], error)

    @staticmethod
    def _forget(groups: Iterable[_Group]) -> None:
        """Hear no more of groups whose code is not what was loaded; what they traced is kept for later."""
        for group in groups:
            group.stale = True
            for docket in group.dockets:
                docket.cases = docket.heard

    # ---- judging

    def _hear_first(self, docket: Docket, saved: float | None) -> None:
        """The first cases of a subject."""
        group = next(group for group in self.groups if docket in group.dockets)
        if self._heard(docket, LEAST_CASES, FIRST_SECONDS):
            self.show.first(docket, None if saved is None else time.time() - saved)
            self._finish(docket)
            executed = {file for one in group.dockets for file in one.files}
            if not executed <= set(group.stamps):
                self._look(group, group.modules, group.stamps, self._began)

    def _hear(self, docket: Docket) -> None:
        """One more case."""
        failed_before = docket.failed
        if self._heard(docket, docket.heard + 1, 0.0):
            if docket.failed and not failed_before:
                self.show.first(docket, None)
            self._finish(docket)

    def _heard(self, docket: Docket, least: int, seconds: float) -> bool:
        """Hear cases; whether they could be heard."""
        try:
            docket.hear_some(least, seconds)
        except (WitnessesDisagree, ValueError, LookupError) as error:
            docket.cases = docket.heard
            self.show.failed([docket.subject.name], error)
            return False
        return True

    def _finish(self, docket: Docket) -> None:
        if not docket.finished:
            return
        stamps = next(group.stamps for group in self.groups if docket in group.dockets)
        try:
            report = unless_saved(stamps, docket.report)
        except (WitnessesDisagree, ValueError, LookupError) as error:
            self.show.failed([docket.subject.name], error)
            return
        if report is not None:
            self.show.last(report)


def _saved(stamps: dict[str, Stamp]) -> float | None:
    """When the last of some files was saved."""
    times = [stamp[1] / 1e9 for stamp in stamps.values() if stamp is not None]
    return max(times, default=None)


def _files_of(error: BaseException) -> set[str]:
    """The files that an error names."""
    frames = {frame.filename for frame in traceback.extract_tb(error.__traceback__)}
    if isinstance(error, SyntaxError) and error.filename:
        frames.add(error.filename)
    return {file for file in frames if os.path.isfile(file) and not os.path.realpath(file).startswith(_NOT_THEIRS)}


def _origin(text: str) -> set[str]:
    """The file that a user's word names, if it can be told without loading it."""
    from oracle.subjects import REGISTERED

    place = REGISTERED.get(text, text)
    place = place if place.endswith(".py") else place.rpartition(":")[0]
    if place.endswith(".py"):
        return {os.path.realpath(place)}
    try:
        found = importlib.util.find_spec(place)
    except Exception:  # a package on the way that cannot be imported, whatever it raises
        return set()
    return {found.origin} if found is not None and found.origin else set()
