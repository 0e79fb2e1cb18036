"""`oracle verify`."""

from __future__ import annotations

import sys
from typing import Any

import click

from oracle.commands.common import (
    EXIT_INTERRUPTED,
    EXIT_NOT_OK,
    EXIT_OK,
    EXIT_OURS,
    Misuse,
    everything,
    load_all,
    write_json,
)
from oracle.commands.outputs import expect_writable

_FEW = 4  # subjects whose tables are shown though all is well


@click.command()
@click.argument("subjects", nargs=-1, metavar="[SUBJECT]...")
@click.option(
    "--cases", type=click.IntRange(1, 1_000_000), default=100, show_default=True, help="Random cases a subject."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="From which all cases follow.")
@click.option("--digits", type=click.FloatRange(1, 200), default=30, show_default=True, help="To know every entry to.")
@click.option("--json", "json_path", type=click.Path(dir_okay=False), help="Write the machine-readable report there.")
@click.option("--html", "html_path", type=click.Path(dir_okay=False), help="Write the report as a page there.")
@click.option("--kill-matrix", "matrix_path", metavar="PATH", help="Show on the page what oracle mutate --json wrote.")
@click.option("--certificate", "certificate_path", type=click.Path(dir_okay=False), help="Write a certificate there.")
@click.option("--against", "revision", metavar="REV", help="Compare gradients, accuracy and speed with a git revision.")
@click.option("--jobs", type=click.IntRange(1), help="Processes for registered subjects; by default one a core.")
@click.option("--records/--no-records", default=True, help="Save failing cases below .oracle/failures, for replay.")
def verify(
    subjects: tuple[str, ...],
    cases: int,
    seed: int,
    digits: float,
    json_path: str | None,
    html_path: str | None,
    matrix_path: str | None,
    certificate_path: str | None,
    revision: str | None,
    jobs: int | None,
    records: bool,
) -> None:
    """Verify subjects; by default everything of lstm_ref.

    A SUBJECT is a registered name, module:name, path/to/file.py:name, or path/to/file.py for all subjects in it.
    Verifying a file runs it, as Python runs any script: do not verify files that you would not run.

    The page of --html is one file that needs no network; it takes the extra html of the package, and some seconds for
    each subject, of which one case is drawn entry by entry.

    A certificate is written only if all subjects are CERTIFIED, and oracle replay runs it again. With --against, the
    exit code is 1 too if a gradient is another than at the revision, or could not be compared with it.
    """
    from oracle.parallel import cores
    from oracle.report.terminal import Terminal
    from oracle.session import run_session
    from oracle.verdict import WitnessesDisagree

    written = {"--json": json_path, "--html": html_path, "--certificate": certificate_path}
    expect_writable(written, read={"--kill-matrix": matrix_path})
    matrix = _page_can_be_drawn(html_path, matrix_path)
    loaded = load_all(subjects or everything())
    terminal = Terminal(brief=len(loaded) > _FEW)
    try:
        revisions = None if revision is None else _revisions(revision, loaded)
        reports, seconds = run_session(
            loaded, cases=cases, seed=seed, digits=digits, terminal=terminal, records=records, jobs=jobs or cores()
        )
    except WitnessesDisagree as contradiction:
        terminal.error(str(contradiction))
        sys.exit(EXIT_OURS)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except (ValueError, LookupError) as error:
        raise Misuse(str(error)) from error
    compared = [] if revisions is None else _compare(loaded, reports, revisions, digits)
    if json_path is not None:
        write_json(json_path, reports, seconds, **({} if revisions is None else {"against": _plain(compared)}))
    if html_path is not None:
        _write_page(html_path, loaded, reports, seconds, digits, matrix)
    certified = certificate_path is None or _certify(certificate_path, loaded, reports, digits)
    ok = certified and all(report.ok for report in reports) and all(one.unmoved for one in compared)
    sys.exit(EXIT_OK if ok else EXIT_NOT_OK)


def _page_can_be_drawn(html_path: str | None, matrix_path: str | None) -> Any:
    """The kill matrix for the page; whatever keeps the page from being drawn is said before anything is verified."""
    if html_path is None:
        if matrix_path is not None:
            raise Misuse("--kill-matrix is shown on a page; say where with --html PATH")
        return None
    from oracle.report import page
    from oracle.report.page.kill_matrix import NoMatrix, read

    if why := page.missing():
        raise Misuse(why)
    try:
        return None if matrix_path is None else read(matrix_path)
    except NoMatrix as error:
        raise Misuse(str(error)) from error


def _write_page(path: str, subjects: list[Any], reports: list[Any], seconds: float, digits: float, matrix: Any) -> None:
    """Draw the page and write it, whole or not at all."""
    from pathlib import Path

    from oracle.report.json import to_dict, write_atomically
    from oracle.report.page import page
    from oracle.report.text import one_line

    text = page(to_dict(reports, seconds), reports, subjects, digits, matrix)
    try:
        write_atomically(Path(path), text)
    except OSError as error:
        raise Misuse(f"cannot write {path}: {error.strerror or error}") from error
    click.echo(f"page {one_line(path)}  {len(text.encode()) / 1e6:.1f} MB")


def _revisions(text: str, subjects: list[Any]) -> list[Any]:
    """The revision, in the repository of each subject; looked for before anything is verified."""
    from oracle.comparing.revision import revision_of

    return [revision_of(text, subject) for subject in subjects]


def _compare(subjects: list[Any], reports: list[Any], revisions: list[Any], digits: float) -> list[Any]:
    """Compare each subject with its revision, and show what was found."""
    from oracle.comparing import CannotCompare, against
    from oracle.comparing.showing import show

    compared = []
    for subject, report, revision in zip(subjects, reports, revisions, strict=True):
        try:
            compared.append(against(subject, report, revision, digits))
        except CannotCompare as error:
            raise Misuse(str(error)) from error
        show(compared[-1])
    return compared


def _plain(compared: list[Any]) -> list[dict[str, Any]]:
    """What was compared, as plain JSON values."""
    from oracle.comparing.showing import to_dict

    return to_dict(compared)


def _certify(path: str, subjects: list[Any], reports: list[Any], digits: float) -> bool:
    """Write the certificate, and whether there is one; if not, a sentence says why."""
    from oracle.records.certificate_making import NoCertificate, certificate
    from oracle.records.certificate_store import save
    from oracle.report.text import one_line

    try:
        digest = save(path, certificate(subjects, reports, digits))
    except NoCertificate as error:
        click.echo(f"no certificate: {one_line(str(error))}", err=True)
        return False
    except OSError as error:
        raise Misuse(f"cannot write {path}: {error.strerror or error}") from error
    click.echo(f"certificate {one_line(path)}  {digest}")
    return True
