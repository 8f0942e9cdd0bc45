"""Reports as Markdown, CSV and Parquet: what is unknown stays so, units stay, and texts stay texts."""

import csv
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
import sqlalchemy as sa

from pipeline.measurement.report_forms import as_markdown, cell, cells, write_csv, write_parquet
from pipeline.store.reports import Report, run_report
from pipeline_tests import factories


def report(columns: dict[str, tuple[str, Any]]) -> Report:
    """A report of one row: name, PostgreSQL's type and value of each column."""
    types, values = zip(*columns.values(), strict=True)
    return Report("any", "What it *shows*.", list(columns), types, [values])


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("engagement_rate", Decimal("0.0423"), "4.2 %"),
        ("profit_usd", Decimal("-1234.5"), "-1,234.50"),
        ("cost_usd", Decimal("0.0012"), "0.0012"),
        ("cost_usd", Decimal(0), "0.00"),
        ("views", Decimal("12000.0"), "12,000"),
        ("views", 12000.0, "12,000"),
        ("watched_hours", Decimal("1234.5"), "1,234.5"),
        ("views", None, ""),
        ("topics", ["a", "b"], "a, b"),
        ("is_home", True, "True"),
    ],
)
def test_a_cell_is_written_in_the_unit_that_its_column_names(column, value, text):
    assert cell(column, value) == text


def test_a_title_that_is_markdown_or_a_formula_stays_a_title(tmp_path):
    made = report({"title": ("text", "=1+1 | [x](http://evil.example) <b>"), "views": ("int8", -3)})
    markdown = as_markdown(made)
    assert "[x](" not in markdown
    assert markdown.splitlines()[-1].count(" | ") == 1
    assert "\\*shows\\*" in markdown
    write_csv(made, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        assert list(csv.reader(file))[1] == ["'=1+1 | [x](http://evil.example) <b>", "-3"]


def test_csv_has_instants_in_utc_and_nothing_for_unknown(tmp_path):
    at = datetime(2026, 11, 21, 9, 30, tzinfo=timezone(timedelta(hours=-5)))
    made = report({"at": ("timestamptz", at), "day": ("date", date(2026, 1, 2)), "views": ("int8", None)})
    write_csv(made, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        assert list(csv.reader(file))[1] == ["2026-11-21T14:30:00+00:00", "2026-01-02", ""]


def test_parquet_has_typed_columns_and_null_for_unknown(tmp_path):
    at = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    write_parquet(
        report(
            {
                "engagement_rate": ("numeric", Decimal("0.05")),
                "profit_usd": ("numeric", Decimal("0.1")),
                "cost_usd": ("numeric", None),
                "views": ("int8", 2**53 + 1),
                "clicks": ("int8", None),
                "at": ("timestamptz", at),
                "day": ("date", date(2026, 1, 2)),
                "topics": ("text[]", ["a", "b"]),
            }
        ),
        tmp_path / "a.parquet",
    )
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.to_pylist() == [
        {
            "engagement_rate": 0.05,
            "profit_usd": Decimal("0.1"),
            "cost_usd": None,
            "views": 2**53 + 1,
            "clicks": None,
            "at": at,
            "day": date(2026, 1, 2),
            "topics": ["a", "b"],
        }
    ]
    assert pa.types.is_decimal(table.schema.field("cost_usd").type)


def test_every_report_goes_to_parquet_with_the_types_of_the_database_even_without_rows(engine, tmp_path):
    from pipeline.store.reports import report_names

    with engine.connect() as connection:
        for name in report_names():
            path = tmp_path / f"{name}.parquet"
            write_parquet(run_report(connection, name), path)
            assert pq.read_table(path).num_rows == 0
    schema = pq.read_schema(tmp_path / "weak_publications.parquet")
    assert [str(schema.field(column).type) for column in ("id", "published_local", "engagements")] == [
        "string",
        "timestamp[us]",
        "int64",
    ]
    assert str(pq.read_schema(tmp_path / "unprocessed_content.parquet").field("topics").type) == "list<element: string>"


def test_unknown_comes_out_of_the_database_and_into_every_form_as_unknown(engine, tmp_path):
    with engine.begin() as connection:
        account = factories.account(connection)
        post_id, review_id = factories.approved_post(connection)
        factories.distribution(
            connection, account, post_id=post_id, review_id=review_id, status="published", published_at=sa.func.now()
        )
        made = run_report(connection, "performance_so_far")
    column = list(made.columns).index("impressions")
    assert cells(made)[0][column] == ""
    write_parquet(made, tmp_path / "a.parquet")
    assert pq.read_table(tmp_path / "a.parquet").to_pylist()[0]["impressions"] is None
