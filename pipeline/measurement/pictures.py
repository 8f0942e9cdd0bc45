"""A report as a picture: which of its rows are drawn, and what is seen in words. Pure.

Accounts are never compared with each other, for an impression is another thing on each platform: where rows have an
account, each account has a panel with a scale of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from pipeline.measurement.report_forms import cell
from pipeline.store.reports import Drawing, Report
from pipeline.writing.picture import Picture

_MOST_ROWS: Final = 32
"""More than a screen of them nobody looks at; the table has all."""
_MOST_PANELS: Final = 16
_MOST_LETTERS: Final = 36


@dataclass(frozen=True, slots=True)
class Mark:
    """A row that is drawn. None is unknown; `at` is where it stands on a time axis."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    against: float | None
    at: date | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """Marks with one scale. `name` is the account's, '' where there is but one panel."""

    name: str
    marks: Sequence[Mark]


@dataclass(frozen=True, slots=True)
class Chart:
    """What is painted. `left_out` counts the rows that are not."""

    title: str
    drawing: Drawing
    panels: Sequence[Panel]
    left_out: int

    def told(self, value: float | None) -> str:
        """A value of the drawn column, as the report's table writes it."""
        return "unknown" if value is None else cell(self.drawing.value, value)


def picture_of(report: Report) -> Picture | None:
    """The report's picture; None for one that has none, or without anything known to draw."""
    if report.drawing is None:
        return None
    chart = chart_of(report, report.drawing)
    if not any(mark.value is not None for panel in chart.panels for mark in panel.marks):
        return None
    from pipeline.measurement.picture_painting import paint

    return Picture(paint(chart), in_words(chart))


def chart_of(report: Report, drawing: Drawing) -> Chart:
    """The first rows of each panel, in the report's order, as many as a screen takes."""
    panels: dict[str, list[Mark]] = {}
    for number in range(len(report.rows)):
        name, mark = _mark(report, drawing, number)
        panels.setdefault(name, []).append(mark)
    shown = list(panels.items())[:_MOST_PANELS]
    most = len(report.rows) if drawing.kind == "lines" else max(2, _MOST_ROWS // max(len(shown), 1))
    drawn = [Panel(name, marks[:most]) for name, marks in shown]
    left_out = len(report.rows) - sum(len(panel.marks) for panel in drawn)
    return Chart(report.description, drawing, drawn, left_out)


def in_words(chart: Chart) -> str:
    """What is to be seen, for whoever can't see it: of each panel how many rows, and its highest and lowest value."""
    said = [chart.title, *(_panel_in_words(chart, panel) for panel in chart.panels)]
    if chart.left_out:
        said.append(f"{chart.left_out} more rows are not drawn.")
    return " ".join(said)


def _mark(report: Report, drawing: Drawing, number: int) -> tuple[str, Mark]:
    row = dict(zip(report.columns, report.rows[number], strict=True))
    panel = str(row["account"]) if "account" in drawing.by else ""
    names = [_named(column, row[column]) for column in drawing.by if column != "account"]
    mark = Mark(
        label=_short(" ".join(names)),
        value=_number(row, drawing.value),
        low=_number(row, drawing.low),
        high=_number(row, drawing.high),
        against=_number(row, drawing.against),
        at=row[drawing.over] if drawing.over else None,
    )
    return panel, mark


def _panel_in_words(chart: Chart, panel: Panel) -> str:
    known = [mark for mark in panel.marks if mark.value is not None]
    name = f"{panel.name}: " if panel.name else ""
    if not known:
        return f"{name}nothing known."
    highest, lowest = (pick(known, key=lambda mark: mark.value or 0) for pick in (max, min))
    if len(known) == 1:
        return f"{name}{_mark_in_words(chart, highest)}."
    last = f", last {_mark_in_words(chart, known[-1])}" if chart.drawing.kind == "lines" else ""
    return (
        f"{name}{len(known)} rows, highest {_mark_in_words(chart, highest)}, "
        f"lowest {_mark_in_words(chart, lowest)}{last}."
    )


def _mark_in_words(chart: Chart, mark: Mark) -> str:
    label = f"{mark.at:%-d %b %Y}" if mark.at else mark.label
    said = f"{label} {chart.told(mark.value)}".lstrip()
    if mark.low is not None and mark.high is not None:
        said += f" ({chart.told(mark.low)} to {chart.told(mark.high)})"
    if chart.drawing.against is not None:
        said += f" ({chart.drawing.against.replace('_', ' ')} {chart.told(mark.against)})"
    return said


def _named(column: str, value: Any) -> str:
    return f"{value:02d}:00" if column == "hour" else cell(column, value)


def _number(row: dict[str, Any], column: str | None) -> float | None:
    return None if column is None or row[column] is None else float(row[column])


def _short(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1].rstrip()}…"
