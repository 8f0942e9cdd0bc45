"""The named reports: `sql/queries`, one file each, which says in its own header what it shows and what can be set.

The header is the leading comment. Its first line is the description; a line `name = value    meaning` is a parameter
with its default, bound in the query as `:name`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa

from pipeline.settings import PROJECT_ROOT

QUERIES: Final = PROJECT_ROOT / "sql" / "queries"
_PARAMETER: Final = re.compile(r"([a-z_]+) = (\S+)\s+\S.*")
_FRACTIONS: Final = ("_rate", "_ctr", "_percentile")


class ReportError(ValueError):
    """There is no such report, or a parameter is not one of its; the message says what there is."""


@dataclass(frozen=True, slots=True)
class Report:
    """Rows as the database has them: fractions, UTC instants, None for unknown."""

    name: str
    description: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    parameters: Mapping[str, float] = field(default_factory=dict)

    def shown(self) -> list[list[str]]:
        """The rows as text for a person: fractions as percent, nothing for unknown."""
        return [[_shown(column, value) for column, value in zip(self.columns, row, strict=True)] for row in self.rows]

    def as_markdown(self) -> str:
        """A Markdown table, under the description."""
        if not self.rows:
            return f"{self.description}\n\n*No rows.*"
        lines = [
            self.columns,
            ["---"] * len(self.columns),
            *([_in_a_cell(text) for text in row] for row in self.shown()),
        ]
        return "\n".join([self.description, "", *(f"| {' | '.join(line)} |" for line in lines)])


def report_names() -> list[str]:
    return sorted(path.stem for path in QUERIES.glob("*.sql"))


def description(name: str) -> str:
    """What the report shows, in one line. Raises: ReportError."""
    return _header(_query(name))[0]


def defaults(name: str) -> dict[str, float]:
    """The report's parameters with their defaults. Raises: ReportError."""
    matches = (_PARAMETER.fullmatch(line) for line in _header(_query(name)))
    return {match[1]: json.loads(match[2]) for match in matches if match}


def run_report(connection: sa.Connection, name: str, **parameters: float) -> Report:
    """Run a report, with its defaults where nothing else is said.

    Raises:
        ReportError: there is no such report or parameter, or the parameter is a whole number and the value is not.
    """
    known = defaults(name)
    for parameter, value in parameters.items():
        if parameter not in known:
            raise ReportError(
                f"The report {name} has no parameter {parameter!r}; there are: {', '.join(known) or 'none'}."
            )
        if isinstance(known[parameter], int) and not isinstance(value, int):
            raise ReportError(f"{parameter} is a whole number, not {value:g}.")
    values = known | parameters
    result = connection.execute(sa.text(_query(name)), values)
    return Report(name, description(name), list(result.keys()), [tuple(row) for row in result], values)


def _query(name: str) -> str:
    if name not in report_names():
        raise ReportError(f"There is no report {name!r}; there are: {', '.join(report_names())}.")
    return (QUERIES / f"{name}.sql").read_text(encoding="utf-8")


def _header(query: str) -> list[str]:
    lines = []
    for line in query.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())
    return lines


def _shown(column: str, value: Any) -> str:
    if value is None:
        return ""
    if column.endswith(_FRACTIONS) and isinstance(value, Decimal | float):
        return f"{value * 100:.1f} %"
    if isinstance(value, datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M %Z}" if value.tzinfo else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, int | Decimal) and value == int(value):
        return f"{value:,.0f}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _in_a_cell(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("|", "\\|"))
