"""Faults written after the last change to the method of diagnosis, in no way fitted to it: an honest test set."""

from __future__ import annotations

from benchmarks.faults.fault import Fault

FRESH: tuple[Fault, ...] = ()
