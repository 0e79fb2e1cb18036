"""This project's certified path as one of the tools: the hearing of `oracle verify`, case after case."""

from __future__ import annotations

import oracle
from benchmarks.field.programs import Setting, sizes_within
from oracle.cases import Case
from oracle.mutation.bench import Bench
from oracle.mutation.checks import certified_path
from oracle.mutation.court import Stand
from oracle.mutation.evidence import Evidence
from oracle.subject import Subject

REGIMES = {  # of the other tools: of this one
    "float64": "generic",
    "float64, loss × 1e-6": "tiny cotangents",
    "float64, saturated": "saturated",
    "float32": "float32",
    "float32, loss × 1e-6": "",
}


class Certified:
    """A subject's cases, heard once with nothing planted, which is what all its mutants share."""

    def __init__(self, stand: Stand, small: Setting) -> None:
        """Ready to judge; `small` is the setting behind a small loss."""
        self.benches = list(stand.benches())
        sizes = sizes_within(stand.trial.sizes, small.sizes)
        self.small = Bench(stand.trial, Case(sizes, "tiny cotangents", seed=small.seed), thorough=True)
        assert self.small.usable

    def convicts(self) -> bool:
        """Whether it convicts what is planted now, in the cases of the kill matrix."""
        return any(certified_path(Evidence(bench)) for bench in self.benches)

    def convicts_small(self) -> bool:
        """Whether it convicts what is planted now in the one case with cotangents of order 1e-9."""
        return bool(certified_path(Evidence(self.small)))


def accuses(subject: Subject, settings: tuple[Setting, ...], regime: str) -> str:
    """What it says against a correct program, in cases of the same sizes; empty if it certifies it in all."""
    for setting in settings:
        case = Case(sizes_within(subject.sizes, setting.sizes), REGIMES[regime], setting.seed)
        report = oracle.verify_case(subject, case)
        if not report.ok:
            return str(report).splitlines()[0]
    return ""
