"""The named reports: `sql/queries`, one file each, which says in its own header what it shows and what can be set.

The header is the leading comment. Its first line is the description. Other lines may be

- `name = value    meaning`: a parameter with its default, a number or a word, bound in the query as `:name`;
  `value of a, b, c` where only these are possible;
- `reads: asset, asset`: the assets whose tables it reads, for the lineage; without it, `distribution_metrics`;
- `picture: dots of VALUE by COLUMN`: how it is drawn (`Drawing`); without it there is no picture;
- `every: hour`: that it is made hourly rather than daily.

The rest explains it to whoever reads the file.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any, Final

import sqlalchemy as sa

from pipeline.settings import PROJECT_ROOT

QUERIES: Final = PROJECT_ROOT / "sql" / "queries"
_PARAMETER: Final = re.compile(r"(?P<name>[a-z_]+) = (?P<default>\S+)(?: of (?P<choices>\S+(?:, \S+)*))?\s{2,}\S.*")
_DRAWING: Final = re.compile(
    r"(?P<kind>dots|bars|lines) of (?P<value>\w+)(?: over (?P<over>\w+))?"
    r"(?: from (?P<low>\w+) to (?P<high>\w+))?(?: against (?P<against>\w+))? by (?P<by>\w+(?:, \w+)*)"
)


Value = float | str


class ReportError(ValueError):
    """There is no such report, or a parameter is not one of its; the message says what there is."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Which columns are drawn and how: `dots of VALUE from LOW to HIGH against OTHER by COLUMN, COLUMN`.

    Attributes:
        kind: 'dots' or 'bars' (a row each), or 'lines' (over a column of dates; one for each value of `by`).
        value: what is drawn. `low` and `high` are the ends of its interval, `against` is what it is to be seen beside.
        by: what names a row.
    """

    kind: str
    value: str
    over: str | None
    low: str | None
    high: str | None
    against: str | None
    by: Sequence[str]


@dataclass(frozen=True, slots=True)
class Parameter:
    """`choices` are the values that are possible; none are named where every number, or every word, is."""

    default: Value
    choices: Sequence[Value] = ()


@dataclass(frozen=True, slots=True)
class About:
    """What a query's header says."""

    description: str
    parameters: Mapping[str, Parameter]
    reads: Sequence[str]
    drawing: Drawing | None
    is_hourly: bool


@dataclass(frozen=True, slots=True)
class Report:
    """Rows as the database has them: fractions, UTC instants, None for unknown.

    Attributes:
        types: PostgreSQL's names of the columns' types, an array's with `[]`.
    """

    name: str
    description: str
    columns: Sequence[str]
    types: Sequence[str]
    rows: Sequence[Sequence[Any]]
    parameters: Mapping[str, Value] = field(default_factory=dict)
    drawing: Drawing | None = None

    def column(self, name: str) -> list[Any]:
        number = self.columns.index(name)
        return [row[number] for row in self.rows]


def report_names() -> list[str]:
    return sorted(path.stem for path in QUERIES.glob("*.sql"))


def about(name: str) -> About:
    """Raises: ReportError."""
    return _about(_query(name))


def description(name: str) -> str:
    """What the report shows, in one line. Raises: ReportError."""
    return about(name).description


def defaults(name: str) -> dict[str, Value]:
    """The report's parameters with their defaults. Raises: ReportError."""
    return {parameter: each.default for parameter, each in about(name).parameters.items()}


def run_report(connection: sa.Connection, name: str, **parameters: Value) -> Report:
    """Run a report, with its defaults where nothing else is said.

    Raises:
        ReportError: there is no such report or parameter, or the parameter can't have the value.
    """
    header = about(name)
    for parameter, value in parameters.items():
        _check(name, header.parameters, parameter, value)
    values = {parameter: each.default for parameter, each in header.parameters.items()} | parameters
    result = connection.execute(sa.text(_query(name)), values)
    columns: Sequence[Any] = (result.cursor and result.cursor.description) or ()
    return Report(
        name,
        header.description,
        list(result.keys()),
        [_type_name(column.type_code) for column in columns],
        [tuple(row) for row in result],
        values,
        header.drawing,
    )


def is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _check(name: str, known: Mapping[str, Parameter], parameter: str, value: Value) -> None:
    if parameter not in known:
        raise ReportError(f"The report {name} has no parameter {parameter!r}; there are: {', '.join(known) or 'none'}.")
    of = known[parameter]
    if isinstance(of.default, int) and not isinstance(value, int):
        raise ReportError(f"{parameter} is a whole number, not {value}.")
    if isinstance(of.default, str) != isinstance(value, str):
        raise ReportError(f"{parameter} is a {'word' if isinstance(of.default, str) else 'number'}, not {value}.")
    if of.choices and value not in of.choices:
        raise ReportError(f"{parameter} is one of {', '.join(map(str, of.choices))}, not {value}.")


def _query(name: str) -> str:
    if name not in report_names():
        raise ReportError(f"There is no report {name!r}; there are: {', '.join(report_names())}.")
    return (QUERIES / f"{name}.sql").read_text(encoding="utf-8")


def _about(query: str) -> About:
    lines = _header(query)
    said = dict(line.split(": ", 1) for line in lines if line.startswith(("reads: ", "picture: ", "every: ")))
    matches = (_PARAMETER.fullmatch(line) for line in lines)
    drawn = _DRAWING.fullmatch(said.get("picture", ""))
    return About(
        description=lines[0],
        parameters={match["name"]: _parameter(match) for match in matches if match},
        reads=said.get("reads", "distribution_metrics").split(", "),
        drawing=_drawing(drawn) if drawn else None,
        is_hourly=said.get("every") == "hour",
    )


def _drawing(match: re.Match[str]) -> Drawing:
    return Drawing(
        kind=match["kind"],
        value=match["value"],
        over=match["over"],
        low=match["low"],
        high=match["high"],
        against=match["against"],
        by=match["by"].split(", "),
    )


def _parameter(match: re.Match[str]) -> Parameter:
    choices = match["choices"].split(", ") if match["choices"] else []
    return Parameter(_value(match["default"]), [_value(choice) for choice in choices])


def _value(text: str) -> Value:
    """A number, or the word that it is, with quotation marks or without."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return text
    return value if isinstance(value, int | float | str) else text


def _header(query: str) -> list[str]:
    lines = []
    for line in query.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())
    return lines


@cache
def _type_name(oid: int) -> str:
    import psycopg

    known = psycopg.adapters.types.get(oid)
    if known is None:
        return "text"
    return known.name if known.oid == oid else f"{known.name}[]"
