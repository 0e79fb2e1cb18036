"""The curves of a page: cotangents over time, finite differences against their step, accuracy against saturation."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.axes import Axes as Plot
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from oracle.report.page.canvas import INK, MUTED, SERIES, figure, plain_axes, short
from oracle.report.page.curves import Course, Courses, Steps
from oracle.report.page.material import Saturation

ALMOST_RIGHT = 1e-20  # a slope that is off by less is no wrong gradient's
_DECADES = 30.0  # norms further apart are drawn on a logarithmic axis
_MARKS = "os^Dvp*X"


def time_courses(found: Courses, salt: str) -> list[dict[str, str]]:
    """One chart for each cotangent, in the order in which the backward computes them."""
    return [
        {
            "heading": course.name,
            "wrong": "wrong" if course.parts is not None else "",
            "svg": _course(course, f"{salt}{k}"),
        }
        for k, course in enumerate(found.each)
    ]


def _course(course: Course, salt: str) -> str:
    times = list(range(len(course.hand)))

    def draw(into: Figure) -> None:
        plot = into.subplots()
        plain_axes(plot)
        plot.plot(times, course.truth, color=SERIES[0], linewidth=5.0, alpha=0.4, solid_capstyle="round", label="true")
        plot.plot(times, course.hand, color=INK, linewidth=1.2, marker="o", markersize=3.2, label="hand-written")
        wrong = [t for t in times if course.wrong[t]]
        if wrong:
            plot.plot(wrong, [course.hand[t] for t in wrong], "X", color=SERIES[1], markersize=7, label="wrong")
            plot.axvline(wrong[-1], color=SERIES[1], linewidth=0.9, linestyle=(0, (3, 2)))
        _scale(plot, [value for value in (*course.hand, *course.truth) if math.isfinite(value)])
        plot.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        plot.set_xlim(max(times) + 0.4, -0.4)
        plot.set_xlabel("t (backwards in time)")

    return figure(
        draw,
        width=3.0,
        height=2.1,
        title=f"{course.name} over time, hand-written and true",
        description=course_in_words(course),
        salt=salt,
    )


def _scale(plot: Plot, norms: list[float]) -> None:
    """From 0 up, unless the norms are decades apart."""
    if norms and min(norms) > 0 and max(norms) > _DECADES * min(norms):
        plot.set_yscale("log")
        powers_of_ten(plot.yaxis, 4)
    else:
        plot.set_ylim(0.0, 1.08 * max(norms, default=1.0) or 1.0)
        plot.yaxis.set_major_locator(MaxNLocator(nbins=4))


def powers_of_ten(axis: Any, most: int) -> None:
    """At most so many labels of a logarithmic axis, as `1e-20`: formulas would need fonts that a page has not."""
    axis.set_major_locator(LogLocator(numticks=most))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0e}".replace("e+0", "e").replace("e-0", "e-")))
    axis.set_minor_locator(NullLocator())


def course_in_words(course: Course) -> str:
    """Where the curves part, and the norms."""
    said = "the curves agree at every step" if course.parts is None else f"the curves part at t={course.parts}"
    norms = ", ".join(
        f"t={t}: {course.hand[t]:.3g} and {course.truth[t]:.3g}" for t in list(reversed(range(len(course.hand))))[:8]
    )
    return f"Backwards in time {said}. Norms, hand-written and true: {norms}."


# ---- the V


def step_chart(found: Steps, salt: str) -> str:
    """Relative error of finite differences against their step, and the line of the witness far below.

    The axis is broken: what lies between would take many times the height of the V.
    """

    def draw(into: Figure) -> None:
        upper, lower = into.subplots(2, 1, sharex=True, height_ratios=(5, 1))
        for plot in (upper, lower):
            plain_axes(plot)
            plot.set_xscale("log")
            plot.set_yscale("log")
        _float64(upper, found)
        _witness(lower, found)
        _broken(upper, lower)
        powers_of_ten(lower.xaxis, 7)
        lower.invert_xaxis()
        lower.set_xlabel("step h")
        into.supylabel("relative error of the slope", fontsize=9)

    return figure(
        draw,
        width=4.8,
        height=3.7,
        title="Finite differences against their step",
        description=steps_in_words(found),
        salt=salt,
    )


def _float64(plot: Plot, found: Steps) -> None:
    """The V, and where a wrong gradient lies beside it."""
    for errors, colour, mark, label in (
        (found.forward, SERIES[1], "o", "one-sided, float64"),
        (found.central, SERIES[0], "s", "central, float64"),
    ):
        known = [(h, e) for h, e in zip(found.steps, errors, strict=True) if e > 0 and math.isfinite(e)]
        if known:
            h, error = zip(*known, strict=True)
            plot.plot(h, error, color=colour, marker=mark, markersize=2.6, linewidth=1.1, label=label)
    if found.hand > ALMOST_RIGHT:
        plot.axhline(found.hand, color=SERIES[3], linewidth=1.6, linestyle=(0, (4, 2)), label="hand-written gradient")
    lowest = 1e-16 if math.isnan(found.best) else found.best
    plot.set_ylim(lowest * 1e-2, max(1e2, 10.0 * found.hand))
    powers_of_ten(plot.yaxis, 6)
    plot.legend(loc="upper center", ncols=2, bbox_to_anchor=(0.5, 1.22), columnspacing=1.0)


def _witness(plot: Plot, found: Steps) -> None:
    """The line far below."""
    plot.axhline(found.witness, color=SERIES[2], linewidth=2.2)
    plot.set_ylim(found.witness * 1e-4, found.witness * 1e5)
    power = math.floor(math.log10(found.witness))
    plot.set_yticks([10.0**power], labels=[f"1e{power}"])
    plot.yaxis.set_minor_locator(NullLocator())
    step = round(math.log2(found.witness_step))
    further = "" if math.isnan(found.decades) else f", {found.decades:.0f} decades below"
    words = f"the witness in balls, h = 2^{step}{further}"
    place: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points"}
    plot.annotate(words, (0.02, found.witness), (0, 4), **place)


def _broken(upper: Plot, lower: Plot) -> None:
    """Two strokes where decades are left out."""
    upper.spines["bottom"].set_visible(False)
    upper.tick_params(axis="x", length=0)
    stroke: dict[str, Any] = {
        "marker": [(-1, -0.6), (1, 0.6)],
        "markersize": 7,
        "linestyle": "none",
        "color": MUTED,
        "clip_on": False,
    }
    upper.plot([0], [0], transform=upper.transAxes, **stroke)
    lower.plot([0], [1], transform=lower.transAxes, **stroke)


def steps_in_words(found: Steps) -> str:
    """The numbers of the chart."""
    hand = f" The hand-written gradient is off by {found.hand:.2g}." if found.hand > ALMOST_RIGHT else ""
    return (
        f"In float64 finite differences of the forward reach a relative error of {found.best:.1e} at best; the "
        f"witness, a central difference in ball arithmetic with step {found.witness_step:.0e}, errs by "
        f"{found.witness:.0e} at most, {found.decades:.0f} decades less.{hand}"
    )


# ---- saturation


def saturation_chart(found: Saturation, salt: str) -> str:
    """The worst error of each gradient in ulps, as the inputs are multiplied."""

    def draw(into: Figure) -> None:
        plot = into.subplots()
        plain_axes(plot)
        for k, (name, ulps) in enumerate(list(found.ulps.items())[: len(SERIES)]):
            known = [(f, max(u, 0.1)) for f, u in zip(found.factors, ulps, strict=True) if math.isfinite(u)]
            if known:
                plot.plot(
                    *zip(*known, strict=True),
                    color=SERIES[k],
                    marker=_MARKS[k],
                    markersize=4,
                    linewidth=1.1,
                    label=short(name, 14),
                )
        plot.set_xscale("log", base=2)
        plot.set_yscale("log")
        powers_of_ten(plot.yaxis, 8)
        plot.set_xticks(found.factors, [f"×{f:g}" for f in found.factors])
        plot.xaxis.set_minor_locator(NullLocator())
        plot.set_xlabel("inputs multiplied by")
        plot.set_ylabel("worst error in ulps, float64")
        plot.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))

    return figure(
        draw,
        width=4.8,
        height=3.7,
        title="Accuracy against saturation",
        description=saturation_in_words(found),
        salt=salt,
    )


def saturation_in_words(found: Saturation) -> str:
    """The worst of all gradients at each factor."""
    columns = [[ulps[k] for ulps in found.ulps.values() if math.isfinite(ulps[k])] for k in range(len(found.factors))]
    said = [
        f"inputs times {factor:g} (up to {largest:.3g}): {max(column):.2g} ulps"
        for factor, largest, column in zip(found.factors, found.largest, columns, strict=True)
        if column
    ]
    return f"The worst error of any gradient in float64: {'; '.join(said) or 'none could be decided'}."
