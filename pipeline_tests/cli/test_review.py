"""`pressroom review` as it is typed."""

import pytest
import sqlalchemy as sa

from pipeline.store import tables
from pipeline.store.database import transaction
from pipeline_tests import factories


@pytest.fixture(autouse=True)
def _queue(engine):
    """A post of a Berlin newsroom that waits for Ada, with three versions, one of them held."""
    with transaction(engine, "test") as connection:
        factories.user(connection, email="ada@example.com", full_name="Ada Lovelace")
        vertical_id = factories.vertical(connection, timezone="Europe/Berlin")
        author = factories.user(connection, roles=["writer"])
        post_id = factories.post(connection, vertical_id, author, canonical_id="garden-1", content_hash="h1")
        connection.execute(
            tables.seo_reports.insert().values(post_id=post_id, content_hash="h1", score=80, findings=[])
        )
        group_id = factories.insert(connection, tables.cross_post_groups, name="garden-1")
        for key, zone in (("site", "Europe/Berlin"), ("x", "America/New_York"), ("x-long", "UTC")):
            refused = {"status": "held", "hold_reason": "body: too long"} if key == "x-long" else {"status": "draft"}
            factories.insert(
                connection,
                tables.distributions,
                post_id=post_id,
                cross_post_group_id=group_id,
                content_type="generated",
                platform_id=factories.account(
                    connection, name=key, account_key=key, is_home=key == "site", timezone=zone
                ),
                body="Cut above a bud.",
                content_hash=f"hash of {key}",
                **refused,
            )


def approve(pressroom, *options):
    return pressroom("review", "approve", "garden-1", "--as", "ada@example.com", *options)


def row_with(output, account):
    """The cells of an account's line in the table."""
    line = next(line for line in output.splitlines() if f"│ {account} " in line)
    return [cell.strip() for cell in line.strip("│ ").split("│")]


def test_an_approval_tells_each_accounts_local_and_utc_time_and_what_is_held(pressroom):
    result = approve(pressroom, "--at", "2035-07-02 09:00", "--timing", "staggered", "--stagger", "15")
    assert result.exit_code == 0, result.output
    assert "2 versions go out from 2035-07-02 07:00 UTC" in result.output
    assert row_with(result.output, "site") == ["site", "2035-07-02 09:00", "Europe/Berlin", "2035-07-02 07:00"]
    assert row_with(result.output, "x") == ["x", "2035-07-02 03:15", "America/New_York", "2035-07-02 07:15"]
    assert "x-long: body: too long" in result.output


def test_optimized_is_said_with_the_times_it_found(pressroom):
    result = approve(pressroom, "--at", "2035-07-02 09:00", "--timing", "optimized")
    assert row_with(result.output, "x") == ["x", "2035-07-03 09:00", "America/New_York", "2035-07-03 13:00"]


def test_staggered_without_minutes_is_told_how_and_approves_nothing(engine, pressroom):
    result = approve(pressroom, "--timing", "staggered")
    assert result.exit_code == 1
    assert "--stagger 15" in result.output
    with engine.connect() as connection:
        assert connection.scalar(sa.select(tables.publisher_posts.c.status)) == "review"


@pytest.mark.parametrize("options", [("--stagger", "0"), ("--timing", "whenever")])
def test_a_timing_that_there_is_not_is_refused_by_the_command(pressroom, options):
    assert approve(pressroom, *options).exit_code == 2


def test_simultaneous_goes_out_now_where_nothing_is_said(pressroom):
    result = approve(pressroom)
    assert result.exit_code == 0
    assert "from now on, the home page first (simultaneous)" in result.output
    assert row_with(result.output, "site")[3] == row_with(result.output, "x")[3]
