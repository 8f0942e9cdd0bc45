"""What patterns are told after a sync."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from pipeline.learning.feedback import feed
from pipeline.store import tables
from pipeline.store.database import transaction
from pipeline_tests import factories

AT = datetime(2026, 11, 22, 4, 30, tzinfo=UTC)
"""Saturday, 23:30 in New York; Sunday in UTC."""


def pattern(connection, account_id, pattern_type, template, name="one"):
    return factories.insert(
        connection,
        tables.platform_patterns,
        platform_id=account_id,
        pattern_type=pattern_type,
        pattern_name=name,
        pattern_template=template,
    )


def published(connection, account_id, **values):
    return factories.distribution(
        connection,
        account_id,
        **{"status": "published", "published_at": AT, "body": "Why prune? #roses", **values},
    )


@pytest.fixture
def account_id(engine):
    with transaction(engine, "test") as connection:
        return factories.account(connection, timezone="America/New_York")


def feedback(engine):
    with engine.connect() as connection:
        return connection.execute(sa.select(tables.pattern_feedback).order_by("pattern_id", "distribution_id")).all()


def fed(engine, *ids):
    with transaction(engine, "test") as connection:
        return feed(connection, ids)


def test_every_type_of_pattern_gets_one_row_for_each_publication_however_often_it_is_fed(engine, account_id):
    with transaction(engine, "test") as connection:
        pattern(connection, account_id, "timing", [{"day_of_week": 6, "hour": 23}])
        pattern(connection, account_id, "hook", {"version": 1, "all": [{"feature": "hook", "is_one_of": ["question"]}]})
        pattern(connection, account_id, "hashtags", {"version": 1, "all": [{"feature": "hashtags", "at_least": 2}]})
        elsewhere = factories.account(connection)
        pattern(connection, elsewhere, "hashtags", {"version": 1, "all": [{"feature": "hashtags", "at_least": 2}]})
        ids = [published(connection, account_id), published(connection, account_id)]
    assert fed(engine, *ids) == 6
    assert fed(engine, *ids) == 0
    rows = feedback(engine)
    assert len({(row.pattern_id, row.distribution_id) for row in rows}) == len(rows) == 6
    assert sorted(row.pattern_applied for row in rows) == [False, False, True, True, True, True]
    assert {(row.posted_at, row.day_of_week, row.hour_of_day) for row in rows} == {(AT, 6, 23)}


def test_no_engagement_is_told_as_zero_and_an_unknown_figure_as_unknown(engine, account_id):
    with transaction(engine, "test") as connection:
        pattern(connection, account_id, "timing", [{"day_of_week": 6, "hour": 23}])
        id_ = published(connection, account_id, impressions=50, engagements=0, clicks=None, engagement_rate=0)
    fed(engine, id_)
    (row,) = feedback(engine)
    assert (row.impressions, row.engagements, row.clicks, row.shares, row.engagement_rate) == (50, 0, None, None, 0)


def test_figures_are_kept_up_to_date_and_whether_it_was_followed_is_not_asked_again(engine, account_id):
    with transaction(engine, "test") as connection:
        pattern(connection, account_id, "timing", [{"day_of_week": 0, "hour": 4}])
        id_ = published(connection, account_id, engagements=1)
    fed(engine, id_)
    with transaction(engine, "test") as connection:
        # The hour was learned to be good since, from this very publication.
        connection.execute(tables.platform_patterns.update().values(pattern_template=[{"day_of_week": 6, "hour": 23}]))
        connection.execute(tables.distributions.update().values(engagements=900))
    fed(engine, id_)
    (row,) = feedback(engine)
    assert (row.pattern_applied, row.engagements) == (False, 900)


def test_a_pattern_that_can_not_be_read_hinders_no_other_and_hours_not_yet_learned_are_no_pattern(engine, account_id):
    with transaction(engine, "test") as connection:
        pattern(connection, account_id, "hook", {"nonsense": True})
        pattern(connection, account_id, "timing", [])
        readable = pattern(
            connection, account_id, "length", {"version": 1, "all": [{"feature": "characters", "at_most": 80}]}
        )
        id_ = published(connection, account_id)
    assert fed(engine, id_) == 1
    assert [row.pattern_id for row in feedback(engine)] == [readable]


def test_many_publications_are_three_statements(engine, account_id):
    with transaction(engine, "test") as connection:
        pattern(connection, account_id, "timing", [{"day_of_week": 6, "hour": 23}])
        ids = [published(connection, account_id) for _ in range(20)]
    statements = []
    with transaction(engine, "test") as connection:
        sa.event.listen(connection, "before_cursor_execute", lambda *given: statements.append(given[2]))
        feed(connection, ids)
    assert len(statements) == 3
    assert len(feedback(engine)) == 20


def test_what_did_not_go_out_is_no_feedback(engine, account_id):
    with transaction(engine, "test") as connection:
        pattern(connection, account_id, "timing", [{"day_of_week": 6, "hour": 23}])
        id_ = factories.distribution(connection, account_id)
    assert fed(engine, id_) == 0
    assert fed(engine) == 0
