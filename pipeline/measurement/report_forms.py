"""A report in the forms in which people take it: cells of text, Markdown, CSV, Parquet."""

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipeline.store.reports import Report, is_number
from pipeline.text.spreadsheets import harmless_cell
from pipeline.writing.text import escape_markdown

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

_FRACTIONS: Final = ("_rate", "_ctr", "_percentile", "_share")
_MONEY_DIGITS: Final = 12
"""Digits behind the point of dollars in Parquet: a call to a model may cost a millionth of one."""

_SMALL: Final = Decimal("0.1")


def cells(report: Report) -> list[list[str]]:
    """The rows as text for a person: fractions as percent, dollars to the cent, nothing for unknown."""
    return [[cell(column, value) for column, value in zip(report.columns, row, strict=True)] for row in report.rows]


def cell(column: str, value: Any) -> str:
    """One value as text; its column's name tells the unit."""
    if value is None:
        return ""
    if isinstance(value, Decimal | float):
        if column.endswith(_FRACTIONS):
            return f"{value * 100:.1f} %"
        if column.endswith("_usd"):
            return _dollars(value)
    if isinstance(value, datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M %Z}" if value.tzinfo else f"{value:%Y-%m-%d %H:%M}"
    if is_number(value):
        return f"{value:,.0f}" if value == int(value) else f"{value:,}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def as_markdown(report: Report) -> str:
    """A table under the description. Whatever its cells would be in Markdown, they read as they are."""
    head = escape_markdown(report.description)
    if not report.rows:
        return f"{head}\n\n*No rows.*"
    lines = [
        report.columns,
        ["---"] * len(report.columns),
        *(
            [_in_a_cell(value, text) for value, text in zip(row, texts, strict=True)]
            for row, texts in zip(report.rows, cells(report), strict=True)
        ),
    ]
    return "\n".join([head, "", *(f"| {' | '.join(line)} |" for line in lines)])


def _in_a_cell(value: Any, text: str) -> str:
    return text if is_number(value) else escape_markdown(text)


def write_csv(report: Report, path: Path) -> None:
    """UTF-8 with a head line: fractions of 1, instants in UTC, nothing for unknown. A text that a spreadsheet would
    take for a formula gets an apostrophe before it.

    Raises: OSError.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(report.columns)
        writer.writerows([_csv_cell(value) for value in row] for row in report.rows)


def write_parquet(report: Report, path: Path) -> None:
    """Typed columns, of a report without rows too: fractions and means as double, dollars as decimal, instants in UTC.

    Raises: OSError.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    schema = pa.schema(
        [(column, arrow_type(column, of)) for column, of in zip(report.columns, report.types, strict=True)]
    )
    columns = [
        pa.array([_parquet_value(value, field.type) for value in report.column(field.name)], field.type)
        for field in schema
    ]
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), path)


def arrow_type(column: str, postgres_type: str) -> "pa.DataType":
    """Arrow's type of a column; what has none there is text."""
    import pyarrow as pa

    if postgres_type.endswith("[]"):
        return pa.list_(arrow_type(column, postgres_type.removesuffix("[]")))
    if postgres_type == "numeric" and column.endswith("_usd"):
        return pa.decimal128(38, _MONEY_DIGITS)
    types = {
        "bool": pa.bool_(),
        "int2": pa.int64(),
        "int4": pa.int64(),
        "int8": pa.int64(),
        "numeric": pa.float64(),
        "float4": pa.float64(),
        "float8": pa.float64(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us"),
        "timestamptz": pa.timestamp("us", tz="UTC"),
    }
    return types.get(postgres_type, pa.string())


def _parquet_value(value: Any, of: "pa.DataType") -> Any:
    import pyarrow as pa

    if value is None or isinstance(value, list):
        return value
    if pa.types.is_floating(of):
        return float(value)
    if pa.types.is_decimal(of):
        return round(value, _MONEY_DIGITS)
    return str(value) if pa.types.is_string(of) else value


def _csv_cell(value: Any) -> Any:
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return harmless_cell(value) if isinstance(value, str) else value


def _dollars(value: Decimal | float) -> str:
    """To the cent; what is less than ten cents to the hundredth of one."""
    digits = 4 if value and -_SMALL < value < _SMALL else 2
    return f"{value:,.{digits}f}"
