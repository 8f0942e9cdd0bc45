"""Paints reports with matplotlib. What is on the picture is `measurement.pictures`'.

What a mark means is told by its shape as well as by its colour, and the colours are Okabe and Ito's ("Color Universal
Design", 2008), which people with any kind of colour blindness can tell apart.
"""

import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pipeline.measurement.pictures import Chart, Mark, Panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Pixels, of a picture 900 wide: Dagster shows it as large as it is.
_WIDTH: Final = 900
_LABELS: Final = 260
_ROW: Final = 22
_LINES: Final = 96
_NAME: Final = 22
_AXIS: Final = 26
_HEAD: Final = 52
_FOOT: Final = 20
_EDGE: Final = 24
_DPI: Final = 100
_COLOURS: Final = 64

_BLUE, _VERMILION = "#0072B2", "#D55E00"
_INK, _SOFT, _RULE = "#1a1a1a", "#5c5c5c", "#d8d8d8"
_LETTERS_A_LINE: Final = 140


def paint(chart: Chart) -> bytes:
    """A PNG, 900 pixels wide; the chart has something known to draw."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    heights = [_height(chart, panel) for panel in chart.panels]
    height = _HEAD + sum(_NAME + inner + _AXIS for inner in heights) + _FOOT
    figure = Figure(figsize=(_WIDTH / _DPI, height / _DPI), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    top = height - _HEAD
    for panel, inner in zip(chart.panels, heights, strict=True):
        bottom = top - _NAME - inner
        axes = figure.add_axes((_LABELS / _WIDTH, bottom / height, 1 - (_LABELS + _EDGE) / _WIDTH, inner / height))
        _draw_panel(axes, chart, panel)
        figure.text(
            _EDGE / 2 / _WIDTH, (top - 14) / height, panel.name, size=8.5, weight="bold", color=_INK, parse_math=False
        )
        top = bottom - _AXIS
    _draw_head(figure, chart, height)
    return _compressed(figure)


def _height(chart: Chart, panel: Panel) -> int:
    return _LINES if chart.drawing.kind == "lines" else _ROW * len(panel.marks)


def _draw_panel(axes: "Axes", chart: Chart, panel: Panel) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    is_lines = chart.drawing.kind == "lines"
    values = axes.yaxis if is_lines else axes.xaxis
    values.set_major_locator(MaxNLocator(4 if is_lines else 6))
    values.set_major_formatter(FuncFormatter(lambda value, _: chart.told(round(value, 10))))
    axes.tick_params(length=0, labelsize=7.5, colors=_SOFT)
    axes.grid(axis="y" if is_lines else "x", color=_RULE, lw=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    if is_lines:
        _draw_line(axes, panel.marks)
    else:
        _draw_rows(axes, chart, panel.marks)


def _draw_line(axes: "Axes", marks: Sequence[Mark]) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num

    known = [(mark.at, mark.value) for mark in marks if mark.at is not None and mark.value is not None]
    axes.plot(
        [date2num(at) for at, _ in known],  # type: ignore[no-untyped-call]
        [value for _, value in known],
        color=_BLUE,
        lw=1.4,
        marker="o",
        ms=3.5,
        clip_on=False,
    )
    locator = AutoDateLocator(maxticks=8)  # type: ignore[no-untyped-call]
    axes.xaxis_date()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]
    values = [0.0, *(value for _, value in known)]
    axes.set_ylim(min(values) * 1.1, max(values) * 1.1 or 1.0)


def _draw_rows(axes: "Axes", chart: Chart, marks: Sequence[Mark]) -> None:
    axes.set_ylim(len(marks) - 0.5, -0.5)
    axes.set_yticks(range(len(marks)))
    axes.set_yticklabels([mark.label for mark in marks], color=_INK, parse_math=False)
    for y, mark in enumerate(marks):
        _draw_mark(axes, chart.drawing.kind, y, mark)
    axes.axvline(0, color=_SOFT, lw=0.8, zorder=1)
    axes.margins(x=0.04)


def _draw_mark(axes: "Axes", kind: str, y: int, mark: Mark) -> None:
    if mark.value is None:
        axes.text(0, y, " unknown", size=7.5, style="italic", color=_SOFT, va="center")
        return
    if kind == "bars":
        is_loss = mark.value < 0
        axes.barh(
            y,
            mark.value,
            height=0.62,
            color=_VERMILION if is_loss else _BLUE,
            hatch="////" if is_loss else "",
            edgecolor="white",
            lw=0,
            zorder=2,
        )
    else:
        axes.plot(mark.value, y, "o", color=_BLUE, ms=6, zorder=4, mec="white", mew=0.6)
    if mark.low is not None and mark.high is not None:
        axes.plot([mark.low, mark.high], [y, y], color=_BLUE, lw=1.6, zorder=3, solid_capstyle="butt")
    if mark.against is not None:
        axes.plot([mark.against, mark.value], [y, y], color=_RULE, lw=2.4, zorder=2)
        axes.plot(mark.against, y, "D", mfc="white", mec=_VERMILION, mew=1.2, ms=5, zorder=3)


def _draw_head(figure: "Figure", chart: Chart, height: int) -> None:
    title = chart.title if len(chart.title) <= _LETTERS_A_LINE else f"{chart.title[: _LETTERS_A_LINE - 1]}…"
    figure.text(
        _EDGE / 2 / _WIDTH, 1 - 18 / height, title, size=9, weight="bold", color=_INK, va="center", parse_math=False
    )
    figure.text(_EDGE / 2 / _WIDTH, 1 - 38 / height, _key(chart), size=7.5, color=_SOFT, va="center", parse_math=False)
    if chart.left_out:
        figure.text(_EDGE / 2 / _WIDTH, 6 / height, f"{chart.left_out} more rows are not drawn.", size=7, color=_SOFT)


def _key(chart: Chart) -> str:
    """What the marks mean, in a line."""
    drawing = chart.drawing
    said = [f"{_MARKS[drawing.kind]} {_words(drawing.value)}"]
    if drawing.low and drawing.high:
        said.append(f"line: from {_words(drawing.low)} to {_words(drawing.high)}")
    if drawing.against:
        said.append(f"hollow diamond: {_words(drawing.against)}")
    if any(panel.name for panel in chart.panels):
        said.append("each account has a scale of its own")
    return "; ".join(said)


_MARKS: Final = {"dots": "filled dot:", "bars": "bar (hatched below zero):", "lines": "line:"}


def _words(column: str) -> str:
    return column.replace("_", " ")


def _compressed(figure: "Figure") -> bytes:
    """As a PNG of few colours, a quarter of the size: Dagster keeps each in its event log."""
    from PIL import Image

    drawn, written = io.BytesIO(), io.BytesIO()
    with warnings.catch_warnings():
        # A letter that the font has not is drawn as a box; the words beside the picture have it.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure.savefig(drawn, format="rgba")
    image = Image.frombytes("RGBA", (_WIDTH, len(drawn.getvalue()) // (4 * _WIDTH)), drawn.getvalue()).convert("RGB")
    image.quantize(_COLOURS, dither=Image.Dither.NONE).save(written, format="png", optimize=True)
    return written.getvalue()
