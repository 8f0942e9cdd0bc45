"""What is shown of the calendar, and how an entry's revision is counted, on a real database."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from pipeline.store import calendar_view
from pipeline.store.database import transaction
from pipeline.store.tables import distributions, platforms, publisher_posts
from pipeline_tests import factories

NOW = datetime.now(UTC)


@pytest.fixture
def account_id(engine):
    with transaction(engine, "test") as connection:
        return factories.account(connection, account_key="x-main", timezone="Europe/Berlin")


def seen(engine, begins=NOW - timedelta(days=1), **narrowed):
    with engine.connect() as connection:
        return calendar_view.entries(connection, begins=begins, **narrowed)


def put(engine, account_id, **values):
    with transaction(engine, "test") as connection:
        return factories.distribution(connection, account_id, **{"due_in": timedelta(hours=1), **values})


def change(engine, distribution_id, **values):
    with transaction(engine, "test") as connection:
        connection.execute(distributions.update().where(distributions.c.id == distribution_id).values(**values))


def published(engine, account_id, at, **values):
    identifier = put(engine, account_id, external_id=str(at), external_url="https://x.example/1", **values)
    for step in ({"status": "publishing", "lease_until": at}, {"status": "published", "published_at": at}):
        change(engine, identifier, **{"lease_until": None, **step})
    return identifier


def test_what_waits_and_what_went_out_is_in_it_the_earliest_first(engine, account_id):
    soon = put(engine, account_id)
    live = published(engine, account_id, NOW - timedelta(hours=2))
    held = put(engine, account_id, status="held", hold_reason="ask the lawyer", due_in=timedelta(hours=3))
    first, second, third = seen(engine)
    assert [first.distribution_id, second.distribution_id, third.distribution_id] == [live, soon, held]
    assert (first.at, first.url) == (NOW - timedelta(hours=2), "https://x.example/1")
    assert (second.account_key, second.timezone, second.note, second.url) == ("x-main", "Europe/Berlin", None, None)
    assert third.note == "held: ask the lawyer"


def test_what_was_cancelled_taken_back_or_taken_down_is_not_in_it(engine, account_id):
    change(engine, put(engine, account_id), status="cancelled")
    change(engine, put(engine, account_id), status="draft")
    down = published(engine, account_id, NOW)
    assert len(seen(engine)) == 1
    change(engine, down, taken_down_at=NOW)
    assert seen(engine) == []


def test_it_can_be_narrowed_to_a_time_and_to_accounts(engine, account_id):
    with transaction(engine, "test") as connection:
        other = factories.account(connection, account_key="other")
    put(engine, other, due_in=timedelta(hours=5))
    mine = put(engine, account_id)
    assert [each.distribution_id for each in seen(engine, accounts=["x-main"])] == [mine]
    assert [each.distribution_id for each in seen(engine, ends=NOW + timedelta(hours=4))] == [mine]
    assert seen(engine, begins=NOW + timedelta(days=1)) == []


def test_what_a_pause_keeps_back_says_so(engine, account_id):
    put(engine, account_id)
    with transaction(engine, "test") as connection:
        connection.execute(platforms.update().values(state="paused", state_reason="a new password"))
    (entry,) = seen(engine)
    assert entry.note == "the account is paused: a new password"


def test_a_move_a_hold_and_a_cancellation_are_revisions_and_a_claim_that_comes_back_is_none(engine, account_id):
    identifier = put(engine, account_id)

    def sequence():
        return factories.row_of(engine, identifier).calendar_sequence

    assert sequence() == 0
    change(engine, identifier, scheduled_for=NOW + timedelta(hours=7))
    assert sequence() == 1
    change(engine, identifier, status="publishing", lease_until=NOW)
    change(engine, identifier, status="scheduled", lease_until=None, next_attempt_at=NOW + timedelta(hours=8))
    assert sequence() == 1
    change(engine, identifier, status="held", hold_reason="ask")
    assert sequence() == 2
    change(engine, identifier, status="scheduled", hold_reason=None)
    assert sequence() == 3
    change(engine, identifier, status="draft")
    change(engine, identifier, status="scheduled")
    assert sequence() == 5


def test_a_new_title_is_a_later_change_but_no_revision(engine, account_id):
    put(engine, account_id)
    (before,) = seen(engine)
    with transaction(engine, "test") as connection:
        connection.execute(publisher_posts.update().values(title="Another title"))
    (after,) = seen(engine)
    assert after.title == "Another title"
    assert after.changed_at > before.changed_at
    assert after.sequence == before.sequence


def test_the_feeds_secret_is_made_once_and_replaced_on_demand(engine):
    with transaction(engine, "test") as connection:
        assert calendar_view.feed_token(connection) is None
        first = calendar_view.make_feed_token(connection)
        assert calendar_view.make_feed_token(connection) == first == calendar_view.feed_token(connection)
        second = calendar_view.rotate_feed_token(connection)
        assert second == calendar_view.feed_token(connection) != first
        assert len(second) >= 43


def test_what_lies_far_behind_is_not_read(engine, account_id):
    """The plan of the statement reads no table of distributions from end to end."""
    with transaction(engine, "test") as connection:
        connection.execute(sa.text("set local enable_seqscan = off"))
        plan = "\n".join(
            connection.scalars(
                sa.text("explain " + calendar_view._ENTRIES.text), {"begins": NOW, "ends": None, "accounts": None}
            )
        )
    assert "Seq Scan on distributions" not in plan
