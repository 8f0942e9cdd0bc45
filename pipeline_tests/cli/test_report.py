"""`pressroom report` as it is typed."""

import csv
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.store import tables
from pipeline_tests import factories


@pytest.fixture(autouse=True)
def _publication(engine):
    with engine.begin() as connection:
        author, vertical = factories.user(connection), factories.vertical(connection)
        post = factories.post(connection, vertical, author, title="Prune [now] | later")
        factories.insert(
            connection,
            tables.distributions,
            post_id=post,
            content_type="generated",
            platform_id=factories.account(connection, account_key="x-one"),
            body="b",
            content_hash="h",
            status="published",
            published_at="now",
            impressions=1000,
            engagements=42,
        )


def test_without_a_name_the_reports_are_listed_with_what_they_show(pressroom):
    listed = pressroom("report").output
    assert "review_queue" in listed
    assert "What waits for a reviewer, the longest wait first." in listed


def test_a_report_is_shown_to_a_person_with_percent(pressroom):
    shown = pressroom("report", "performance_so_far")
    assert shown.exit_code == 0
    assert "4.2 %" in shown.output
    assert "days = 30" in shown.output


def test_a_title_with_brackets_is_shown_as_it_is(pressroom):
    assert "[now]" in pressroom("report", "review_queue").output


def test_a_report_is_written_as_csv_with_fractions(pressroom, tmp_path):
    result = pressroom("report", "performance_so_far", "--csv", str(tmp_path / "report.csv"))
    assert result.exit_code == 0
    with (tmp_path / "report.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["engagement_rate"], row["click_through_rate"]) == ("0.0420", "")


def test_a_parameter_is_set_and_a_wrong_one_is_told(pressroom):
    assert "No rows." in pressroom("report", "performance_so_far", "--set", "days=0").output
    assert "model = shapley" in pressroom("report", "profit_per_channel", "--set", "model=shapley").output
    for words in (
        ["nonsense"],
        ["review_queue", "--set", "days=3"],
        ["performance_so_far", "--set", "days=x"],
        ["performance_so_far", "--set", "days"],
        ["profit_per_channel", "--set", "model=best"],
    ):
        result = pressroom("report", *words)
        assert result.exit_code == 1
        assert "Traceback" not in result.output


def test_a_report_is_written_as_parquet_and_as_a_picture_which_is_told_in_words(pressroom, engine, tmp_path):
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    with engine.begin() as connection:
        account = factories.account(connection, account_key="x-two")
        for days_ago, followers in ((9, 100), (1, 140)):
            day = datetime.now(UTC) - timedelta(days=days_ago)
            connection.execute(
                tables.account_snapshots.insert().values(
                    platform_id=account, day=day.date(), followers=followers, counted_at=day
                )
            )
    parquet, picture = tmp_path / "audience.parquet", tmp_path / "audience.png"
    result = pressroom("report", "audience_growth", "--parquet", parquet, "--picture", picture)
    assert result.exit_code == 0
    assert pq.read_table(parquet).to_pylist()[0]["change"] == 40
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "x-two: 40" in result.output


def test_a_report_without_a_picture_and_a_file_that_cannot_be_written_are_told(pressroom, tmp_path):
    refused = pressroom("report", "review_queue", "--picture", tmp_path / "queue.png")
    assert (refused.exit_code, "has no picture" in refused.output) == (1, True)
    for option in ("--csv", "--parquet"):
        nowhere = pressroom("report", "review_queue", option, tmp_path / "nowhere" / "queue")
        assert (nowhere.exit_code, "can't be written" in nowhere.output) == (1, True)
