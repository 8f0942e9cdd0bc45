"""The plan as a whole, on a real calendar."""

from datetime import timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from pipeline.scheduling import materialise
from pipeline.scheduling.applying import apply
from pipeline.scheduling.outlook import load
from pipeline.scheduling.plan_picture import rows
from pipeline.scheduling.planning import best, plan
from pipeline.store import schedule_plans, tables
from pipeline.store.database import transaction
from pipeline_tests import factories
from pipeline_tests.scheduling.calendars import NOW, account, at, post, scheduled


@pytest.fixture
def x(engine):
    """An account of X that may post at night and at ten, which is one of its good hours from Tuesday to Friday."""
    with transaction(engine, "test") as connection:
        id_ = account(connection, ["03:00", "10:00"], account_key="x-main")
    materialise.keep_up(engine, now=NOW)
    return id_


def times(engine):
    with engine.connect() as connection:
        return dict(
            connection.execute(sa.select(tables.distributions.c.id, tables.distributions.c.scheduled_for)).all()
        )


def test_what_may_move_is_planned_for_a_better_hour_and_stands_where_it_stood(engine, x):
    with transaction(engine, "test") as connection:
        moved = scheduled(connection, x, at(0, 3))
    made = plan(engine, "Ada Lovelace", now=NOW)
    (entry,) = made.moves
    assert (entry.distribution_id, entry.moved_from, entry.at) == (moved, at(0, 3), at(1, 10))
    assert entry.why
    assert times(engine) == {moved: at(0, 3)}
    with engine.connect() as connection:
        stored = schedule_plans.latest(connection)
    assert stored is not None
    assert (stored.id, stored.made_by, stored.open) == (made.id, "Ada Lovelace", 1)


def test_what_was_applied_is_left_alone_by_the_next_plan(engine, x):
    with transaction(engine, "test") as connection:
        for minute in range(6):
            scheduled(connection, x, at(0, 1, minute))
    made = plan(engine, "Ada", now=NOW)
    assert made.moves
    apply(engine, "Ada", now=NOW)
    again = plan(engine, "Ada", now=NOW)
    assert again.moves == []
    assert {entry.distribution_id: entry.at for entry in again.entries} == {
        entry.distribution_id: entry.at for entry in made.entries
    }


def test_two_plans_of_one_calendar_are_the_same_but_for_their_numbers(engine, x):
    with transaction(engine, "test") as connection:
        for minute in range(6):
            scheduled(connection, x, at(0, 1, minute))
    one, other = (plan(engine, "Ada", now=NOW) for _ in range(2))
    assert one.id < other.id
    assert (one.entries, one.value) == (other.entries, other.value)


def test_a_person_s_time_stands_and_everything_keeps_its_limits_around_it(engine):
    with transaction(engine, "test") as connection:
        hours = [f"{hour:02}:00" for hour in range(24)]
        id_ = account(connection, hours, account_key="x-main", posts_per_day=2, min_interval_minutes=120)
        pinned = scheduled(connection, id_, at(1, 10), is_pinned=True)
        for minute in range(8):
            scheduled(connection, id_, at(0, 1, minute))
    made = plan(engine, "Ada", now=NOW)
    planned = {entry.distribution_id: entry.at for entry in made.entries}
    assert planned[pinned] == at(1, 10)
    ordered = sorted(planned.values())
    assert all(after - before >= timedelta(hours=2) for before, after in pairwise(ordered))
    assert all(after - before >= timedelta(hours=24) for before, after in zip(ordered, ordered[2:], strict=False))
    assert made.conflicts == []
    (allowance,) = made.allowances
    assert (allowance.most, allowance.left) == (2, 0)


def test_a_post_of_which_one_version_finds_no_instant_stays_as_a_whole_and_keeps_its_place(engine, x):
    with transaction(engine, "test") as connection:
        home = account(connection, ["09:00"], name="site", is_home=True, account_key="site")
        useless = post(connection, title="Last summer", expires_at=at(0, 1))
        scheduled(connection, home, at(0, 9), useless)
        stuck = scheduled(connection, x, at(1, 10), useless)
        other = scheduled(connection, x, at(0, 3))
    made = plan(engine, "Ada", now=NOW)
    assert {entry.distribution_id for entry in made.moves} <= {other}
    planned = {entry.distribution_id: entry.at for entry in made.entries}
    assert planned[stuck] == at(1, 10)
    assert planned[other] != at(1, 10)
    told = [conflict.message for conflict in made.conflicts if conflict.distribution_id == stuck]
    assert any("planning finds no instant for it" in message for message in told)
    assert any("is of no use any more after" in message for message in told)


def test_what_will_not_go_out_though_its_time_comes_is_told_with_what_to_do(engine, x):
    with transaction(engine, "test") as connection:
        scheduled(connection, x, at(0, 3))
        accounts = tables.platforms
        connection.execute(accounts.update().where(accounts.c.id == x).values(state="paused", state_reason="holiday"))
    (conflict,) = plan(engine, "Ada", now=NOW).conflicts
    assert "waits while x-main is paused (holiday). Go on: pressroom accounts resume x-main" in conflict.message


def test_the_picture_shows_what_moves_what_is_taken_what_is_free_and_what_is_in_the_way(engine, x):
    slots = tables.publishing_calendar
    with transaction(engine, "test") as connection:
        scheduled(connection, x, at(0, 3))
        scheduled(connection, x, at(2, 10), is_pinned=True)
        closed = scheduled(connection, x, at(3, 10), is_pinned=True)
        connection.execute(
            tables.blackouts.insert().values(
                platform_id=x, begins=at(3, 0).replace(tzinfo=None), ends=at(4, 0).replace(tzinfo=None), reason="sale"
            )
        )
        connection.execute(slots.update().where(slots.c.starts_at == at(4, 10)).values(is_locked=True))
    made = plan(engine, "Ada", now=NOW)
    (row,) = rows(made)
    marks = {mark.at: mark.kind for mark in row.marks}
    assert [marks[at(day, 10)] for day in range(1, 5)] == ["moved", "taken", "conflict", "locked"]
    assert marks[at(0, 3)] == "free"
    assert at(3, 3) not in marks
    assert closed in {conflict.distribution_id for conflict in made.conflicts}


def test_old_plans_are_forgotten_but_not_the_one_that_was_applied_last(engine, x):
    with transaction(engine, "test") as connection:
        scheduled(connection, x, at(0, 3))
    for _ in range(2):
        plan(engine, "Ada", now=NOW)
        apply(engine, "Ada", now=NOW)
    plan(engine, "Ada", now=NOW)
    with transaction(engine, "test") as connection:
        connection.execute(tables.schedule_plans.update().values(made_at=NOW - timedelta(days=3650)))
    plan(engine, "Ada", now=NOW)
    with engine.connect() as connection:
        assert connection.scalars(sa.select(tables.schedule_plans.c.id).order_by(tables.schedule_plans.c.id)).all() == [
            2,
            4,
        ]


def test_a_post_is_chosen_for_with_its_page_first(engine, x):
    with transaction(engine, "test") as connection:
        home = account(connection, ["09:00", "20:00"], name="site", is_home=True, account_key="site")
        group = factories.insert(connection, tables.cross_post_groups, name="g", timing_strategy="optimized")
        of = post(connection)
        page = scheduled(connection, home, at(0, 20), of, cross_post_group_id=group)
        version = scheduled(connection, x, at(1, 3), of, cross_post_group_id=group)
    with engine.connect() as connection:
        chosen = best(load(connection, now=NOW))
    planned = {placement.distribution_id: placement.at for placement in chosen.choice.placements}
    assert planned[page] <= planned[version]
