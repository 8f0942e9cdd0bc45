"""What people are shown of where a post is, and why."""

from datetime import timedelta

import sqlalchemy as sa

from pipeline.store import overview
from pipeline.store.database import transaction
from pipeline_tests import factories

LONG_AGO = timedelta(minutes=-30)


def shown(engine):
    with engine.connect() as connection:
        return {row.account_key: row.what for row in overview.open_distributions(connection, ["scheduled"])}


def overdue(engine):
    with engine.connect() as connection:
        return [row.account_key for row in overview.overdue(connection)]


def test_what_is_late_without_a_reason_is_overdue_even_if_it_failed_before(engine):
    with transaction(engine, "test") as connection:
        late = factories.account(connection, account_key="late")
        factories.distribution(connection, late, due_in=LONG_AGO, error_message="HTTP 503")
        factories.distribution(connection, factories.account(connection), due_in=timedelta(minutes=-5))
    assert overdue(engine) == ["late"]


def test_what_waits_says_for_what_and_is_not_overdue(engine):
    with transaction(engine, "test") as connection:
        post_id, review_id = factories.approved_post(connection)
        home = factories.account(
            connection, name="site", account_key="site", is_home=True, state="paused", state_reason="moving"
        )
        other = factories.account(connection, account_key="other")
        resting = factories.account(connection, account_key="resting", held_until=sa.func.now() + timedelta(hours=1))
        for account in (home, other):
            factories.distribution(connection, account, post_id=post_id, review_id=review_id, due_in=LONG_AGO)
        factories.distribution(connection, resting, due_in=LONG_AGO, error_message="HTTP 429")
    reasons = shown(engine)
    assert reasons["site"] == "account paused: moving"
    assert reasons["other"] == "waits for its home page, which is scheduled"
    assert reasons["resting"].startswith("HTTP 429; the account rests until ")
    assert overdue(engine) == []
