"""What a page says of one subject, as plain data: text, numbers and drawn figures, which any process can be sent."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from typing import Any

from oracle.diagnosis.cause import Cause
from oracle.report.page import charts, curves, heatmaps, material
from oracle.report.page.material import Gradient, Shown
from oracle.report.source import excerpt_of
from oracle.report.table import digits_kept, limit, numbers, worst_case
from oracle.report.text import after_diagnosis, before_diagnosis, claim, counted, one_line, only_witness
from oracle.subject import Subject
from oracle.trial import Trial
from oracle.verdict import LeafReport, Report

_DIGITS = 53 * math.log10(2)
_GRADIENTS, _COURSES = 16, 16  # drawn; wrong ones come first
_FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_AROUND = 4  # lines of source to both sides


def section(report: Report, subject: Subject, digits: float, *, drawn: bool = True) -> dict[str, Any]:
    """Everything of one subject; without `drawn`, the words and numbers alone.

    One case is heard once more to know every entry. What cannot be drawn says why.
    """
    found = words(report)
    if drawn:
        found["figures"] = _or_why(_figures, report, subject, digits)
    return found


def words(report: Report) -> dict[str, Any]:
    """The verdict, the table, the failure with its sources."""
    return {
        "name": one_line(report.subject),
        "verdict": report.verdict.name,
        "ok": report.ok,
        "claim": one_line(claim(report)),
        "sentence": report.verdict.value,
        "counts": _counts(report),
        "leaves": [_leaf(leaf) for leaf in report.leaves],
        "before": before_diagnosis(report),
        "causes": [_cause(cause) for cause in report.diagnosis.causes],
        "ruled_out": [one_line(text) for text in report.diagnosis.ruled_out],
        "after": [*map(one_line, report.diagnosis.remarks), *after_diagnosis(report)],
        "figures": None,
    }


def _counts(report: Report) -> str:
    """`100 cases, 25,400 entries, seed 0, 3.2 s`, and the witness where there was but one."""
    known = [counted(report.cases, "case"), counted(report.entries, "entry", "entries"), f"seed {report.seed}"]
    return ", ".join([*known, f"{report.seconds:.1f} s", *([alone] if (alone := only_witness(report)) else [])])


def without_report(name: str, verdict: str, sentence: str) -> dict[str, Any]:
    """What stands in place of a section where there is no report: why there is none."""
    return {
        **{"name": one_line(name), "verdict": verdict, "ok": False, "claim": one_line(sentence), "sentence": sentence},
        **{"counts": "", "leaves": [], "before": [], "causes": [], "ruled_out": [], "after": [], "figures": None},
    }


def _leaf(leaf: LeafReport) -> dict[str, Any]:
    """A row of the table."""
    digits, float64, float32 = numbers(leaf)
    kept = digits_kept(leaf.float64)
    wrong = f"{'at least ' if leaf.at_least else ''}{leaf.wrong:,} of {leaf.compared:,}" if leaf.wrong else ""
    return {
        "name": one_line(leaf.name),
        "shape": leaf.spec,
        "verdict": leaf.verdict.name,
        "ok": leaf.verdict.ok,
        "entries": f"{leaf.entries:,}",
        "digits": digits,
        "wrong": wrong,
        "kept": None if kept is None else f"{kept:.1f}",
        "share": 0 if kept is None else round(100 * kept / _DIGITS),
        "float64": float64,
        "float32": float32,
        "limit": limit(leaf),
        "worst_case": one_line(worst_case(leaf)),
    }


def _cause(cause: Cause) -> dict[str, Any]:
    """A finding of the diagnosis with the lines around the statement that it names."""
    found = excerpt_of(cause, _AROUND)
    lines = [] if found is None else found.lines
    return {
        "claim": one_line(cause.claim),
        "certain": cause.certain,
        "evidence": one_line(cause.evidence),
        "repair": one_line(cause.repair),
        "place": one_line(cause.place),
        "file": one_line(cause.file),
        "statement": one_line(cause.statement),
        "source": [{"number": number, "text": text, "here": number == cause.line} for number, text in lines],
    }


# ---- figures


def _figures(report: Report, subject: Subject, digits: float) -> dict[str, Any]:
    """The heat maps and curves of one shown case."""
    trial = Trial(subject, digits)
    one = material.shown(trial, report)
    if isinstance(one, str):
        return {"why": one_line(one)}
    salt = hashlib.sha256(f"{report.subject}{report.seed}".encode(errors="replace")).hexdigest()[:8]
    return {
        "why": "",
        "case": str(one.case),
        "gradients": _gradients(one, report, f"{salt}g"),
        "left_out": max(0, len(one.gradients) - _GRADIENTS),
        "courses": _or_why(_courses, one, f"{salt}c"),
        "steps": _or_why(_steps, one, f"{salt}s"),
        "saturation": _or_why(_saturation, one, f"{salt}z"),
    }


def _or_why(part: Callable[..., dict[str, Any]], *about: Any) -> dict[str, Any]:
    """One part of the figures; an error in it is said there, and takes neither the page nor the verdict away."""
    try:
        return part(*about)
    except Exception as error:
        return {"why": one_line(f"it could not be drawn: {type(error).__name__}: {error}")}


def _gradients(one: Shown, report: Report, salt: str) -> list[dict[str, Any]]:
    """The maps of each gradient, wrong ones first."""
    verdicts = {leaf.name: leaf.verdict for leaf in report.leaves}

    def gravity(gradient: Gradient) -> tuple[int, int]:
        verdict = verdicts.get(gradient.name)
        return (verdict.severity if verdict is not None else 99, -gradient.count)

    chosen = sorted(one.gradients, key=gravity)[:_GRADIENTS]
    return [
        {
            "name": one_line(gradient.name),
            "spec": gradient.spec,
            "shape": " × ".join(map(str, gradient.shape)) or "a scalar",
            "count": gradient.count,
            "entries": int(gradient.wrong.size),
            "known": gradient.truth is not None,
            **_or_why(_maps, gradient, f"{salt}{k}m"),
        }
        for k, gradient in enumerate(chosen)
    ]


def _maps(gradient: Gradient, salt: str) -> dict[str, Any]:
    """The maps of one gradient."""
    return {"why": "", "maps": heatmaps.heat_maps(gradient, salt)}


def _courses(one: Shown, salt: str) -> dict[str, Any]:
    """Cotangents over time, or why there are none."""
    case = curves.steps_long(one.trial, one.case)
    found = curves.courses(one.trial, case)
    if isinstance(found, str):
        return {"why": one_line(found)}
    parts = [course for course in found.each if course.parts is not None]
    first = next((course for course in found.each if any(course.own)), None)
    said = "every curve lies on the true one"
    if first is not None:
        step = max(t for t, own in enumerate(first.own) if own)
        name = one_line(first.name)
        said = f"backwards in time {name} at t={step} is the first that does not follow from what it is given"
    elif parts:
        said = f"the curves of {len(parts)} cotangents part from the true ones"
    shown = sorted(found.each, key=lambda course: course.parts is None)[:_COURSES]
    return {
        "why": "",
        "case": str(found.case),
        "said": said,
        "charts": charts.time_courses(curves.Courses(found.case, tuple(shown)), salt),
    }


def _steps(one: Shown, salt: str) -> dict[str, str]:
    """The V of finite differences, or why there is none."""
    found = curves.steps(one)
    if isinstance(found, str):
        return {"why": one_line(found)}
    return {"why": "", "svg": charts.step_chart(found, salt), "said": charts.steps_in_words(found)}


def _saturation(one: Shown, salt: str) -> dict[str, str]:
    """Accuracy as inputs grow, or why it is not known."""
    if not one.hearing.gradients:
        return {"why": "the code left ball arithmetic, so its error is not known entry by entry at other points"}
    found = material.saturation(one, _FACTORS)
    if not any(math.isfinite(ulps) for column in found.ulps.values() for ulps in column):
        return {"why": "no point could be decided"}
    return {"why": "", "svg": charts.saturation_chart(found, salt), "said": charts.saturation_in_words(found)}
