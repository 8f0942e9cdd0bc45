"""Another time for what is approved."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import clock
from pipeline.editorial import desk as desk_module
from pipeline.editorial import rescheduling, schedule_list
from pipeline.editorial.desk import ReviewError
from pipeline.store import tables
from pipeline.store.database import transaction
from pipeline.vocabulary import TimingStrategy
from pipeline_tests import factories
from pipeline_tests.editorial.newsdesk import POST, approve, log_of, newsdesk, post_of, who

OTHER = "garden-2"
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def desk(engine):
    return newsdesk(engine)


def tomorrow(text):
    """A time of tomorrow in Berlin."""
    day = datetime.now(UTC).date() + DAY
    return clock.parse(f"{day} {text}", "Europe/Berlin")


def scheduled(engine, canonical_id, *, home, x, strategy="simultaneous", **values):
    """Another approved post of the same accounts, with its entries in the calendar."""
    with transaction(engine, "test") as connection:
        post_id, review_id = factories.approved_post(connection, canonical_id=canonical_id, scheduled_at=home or x)
        group_id = factories.insert(
            connection,
            tables.cross_post_groups,
            name=canonical_id,
            timing_strategy=strategy,
            stagger_minutes=15 if strategy == "staggered" else None,
        )
        for key, at in (("site", home), ("x", x)):
            if at is not None:
                account = connection.execute(
                    sa.select(tables.platforms).where(tables.platforms.c.account_key == key)
                ).one()
                book(
                    connection,
                    factories.distribution(
                        connection,
                        account.id,
                        post_id=post_id,
                        review_id=review_id,
                        cross_post_group_id=group_id,
                        scheduled_for=at,
                        next_attempt_at=at,
                        timezone=account.timezone,
                        **values,
                    ),
                )


def book(connection, distribution_id):
    connection.execute(
        sa.text("""
            insert into publishing_calendar (date, time_slot, timezone, starts_at, platform_id, distribution_id)
            select (scheduled_for at time zone timezone)::date, (scheduled_for at time zone timezone)::time, timezone,
                scheduled_for, platform_id, id
            from distributions where id = :id
        """),
        {"id": distribution_id},
    )


def slot(engine, key, at, **values):
    """A free slot of a rule."""
    with transaction(engine, "test") as connection:
        account = connection.execute(sa.select(tables.platforms).where(tables.platforms.c.account_key == key)).one()
        rule = factories.insert(
            connection,
            tables.posting_rules,
            platform_id=account.id,
            rrule="FREQ=DAILY",
            times=[at.time()],
            starts_on=at.date(),
        )
        factories.insert(
            connection,
            tables.publishing_calendar,
            date=at.date(),
            time_slot=at.time(),
            timezone="UTC",
            starts_at=at,
            platform_id=account.id,
            rule_id=rule,
            **values,
        )


def times(engine):
    """Of all that is scheduled: (post, account) → when."""
    query = """
        select post.canonical_id, p.account_key, d.scheduled_for from distributions d
        join platforms p on p.id = d.platform_id join publisher_posts post on post.id = d.post_id
        where d.status = 'scheduled'
    """
    with engine.connect() as connection:
        return {(row[0], row[1]): row[2] for row in connection.execute(sa.text(query))}


def calendar(engine):
    """What the accounts' calendars hold, as (account, when, post)."""
    query = """
        select p.account_key, c.starts_at, post.canonical_id from publishing_calendar c
        join platforms p on p.id = c.platform_id join distributions d on d.id = c.distribution_id
        join publisher_posts post on post.id = d.post_id
    """
    with engine.connect() as connection:
        return sorted(tuple(row) for row in connection.execute(sa.text(query)))


def assert_each_holds_its_instant(engine):
    assert calendar(engine) == sorted((account, at, post) for (post, account), at in times(engine).items())


def move(engine, at, canonical_id=POST, name="peter", **values):
    told = at if at is None or isinstance(at, str) else at.isoformat()
    return rescheduling.reschedule(engine, canonical_id, who(engine, name), told, **values)


def test_another_time_moves_every_version_by_as_much_and_the_log_tells_it(desk):
    at = tomorrow("10:00")
    approve(desk, at=at.isoformat(), stagger_minutes=15)
    done = move(desk, at + DAY)
    assert times(desk) == {(POST, "site"): at + DAY, (POST, "x"): at + DAY + 15 * MINUTE}
    assert post_of(desk).scheduled_at == at + DAY
    assert [each.account_key for each in done.moved] == ["site", "x"]
    assert_each_holds_its_instant(desk)
    local = clock.local(at, "Europe/Berlin")
    assert ("Peter Publisher", "site", f"from {local} to {local + DAY} Europe/Berlin") in log_of(desk, "move")


def test_the_past_is_refused_and_what_is_not_a_time_too(desk):
    approve(desk, at=tomorrow("10:00").isoformat())
    for at, says in (("2020-01-01 09:00", "is past"), ("soon", "is not a time")):
        with pytest.raises(ReviewError, match=says):
            move(desk, at)


def test_only_a_publisher_or_an_admin_moves(desk):
    approve(desk, at=tomorrow("10:00").isoformat())
    for name in ("ada", "walter"):
        with pytest.raises(ReviewError, match="role admin or publisher"):
            move(desk, tomorrow("11:00"), name=name)
    move(desk, tomorrow("11:00"), name="anna")


@pytest.mark.parametrize("strategy", ["simultaneous", "staggered"])
def test_an_instant_that_another_post_holds_is_refused_with_that_posts_name(desk, strategy):
    at = tomorrow("10:00")
    approve(
        desk,
        at=at.isoformat(),
        timing=TimingStrategy(strategy),
        stagger_minutes=15 if strategy == "staggered" else None,
    )
    x_at = times(desk)[POST, "x"]
    scheduled(desk, OTHER, home=at + 2 * HOUR, x=x_at + HOUR)
    before = times(desk), calendar(desk)
    with pytest.raises(ReviewError, match=r"x has “How to prune, part \d+” \(garden-2\)"):
        move(desk, at + HOUR)
    assert (times(desk), calendar(desk)) == before


def test_now_is_no_instant_that_another_could_hold(desk, monkeypatch):
    approve(desk, at=tomorrow("10:00").isoformat())
    moment = datetime.now(UTC) + MINUTE
    scheduled(desk, OTHER, home=moment, x=moment)
    monkeypatch.setattr(desk_module, "time_of", lambda post, at: moment)
    move(desk, None)
    assert set(times(desk).values()) == {moment, moment + timedelta(microseconds=1)}
    assert_each_holds_its_instant(desk)


def test_a_locked_slot_is_taken_by_a_persons_word_and_stays_locked_when_given_back(desk):
    locked = tomorrow("12:00")
    slot(desk, "site", locked, is_locked=True, lock_set_by="Anna Admin")
    approve(desk, at=tomorrow("10:00").isoformat())
    move(desk, locked)
    assert times(desk)[POST, "site"] == locked
    move(desk, tomorrow("11:00"))
    with desk.connect() as connection:
        row = connection.execute(
            sa.text("select distribution_id, is_locked from publishing_calendar where starts_at = :at"), {"at": locked}
        ).one()
    assert tuple(row) == (None, True)


def test_one_account_moves_alone_but_not_before_its_home_nor_the_home_behind_it(desk):
    at = tomorrow("10:00")
    approve(desk, at=at.isoformat())
    move(desk, at + HOUR, accounts=["x"])
    assert times(desk) == {(POST, "site"): at, (POST, "x"): at + HOUR}
    with pytest.raises(ReviewError, match="before its home page"):
        move(desk, at - HOUR, accounts=["x"])
    with pytest.raises(ReviewError, match="before its home page"):
        move(desk, at + 2 * HOUR, accounts=["site"])
    with pytest.raises(ReviewError, match="not scheduled on letter: it does not go there. It is scheduled on site, x"):
        move(desk, at + 2 * HOUR, accounts=["letter"])
    assert times(desk) == {(POST, "site"): at, (POST, "x"): at + HOUR}


def test_optimized_versions_are_chosen_anew_after_their_home_and_a_pinned_one_stays(desk):
    at = tomorrow("10:00")
    approve(desk, at=at.isoformat(), timing=TimingStrategy.OPTIMIZED)
    first = times(desk)[POST, "x"]
    move(desk, first + HOUR)
    assert times(desk)[POST, "x"] > first + HOUR
    assert_each_holds_its_instant(desk)
    move(desk, first + DAY, accounts=["x"])
    move(desk, at)
    assert times(desk) == {(POST, "site"): at, (POST, "x"): first + DAY}


def test_best_is_chosen_among_free_slots_after_the_home_and_is_not_pinned(desk):
    approve(desk, at=tomorrow("03:00").isoformat())
    move(desk, "best")
    found = times(desk)
    assert found[POST, "x"] >= found[POST, "site"] > datetime.now(UTC)
    with desk.connect() as connection:
        assert set(connection.scalars(sa.text("select is_pinned from distributions"))) == {False}
        ruled = sa.text(
            "select rule_id is not null from publishing_calendar where starts_at = :at and platform_id = :home"
        )
        home = connection.scalar(sa.text("select id from platforms where is_home"))
        assert connection.scalar(ruled, {"at": found[POST, "site"], "home": home})
    assert_each_holds_its_instant(desk)


def test_who_moves_is_told_what_the_accounts_limits_make_of_it_and_whom_it_puts_off(desk):
    at = tomorrow("10:00")
    approve(desk, at=at.isoformat())
    with desk.begin() as connection:
        connection.execute(tables.platforms.update().values(min_interval_minutes=60))
    scheduled(desk, OTHER, home=None, x=at + DAY + 30 * MINUTE)
    scheduled(desk, "garden-3", home=None, x=at + DAY + 3 * HOUR)
    late, early = (move(desk, each).doubts for each in (at + DAY + 40 * MINUTE, at + DAY))
    x = clock.local(at + DAY, "America/New_York")
    assert late == [
        f"x: {x + 40 * MINUTE:%Y-%m-%d %H:%M}: goes out {x + 90 * MINUTE:%Y-%m-%d %H:%M}, by its limit of one post every 60 min."
    ]
    assert len(early) == 1
    assert f"{x + 30 * MINUTE:%Y-%m-%d %H:%M}: goes out {x + HOUR:%Y-%m-%d %H:%M}" in early[0]
    assert early[0].startswith("x: “How to prune")


def test_a_time_in_quiet_hours_is_honoured_with_a_warning(desk):
    at = tomorrow("10:00")
    with desk.begin() as connection:
        factories.insert(
            connection,
            tables.blackouts,
            begins=clock.local(at, "Europe/Berlin"),
            ends=clock.local(at + DAY, "Europe/Berlin"),
            reason="Fair",
        )
    approve(desk, at=(at - HOUR).isoformat())
    doubts = move(desk, at + 1.5 * HOUR).doubts
    assert times(desk)[POST, "site"] == at + 1.5 * HOUR
    assert any(each.startswith("Closed (Fair), ") and "site 20" in each for each in doubts)


def test_what_is_on_its_way_is_not_moved_and_what_is_still_to_come_of_a_published_post_is(desk):
    at = tomorrow("10:00")
    approve(desk, at=at.isoformat())
    d = tables.distributions.c
    home = sa.select(tables.platforms.c.id).where(tables.platforms.c.is_home).scalar_subquery()
    with transaction(desk, "worker") as connection:
        lease = {"lease_until": datetime.now(UTC) + MINUTE, "leased_by": "worker"}
        connection.execute(
            tables.distributions.update().where(d.platform_id == home).values(status="publishing", **lease)
        )
    with pytest.raises(ReviewError, match="garden-1 is publishing on site: too late"):
        move(desk, at + HOUR)
    with transaction(desk, "worker") as connection:
        values = {"status": "published", "lease_until": None, "published_at": datetime.now(UTC)}
        connection.execute(tables.distributions.update().where(d.platform_id == home).values(**values))
        connection.execute(tables.publisher_posts.update().values(status="published", published_at=datetime.now(UTC)))
    move(desk, at + HOUR)
    assert times(desk) == {(POST, "x"): at + HOUR}


# Two posts


def swap(engine, **values):
    return rescheduling.swap(engine, POST, OTHER, who(engine, "peter"), **values)


def test_two_posts_change_places_and_back(desk):
    at = tomorrow("10:00")
    approve(desk, at=at.isoformat(), stagger_minutes=15)
    scheduled(desk, OTHER, home=at + DAY, x=at + DAY + HOUR)
    before = times(desk)
    swap(desk)
    assert times(desk) == {
        (POST, "site"): before[OTHER, "site"],
        (POST, "x"): before[OTHER, "x"],
        (OTHER, "site"): before[POST, "site"],
        (OTHER, "x"): before[POST, "x"],
    }
    assert_each_holds_its_instant(desk)
    swap(desk)
    assert times(desk) == before
    assert_each_holds_its_instant(desk)


def test_what_only_one_of_them_goes_to_moves_with_its_home(desk):
    at = tomorrow("10:00")
    approve(desk, at=at.isoformat(), stagger_minutes=15)
    scheduled(desk, OTHER, home=at + DAY, x=None)
    swap(desk)
    assert times(desk) == {(POST, "site"): at + DAY, (POST, "x"): at + DAY + 15 * MINUTE, (OTHER, "site"): at}


def test_a_swap_that_would_put_a_version_before_its_home_is_refused(desk):
    at = tomorrow("10:00")
    approve(desk, at=at.isoformat())
    scheduled(desk, OTHER, home=at + DAY, x=at + DAY)
    before = times(desk)
    with pytest.raises(ReviewError, match="before its home page"):
        swap(desk, accounts=["x"])
    assert times(desk) == before


def test_what_is_bumped_goes_to_its_next_best_time_and_its_group_with_its_home(desk):
    at = tomorrow("10:00")
    approve(desk, at=(at + DAY).isoformat())
    scheduled(desk, OTHER, home=at, x=at + 10 * MINUTE)
    done = rescheduling.bump(desk, POST, who(desk, "peter"), at.isoformat())
    found = times(desk)
    assert (found[POST, "site"], found[POST, "x"]) == (at, at)
    assert at < found[OTHER, "site"] <= found[OTHER, "x"]
    assert {(each.canonical_id, each.account_key) for each in done.moved} == set(found)
    assert_each_holds_its_instant(desk)


def test_a_version_that_is_not_its_posts_home_gives_way_alone(desk):
    at = tomorrow("10:00")
    approve(desk, at=(at + DAY).isoformat())
    scheduled(desk, OTHER, home=at - HOUR, x=at)
    rescheduling.bump(desk, POST, who(desk, "peter"), at.isoformat())
    found = times(desk)
    assert found[OTHER, "site"] == at - HOUR
    assert found[OTHER, "x"] > at
    assert_each_holds_its_instant(desk)


def test_what_a_person_holds_back_keeps_its_place(desk):
    at = tomorrow("10:00")
    approve(desk, at=(at + DAY).isoformat())
    scheduled(desk, OTHER, home=at - HOUR, x=at)
    with transaction(desk, "test") as connection:
        connection.execute(
            sa.text("update distributions set status = 'held', hold_reason = 'wait' where scheduled_for = :at"),
            {"at": at},
        )
    with pytest.raises(ReviewError, match="garden-2 is held on x and keeps its place"):
        rescheduling.bump(desk, POST, who(desk, "peter"), at.isoformat())


# Lists


def bring_in(engine, text, **values):
    return schedule_list.bring_in(engine, schedule_list.read(text), who(engine, "peter"), **values)


def listed(*rows):
    return "\n".join(["post,account,at,timezone,title", *(",".join(map(str, row)) for row in rows)])


def test_a_list_moves_many_even_onto_each_others_places_and_what_is_so_already_changes_nothing(desk):
    at = tomorrow("10:00")
    approve(desk, at=at.isoformat())
    scheduled(desk, OTHER, home=at + DAY, x=at + DAY)
    berlin, there = clock.local(at, "Europe/Berlin"), clock.local(at + DAY, "America/New_York")
    text = listed(
        (POST, "site", berlin + DAY, "Europe/Berlin", '"=1+1, no formula"'),
        (POST, "x", there, ""),
        (OTHER, "site", berlin, "Europe/Berlin"),
        (OTHER, "x", at.isoformat(), "America/New_York"),
    )
    assert len(bring_in(desk, text, dry_run=True).moved) == 4
    assert times(desk)[POST, "site"] == at
    bring_in(desk, text)
    assert times(desk) == {
        (POST, "site"): at + DAY,
        (POST, "x"): at + DAY,
        (OTHER, "site"): at,
        (OTHER, "x"): at,
    }
    assert_each_holds_its_instant(desk)
    assert bring_in(desk, text).moved == []
    with transaction(desk, "test") as connection:
        connection.execute(tables.distributions.update().values(status="held", hold_reason="wait"))
    assert bring_in(desk, text).moved == []


def test_a_list_is_done_whole_or_not_at_all_and_every_wrong_line_is_named(desk):
    at = tomorrow("10:00")
    approve(desk, at=at.isoformat())
    text = listed(
        (POST, "site", (at + DAY).isoformat(), ""),
        (POST, "x", "soon", ""),
        (POST, "letter", "2035-01-01 09:00", ""),
        ("nothing", "x", "2035-01-01 09:00", ""),
    )
    with pytest.raises(ReviewError) as refused:
        bring_in(desk, text)
    said = str(refused.value).splitlines()
    assert said[0] == "Nothing was changed."
    assert [line.partition(":")[0] for line in said[1:]] == ["line 3", "line 4", "line 5"]
    assert times(desk) == {(POST, "site"): at, (POST, "x"): at}


def test_a_list_with_semicolons_is_one_and_without_its_columns_is_none(desk):
    approve(desk, at=tomorrow("10:00").isoformat())
    assert len(bring_in(desk, listed((POST, "x", "2035-01-01 09:00", "")).replace(",", ";")).moved) == 1
    for text, says in (("", "no column post"), ("post,account,at\n", "no column timezone")):
        with pytest.raises(ReviewError, match=says):
            schedule_list.read(text)


# Whatever is done


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["simultaneous", "staggered"]),
    st.lists(st.tuples(st.sampled_from([POST, OTHER]), st.integers(1, 10_000)), min_size=1, max_size=3),
)
def test_moving_back_restores_exactly(restored, strategy, ways):
    """However posts are moved about, whoever undoes it step by step has every time and every entry as it was."""
    engine = restored(strategy)
    before = times(engine), calendar(engine)
    undo = []
    for canonical_id, minutes in ways:
        undo.append((canonical_id, times(engine)[canonical_id, "site"]))
        try:
            move(engine, datetime.now(UTC) + minutes * MINUTE, canonical_id)
        except ReviewError:
            undo.pop()
    for canonical_id, at in reversed(undo):
        move(engine, at, canonical_id)
    assert (times(engine), calendar(engine)) == before


@pytest.fixture
def restored(desk):
    """The desk with two posts whose versions are timed so."""
    at = tomorrow("10:00")
    approve(desk, at=at.isoformat())
    scheduled(desk, OTHER, home=at + 2 * HOUR, x=at + 3 * HOUR)

    def timed(strategy):
        stagger = 15 if strategy == "staggered" else None
        with transaction(desk, "test") as connection:
            connection.execute(
                tables.cross_post_groups.update().values(timing_strategy=strategy, stagger_minutes=stagger)
            )
        return desk

    return timed
