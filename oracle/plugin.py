"""The pytest plugin: the fixture `verify_gradients`, a summary, a JSON report of the session, and failing cases saved.

Registered by installing the package (entry point `gradient-oracle`). It is loaded whenever pytest starts, so nothing is
imported here that takes time; the work is in `oracle.pytest_session`, imported when the fixture is first used. Results
are plain data on the test's report, which pytest-xdist carries from its workers to the process that prints.
"""

from __future__ import annotations

import argparse
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from oracle.subject import Subject
    from oracle.verdict import Report

FIXTURE, MARKER = "verify_gradients", "gradients"
_CASES, _SEED, _DIGITS = 30, 0, 30
_heard = pytest.StashKey[list[dict[str, Any]]]()


class VerifyGradients(Protocol):
    """What the fixture `verify_gradients` is."""

    def __call__(
        self, subject: Subject, *, cases: int | None = None, seed: int | None = None, digits: float | None = None
    ) -> Report:
        """The report on a subject, if its verdict is ok."""


# ---- options


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what a user can say on the command line or in the ini file."""
    group = parser.getgroup("gradients", "hand-written gradients (gradient-oracle)")
    group.addoption("--gradient-cases", type=_whole(1), metavar="N", help="random cases a subject (default: 30)")
    group.addoption("--gradient-seed", type=_whole(0), metavar="N", help="from which all cases follow (default: 0)")
    group.addoption(
        "--gradient-report",
        metavar="PATH",
        help="write the report on all subjects there: JSON, or a page if PATH ends in .html",
    )
    group.addoption("--no-gradient-records", action="store_true", help="do not save failing cases for oracle replay")
    parser.addini("gradient_cases", "random cases a subject, unless --gradient-cases is given", default=str(_CASES))
    parser.addini("gradient_seed", "from which all cases follow, unless --gradient-seed is given", default=str(_SEED))


def _whole(least: int) -> Any:
    """A reader of integers of at least `least`."""

    def number(text: str) -> int:
        if not text.strip().isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
        return int(text)

    return number


def _option(config: pytest.Config, name: str, least: int) -> int:
    """The value given on the command line, else that of the ini file."""
    given: int | None = config.getoption(name)
    if given is not None:
        return given
    try:
        return int(_whole(least)(config.getini(name)))
    except argparse.ArgumentTypeError as error:
        raise pytest.UsageError(f"ini option {name}: {error}") from None


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and collect results where they are printed."""
    config.addinivalue_line("markers", f"{MARKER}: verifies gradients; put on every test that uses {FIXTURE}")
    _option(config, "gradient_cases", 1)
    _option(config, "gradient_seed", 0)
    if not hasattr(config, "workerinput"):
        _expect_report(config)
        config.pluginmanager.register(Collected(config), "gradient-oracle-collected")


def _wants_page(config: pytest.Config) -> bool:
    """Whether the report is to be a page."""
    return str(config.getoption("gradient_report") or "").lower().endswith((".html", ".htm"))


def _expect_report(config: pytest.Config) -> None:
    """Refuse a report that cannot be written, or a page that cannot be drawn, before any test runs."""
    path = config.getoption("gradient_report")
    if path is None:
        return
    from oracle.commands.common import Misuse
    from oracle.commands.outputs import expect_file_or_folders

    try:
        expect_file_or_folders(str(Path(config.invocation_params.dir, path)) if path else "")
    except Misuse as error:
        raise pytest.UsageError(error.message) from None
    if _wants_page(config):
        from oracle.report.page import missing

        if why := missing():
            raise pytest.UsageError(why)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that use the fixture, so that `-m gradients` selects them."""
    if FIXTURE in getattr(item, "fixturenames", ()):
        item.add_marker(MARKER)


# ---- in the process that runs the test


@pytest.fixture
def verify_gradients(request: pytest.FixtureRequest) -> VerifyGradients:
    """`verify_gradients(subject, *, cases=None, seed=None, digits=None) -> Report`, which fails unless it is ok.

    The test fails with `oracle.GradientMismatch`, whose message is the whole report. By default there are
    `--gradient-cases` cases from `--gradient-seed`, and every entry must be known to 30 digits.
    """
    config = request.config
    heard = request.node.stash.setdefault(_heard, [])

    def check(
        subject: Subject, *, cases: int | None = None, seed: int | None = None, digits: float | None = None
    ) -> Report:
        __tracebackhide__ = True
        from oracle import pytest_session
        from oracle.verdict import GradientMismatch

        report = pytest_session.verify(
            subject,
            cases=_option(config, "gradient_cases", 1) if cases is None else cases,
            seed=_option(config, "gradient_seed", 0) if seed is None else seed,
            digits=_DIGITS if digits is None else digits,
            root=None if config.getoption("no_gradient_records") else config.invocation_params.dir,
            module=getattr(request, "module", None),
            heard=heard,
            test=request.node.nodeid,
            page=_wants_page(config),
        )
        if not report.ok:
            raise GradientMismatch(report)
        return report

    check.__qualname__ = check.__name__ = FIXTURE  # which is what a wrong argument is an argument of
    return check


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put what was heard in a phase of a test on the report of that phase."""
    report = yield
    heard = item.stash.get(_heard, [])
    report.gradient_oracle = list(heard)  # type: ignore[attr-defined]
    heard.clear()
    return report


# ---- in the process that prints


class Collected:
    """The results of the session, in the process that prints; with pytest-xdist, that is not the one that ran them."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.documents: list[dict[str, Any]] = []
        self.trouble = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the results off a test's report."""
        self.documents.extend(getattr(report, "gradient_oracle", ()))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the report; a session whose report cannot be written has not passed."""
        path = self.config.getoption("gradient_report")
        if path is None:
            return
        from oracle.report.json import write_atomically

        try:
            write_atomically(Path(self.config.invocation_params.dir, path), self._report())
        except OSError as error:
            self.trouble = f"cannot write the gradient report {path}: {error.strerror or error}"
            if session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.USAGE_ERROR

    def _report(self) -> str:
        """All results, as JSON or as a page."""
        from oracle.report.json import dumps
        from oracle.report.session import merged

        together = merged(self.documents)
        if not _wants_page(self.config):
            return dumps(together)
        from oracle.report.page.writing import render

        return render(together, [document["section"] for document in self.documents])

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """List every verified subject."""
        if self.documents:
            from oracle.report.session import summary_lines

            terminalreporter.section("gradients")
            for line in summary_lines(self.documents):
                terminalreporter.write_line(line)
        if self.trouble:
            terminalreporter.write_line(self.trouble, red=True)
