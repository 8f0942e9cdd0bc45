"""What each model credits the channels with, as a picture: a row a channel, a mark a model.

A model is told by its shape as well as by its colour; the colours are Okabe and Ito's ("Color Universal Design", 2008).
"""

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from pipeline.measurement.attribution.models import MODELS
from pipeline.store.profit import Earned
from pipeline.writing.picture import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_CHANNELS: Final = 20
_WIDTH, _ROW, _FRAME, _DPI = 900, 30, 120, 100
_MARKS: Final = {
    "first": (">", "#0072B2"),
    "last": ("<", "#D55E00"),
    "linear": ("o", "#009E73"),
    "time_decay": ("s", "#E69F00"),
    "position": ("D", "#56B4E9"),
    "shapley": ("P", "#CC79A7"),
}


def picture_of(channels: Mapping[str, Sequence[Earned]], since: str) -> Picture | None:
    """Of dollars, or of conversions where no dollars are known; None where nothing was credited."""
    in_dollars = any(each.usd is not None for credited in channels.values() for each in credited)
    rows = by_channel(channels, in_dollars=in_dollars)[:MOST_CHANNELS]
    if not rows:
        return None
    what = "dollars" if in_dollars else "conversions"
    title = f"What the models credit the channels with, in {what}, since {since}"
    told = "; ".join(
        f"{channel}: " + ", ".join(f"{model.replace('_', ' ')} {value:,.2f}" for model, value in values.items())
        for channel, values in rows
    )
    return Picture(_paint(rows, title), f"{title}. {told}.")


def by_channel(channels: Mapping[str, Sequence[Earned]], *, in_dollars: bool) -> list[tuple[str, dict[str, float]]]:
    """The channels with what is known of each model's credit, the largest first."""
    values: dict[str, dict[str, float]] = {}
    for model in MODELS:
        for each in channels.get(model, ()):
            value = each.usd if in_dollars else each.conversions
            if value is not None:
                values.setdefault(each.channel, {})[model] = float(value)
    return sorted(values.items(), key=lambda row: (-max(row[1].values()), row[0]))


def _paint(rows: Sequence[tuple[str, Mapping[str, float]]], title: str) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    height = _FRAME + _ROW * len(rows)
    figure = Figure(figsize=(_WIDTH / _DPI, height / _DPI), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.22, 50 / height, 0.75, 1 - _FRAME / height))
    _draw(axes, rows)
    figure.text(0.01, 1 - 18 / height, title, size=10, weight="bold", va="center")
    figure.legend(
        *axes.get_legend_handles_labels(),
        loc="upper left",
        bbox_to_anchor=(0.0, 1 - 28 / height),
        ncols=len(MODELS),
        frameon=False,
        fontsize=8,
    )
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    return drawn.getvalue()


def _draw(axes: "Axes", rows: Sequence[tuple[str, Mapping[str, float]]]) -> None:
    for place, (_, values) in enumerate(rows):
        axes.plot([min(values.values()), max(values.values())], [place, place], color="#d0d0d0", lw=3, zorder=1)
    for model in MODELS:
        marker, colour = _MARKS[model]
        known = [(values[model], place) for place, (_, values) in enumerate(rows) if model in values]
        axes.scatter(
            [value for value, _ in known],
            [place for _, place in known],
            marker=marker,
            s=42,
            color=colour,
            edgecolors="#1a1a1a",
            linewidths=0.5,
            label=model.replace("_", " "),
            zorder=2,
        )
    axes.set_yticks(range(len(rows)), [channel[:24] for channel, _ in rows], parse_math=False)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(labelsize=8.5, length=0)
    axes.grid(axis="x", color="#e5e5e5")
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
