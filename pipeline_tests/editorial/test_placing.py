"""Approvals whose times are chosen: among what is free, within the limits, and never twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from pipeline.editorial import desk as desk_module
from pipeline.editorial import placing, review
from pipeline.editorial.checklist import ALL_ITEMS
from pipeline.editorial.desk import ReviewError
from pipeline.store import calendar, tables
from pipeline.store.calendar import Booking
from pipeline.store.database import transaction
from pipeline.vocabulary import TimingStrategy
from pipeline_tests import factories
from pipeline_tests.editorial.newsdesk import TEXT, approve, newsdesk, post_of, versions_of, who

PLANNERS = 50


@pytest.fixture
def desk(engine):
    return newsdesk(engine)


def waiting(engine, number, accounts=("site", "x")):
    """Posts for review, each with a version on these accounts; their ids."""
    names = [f"garden-{n}" for n in range(2, number + 2)]
    with transaction(engine, "test") as connection:
        vertical_id, author = post_of(engine).vertical_id, post_of(engine).author_id
        to = connection.execute(sa.select(tables.platforms).where(tables.platforms.c.account_key.in_(accounts))).all()
        for name in names:
            post_id = factories.post(connection, vertical_id, author, canonical_id=name, content=TEXT)
            group_id = factories.insert(connection, tables.cross_post_groups, name=name)
            for account in to:
                factories.insert(
                    connection,
                    tables.distributions,
                    post_id=post_id,
                    cross_post_group_id=group_id,
                    content_type="generated",
                    platform_id=account.id,
                    body=f"Cut above a bud, says {name}.",
                    content_hash=f"hash of {name} on {account.account_key}",
                    status="draft",
                )
    return names


def by_account(engine):
    """Every time that is scheduled, by account, in order."""
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text("select platform_id, scheduled_for from distributions where status = 'scheduled' order by 2")
        ).all()
    return {account: [row.scheduled_for for row in rows if row.platform_id == account] for account, _ in rows}


def test_best_takes_free_slots_the_home_first_and_planning_may_move_them(desk):
    approval = approve(desk, at="best")
    home, x = versions_of(desk)
    assert datetime.now(UTC) < home.scheduled_for <= x.scheduled_for
    assert (home.is_pinned, x.is_pinned) == (False, False)
    assert approval.scheduled_at == post_of(desk).scheduled_at == home.scheduled_for
    with desk.connect() as connection:
        taken = connection.execute(
            sa.text(
                "select distribution_id, starts_at, rule_id from publishing_calendar where distribution_id is not null"
            )
        ).all()
    assert {(row.distribution_id, row.starts_at) for row in taken} == {(v.id, v.scheduled_for) for v in (home, x)}
    assert [row.rule_id is not None for row in taken if row.distribution_id == home.id] == [True]


@pytest.mark.parametrize(("at", "pinned"), [(None, True), ("2035-07-02 09:00", True)])
def test_what_a_person_timed_is_pinned_and_what_was_optimized_after_it_is_not(desk, at, pinned):
    if at is None:
        approve(desk, timing=TimingStrategy.OPTIMIZED)
    else:
        approve(desk, at=at)
    home, x = versions_of(desk)
    assert home.is_pinned == pinned
    assert x.is_pinned == (at is not None)


def test_a_named_instant_that_another_post_holds_is_refused_and_nothing_is_approved(desk):
    at = datetime(2035, 7, 2, 7, tzinfo=UTC)
    (other,) = waiting(desk, 1)
    review.approve(desk, other, who(desk, "ada"), checked=ALL_ITEMS, at=at.isoformat())
    with pytest.raises(
        ReviewError, match=r"site has “How to prune, part \d+” \(garden-2\) at 2035-07-02 09:00:00 Europe"
    ):
        approve(desk, at=at.isoformat())
    assert post_of(desk).status == "review"


def test_now_takes_the_next_instant_where_another_has_it(desk, monkeypatch):
    moment = datetime.now(UTC)
    monkeypatch.setattr(desk_module, "time_of", lambda post, at: moment)
    (other,) = waiting(desk, 1)
    review.approve(desk, other, who(desk, "ada"), checked=ALL_ITEMS)
    approve(desk)
    assert list(by_account(desk).values()) == [[moment, moment + timedelta(microseconds=1)]] * 2


def test_where_every_slot_is_taken_the_approval_is_refused_and_says_where(desk):
    with transaction(desk, "test") as connection:
        x = connection.scalar(sa.text("select id from platforms where account_key = 'x'"))
        now = datetime.now(UTC).replace(tzinfo=None)
        factories.insert(
            connection,
            tables.blackouts,
            platform_id=x,
            begins=now - timedelta(days=2),
            ends=now + timedelta(days=100),
            reason="Away",
        )
    with pytest.raises(ReviewError, match=r"There is no time for garden-1 that can be chosen within \d+ days. x: "):
        approve(desk, at="best")
    assert post_of(desk).status == "review"


def test_fifty_who_approve_at_once_on_one_calendar_all_find_a_place_and_the_limits_hold(desk):
    """Beside them workers take next slots, who do not wait for a turn."""
    names = waiting(desk, PLANNERS, accounts=["x"])
    with transaction(desk, "test") as connection:
        connection.execute(tables.platforms.update().values(min_interval_minutes=45))
        x = connection.scalars(sa.select(tables.platforms.c.id).where(tables.platforms.c.account_key == "x")).one()
        factories.insert(
            connection,
            tables.posting_rules,
            platform_id=x,
            rrule="FREQ=DAILY",
            times=[time(9), time(9, 30), time(13), time(13, 30)],
            starts_on=date(2026, 1, 1),
        )
        late = [factories.distribution(connection, x, status="held", hold_reason="late") for _ in range(5)]
    placing.make_calendars(desk, now=datetime.now(UTC))
    ada = who(desk, "ada")

    def plan(name):
        review.approve(desk, name, ada, checked=ALL_ITEMS, at="best")

    def next_slot(id_):
        with transaction(desk, "worker") as connection:
            return calendar.take_next_slot(connection, id_, x)

    with ThreadPoolExecutor(20) as threads:
        planned = [threads.submit(plan, name) for name in names]
        slots = [threads.submit(next_slot, id_) for id_ in late]
        for each in planned:
            each.result()
        assert all(each.result() for each in slots)
    (times,) = by_account(desk).values()
    assert len(times) == PLANNERS
    assert min(after - before for before, after in pairwise(times)) >= timedelta(minutes=45)
    with desk.connect() as connection:
        taken = connection.execute(
            sa.text("""
                select c.starts_at from publishing_calendar c join distributions d on d.id = c.distribution_id
                where d.status = 'held' or d.scheduled_for = c.starts_at
            """)
        ).all()
    assert len(set(taken)) == len(taken) == PLANNERS + len(late)


def test_an_instant_lost_to_somebody_who_books_by_hand_is_not_chosen_again(desk, monkeypatch):
    """A slot that is free whenever it is looked at, and in somebody's hands whenever it is to be taken."""
    approve(desk, at="best")
    best = [version.scheduled_for for version in versions_of(desk)]
    with transaction(desk, "test") as connection:
        connection.execute(sa.text("update distributions set status = 'cancelled'"))
        connection.execute(sa.text("update publishing_calendar set distribution_id = null"))
        stranger = [
            Booking(factories.distribution(connection, v.platform_id), v.platform_id, at, "UTC")
            for v, at in zip(versions_of(desk), best, strict=True)
        ]
    (name,) = waiting(desk, 1)
    book, asked = calendar.book, []

    with desk.begin() as other:

        def steal(connection, wanted, **how):
            asked.append(wanted)
            if len(asked) == 1:
                assert len(book(other, stranger)) == 2
            return book(connection, wanted, **how)

        monkeypatch.setattr(calendar, "book", steal)
        review.approve(desk, name, who(desk, "ada"), checked=ALL_ITEMS, at="best")
    assert len(asked) > 1
    with desk.connect() as connection:
        found = (
            connection.execute(
                sa.text("""
                select d.scheduled_for from distributions d join publisher_posts p on p.id = d.post_id
                join publishing_calendar c on c.distribution_id = d.id and c.starts_at = d.scheduled_for
                where p.canonical_id = :name
            """),
                {"name": name},
            )
            .scalars()
            .all()
        )
    assert len(found) == 2
    assert not set(found) & set(best)
