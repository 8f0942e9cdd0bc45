"""Who holds which instant of an account's calendar, whoever else wants it at the same moment."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from pipeline.store import calendar, database, tables
from pipeline.store.calendar import Booking, Move, TakenError
from pipeline.store.database import transaction
from pipeline_tests import factories

AT = datetime(2035, 7, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def account(engine):
    with engine.begin() as connection:
        return factories.account(connection)


def scheduled(connection, account, at=AT, **values):
    post_id, review_id = factories.approved_post(connection)
    return factories.distribution(
        connection, account, post_id=post_id, review_id=review_id, scheduled_for=at, next_attempt_at=at, **values
    )


def booking(distribution_id, account, at=AT, zone="UTC"):
    return Booking(distribution_id, account, at, zone)


def slot(connection, account, at=AT, **values):
    """A slot that a rule made."""
    rule = sa.select(tables.posting_rules.c.id).limit(1)
    if connection.scalar(rule) is None:
        factories.insert(
            connection,
            tables.posting_rules,
            platform_id=account,
            rrule="FREQ=DAILY",
            times=[AT.time()],
            starts_on=AT.date(),
        )
    return factories.insert(
        connection,
        tables.publishing_calendar,
        date=at.date(),
        time_slot=at.time(),
        timezone="UTC",
        starts_at=at,
        platform_id=account,
        rule_id=connection.scalar(rule),
        **values,
    )


def entries(connection):
    query = "select starts_at, distribution_id from publishing_calendar order by starts_at"
    return [tuple(row) for row in connection.execute(sa.text(query))]


def test_an_instant_is_given_once_and_its_holder_is_named(engine, account):
    with engine.begin() as connection:
        both = {scheduled(connection, account), scheduled(connection, account)}
        (holder,) = calendar.book(connection, [booking(each, account) for each in both])
        (other,) = both - {holder}
        with pytest.raises(TakenError, match=r"x-\d+ has “How to prune, part \d+” .* at 2035-07-02 05:00:00 America"):
            calendar.book_exactly(connection, [booking(other, account)])


def test_an_entry_of_a_distributions_own_is_gone_when_it_is_given_back_and_a_rules_slot_is_free(engine, account):
    with engine.begin() as connection:
        own, ruled = scheduled(connection, account), scheduled(connection, account)
        slot(connection, account, AT + HOUR, slot_type="prime")
        assert calendar.book(connection, [booking(own, account), booking(ruled, account, AT + HOUR)]) == {own, ruled}
        assert entries(connection) == [(AT, own), (AT + HOUR, ruled)]
        calendar.release(connection, [own, ruled])
        assert entries(connection) == [(AT + HOUR, None)]
        assert connection.scalar(sa.text("select slot_type from publishing_calendar")) == "prime"


def test_an_entry_tells_its_local_time(engine, account):
    with engine.begin() as connection:
        calendar.book(connection, [booking(scheduled(connection, account), account, zone="Europe/Berlin")])
        row = connection.execute(sa.select(tables.publishing_calendar)).one()
    assert (str(row.date), str(row.time_slot), row.timezone) == ("2035-07-02", "11:00:00", "Europe/Berlin")


def test_a_locked_slot_is_for_explicit_times_only(engine, account):
    with engine.begin() as connection:
        slot(connection, account, is_locked=True)
        one = booking(scheduled(connection, account), account)
        assert calendar.book(connection, [one]) == set()
        assert calendar.book(connection, [one], explicit=True) == {one.distribution_id}


def test_what_is_in_somebody_elses_hands_is_not_waited_for(engine, account):
    with engine.begin() as connection:
        slot(connection, account)
        one = booking(scheduled(connection, account), account)
    with engine.begin() as worker, engine.begin() as connection:
        worker.execute(sa.text("select from publishing_calendar for update"))
        connection.execute(sa.text("set local lock_timeout = '1s'"))
        assert calendar.book(connection, [one]) == set()
        with pytest.raises(TakenError, match="being given away at this moment"):
            calendar.book_exactly(connection, [one])


def test_places_are_exchanged_in_one_go_and_who_counts_on_the_place_of_one_that_stays_stays_too(engine, account):
    with transaction(engine, "test") as connection:
        a, b, c, held = (scheduled(connection, account, AT + n * HOUR) for n in range(4))
        calendar.book(connection, [booking(id_, account, AT + n * HOUR) for n, id_ in enumerate((a, b, c, held))])
        before = entries(connection)

        def move(*ways, **how):
            moves = [Move(id_, account, AT + to * HOUR, "UTC", from_at=AT + from_ * HOUR) for id_, from_, to in ways]
            return calendar.move(connection, moves, **how)

        assert move((a, 0, 1), (b, 1, 2), (c, 2, 0)) == {a, b, c}
        assert entries(connection) == [(AT, c), (AT + HOUR, a), (AT + 2 * HOUR, b), (AT + 3 * HOUR, held)]
        assert move((a, 1, 0), (b, 2, 1), (c, 0, 2)) == {a, b, c}
        assert entries(connection) == before
        assert move((a, 0, 1), (b, 1, 2), (c, 2, 3)) == set()
        assert move((a, 5, 6)) == set()
        assert entries(connection) == before
        assert move((a, 0, 6), explicit=True) == {a}
        assert move((a, 6, 7)) == set()
        assert move((a, 6, 7), even_pinned=True) == {a}


def test_fifty_that_want_the_same_ten_instants_get_each_once_and_nobody_fails(engine, account):
    with engine.begin() as connection:
        ids = [scheduled(connection, account) for _ in range(50)]
        for n in range(0, 10, 2):
            slot(connection, account, AT + n * HOUR)
    instants = [AT + n * HOUR for n in range(10)]
    start = threading.Barrier(25)

    def take(id_):
        if start.n_waiting < start.parties and not start.broken:
            start.wait(5)
        for at in instants:
            with engine.begin() as connection:
                if calendar.book(connection, [booking(id_, account, at)]):
                    return at
        return None

    with ThreadPoolExecutor(25) as threads:
        got = list(threads.map(take, ids))
    assert sorted(at for at in got if at) == instants
    with engine.connect() as connection:
        assert entries(connection) == sorted((at, id_) for at, id_ in zip(got, ids, strict=True) if at)


@pytest.fixture
def earlier(database_url, tmp_path):
    """A database as the release before the calendar was filled left it."""
    for migration in database.MIGRATIONS.glob("*.sql"):
        if migration.stem < "0017":
            shutil.copy(migration, tmp_path)
    engine = database.create_engine(database_url)
    with engine.begin() as connection:
        # Everything goes, the template's tables and the list of the migrations it was made by.
        connection.execute(sa.text("drop schema public cascade"))
        connection.execute(sa.text("create schema public"))
    database.migrate(database_url, tmp_path)
    yield engine
    engine.dispose()


def test_what_was_scheduled_under_an_earlier_release_holds_its_instant_and_stays_there(earlier):
    with earlier.begin() as connection:
        account = factories.account(connection)
        first, later = (scheduled(connection, account, AT + n * HOUR) for n in (0, 1))
        namesake = scheduled(connection, account, created_at=datetime.now(UTC) + HOUR)
        held = scheduled(connection, account, AT + 2 * HOUR, status="held", hold_reason="late")
        draft = scheduled(connection, account, AT + 3 * HOUR, status="draft")
    database.migrate(earlier.url)
    with earlier.connect() as connection:
        assert entries(connection) == [(AT, first), (AT + HOUR, later), (AT + 2 * HOUR, held)]
        pinned = set(connection.scalars(sa.text("select id from distributions where is_pinned")))
    assert pinned == {first, namesake, later, held}
    assert draft not in pinned
