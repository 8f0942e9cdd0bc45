"""The readers of each vertical, day by day, as a picture."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from pipeline.measurement.pictures import Chart, Mark, Panel, in_words
from pipeline.store.reports import Drawing
from pipeline.writing.picture import Picture

_MOST: Final = 8
"""Verticals, those with the most views: more than a screen of them nobody looks at."""


def views_by_day(views: Iterable[tuple[str, date, int]], days: int) -> Picture | None:
    """A line a vertical, each with a scale of its own; None where there is nothing to draw.

    `views` are of a vertical on a day, in the order of both; `days` is how many the picture is said to be of.
    """
    lines: dict[str, list[Mark]] = {}
    for vertical, day, count in views:
        lines.setdefault(vertical, []).append(Mark("", count, None, None, None, day))
    if not lines:
        return None
    from pipeline.measurement.picture_painting import paint

    ranked = sorted(lines, key=lambda name: -sum(mark.value or 0 for mark in lines[name]))
    shown = [Panel(name, lines[name]) for name in sorted(ranked[:_MOST])]
    drawing = Drawing(kind="lines", value="views", over="date", low=None, high=None, against=None, by=["vertical"])
    left_out = sum(len(lines[name]) for name in ranked[_MOST:])
    chart = Chart(f"Page views a day in the last {days} days, by vertical.", drawing, shown, left_out)
    return Picture(paint(chart), in_words(chart))
