"""Paints the calendar with matplotlib. What is on it is `scheduling.picture`'s.

What a mark means is told by its shape as well as by its colour, and the colours are Okabe and Ito's ("Color Universal
Design", 2008), which people with any kind of colour blindness can tell apart.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from pipeline.scheduling.days import DAY
from pipeline.scheduling.picture import Kind, Shown, x_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Pixels, of a picture 900 wide: Dagster shows it as large as it is.
_WIDTH: Final = 900
_LABELS: Final = 138
_ROW: Final = 36
_HEAD: Final = 58
_FOOT: Final = 44
_EDGE: Final = 8
_DPI: Final = 100

_BLUE, _ORANGE, _VERMILION, _PURPLE = "#0072B2", "#E69F00", "#D55E00", "#CC79A7"
_INK, _SOFT, _FREE, _HATCH, _RULE, _WEEKEND = "#1a1a1a", "#5c5c5c", "#8a8a8a", "#b8b8b8", "#d0d0d0", "#f3f3f3"


def _mixed(colour: str, share: float) -> tuple[int, ...]:
    """A colour of which `share` is left, the rest white."""
    return tuple(round(255 - share * (255 - int(colour[n : n + 2], 16))) for n in (1, 3, 5))


# What edges and past marks are smoothed to on a white ground.
_PALETTE: Final = (
    (255, 255, 255),
    *(
        _mixed(colour, step / 8)
        for colour in (_BLUE, _ORANGE, _VERMILION, _PURPLE, _INK, _SOFT, _FREE, _HATCH, _RULE, _WEEKEND)
        for step in range(8, 0, -1)
    ),
)


@dataclass(frozen=True, slots=True)
class _Style:
    """How a kind is drawn, and how the legend calls it.

    `marker` is matplotlib's, `size` its area in square points, `line` the width of its line or edge in points.
    """

    marker: str
    size: float
    colour: str
    label: str
    line: float = 0.6
    is_filled: bool = True

    @property
    def edge(self) -> str:
        """A filled mark is set off from its neighbours by a white edge."""
        return "white" if self.is_filled and self.marker not in _LINES else self.colour

    @property
    def face(self) -> str:
        return self.colour if self.is_filled else "white"


_LINES: Final = "|x"
"""Markers that have no face."""


_STYLES: Final[Mapping[Kind, _Style]] = {
    Kind.FREE: _Style("|", 16, _FREE, "free"),
    Kind.PRIME: _Style("|", 90, _ORANGE, "free, prime", line=1.4),
    Kind.TEST: _Style("o", 9, _PURPLE, "free, test", line=1.2, is_filled=False),
    Kind.LOCKED: _Style("x", 14, _INK, "locked", line=1.1),
    Kind.TAKEN: _Style("s", 24, _BLUE, "taken"),
    Kind.MOVED: _Style("^", 40, _BLUE, "taken, moved by this plan", line=1.3, is_filled=False),
    Kind.CONFLICT: _Style("D", 30, _VERMILION, "taken, in conflict"),
}
"""In the order in which they are drawn: what matters most lies on top."""


def paint(rows: Sequence[Shown], left_out: int, begins: date, now: datetime, days: int) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    height = _HEAD + _ROW * max(len(rows), 1) + _FOOT
    figure = Figure(figsize=(_WIDTH / _DPI, height / _DPI), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes(
        (_LABELS / _WIDTH, _FOOT / height, 1 - (_LABELS + _EDGE) / _WIDTH, 1 - (_HEAD + _FOOT) / height)
    )
    axes.set_xlim(0, days)
    axes.set_ylim(max(len(rows), 1), 0)
    axes.axis("off")
    _draw_days(axes, rows, begins, days)
    for y, row in enumerate(rows):
        _draw_row(axes, y, row, x_of(now, row.row.timezone, begins), days)
    _draw_marks(axes, rows, now)
    _draw_legend(figure, height, left_out)
    last = begins + (days - 1) * DAY
    title = f"{begins:%-d %b} to {last:%-d %b %Y}, in each account's local time"
    figure.text(_EDGE / _WIDTH, 1 - 16 / height, title, size=9, weight="bold", color=_INK, va="center")
    return _compressed(figure)


def _compressed(figure: "Figure") -> bytes:
    """As a PNG of the palette's colours, a quarter of the size: Dagster keeps each in its event log."""
    from PIL import Image

    drawn, written = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="rgba")
    size = (_WIDTH, len(drawn.getvalue()) // (4 * _WIDTH))
    palette = Image.new("P", (1, 1))
    palette.putpalette([value for colour in _PALETTE for value in colour])
    image = Image.frombytes("RGBA", size, drawn.getvalue()).convert("RGB")
    image.quantize(palette=palette, dither=Image.Dither.NONE).save(written, format="png", optimize=True)
    return written.getvalue()


def _draw_days(axes: "Axes", rows: Sequence[Shown], begins: date, days: int) -> None:
    bottom = max(len(rows), 1)
    for n in range(days):
        day = begins + n * DAY
        if day.isoweekday() > 5:  # noqa: PLR2004 - Saturday and Sunday
            axes.axvspan(n, n + 1, color=_WEEKEND, lw=0, zorder=0)
        axes.plot([n, n], [-0.06, bottom], color=_RULE, lw=0.8, zorder=1, clip_on=False)
        axes.annotate(
            f"{day:%a}\n{day:%-d %b}",
            (n + 0.5, 0),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            size=7.5,
            linespacing=1.15,
            color=_INK,
        )


def _draw_row(axes: "Axes", y: int, shown: Shown, now: float, days: int) -> None:
    axes.plot([0, days], [y, y], color=_RULE, lw=0.8, zorder=1)
    label = (-6, 0)
    key = shown.row.account_key
    common: dict[str, Any] = {
        "textcoords": "offset points",
        "ha": "right",
        "va": "center",
        "parse_math": False,
        "annotation_clip": False,
    }
    axes.annotate(_fitting(key, 17), (0, y + 0.34), xytext=label, size=8, weight="bold", color=_INK, **common)
    axes.annotate(_fitting(shown.row.timezone, 23), (0, y + 0.72), xytext=label, size=6.5, color=_SOFT, **common)
    for left, right in shown.closed:
        axes.fill_between([left, right], y, y + 1, facecolor="none", edgecolor=_HATCH, hatch="//////", lw=0, zorder=1)
    for n, count in shown.taken_by_day().items():
        axes.text(n + 0.06, y + 0.24, str(count), size=7.5, weight="bold", color=_INK, va="center", zorder=6)
    for n, hours in shown.odd_days.items():
        box: dict[str, Any] = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": _INK, "lw": 0.8}
        axes.text(n + 0.94, y + 0.24, f"{hours:g} h", size=7, ha="right", va="center", bbox=box, zorder=6)
    if 0 <= now < days:
        axes.plot([now, now], [y, y + 1], color=_INK, lw=1.2, ls=(0, (2, 1.5)), zorder=5)


def _draw_marks(axes: "Axes", rows: Sequence[Shown], now: datetime) -> None:
    for order, (kind, style) in enumerate(_STYLES.items()):
        for is_past in (True, False):
            points = list(_points(rows, kind, now, is_past=is_past))
            if points:
                _scatter(axes, style, points, alpha=0.4 if is_past else 1.0, order=3 + order / 10)


def _points(rows: Sequence[Shown], kind: Kind, now: datetime, *, is_past: bool) -> Iterator[tuple[float, float]]:
    for y, shown in enumerate(rows):
        for x, mark in shown.marks:
            if mark.kind == kind and (mark.at < now) == is_past:
                yield x, y + 0.68


def _scatter(axes: "Axes", style: _Style, points: Sequence[tuple[float, float]], *, alpha: float, order: float) -> None:
    colours: dict[str, Any] = (
        {"c": style.colour} if style.marker in _LINES else {"facecolor": style.face, "edgecolor": style.edge}
    )
    across, down = zip(*points, strict=True)
    axes.scatter(
        across,
        down,
        s=style.size,
        marker=style.marker,
        linewidth=style.line,
        alpha=alpha,
        zorder=order,
        clip_on=False,
        **colours,
    )


def _draw_legend(figure: "Figure", height: int, left_out: int) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Line2D | Patch] = [
        Line2D(
            [],
            [],
            ls="",
            marker=style.marker,
            markersize=style.size**0.5,
            markerfacecolor=style.face,
            markeredgecolor=style.edge,
            markeredgewidth=style.line,
            label=style.label,
        )
        for style in _STYLES.values()
    ]
    handles.append(Patch(facecolor="white", edgecolor=_HATCH, hatch="//////", label="closed"))
    handles.append(Line2D([], [], color=_INK, lw=1.2, ls=(0, (2, 1.5)), label="now"))
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0, _FOOT / height),
        ncols=len(handles),
        frameon=False,
        fontsize=7,
        handletextpad=0.3,
        columnspacing=1.1,
    )
    more = f" {left_out} more accounts are not shown." if left_out else ""
    note = f"A number: posts of the day. 23 h, 25 h: the clocks change.{more}"
    figure.text(_EDGE / _WIDTH, 4 / height, note, size=7, color=_SOFT, va="bottom")


def _fitting(text: str, most: int) -> str:
    """Its beginning and its end: keys that begin alike are common."""
    kept = most // 2
    return text if len(text) <= most else f"{text[: most - kept - 1]}…{text[-kept:]}"
