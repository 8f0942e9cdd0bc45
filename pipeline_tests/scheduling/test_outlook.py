"""What planning knows, and what of it may move."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from pipeline.scheduling import materialise
from pipeline.scheduling.outlook import items_of, load
from pipeline.store import tables
from pipeline.store.database import transaction
from pipeline.timing import Timing
from pipeline.vocabulary import TimingStrategy
from pipeline_tests import factories
from pipeline_tests.scheduling.calendars import NOW, account, at, post, scheduled


def looked_at(engine, **options):
    materialise.keep_up(engine, now=NOW)
    with engine.connect() as connection:
        return load(connection, now=NOW, **options)


def test_who_places_one_post_finds_all_others_booked_and_a_plan_finds_their_slots_free(engine):
    with transaction(engine, "test") as connection:
        x = account(connection, ["09:00", "12:00"])
    materialise.keep_up(engine, now=NOW)
    with transaction(engine, "test") as connection:
        movable = scheduled(connection, x, at(0, 9))
        scheduled(connection, x, at(0, 12), is_pinned=True)
        scheduled(connection, x, at(0, 10))  # no rule made this instant a slot
    outlook = looked_at(engine, horizon=timedelta(days=2))
    standing, emptied = outlook.calendars[x], outlook.emptied()[x]
    assert [booked.at for booked in standing.booked] == [at(0, 9), at(0, 10), at(0, 12)]
    assert [slot.at for slot in standing.slots] == [at(1, 9), at(1, 12)]
    assert [booked.at for booked in emptied.booked] == [at(0, 12)]
    assert [slot.at for slot in emptied.slots] == [at(0, 9), at(1, 9), at(1, 12)]
    assert {version.present for item in outlook.movable for version in item.versions} == {at(0, 9), at(0, 10)}
    assert movable in {version.distribution_id for item in outlook.movable for version in item.versions}


@pytest.mark.parametrize(
    "values",
    [
        {"is_pinned": True},
        {"status": "held", "hold_reason": "late"},
        {"status": "published", "published_at": NOW, "external_id": "1"},
        {"handed_over_for": at(0, 9)},
        {"retry_count": 1},
        {"scheduled_for": NOW + timedelta(minutes=30), "next_attempt_at": NOW + timedelta(minutes=30)},
    ],
    ids=", ".join,
)
def test_what_a_person_placed_what_is_on_its_way_and_what_is_next_stays_where_it_is(engine, values):
    with transaction(engine, "test") as connection:
        x = account(connection, ["09:00"])
        scheduled(connection, x, at(0, 9))
        scheduled(connection, x, at(0, 10), **values)
    (item,) = looked_at(engine).movable
    assert [version.present for version in item.versions] == [at(0, 9)]


def test_what_waits_for_a_paused_account_or_vertical_or_for_its_page_stays_where_it_is(engine):
    with transaction(engine, "test") as connection:
        home, x = account(connection, ["09:00"], name="site", is_home=True), account(connection, ["09:00"])
        paused = account(connection, ["09:00"], state="paused", state_reason="holiday")
        scheduled(connection, paused, at(0, 9))
        of_paused = post(connection)
        scheduled(connection, x, at(0, 10), of_paused)
        verticals, posts = tables.publisher_verticals, tables.publisher_posts
        its_vertical = sa.select(posts.c.vertical_id).where(posts.c.id == of_paused[0]).scalar_subquery()
        connection.execute(
            verticals.update().where(verticals.c.id == its_vertical).values(paused_at=NOW, pause_reason="no editor")
        )
        without_page = post(connection)
        scheduled(connection, home, at(0, 9), without_page, status="held", hold_reason="late")
        scheduled(connection, x, at(0, 11), without_page)
    assert looked_at(engine).movable == []


def test_locked_and_closed_instants_are_no_slots_and_an_account_that_rests_has_none_before_its_end(engine):
    with transaction(engine, "test") as connection:
        x = account(connection, ["09:00", "12:00", "15:00"])
        resting = account(connection, ["09:00", "12:00"], held_until=at(0, 10))
    materialise.keep_up(engine, now=NOW)
    slots = tables.publishing_calendar
    with transaction(engine, "test") as connection:
        connection.execute(slots.update().where(slots.c.starts_at == at(0, 9)).values(is_locked=True))
        # Closed after its slots were made, and not made anew since.
        connection.execute(
            tables.blackouts.insert().values(
                platform_id=x, begins=at(0, 11).replace(tzinfo=None), ends=at(0, 13).replace(tzinfo=None), reason="sale"
            )
        )
    with engine.connect() as connection:
        outlook = load(connection, now=NOW, horizon=timedelta(days=1))
    calendar = outlook.calendars[x]
    assert [slot.at for slot in calendar.slots] == [at(0, 15)]
    assert [(span.begins, span.reason) for span in calendar.closed] == [
        (at(0, 9), "a locked slot"),
        (at(0, 11), "sale"),
    ]
    assert [span.reason for span in outlook.closed[x]] == ["sale"]
    assert [slot.at for slot in outlook.calendars[resting].slots] == [at(0, 12)]


def test_the_attempts_that_a_limit_or_a_quota_still_counts_are_read_and_no_others(engine):
    with transaction(engine, "test") as connection:
        daily, slow = account(connection, []), account(connection, [], min_interval_minutes=3 * 24 * 60)
        quota = account(
            connection,
            [],
            quota_remaining=5,
            quota_reported_at=NOW - timedelta(days=2),
            quota_resets_at=NOW + timedelta(hours=1),
        )
        for id_ in (daily, slow, quota):
            sent = factories.distribution(
                connection, id_, status="published", published_at=NOW - timedelta(days=9), external_id=str(id_)
            )
            for token, hours in enumerate((1, 30, 70, 80)):
                connection.execute(
                    tables.publish_attempts.insert().values(
                        distribution_id=sent,
                        platform_id=id_,
                        lease_token=token,
                        worker="test",
                        started_at=NOW - timedelta(hours=hours),
                    )
                )
    outlook = looked_at(engine)
    assert [len(outlook.calendars[id_].sent) for id_ in (daily, slow, quota)] == [1, 3, 2]
    assert list(outlook.calendars[slow].sent) == sorted(outlook.calendars[slow].sent)


def test_a_post_comes_with_all_that_decides_about_its_times(engine):
    with transaction(engine, "test") as connection:
        home, x = account(connection, [], name="site", is_home=True), account(connection, [])
        original, _ = post(connection, canonical_id="garden-original", keywords=["Roses", "Pruning"])
        vertical = connection.scalar(
            sa.select(tables.publisher_posts.c.vertical_id).where(tables.publisher_posts.c.id == original)
        )
        campaign = factories.insert(
            connection, tables.campaigns, name="spring", vertical_id=vertical, begins=at(1, 0), ends=at(3, 0)
        )
        retold = post(
            connection,
            repurposed_from=original,
            repurposed_as="thread",
            platforms=["site", "x"],
            canonical_url="https://garden.example/original/",
            content_type="repurposed",
            campaign_id=campaign,
            expires_at=at(2, 0),
        )
        group = factories.insert(
            connection,
            tables.cross_post_groups,
            name="spring",
            timing_strategy="staggered",
            stagger_minutes=15,
        )
        scheduled(connection, home, at(1, 9), retold, cross_post_group_id=group)
        scheduled(connection, x, at(1, 10), retold, cross_post_group_id=group)
    (item,) = looked_at(engine).movable
    assert (item.story, item.topics) == ("garden-original", {"roses", "pruning"})
    assert (item.window.begins, item.window.ends, item.campaign_id) == (at(1, 0), at(3, 0), campaign)
    assert (item.deadline, item.earliest) == (at(2, 0), at(1, 0))
    assert item.timing == Timing(TimingStrategy.STAGGERED, timedelta(minutes=15))
    assert item.home_at is None  # it is placed with the others
    with engine.connect() as connection:
        (again,) = items_of(connection, [retold[0]], now=NOW).values()
    assert again.versions == item.versions
    assert again.earliest == NOW


def test_where_the_page_stays_its_time_is_told(engine):
    with transaction(engine, "test") as connection:
        home, x = account(connection, [], name="site", is_home=True), account(connection, [])
        of = post(connection)
        scheduled(connection, home, at(0, 9), of, is_pinned=True)
        scheduled(connection, x, at(0, 10), of)
    (item,) = looked_at(engine).movable
    assert item.home_at == at(0, 9)


def test_what_is_overdue_counts_as_going_out_now(engine):
    with transaction(engine, "test") as connection:
        x = account(connection, [])
        scheduled(connection, x, NOW - timedelta(hours=3))
    assert [booked.at for booked in looked_at(engine).calendars[x].booked] == [NOW]


def test_however_many_posts_there_are_the_statements_are_as_many(engine):
    with transaction(engine, "test") as connection:
        x = account(connection, ["09:00"])
        scheduled(connection, x, at(0, 10))
    few = _statements(engine)
    with transaction(engine, "test") as connection:
        for minute in range(20):
            scheduled(connection, account(connection, ["09:00"]), at(0, 11, minute))
    assert _statements(engine) == few


def _statements(engine):
    materialise.keep_up(engine, now=NOW)
    seen = []

    def note(*arguments):
        seen.append(arguments[2])

    with engine.connect() as connection:
        sa.event.listen(engine, "before_cursor_execute", note)
        load(connection, now=NOW)
        sa.event.remove(engine, "before_cursor_execute", note)
    return len(seen)
