"""How an experiment's intervals narrowed, look by look, as a picture. Pure, but for matplotlib."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline.learning.experiments.model import Look

_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9")
"""Of Okabe and Ito: told apart with any colour vision. Arms differ by their marks as well."""
_MARKS: Final = ("o", "s", "^", "D", "v")
_DASHES: Final = ("dashed", "dotted", "dashdot")
_TICKS: Final = (0.25, 0.5, 0.8, 1.0, 1.25, 2.0, 4.0)
_WIDEST: Final = 4.0
"""Ratios beyond this, and below its inverse, are at the picture's edge."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What one look said of one arm: its figure over the control's, and the interval; None: nothing yet."""

    measured: int
    name: str
    ratio: float | None
    low: float | None
    high: float | None


def glances(found: Sequence[tuple[int, Sequence[Any]]]) -> list[Glance]:
    """Of (measured, the arms seen, each a mapping), as looks are kept; the control has none of its own."""
    return [
        Glance(measured, arm["name"], arm["ratio"], arm["low"], arm["high"])
        for measured, arms in found
        for arm in arms[1:]
    ]


def draw(title: str, seen: Sequence[Glance], margin: float) -> bytes:
    """A PNG 900 pixels wide: outcomes to the right, the ratio to the control upwards on a scale on which double and
    half are as far from the same, the margin as a grey band.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

    figure = Figure(figsize=(9, 4.2), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    axes.set_yscale("log")
    axes.axhspan(1 / (1 + margin), 1 + margin, color="#dddddd", zorder=0)
    axes.axhline(1, color="#444444", linewidth=1)
    for place, name in enumerate(dict.fromkeys(each.name for each in seen)):
        own = [each for each in seen if each.name == name and each.ratio is not None]
        colour, mark = _COLOURS[place % len(_COLOURS)], _MARKS[place % len(_MARKS)]
        across = [each.measured for each in own]
        low = [_shown(each.low, 1 / _WIDEST) for each in own]
        high = [_shown(each.high, _WIDEST) for each in own]
        axes.fill_between(across, low, high, color=colour, alpha=0.12, linewidth=0)
        for edge in (low, high):
            axes.plot(across, edge, color=colour, linewidth=1, linestyle=_DASHES[place % len(_DASHES)])
        axes.plot(across, [_shown(each.ratio, 1.0) for each in own], color=colour, marker=mark, label=name)
    axes.set_title(title, loc="left", fontsize=11, parse_math=False)
    axes.set_xlabel("outcomes")
    axes.set_ylabel("against the control")
    axes.set_ylim(1 / _WIDEST, _WIDEST)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_locator(FixedLocator(_TICKS))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda ratio, _: against(ratio)))
    if seen:
        axes.legend(loc="upper right", frameon=False)
    written = io.BytesIO()
    figure.savefig(written, format="png", metadata={"Software": None})
    return written.getvalue()


def in_words(look: Look) -> str:
    """The last look as a sentence, for whoever can't see the picture."""
    told = [
        f"{arm.name} {against(arm.ratio)} ({against(arm.low)} to {against(arm.high)})"
        for arm in look.arms[1:]
        if arm.ratio is not None
    ]
    return f"After {look.measured} outcomes, against the control: {'; '.join(told) or 'nothing is known yet'}."


def against(ratio: float | None) -> str:
    """`+12 %`, against the control; `?` where it can't be told."""
    return "?" if ratio is None else f"{ratio - 1:+.0%}".replace("%", " %")


def _shown(ratio: float | None, instead: float) -> float:
    return min(max(instead if ratio is None else ratio, 1 / _WIDEST), _WIDEST)
