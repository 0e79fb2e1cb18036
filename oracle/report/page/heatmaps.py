"""Heat maps of a gradient: hand-written, certified truth, and the error in ulps, with wrong entries outlined."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.axes import Axes as Plot
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator

from oracle.report.page.axes import Axis
from oracle.report.page.canvas import GROUND, figure, short
from oracle.report.page.material import ALL_ULPS, Gradient

VALUES, ERRORS = "RdBu_r", "cividis"  # both are told apart by people who do not see red and green
_WIDTH, _LOW, _HIGH = 4.1, 1.25, 3.5  # inches
_SEGMENTS = 2500  # of an outline; beyond them what is right is veiled instead
_LEAST_ULPS = 0.1  # below which errors have one colour


def heat_maps(gradient: Gradient, salt: str) -> list[dict[str, str]]:
    """The maps of one gradient, each with its heading: three where the truth is known entry by entry, else one."""
    norm = _norm(gradient)
    parts: list[tuple[str, Any, Normalize, str]] = [("hand-written", gradient.hand, norm, VALUES)]
    if gradient.truth is not None and gradient.ulps is not None:
        parts.append(("certified truth", gradient.truth, norm, VALUES))
        parts.append(
            ("error in ulps", np.clip(gradient.ulps, _LEAST_ULPS, ALL_ULPS), _ulps_norm(gradient.ulps), ERRORS)
        )
    return [
        {"heading": heading, "svg": _map(gradient, heading, matrix, scale, colours, f"{salt}{k}")}
        for k, (heading, matrix, scale, colours) in enumerate(parts)
    ]


def _map(gradient: Gradient, heading: str, matrix: Any, norm: Normalize, colours: str, salt: str) -> str:
    rows, columns = matrix.shape
    height = min(_HIGH, max(_LOW, 0.9 + _WIDTH * 0.7 * rows / columns))

    def draw(into: Figure) -> None:
        plot = into.subplots()
        shades = colormaps[colours].with_extremes(bad="#888888")
        image = plot.imshow(matrix, cmap=shades, norm=norm, aspect="auto", interpolation="none")
        _name_axes(plot, gradient)
        if gradient.count:
            _mark(plot, gradient.wrong)
        _colour_bar(into, image, plot, heading == "error in ulps", height > _HIGH / 2)

    return figure(
        draw,
        width=_WIDTH,
        height=height,
        title=f"{gradient.name}: {heading}",
        description=described(gradient, heading, matrix),
        salt=salt,
    )


def _colour_bar(into: Figure, image: Any, plot: Plot, logarithmic: bool, tall: bool) -> None:
    extend = "neither" if logarithmic else "both"
    bar = into.colorbar(image, ax=plot, extend=extend, fraction=0.06, pad=0.02, aspect=18)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=2, width=0.5, labelsize=8)
    if logarithmic:
        top = round(np.log10(image.norm.vmax))
        powers = range(0, top + 1, max(1, -(-top // (4 if tall else 2))))
        bar.set_ticks([10.0**power for power in powers], labels=[f"1e{power}" for power in powers])
    bar.ax.minorticks_off()


def described(gradient: Gradient, heading: str, matrix: Any) -> str:
    """The map in a sentence, with its numbers."""
    size = " × ".join(map(str, gradient.shape)) or "one number"
    known = matrix[np.isfinite(matrix)]
    reach = f"from {known.min():.3g} to {known.max():.3g}" if known.size else "none finite"
    wrong = f"; {gradient.count} of {gradient.wrong.size} entries are wrong" if gradient.truth is not None else ""
    return f"Heat map of {size} entries ({gradient.spec or 'a scalar'}), {reach}{wrong}."


def _norm(gradient: Gradient) -> Normalize:
    """One scale for both sides, symmetric about 0; the largest hundredth of the truth is beyond its ends."""
    known = gradient.hand if gradient.truth is None else gradient.truth
    sizes = np.abs(known[np.isfinite(known)])
    top = float(np.percentile(sizes, 99)) if sizes.size else 1.0
    top = top or float(sizes.max(initial=0.0)) or 1.0
    return Normalize(-top, top)


def _ulps_norm(ulps: npt.NDArray[np.float64]) -> LogNorm:
    known = ulps[np.isfinite(ulps)]
    return LogNorm(_LEAST_ULPS, min(ALL_ULPS, max(10.0, float(known.max(initial=0.0)))))


def _name_axes(plot: Plot, gradient: Gradient) -> None:
    """Blocks by name with lines between them; otherwise numbers."""
    for axis, ticks, line, side in (
        (gradient.axes.rows, plot.yaxis, plot.axhline, plot.set_ylabel),
        (gradient.axes.columns, plot.xaxis, plot.axvline, plot.set_xlabel),
    ):
        side(short(axis.label))
        if axis.blocks and len(axis.blocks) <= 12:
            ticks.set_ticks([(block.start + block.stop - 1) / 2 for block in axis.blocks])
            ticks.set_ticklabels([short(block.label, 12) for block in axis.blocks])
            for block in axis.blocks[1:]:
                line(block.start - 0.5, color=GROUND, linewidth=1.2)
        else:
            _number(ticks, axis)
    plot.tick_params(length=0)
    for spine in plot.spines.values():
        spine.set_visible(False)


def _number(ticks: Any, axis: Axis) -> None:
    if axis.length == 1:
        ticks.set_ticks([])
    else:
        ticks.set_major_locator(MaxNLocator(nbins=6, integer=True))


# ---- wrong entries


def _mark(plot: Plot, wrong: npt.NDArray[np.bool_]) -> None:
    """Outline the wrong entries, dark on light, so that the outline is seen on every colour."""
    segments = list(_segments(wrong))
    if len(segments) > _SEGMENTS:
        veil = np.zeros((*wrong.shape, 4))
        veil[~wrong] = (0.55, 0.55, 0.55, 0.85)
        plot.imshow(veil, aspect="auto", interpolation="none")
        return
    vertices = [point for segment in segments for point in segment]
    outline = Path(vertices, [Path.MOVETO, Path.LINETO] * len(segments))
    for colour, width in (("#ffffff", 2.6), ("#000000", 1.1)):
        plot.add_patch(PathPatch(outline, fill=False, edgecolor=colour, linewidth=width, capstyle="projecting"))


def _segments(wrong: npt.NDArray[np.bool_]) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """The border lines of the wrong entries, in coordinates of the map.

    >>> list(_segments(np.array([[True]])))[:2]
    [((-0.5, -0.5), (0.5, -0.5)), ((-0.5, 0.5), (0.5, 0.5))]
    """
    for flip, mask in ((False, wrong), (True, wrong.T)):
        padded = np.pad(mask, 1)
        edges = padded[1:] != padded[:-1]
        for k, edge in enumerate(edges[:, 1:-1]):
            for start, stop in _runs(edge):
                ends = (start - 0.5, k - 0.5), (stop - 0.5, k - 0.5)
                yield (ends[0][::-1], ends[1][::-1]) if flip else ends


def _runs(edge: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Where a row of booleans is true without a break."""
    changes = np.flatnonzero(np.diff(np.concatenate(([False], edge, [False])).astype(int)))
    yield from zip(changes[::2].tolist(), changes[1::2].tolist(), strict=True)
