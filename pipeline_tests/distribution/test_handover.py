"""Native scheduling: handed over, followed up, taken back; whatever happens, one effect at most."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from pipeline.distribution.handover import tend
from pipeline.distribution.publish import publish_due
from pipeline.platforms.base import Inconclusive, NotSent, PlatformError, Rejected, Scheduled, Unknown
from pipeline.store import claims, handovers, interventions, overview, tables, takedowns, watch
from pipeline.store.health import account_health
from pipeline.vocabulary import ErrorKind
from pipeline_tests import factories
from pipeline_tests.distribution.far_platform import FarPlatform, let_pass
from pipeline_tests.distribution.platform import NO_LOOK_AHEAD
from pipeline_tests.web import serve

CONFIG = NO_LOOK_AHEAD
AN_HOUR = timedelta(hours=1)
BAD = PlatformError(ErrorKind.NETWORK, "read timed out")


@pytest.fixture
def connection(engine):
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


@pytest.fixture
def far(engine):
    return FarPlatform(engine)


@pytest.fixture
def account(connection):
    return native(connection)


def native(connection, **values):
    """An account whose posts are handed over a day ahead."""
    return factories.account(connection, **{"name": "far", "hand_over_ahead_minutes": 1440, **values})


def hand(engine, far, worker="w"):
    return dict(tend(engine, far.open, CONFIG, worker=worker))


def publish(engine, far):
    return publish_due(engine, far.open, CONFIG, worker="w").counts


def both(engine, far):
    """What a worker does all the time, until nothing is to be done."""
    for _ in range(4):
        publish(engine, far)
        hand(engine, far)


def row(engine, id_):
    return factories.row_of(engine, id_)


def journal(connection, id_):
    query = sa.select(tables.handovers).where(tables.handovers.c.distribution_id == id_).order_by(tables.handovers.c.id)
    return connection.execute(query).all()


def alerts(connection):
    return list(connection.scalars(sa.select(tables.alerts.c.kind)))


def when(step, outcome, times=1):
    """The outcome in place of the step's own, so many times."""
    left = [outcome] * times

    def meets(here, content):
        return left.pop() if here == step and left else None

    return meets


# The way of the good


def test_what_is_near_enough_is_handed_over_and_the_platform_publishes_it_at_its_time(engine, connection, far, account):
    post, review = factories.approved_post(connection)
    id_ = factories.distribution(connection, account, post_id=post, review_id=review, due_in=AN_HOUR)
    due = row(engine, id_).scheduled_for
    assert hand(engine, far) == {"handed over": 1}
    assert far.holds(id_) == [due]
    assert (row(engine, id_).status, row(engine, id_).handed_over_for) == ("scheduled", due)
    assert hand(engine, far) == {}, "and that is all, until its time"
    let_pass(engine, AN_HOUR + timedelta(seconds=1))
    assert not publish(engine, far), "its time has come, and we send nothing"
    let_pass(engine, timedelta(seconds=5))
    assert hand(engine, far) == {"published": 1}
    done = row(engine, id_)
    assert (done.status, done.handed_over_for, done.external_id) == ("published", None, "far-1")
    assert connection.scalar(sa.select(tables.publisher_posts.c.status)) == "published", "its post follows"
    attempt = connection.execute(sa.select(tables.publish_attempts)).one()
    assert (attempt.outcome, attempt.started_at) == ("published", done.published_at), "it counts when it went out"
    assert done.published_at == done.scheduled_for
    assert far.effects(id_) == 1


def test_what_is_too_far_off_or_too_near_is_not_handed_over(engine, connection, far, account):
    factories.distribution(connection, account, due_in=timedelta(days=2))
    factories.distribution(connection, account, due_in=timedelta(minutes=9))
    assert hand(engine, far) == {}


def test_an_account_that_does_not_want_it_hands_nothing_over(engine, connection, far):
    factories.distribution(connection, native(connection, hand_over_ahead_minutes=None), due_in=AN_HOUR)
    assert not handovers.something_to_do(connection, at_least=timedelta(0))
    assert hand(engine, far) == {}


def test_the_other_versions_are_handed_over_once_the_home_is_live_and_its_page_answers(engine, connection, far):
    post, review = factories.approved_post(connection)
    home = native(connection, is_home=True)
    page, other = (
        factories.distribution(connection, account, post_id=post, review_id=review, due_in=due)
        for account, due in ((home, AN_HOUR), (native(connection), 2 * AN_HOUR))
    )
    assert hand(engine, far) == {"handed over": 1}
    assert [bool(far.holds(id_)) for id_ in (page, other)] == [True, False]
    let_pass(engine, AN_HOUR + timedelta(seconds=6))
    assert hand(engine, far) == {"published": 1}
    assert hand(engine, far) == {"refused": 1}, "there is no page at the address yet"
    with serve(lambda request: (200, {}, b"")) as url:
        factories.vertical(connection, base_url=url)
        connection.execute(tables.distributions.update().values(external_url=f"{url}/it/"))
        assert hand(engine, far) == {}, "asked again in a few minutes"
        let_pass(engine, timedelta(minutes=6))
        assert hand(engine, far) == {"handed over": 1}
    assert far.holds(other)


# Taking back


def sql(statement):
    return lambda connection, id_: connection.execute(sa.text(statement), {"id": id_})


CHANGES = {
    "moved": sql(
        "update distributions set scheduled_for = now() + interval '3 days', next_attempt_at = now() + interval '3 days',"
        " lease_token = lease_token + 1 where id = :id"
    ),
    "held": lambda connection, id_: interventions.hold(connection, id_, reason="not now"),
    "cancelled": lambda connection, id_: interventions.cancel(connection, id_, reason="never"),
    "withdrawn": lambda connection, id_: takedowns.back_to_draft(
        connection, connection.scalar(sa.text("select post_id from distributions where id = :id"), {"id": id_})
    ),
    "its post archived": sql(
        "update publisher_posts set status = 'archived' where id = (select post_id from distributions where id = :id)"
    ),
    "the account paused": sql(
        "update platforms set state = 'paused', state_reason = 'why not'"
        " where id = (select platform_id from distributions where id = :id)"
    ),
    "the vertical paused": sql(
        "update publisher_verticals set paused_at = now(), pause_reason = 'why not'"
        " where id = (select vertical_id from distributions where id = :id)"
    ),
    "handing over turned off": sql(
        "update platforms set hand_over_ahead_minutes = null"
        " where id = (select platform_id from distributions where id = :id)"
    ),
    "another text": sql("update distributions set body = 'another' where id = :id"),
}


def handed_over(engine, connection, far, **values):
    post, review = factories.approved_post(connection)
    vertical = connection.scalar(
        sa.select(tables.publisher_posts.c.vertical_id).where(tables.publisher_posts.c.id == post)
    )
    id_ = factories.distribution(
        connection, native(connection), post_id=post, review_id=review, due_in=AN_HOUR, vertical_id=vertical, **values
    )
    assert hand(engine, far) == {"handed over": 1}
    return id_


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_not_asked_for_any_more_is_taken_back_before_its_time(engine, connection, far, what):
    id_ = handed_over(engine, connection, far)
    CHANGES[what](connection, id_)
    assert handovers.something_to_do(connection, at_least=timedelta(0))
    assert claims.next_due(connection) is None, "nobody else may send it before it is back"
    assert hand(engine, far)["taken back"] == 1
    assert far.holds(id_) == []
    assert row(engine, id_).handed_over_for is None
    let_pass(engine, 2 * AN_HOUR)
    assert far.effects(id_) == 0


def test_a_person_is_told_where_it_is_and_what_becomes_of_it(engine, connection, far):
    id_ = handed_over(engine, connection, far)
    told = overview.distribution(connection, id_)
    assert "its platform holds it, and publishes it by itself at" in told.what
    assert told.next_step == "The platform is asked, right after its time, whether it is live."
    CHANGES["held"](connection, id_)
    told = overview.distribution(connection, id_)
    assert told.what.startswith("not now; its platform holds it for ")
    assert told.what.endswith("and is asked for it back")


def test_what_nobody_asks_about_after_its_time_is_noticed(engine, connection, far):
    handed_over(engine, connection, far)
    let_pass(engine, AN_HOUR + timedelta(minutes=1))
    assert watch.unreconciled(connection, older_than=timedelta(minutes=10)).count == 0
    let_pass(engine, timedelta(minutes=10))
    assert watch.unreconciled(connection, older_than=timedelta(minutes=10)).count == 1


@pytest.mark.parametrize("to", [timedelta(hours=3), timedelta(hours=-2)])
def test_a_move_has_one_effect_at_the_new_time(engine, connection, far, to):
    """Later it is handed over anew; back into the past, it is sent by us, once the platform has given it back."""
    id_ = handed_over(engine, connection, far)
    connection.execute(
        sa.text("update distributions set scheduled_for = now() + :to, next_attempt_at = now() + :to where id = :id"),
        {"id": id_, "to": to},
    )
    publish(engine, far)
    assert far.effects(id_) == 0
    both(engine, far)
    assert far.holds(id_) == ([row(engine, id_).scheduled_for] if to > timedelta(0) else [])
    let_pass(engine, timedelta(hours=4))
    both(engine, far)
    assert (far.effects(id_), row(engine, id_).status) == (1, "published")


def test_moved_there_and_back_before_anybody_looked_it_stays_where_it_is(engine, connection, far):
    id_ = handed_over(engine, connection, far)
    due = row(engine, id_).scheduled_for
    CHANGES["moved"](connection, id_)
    connection.execute(
        tables.distributions.update()
        .where(tables.distributions.c.id == id_)
        .values(scheduled_for=due, next_attempt_at=due)
    )
    far.calls.clear()
    assert hand(engine, far) == {"unchanged": 1}
    assert hand(engine, far) == {}
    assert far.calls == []


def test_moved_and_moved_back_it_is_handed_over_for_the_same_time_again(engine, connection, far):
    id_ = handed_over(engine, connection, far)
    due = row(engine, id_).scheduled_for
    CHANGES["moved"](connection, id_)
    hand(engine, far)
    connection.execute(
        tables.distributions.update()
        .where(tables.distributions.c.id == id_)
        .values(scheduled_for=due, next_attempt_at=due)
    )
    assert hand(engine, far) == {"handed over": 1}
    assert far.holds(id_) == [due]


@pytest.mark.parametrize("what", ["moved", "held", "cancelled", "withdrawn"])
def test_a_platform_that_was_quicker_is_believed_and_a_person_is_told(engine, connection, far, what):
    id_ = handed_over(engine, connection, far)
    let_pass(engine, AN_HOUR + timedelta(seconds=1))
    CHANGES[what](connection, id_)
    both(engine, far)
    let_pass(engine, timedelta(days=4))
    both(engine, far)
    assert (row(engine, id_).status, far.effects(id_)) == ("published", 1)
    assert alerts(connection) == ["not_taken_back"]


def test_quicker_in_the_very_moment_of_taking_back_it_is_published(engine, connection, far):
    id_ = handed_over(engine, connection, far)
    CHANGES["cancelled"](connection, id_)

    def goes_out(step, content):
        if step == "unschedule":
            far.ask("update far_away set at = now()")

    far.meets = goes_out
    assert hand(engine, far) == {"published": 1}
    assert (row(engine, id_).status, far.effects(id_)) == ("published", 1)


@pytest.mark.parametrize("outcome", [Rejected(BAD), NotSent(BAD), Unknown(BAD)])
def test_a_taking_back_that_fails_is_told_and_tried_again(engine, connection, far, outcome):
    id_ = handed_over(engine, connection, far)
    CHANGES["held"](connection, id_)
    far.meets = when("unschedule", outcome)
    assert hand(engine, far) == {"not taken back": 1}
    assert alerts(connection) == ["not_taken_back"]
    assert hand(engine, far) == {}, "not at once"
    let_pass(engine, timedelta(seconds=20))
    assert hand(engine, far) == {"taken back": 1}
    assert connection.scalar(sa.text("select count(*) from alerts where resolved_at is null")) == 0
    assert far.holds(id_) == []


def test_what_a_person_has_found_live_is_left_as_that_person_wrote_it(engine, connection, far):
    id_ = handed_over(engine, connection, far)
    let_pass(engine, AN_HOUR + timedelta(seconds=6))
    far.meets = when("reconcile", Inconclusive(BAD))
    assert hand(engine, far) == {"inconclusive": 1}
    interventions.hold(connection, id_, reason="to mark it")
    interventions.publish(
        connection, id_, external_id="seen", external_url="http://127.0.0.1:9/", published_at=datetime.now(UTC)
    )
    let_pass(engine, timedelta(minutes=1))
    assert hand(engine, far) == {"published": 1}
    assert (row(engine, id_).external_id, row(engine, id_).handed_over_for) == ("seen", None)


# Answers that are lost, refusals


def test_a_lost_answer_is_asked_about_and_found(engine, connection, far, account):
    id_ = factories.distribution(connection, account, due_in=AN_HOUR)
    far.meets = when("scheduled", Unknown(BAD))
    assert hand(engine, far) == {"unknown": 1}
    let_pass(engine, timedelta(seconds=16))
    assert hand(engine, far) == {"held": 1}
    let_pass(engine, AN_HOUR)
    both(engine, far)
    assert (row(engine, id_).status, far.effects(id_)) == ("published", 1)


def test_an_absence_is_believed_only_when_nothing_can_arrive_any_more(engine, connection, far, account):
    """The request is lost on its way, as far as one can tell, and has its effect a minute later."""
    id_ = factories.distribution(connection, account, due_in=timedelta(minutes=11))
    far.meets = when("schedule", Unknown(BAD))
    assert hand(engine, far) == {"unknown": 1}
    let_pass(engine, timedelta(seconds=16))
    assert hand(engine, far) == {"waiting": 1}
    far.ask(
        "insert into far_away (distribution_id, at, held) values (:id, now() + interval '10 minutes', true)",
        id=str(id_),
    )
    assert not publish(engine, far)
    let_pass(engine, CONFIG.lease + CONFIG.settle)
    assert hand(engine, far) in ({"held": 1}, {"not taken back": 1}, {"taken back": 1})
    let_pass(engine, timedelta(minutes=15))
    both(engine, far)
    assert (row(engine, id_).status, far.effects(id_)) == ("published", 1)


def test_what_proves_absent_is_ours_again_and_sent_once_at_its_time(engine, connection, far, account):
    id_ = factories.distribution(connection, account, due_in=timedelta(minutes=20))
    far.meets = when("schedule", Unknown(BAD))
    hand(engine, far)
    for _ in range(2):
        let_pass(engine, CONFIG.lease + CONFIG.settle)
        hand(engine, far)
    assert journal(connection, id_)[0].ended_as == "absent"
    assert row(engine, id_).handed_over_for is None
    assert far.holds(id_) == []
    let_pass(engine, timedelta(minutes=20))
    both(engine, far)
    assert (row(engine, id_).status, far.effects(id_)) == ("published", 1)


def test_what_the_platform_will_not_hold_is_sent_by_us_at_its_time(engine, connection, far, account):
    id_ = factories.distribution(connection, account, due_in=AN_HOUR)
    far.meets = when("schedule", Rejected(BAD))
    assert hand(engine, far) == {"refused": 1}
    assert not handovers.something_to_do(connection, at_least=timedelta(0)), "it is not offered again"
    let_pass(engine, AN_HOUR)
    both(engine, far)
    assert (row(engine, id_).status, far.effects(id_)) == ("published", 1)


def test_a_platform_that_is_not_well_is_left_alone_for_a_while(engine, connection, far, account):
    for _ in range(3):
        factories.distribution(connection, account, due_in=AN_HOUR)
    far.meets = when("schedule", NotSent(BAD))
    assert hand(engine, far) == {"not sent": 1}, "the others are not tried"
    assert hand(engine, far) == {}
    let_pass(engine, timedelta(minutes=6))
    assert hand(engine, far) == {"handed over": 3}


def test_refused_credentials_pause_the_account(engine, connection, far, account):
    factories.distribution(connection, account, due_in=AN_HOUR)
    far.meets = when("schedule", NotSent(PlatformError(ErrorKind.AUTH, "401")))
    hand(engine, far)
    assert connection.scalar(sa.select(tables.platforms.c.state)) == "paused"


def test_an_adapter_that_raises_is_an_unknown_outcome(engine, connection, far, account):
    id_ = factories.distribution(connection, account, due_in=AN_HOUR)

    def raises(step, content):
        if step == "scheduled":
            raise ValueError("after the effect")

    far.meets = raises
    assert hand(engine, far) == {"unknown": 1}
    far.meets = lambda step, content: None
    let_pass(engine, timedelta(seconds=16))
    assert hand(engine, far) == {"held": 1}
    assert len(far.holds(id_)) == 1


def test_held_for_another_time_than_was_asked_for_it_is_taken_back_and_sent_by_us(engine, connection, far, account):
    id_ = factories.distribution(connection, account, due_in=AN_HOUR)

    def an_hour_late(step, content):
        if step == "scheduled":
            far.ask("update far_away set at = at + interval '1 hour'")
            return Scheduled("1", None, row(engine, id_).scheduled_for + AN_HOUR)
        return None

    far.meets = an_hour_late
    assert hand(engine, far) == {"taken back": 1}
    let_pass(engine, AN_HOUR)
    both(engine, far)
    assert (row(engine, id_).status, far.effects(id_)) == ("published", 1)


def test_a_platform_whose_clockwork_stands_still_gives_it_back_and_it_is_sent_late(engine, connection, far):
    id_ = handed_over(engine, connection, far)
    far.stop_clockwork()
    let_pass(engine, AN_HOUR + timedelta(minutes=1))
    assert hand(engine, far) == {"inconclusive": 1}
    let_pass(engine, timedelta(minutes=5))
    assert hand(engine, far) == {"taken back": 1}
    both(engine, far)
    assert (row(engine, id_).status, far.effects(id_)) == ("published", 1)


def test_a_person_is_asked_when_the_platform_does_not_tell_for_a_day(engine, connection, far):
    handed_over(engine, connection, far)
    far.meets = lambda step, content: Inconclusive(BAD) if step == "reconcile" else None
    let_pass(engine, AN_HOUR + timedelta(minutes=1))
    hand(engine, far)
    assert alerts(connection) == []
    let_pass(engine, timedelta(hours=24))
    hand(engine, far)
    assert alerts(connection) == ["unknown"]


# Several workers


def test_a_worker_that_wakes_up_behind_its_lease_writes_nothing_over_another_s_word(engine, connection, far, account):
    """It was frozen in the call, which has its effect; meanwhile another has looked, and believed no absence."""
    id_ = factories.distribution(connection, account, due_in=AN_HOUR)
    verdicts: list[object] = []

    def freeze(step, content):
        if step == "schedule" and not verdicts:
            verdicts.append("frozen")
            far.ask(
                "update handovers set rest_until = rest_until - :lease, settle_until = settle_until - :lease,"
                " look_at = look_at - :lease",
                lease=CONFIG.lease,
            )
            verdicts.append(hand(engine, far, "other"))

    far.meets = freeze
    assert hand(engine, far) == {"lease lost": 1}
    assert verdicts[1] == {"waiting": 1}
    let_pass(engine, CONFIG.settle + CONFIG.lease)
    assert hand(engine, far) == {"held": 1}
    assert len(far.holds(id_)) == 1


def test_many_workers_at_once_hand_each_over_once(engine, connection, far):
    ids = [
        factories.distribution(connection, account, due_in=AN_HOUR)
        for account in [native(connection) for _ in range(3)]
        for _ in range(4)
    ]
    threads = [threading.Thread(target=hand, args=(engine, far, f"w{n}")) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(far.holds(id_)) for id_ in ids] == [1] * 12
    assert far.calls.count("schedule") == 12


# Pace


def test_what_its_account_s_limits_would_put_off_is_not_handed_over(engine, connection, far):
    account = native(connection, posts_per_hour=1)
    first, second = (factories.distribution(connection, account, due_in=AN_HOUR * n) for n in (1, 1.5))
    assert hand(engine, far) == {"handed over": 1, "refused": 1}
    assert (bool(far.holds(first)), bool(far.holds(second))) == (True, False)


@pytest.mark.parametrize("limit", [{"posts_per_hour": 1}, {"posts_per_day": 1}, {"min_interval_minutes": 50}])
def test_what_a_platform_holds_counts_against_its_account_s_limits_before_and_after_its_time(
    engine, connection, far, limit
):
    account = native(connection, max_lateness_minutes=10_000, **limit)
    held = factories.distribution(connection, account, due_in=timedelta(minutes=30))
    hand(engine, far)
    now = factories.distribution(connection, account)
    assert not publish(engine, far), "half an hour before it"
    let_pass(engine, timedelta(minutes=31))
    assert not publish(engine, far), "just behind it, though nobody has asked yet whether it is live"
    hand(engine, far)
    assert row(engine, held).status == "published"
    assert not publish(engine, far)
    let_pass(engine, timedelta(hours=24))
    both(engine, far)
    assert [far.effects(id_) for id_ in (held, now)] == [1, 1]


def test_handing_over_costs_an_account_nothing_of_what_it_may_send_now(engine, connection, far):
    account = native(connection, posts_per_hour=1, min_interval_minutes=60)
    factories.distribution(connection, account, due_in=timedelta(hours=3))
    hand(engine, far)
    now = factories.distribution(connection, account)
    publish(engine, far)
    assert far.effects(now) == 1
    (health,) = account_health(connection)
    assert health.limited_by == "its limit: one post every 60 min"


def test_room_between_what_is_sent_and_what_is_held_is_used(engine, connection, far):
    """Two a day are held and two were sent; a limit of five a day lets a fifth go out now."""
    account = native(connection, posts_per_day=5)
    for hours in (2, 3):
        factories.distribution(connection, account, due_in=timedelta(hours=hours))
    hand(engine, far)
    for _ in range(3):
        factories.distribution(connection, account)
    publish(engine, far)
    assert connection.scalar(sa.text("select count(*) from distributions where status = 'published'")) == 3
    factories.distribution(connection, account)
    publish(engine, far)
    assert connection.scalar(sa.text("select count(*) from distributions where status = 'published'")) == 3


# What is left alone


def test_what_is_past_its_post_s_use_by_then_is_not_handed_over(engine, connection, far, account):
    post, review = factories.approved_post(connection, expires_at=datetime.now(UTC) + timedelta(minutes=50))
    factories.distribution(connection, account, post_id=post, review_id=review, due_in=AN_HOUR)
    assert hand(engine, far) == {}


def test_no_claim_takes_what_belongs_to_a_paused_vertical_until_it_goes_on(engine, connection, far):
    vertical = factories.vertical(connection, paused_at=datetime.now(UTC), pause_reason="a strike")
    account = factories.account(connection, name="far")
    id_, other = (factories.distribution(connection, account, vertical_id=each) for each in (vertical, None))
    publish(engine, far)
    assert [far.effects(each) for each in (id_, other)] == [0, 1]
    assert claims.next_due(connection) is None
    connection.execute(tables.publisher_verticals.update().values(paused_at=None, pause_reason=None))
    publish(engine, far)
    assert far.effects(id_) == 1


@pytest.mark.parametrize("policy", ["publish_late", "next_slot", "hold"])
def test_what_its_post_s_end_has_overtaken_is_held_whatever_the_policy(engine, connection, far, policy):
    post, review = factories.approved_post(connection, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    account = factories.account(connection, name="far", lateness_policy=policy)
    id_ = factories.distribution(connection, account, post_id=post, review_id=review)
    publish(engine, far)
    assert row(engine, id_).status == "held"
    assert "was of use until" in row(engine, id_).hold_reason
