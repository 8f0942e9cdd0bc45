"""No post goes out an hour off when the clocks are set forward or back."""

import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pipeline import clock
from pipeline.distribution.publish import publish_due
from pipeline.editorial import review
from pipeline.editorial.checklist import ALL_ITEMS
from pipeline.store import claims, tables, users
from pipeline.store.database import transaction
from pipeline_tests import factories
from pipeline_tests.distribution.platform import CONFIG, Platform
from pipeline_tests.transitions import coming, of_year

ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca"]
HALF_AN_HOUR, MINUTE = timedelta(minutes=30), timedelta(minutes=1)


def around(change):
    """Local times on both sides of those that the clocks skip or repeat, at their edges, and among them."""
    return [
        change.first - timedelta(hours=2),
        change.first - MINUTE,
        change.first,
        change.first + timedelta(minutes=10),
        change.end - MINUTE,
        change.end,
        change.end + timedelta(hours=2),
    ]


@pytest.fixture
def desk(engine):
    """Approves a post for a local time, as a reviewer writes it; returns the distribution's row."""
    with transaction(engine, "test") as connection:
        factories.user(connection, email="ada@example.com")
        author = factories.user(connection, roles=["writer"])
        ada = users.find(connection, "ada@example.com")

    def approve(zone, local):
        with transaction(engine, "test") as connection:
            vertical_id = factories.vertical(connection, timezone=zone)
            post_id = factories.post(connection, vertical_id, author)
            post = connection.execute(
                sa.select(tables.publisher_posts).where(tables.publisher_posts.c.id == post_id)
            ).one()
            connection.execute(
                tables.seo_reports.insert().values(
                    post_id=post_id, content_hash=post.content_hash, score=80, findings=[]
                )
            )
            version = factories.insert(
                connection,
                tables.distributions,
                post_id=post_id,
                content_type="generated",
                platform_id=factories.account(connection, timezone=zone),
                body="Cut above a bud.",
                content_hash="hash",
                status="draft",
            )
        review.approve(engine, post.canonical_id, ada, checked=ALL_ITEMS, at=f"{local:%Y-%m-%d %H:%M}")
        return factories.row_of(engine, version)

    return approve


@pytest.mark.parametrize("zone", ZONES)
def test_an_approval_around_a_change_of_the_clocks_is_kept_for_the_instant_that_was_meant(desk, zone):
    changes = coming(zone)
    assert {change.skips for change in changes} == {True, False}
    for change in changes:
        for local in around(change):
            row = desk(zone, local)
            assert row.scheduled_for == row.next_attempt_at == change.intended(local)
            assert (row.scheduled_local, row.timezone) == (change.shown(local), zone)


@st.composite
def changes(draw):
    zone = draw(st.sampled_from(sorted(zoneinfo.available_timezones())))
    found = of_year(zone, draw(st.integers(1995, 2036)))
    assume(found)
    return draw(st.sampled_from(found))


@settings(deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(changes(), st.integers(-240, 240))
def test_in_every_zone_a_skipped_time_moves_forward_and_a_repeated_one_is_its_first(change, minutes):
    local = change.first + timedelta(minutes=minutes)
    instant = clock.instant(local, change.zone)
    assert instant == change.intended(local)
    assert clock.local(instant, change.zone) == change.shown(local)


@pytest.fixture
def connection(engine):
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


@pytest.mark.parametrize("zone", ZONES)
def test_what_is_sent_is_decided_by_the_instant_whatever_the_clocks_on_the_wall_show(engine, connection, zone):
    """As on the day of a change, when a wall clock read by yesterday's offset is wrong by the shift."""
    wall = clock.local(datetime.now(UTC), zone)
    due, later = [], []
    for off in (-2 * HALF_AN_HOUR, -HALF_AN_HOUR, HALF_AN_HOUR, 2 * HALF_AN_HOUR):
        account = factories.account(connection, timezone=zone)
        due.append(factories.distribution(connection, account, scheduled_local=wall + off, timezone=zone))
        later.append(
            factories.distribution(
                connection, account, due_in=20 * MINUTE, scheduled_local=wall + 20 * MINUTE - off, timezone=zone
            )
        )
    platform = Platform()
    publish_due(engine, platform.open, CONFIG, worker="w")
    assert {sent for _, sent, _ in platform.sent} == set(map(str, due))
    assert {factories.row_of(engine, i).status for i in later} == {"scheduled"}
    wait = claims.next_due(connection)
    assert wait is not None
    assert 19 * MINUTE < wait <= 20 * MINUTE


@pytest.mark.parametrize("zone", ZONES)
def test_of_a_repeated_hour_the_first_run_is_sent_before_the_second(engine, connection, zone):
    """A quarter past in the second run is after ten to in the first, though the wall clock shows less."""
    change = next(c for c in reversed(of_year(zone, datetime.now(UTC).year - 1)) if not c.skips)
    account = factories.account(connection, timezone=zone, max_lateness_minutes=3 * 366 * 24 * 60)
    instants = [change.at - 5 * MINUTE, change.at + MINUTE, change.at + 20 * MINUTE]
    local = [clock.local(instant, zone) for instant in instants]
    assert local[1] < local[2] < local[0]
    ids = [
        factories.distribution(
            connection,
            account,
            due_in=instant - datetime.now(UTC),
            scheduled_local=clock.local(instant, zone),
            timezone=zone,
        )
        for instant in reversed(instants)
    ]
    platform = Platform()
    publish_due(engine, platform.open, CONFIG, worker="w")
    assert [sent for _, sent, _ in platform.sent] == [str(i) for i in reversed(ids)]
