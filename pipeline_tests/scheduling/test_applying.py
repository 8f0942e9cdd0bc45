"""Applying a plan, when nothing has changed since and when something has."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from pipeline.scheduling import applying, materialise
from pipeline.scheduling.applying import PlanError, apply
from pipeline.store import calendar, schedule_plans, tables
from pipeline.store.calendar import Move
from pipeline.store.database import transaction
from pipeline_tests import factories
from pipeline_tests.scheduling.calendars import NOW, account, at, post, scheduled


@pytest.fixture
def x(engine):
    with transaction(engine, "test") as connection:
        id_ = account(connection, ["09:00", "12:00", "15:00"], account_key="x-main")
    materialise.keep_up(engine, now=NOW)
    return id_


def made(engine, *moves):
    """A plan of these moves: (distribution, from, to)."""
    d = tables.distributions.c
    with transaction(engine, "Ada") as connection:
        posts = dict(connection.execute(sa.select(d.id, d.post_id)).all())
        return schedule_plans.add(
            connection,
            NOW,
            NOW + timedelta(days=56),
            [],
            [(id_, posts[id_], before, after) for id_, before, after in moves],
        )


def standing(engine, *ids):
    return [factories.row_of(engine, id_).scheduled_for for id_ in ids]


def kept(engine, number):
    with engine.connect() as connection:
        plan = schedule_plans.get(connection, number)
    assert plan is not None
    return plan


def holder(engine, account_id, when):
    c = tables.publishing_calendar.c
    with engine.connect() as connection:
        return connection.execute(
            sa.select(c.distribution_id, c.rule_id).where(c.platform_id == account_id, c.starts_at == when)
        ).one_or_none()


def test_its_moves_are_made_in_the_calendar_too_and_told_in_the_history(engine, x):
    with transaction(engine, "test") as connection:
        id_ = scheduled(connection, x, at(0, 10))
    number = made(engine, (id_, at(0, 10), at(1, 9)))
    applied = apply(engine, "Grace Hopper", now=NOW)
    assert [move.distribution_id for move in applied.moved] == [id_]
    row = factories.row_of(engine, id_)
    assert (row.scheduled_for, row.next_attempt_at, row.scheduled_local) == (
        at(1, 9),
        at(1, 9),
        at(1, 9).replace(tzinfo=None),
    )
    assert not row.is_pinned
    assert holder(engine, x, at(1, 9)).distribution_id == id_
    assert holder(engine, x, at(0, 10)) is None  # an entry of its own goes with it
    stored = kept(engine, number)
    with engine.connect() as connection:
        actor = connection.scalar(
            sa.select(tables.distribution_events.c.actor).where(
                tables.distribution_events.c.distribution_id == id_,
                tables.distribution_events.c.from_status == "scheduled",
            )
        )
    assert (stored.applied_by, stored.open, stored.moved, stored.refused) == ("Grace Hopper", 0, 1, 0)
    assert actor == "Grace Hopper"


def test_two_posts_that_change_places_do_and_so_does_a_ring(engine, x, monkeypatch):
    monkeypatch.setattr(applying, "_AT_ONCE", 1)
    with transaction(engine, "test") as connection:
        one, two, three = (scheduled(connection, x, at(0, hour)) for hour in (9, 12, 15))
    made(engine, (one, at(0, 9), at(0, 12)), (two, at(0, 12), at(0, 15)), (three, at(0, 15), at(0, 9)))
    applied = apply(engine, "Ada", now=NOW)
    assert applied.refused == []
    assert standing(engine, one, two, three) == [at(0, 12), at(0, 15), at(0, 9)]


class StoppedError(Exception):
    """The process was killed."""


def test_stopped_half_way_it_is_finished_by_applying_again_and_nothing_moves_twice(engine, x, monkeypatch):
    with transaction(engine, "test") as connection:
        ids = [scheduled(connection, x, at(0, 1, minute)) for minute in range(4)]
    targets = [at(day, 9) for day in range(1, 5)]
    number = made(engine, *((id_, at(0, 1, minute), targets[minute]) for minute, id_ in enumerate(ids)))
    monkeypatch.setattr(applying, "_AT_ONCE", 1)  # a transaction each
    commits = 0

    def stop_before_the_third(_):
        nonlocal commits
        commits += 1
        if commits == 3:
            raise StoppedError

    sa.event.listen(engine, "commit", stop_before_the_third)
    with pytest.raises(StoppedError):
        apply(engine, "Ada", now=NOW)
    sa.event.remove(engine, "commit", stop_before_the_third)
    stopped = kept(engine, number)
    assert (stopped.applied_at, stopped.open, stopped.moved) == (None, 2, 2)
    finished = apply(engine, "Ada", now=NOW)
    assert (len(finished.moved), finished.refused) == (2, [])
    assert standing(engine, *ids) == targets
    with engine.connect() as connection:
        moved = connection.scalar(sa.text("select count(*) from distribution_events where from_status = 'scheduled'"))
    assert moved == 4


def _moved_by_a_person(connection, account_id, id_):
    assert calendar.move(
        connection,
        [Move(distribution_id=id_, platform_id=account_id, at=at(2, 12), timezone="UTC", from_at=at(0, 10))],
    )


def _set(**values):
    def change(connection, account_id, id_):
        d = tables.distributions
        connection.execute(d.update().where(d.c.id == id_).values(**values))

    return change


def _taken_by_another(connection, account_id, id_):
    scheduled(connection, account_id, at(1, 9), post(connection, title="Roses"))


def _locked(connection, account_id, id_):
    c = tables.publishing_calendar
    connection.execute(c.update().where(c.c.starts_at == at(1, 9)).values(is_locked=True))


def _closed(connection, account_id, id_):
    connection.execute(
        tables.blackouts.insert().values(
            begins=at(1, 0).replace(tzinfo=None), ends=at(2, 0).replace(tzinfo=None), reason="the sale"
        )
    )


def _of_no_use(connection, account_id, id_):
    connection.execute(tables.publisher_posts.update().values(expires_at=at(1, 8)))


def _paused(connection, account_id, id_):
    connection.execute(tables.platforms.update().values(state="paused", state_reason="holiday"))


def _limited(connection, account_id, id_):
    connection.execute(tables.platforms.update().values(min_interval_minutes=90))
    scheduled(connection, account_id, at(1, 10), is_pinned=True)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_moved_by_a_person, "it was moved to 2026-11-25 12:00 since"),
        (_set(is_pinned=True), "it has its time from a person"),
        (_set(status="held", hold_reason="no"), "it is held"),
        (_set(status="cancelled"), "it is not scheduled any more"),
        (_set(handed_over_for=at(0, 10)), "it is held by x for this time"),
        (_taken_by_another, "“Roses” has 2026-11-24 09:00"),
        (_locked, "its new time, 2026-11-24 09:00, is locked"),
        (_closed, "x-main is closed at its new time now (the sale)"),
        (_of_no_use, "it is of no use after 2026-11-24 08:00"),
        (_paused, "it waits while x-main is paused"),
        (_limited, "x-main would go beyond its limit of one post every 90 min at its new time"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_changed_since_stays_where_it_is_with_the_reason(engine, x, change, reason):
    with transaction(engine, "test") as connection:
        id_ = scheduled(connection, x, at(0, 10))
    number = made(engine, (id_, at(0, 10), at(1, 9)))
    with transaction(engine, "test") as connection:
        change(connection, x, id_)
    before = standing(engine, id_)
    (refused,) = apply(engine, "Ada", now=NOW).refused
    assert reason in refused.reason
    assert standing(engine, id_) == before
    stored = kept(engine, number)
    with engine.connect() as connection:
        told = connection.scalar(sa.select(tables.schedule_plan_moves.c.refusal))
    assert (stored.moved, stored.refused, stored.applied_by, told) == (0, 1, "Ada", refused.reason)


def test_a_post_moves_whole_or_not_at_all_and_who_counts_on_its_place_stays_too(engine, x):
    with transaction(engine, "test") as connection:
        home = account(connection, [], name="site", is_home=True, account_key="site")
        of = post(connection, title="Roses")
        page = scheduled(connection, home, at(0, 8), of)
        version = scheduled(connection, x, at(0, 9), of)
        follower = scheduled(connection, x, at(0, 12))
    made(
        engine,
        (page, at(0, 8), at(1, 8)),
        (version, at(0, 9), at(1, 9)),
        (follower, at(0, 12), at(0, 9)),
    )
    with transaction(engine, "test") as connection:
        scheduled(connection, home, at(1, 8), post(connection, title="Lilies"))
    refused = {each.move.distribution_id: each.reason for each in apply(engine, "Ada", now=NOW).refused}
    assert "“Lilies” has 2026-11-24 08:00" in refused[page]
    assert "its post stays on site" in refused[version]
    assert "“Roses” has 2026-11-23 09:00" in refused[follower]
    assert standing(engine, page, version, follower) == [at(0, 8), at(0, 9), at(0, 12)]


def test_nothing_is_moved_before_its_page(engine, x):
    with transaction(engine, "test") as connection:
        home = account(connection, [], name="site", is_home=True, account_key="site")
        of = post(connection)
        page = scheduled(connection, home, at(0, 8), of, is_pinned=True)
        version = scheduled(connection, x, at(1, 12), of)
    made(engine, (version, at(1, 12), at(0, 9)))
    with transaction(engine, "test") as connection:
        calendar.move(
            connection,
            [Move(distribution_id=page, platform_id=home, at=at(0, 18), timezone="UTC", from_at=at(0, 8))],
            explicit=True,
            even_pinned=True,
        )
    (refused,) = apply(engine, "Ada", now=NOW).refused
    assert "its page goes out later now, at 2026-11-23 18:00" in refused.reason


def test_limits_are_those_of_the_whole_plan_however_many_batches_it_takes(engine, monkeypatch):
    monkeypatch.setattr(applying, "_AT_ONCE", 1)
    with transaction(engine, "test") as connection:
        x = account(connection, ["09:00", "10:00"], min_interval_minutes=60)
        first, second = sorted([post(connection), post(connection)])  # in the order in which they are moved
        early, late = scheduled(connection, x, at(0, 6), first), scheduled(connection, x, at(0, 10, 30), second)
    # Until the later one has left, the early one would come too near to it.
    made(engine, (early, at(0, 6), at(0, 10)), (late, at(0, 10, 30), at(0, 14)))
    applied = apply(engine, "Ada", now=NOW)
    assert applied.refused == []
    assert standing(engine, early, late) == [at(0, 10), at(0, 14)]


def test_of_two_who_apply_one_plan_at_once_each_move_is_made_by_one(engine, x, monkeypatch):
    monkeypatch.setattr(applying, "_AT_ONCE", 1)
    with transaction(engine, "test") as connection:
        ids = [scheduled(connection, x, at(0, 1, minute)) for minute in range(5)]
    number = made(engine, *((id_, at(0, 1, minute), at(minute + 1, 9)) for minute, id_ in enumerate(ids)))
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(apply, engine, name, plan_id=number, now=NOW) for name in ("Ada", "Grace")]
        applied = [each.result() for each in both]
    assert sorted(move.distribution_id for each in applied for move in each.moved) == sorted(ids)
    assert [each.refused for each in applied] == [[], []]


def test_there_is_nothing_to_apply_without_a_plan_twice_or_after_a_later_one(engine, x):
    with pytest.raises(PlanError, match="There is no plan yet"):
        apply(engine, "Ada", now=NOW)
    with transaction(engine, "test") as connection:
        id_ = scheduled(connection, x, at(0, 10))
    older, newer = made(engine, (id_, at(0, 10), at(1, 9))), made(engine, (id_, at(0, 10), at(2, 9)))
    apply(engine, "Ada", now=NOW)
    with pytest.raises(PlanError, match=f"Plan {newer} was applied by Ada at .* 1 moved, 0 left"):
        apply(engine, "Ada", now=NOW)
    with pytest.raises(PlanError, match=f"Plan {older} is older than plan {newer}"):
        apply(engine, "Ada", plan_id=older, now=NOW)
    with pytest.raises(PlanError, match="There is no plan 99"):
        apply(engine, "Ada", plan_id=99, now=NOW)
