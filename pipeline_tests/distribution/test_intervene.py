"""What a person does to a distribution, seen from the database and from the platform."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from pipeline.distribution import intervene
from pipeline.distribution.publish import publish_due
from pipeline.distribution.reconcile import reconcile
from pipeline.distribution.resume import ResumeError, resume_account
from pipeline.platforms.base import Identity, NotSent, PlatformError, PlatformUnavailableError
from pipeline.store import accounts, alerts, tables
from pipeline.store.announcements import Announce
from pipeline.store.claims import next_due
from pipeline.store.database import transaction
from pipeline.vocabulary import AlertKind, ErrorKind
from pipeline_tests import factories
from pipeline_tests.distribution.platform import NO_LOOK_AHEAD, NOW_SETTLED, Platform, lost_answer

ADA = "Ada Lovelace"
SILENT = Announce()
FAILED: dict[str, Any] = {"status": "failed", "error_message": "HTTP 400", "retry_count": 8}
HELD: dict[str, Any] = {"status": "held", "hold_reason": "3 days late"}


def unknown(settle=timedelta(minutes=10)):
    now = datetime.now(UTC)
    return {
        "status": "unknown",
        "error_message": "timed out",
        "settle_until": now + settle,
        "reconcile_at": now,
        "person_asked_at": now,
    }


def made(engine, account=None, **values):
    with transaction(engine, "test") as connection:
        account_id = factories.account(connection, **(account or {}))
        return factories.distribution(connection, account_id, **values)


def status(engine, distribution_id):
    return factories.row_of(engine, distribution_id).status


def events(engine, distribution_id):
    with engine.connect() as connection:
        return connection.execute(
            sa.select(tables.distribution_events)
            .where(tables.distribution_events.c.distribution_id == distribution_id)
            .order_by(tables.distribution_events.c.id)
        ).all()


def mark(engine, distribution_id, **options):
    defaults = {"url": "https://x.com/pressroom/status/1234", "announce": SILENT}
    return intervene.mark_published(engine, str(distribution_id), ADA, **{**defaults, **options})


def test_what_failed_is_retried_at_once_with_all_its_tries_and_is_sent_once(engine):
    distribution_id = made(engine, due_in=timedelta(days=-3), **FAILED)
    (result,) = intervene.retry(engine, [str(distribution_id)[:8]], ADA, reason="the text is right")
    row = factories.row_of(engine, distribution_id)
    assert (result.changed, row.status, row.retry_count) == (True, "scheduled", 0)
    last = events(engine, distribution_id)[-1]
    assert (last.actor, last.from_status, last.reason) == (ADA, "failed", "the text is right")
    platform = Platform()
    publish_due(engine, platform.open, NO_LOOK_AHEAD, worker="w")
    assert status(engine, distribution_id) == "published"
    assert platform.effects_of(distribution_id) == 1


def test_a_retry_for_later_is_a_time_in_the_distributions_own_zone(engine):
    distribution_id = made(engine, timezone="Europe/Berlin", **FAILED)
    (result,) = intervene.retry(engine, [str(distribution_id)], ADA, at="2999-07-01 09:00")
    row = factories.row_of(engine, distribution_id)
    assert row.next_attempt_at == row.scheduled_for == datetime(2999, 7, 1, 7, 0, tzinfo=UTC)
    assert row.scheduled_local == datetime(2999, 7, 1, 9, 0)
    assert "2999-07-01 07:00 UTC" in result.message


@pytest.mark.parametrize("at", ["2001-01-01 09:00", "soon"])
def test_a_time_that_is_past_or_none_changes_nothing(engine, at):
    distribution_id = made(engine, **FAILED)
    (result,) = intervene.retry(engine, [str(distribution_id)], ADA, at=at)
    assert not result.changed
    assert at in result.message
    assert status(engine, distribution_id) == "failed"


@pytest.mark.parametrize("act", [intervene.retry, lambda *a, **k: intervene.cancel(*a, reason="no", **k)])
def test_what_may_be_live_is_touched_only_by_somebody_who_looked(engine, act):
    distribution_id = made(engine, **unknown())
    (result,) = act(engine, [str(distribution_id)], ADA)
    assert not result.changed
    assert "may be live" in result.message
    assert status(engine, distribution_id) == "unknown"
    (result,) = act(engine, [str(distribution_id)], ADA, not_there=True)
    assert result.changed
    assert status(engine, distribution_id) in ("scheduled", "cancelled")


def test_a_persons_word_does_not_shorten_the_time_in_which_a_frozen_worker_may_still_send(engine):
    distribution_id = made(engine, **unknown(settle=timedelta(minutes=10)))
    settled_at = factories.row_of(engine, distribution_id).settle_until
    intervene.retry(engine, [str(distribution_id)], ADA, not_there=True)
    assert factories.row_of(engine, distribution_id).next_attempt_at == settled_at


def test_after_a_persons_decision_the_inquiry_that_was_under_way_can_write_nothing(engine):
    platform = Platform(lost_answer)
    distribution_id = made(engine)
    publish_due(engine, platform.open, NOW_SETTLED, worker="w")

    class Interrupted(Platform):
        def effects_of(self, asked_for):
            intervene.cancel(engine, [str(distribution_id)], ADA, reason="it is not there", not_there=True)
            return 1

    with transaction(engine, "test") as connection:
        connection.execute(tables.distributions.update().values(reconcile_at=sa.func.now()))
    reconcile(engine, Interrupted().open, NOW_SETTLED, worker="r")
    assert status(engine, distribution_id) == "cancelled"


def test_a_late_post_that_a_person_releases_goes_out(engine):
    distribution_id = made(engine, account={"max_lateness_minutes": 60}, due_in=timedelta(days=-3))
    platform = Platform()
    publish_due(engine, platform.open, NO_LOOK_AHEAD, worker="w")
    assert status(engine, distribution_id) == "held"
    (result,) = intervene.release(engine, [str(distribution_id)], ADA)
    assert result.changed
    publish_due(engine, platform.open, NO_LOOK_AHEAD, worker="w")
    assert status(engine, distribution_id) == "published"


def test_what_is_held_back_is_not_sent_until_it_is_released(engine):
    distribution_id = made(engine)
    intervene.hold(engine, [str(distribution_id)], ADA, reason="the sale is off")
    platform = Platform()
    publish_due(engine, platform.open, NO_LOOK_AHEAD, worker="w")
    row = factories.row_of(engine, distribution_id)
    assert (row.status, row.hold_reason, platform.sent) == ("held", "the sale is off", [])
    intervene.release(engine, [str(distribution_id)], ADA)
    publish_due(engine, platform.open, NO_LOOK_AHEAD, worker="w")
    assert platform.effects_of(distribution_id) == 1


@pytest.mark.parametrize("act", [intervene.hold, intervene.cancel])
def test_holding_and_cancelling_want_a_reason(engine, act):
    distribution_id = made(engine)
    with pytest.raises(intervene.InterventionError, match="Say why"):
        act(engine, [str(distribution_id)], ADA, reason=" ")


@pytest.mark.parametrize(
    "values", [{}, FAILED, HELD, {"status": "draft", "scheduled_for": None, "next_attempt_at": None}]
)
def test_what_is_not_out_can_be_cancelled_for_good(engine, values):
    distribution_id = made(engine, **values)
    (result,) = intervene.cancel(engine, [str(distribution_id)], ADA, reason="not needed")
    assert result.changed
    last = events(engine, distribution_id)[-1]
    assert (last.actor, last.to_status, last.reason) == (ADA, "cancelled", "not needed")
    assert not intervene.retry(engine, [str(distribution_id)], ADA)[0].changed
    platform = Platform()
    publish_due(engine, platform.open, NO_LOOK_AHEAD, worker="w")
    assert platform.sent == []


def test_a_cancelled_one_gives_its_slot_of_the_calendar_back(engine):
    distribution_id = made(engine, **FAILED)
    with transaction(engine, "test") as connection:
        at = datetime(2999, 1, 1, 9, tzinfo=UTC)
        slot = factories.insert(
            connection,
            tables.publishing_calendar,
            date=at.date(),
            time_slot=at.time(),
            timezone="UTC",
            starts_at=at,
            platform_id=factories.row_of(engine, distribution_id).platform_id,
            distribution_id=distribution_id,
        )
    intervene.cancel(engine, [str(distribution_id)], ADA, reason="no")
    with engine.connect() as connection:
        taken = connection.scalar(
            sa.select(tables.publishing_calendar.c.distribution_id).where(tables.publishing_calendar.c.id == slot)
        )
    assert taken is None


def entry_of(engine, distribution_id):
    with engine.connect() as connection:
        return connection.scalar(
            sa.text("select starts_at from publishing_calendar where distribution_id = :id"), {"id": distribution_id}
        )


def test_what_is_put_into_the_queue_holds_its_instant_and_an_instant_is_held_once(engine):
    first = made(engine, **FAILED)
    with transaction(engine, "test") as connection:
        account = factories.row_of(engine, first).platform_id
        second, third = (factories.distribution(connection, account, **FAILED) for _ in range(2))
    at = datetime(2999, 1, 1, 14, tzinfo=UTC)
    assert intervene.retry(engine, [str(first)], ADA, at=at.isoformat())[0].changed
    assert entry_of(engine, first) == at
    (refused,) = intervene.retry(engine, [str(second)], ADA, at=at.isoformat())
    assert not refused.changed
    assert "already" in refused.message
    assert status(engine, second) == "failed"
    later = intervene.retry(engine, [str(second), str(third)], ADA, at=at.isoformat())
    assert [each.changed for each in later] == [True, True]
    assert [entry_of(engine, each) - at for each in (second, third)] == [timedelta(microseconds=n) for n in (1, 2)]
    assert factories.row_of(engine, third).is_pinned
    intervene.hold(engine, [str(first)], ADA, reason="wait")
    assert entry_of(engine, first) == at
    intervene.release(engine, [str(first)], ADA, at=at.isoformat())
    assert (status(engine, first), entry_of(engine, first)) == ("scheduled", at)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"body": "not what was approved"}, "does not say any more what was approved"),
        ({"review_id": None}, "was never approved"),
    ],
)
@pytest.mark.parametrize(("act", "values"), [(intervene.retry, FAILED), (intervene.release, HELD)])
def test_nothing_is_put_into_the_queue_that_no_approval_holds_for(engine, changes, says, act, values):
    distribution_id = made(engine, **values)
    with transaction(engine, "test") as connection:
        connection.execute(tables.distributions.update().values(**changes))
    (result,) = act(engine, [str(distribution_id)], ADA)
    assert not result.changed
    assert says in result.message
    assert status(engine, distribution_id) == values["status"]


def test_of_an_archived_post_nothing_is_put_into_the_queue(engine):
    distribution_id = made(engine, **FAILED)
    with transaction(engine, "test") as connection:
        connection.execute(tables.publisher_posts.update().values(status="archived"))
    (result,) = intervene.retry(engine, [str(distribution_id)], ADA)
    assert "belongs to a post that is archived" in result.message
    assert status(engine, distribution_id) == "failed"


def test_what_a_worker_has_in_hand_is_left_alone_and_its_holder_named(engine):
    platform = Platform()
    distribution_id = made(engine)
    results = []

    def meddle(content, journal):
        ids = [str(distribution_id)]
        results.extend(intervene.retry(engine, ids, ADA))
        results.extend(intervene.release(engine, ids, ADA))
        results.extend(intervene.hold(engine, ids, ADA, reason="stop"))
        results.extend(intervene.cancel(engine, ids, ADA, reason="stop"))
        results.append(mark(engine, distribution_id))

    platform.behaviour = meddle
    publish_due(engine, platform.open, NO_LOOK_AHEAD, worker="worker seven")
    assert [result.changed for result in results] == [False] * 5
    assert all("worker seven, whose lease lasts until" in result.message for result in results)
    assert status(engine, distribution_id) == "published"


def test_what_a_silent_worker_left_is_resolved_before_a_person_may_change_it(engine):
    ran_out = datetime.now(UTC) - timedelta(minutes=1)
    distribution_id = made(engine, status="publishing", leased_by="worker seven", lease_until=ran_out)
    (result,) = intervene.retry(engine, [str(distribution_id)], ADA)
    assert not result.changed
    assert "worker seven, which went silent" in result.message


def test_each_change_outdates_the_token_of_a_worker_that_still_believes_in_it(engine):
    distribution_id = made(engine, lease_token=7, **FAILED)
    intervene.retry(engine, [str(distribution_id)], ADA)
    intervene.hold(engine, [str(distribution_id)], ADA, reason="wait")
    intervene.release(engine, [str(distribution_id)], ADA)
    intervene.hold(engine, [str(distribution_id)], ADA, reason="wait")
    mark(engine, distribution_id)
    assert factories.row_of(engine, distribution_id).lease_token == 12


def test_what_a_person_found_live_is_published_everywhere_and_its_post_follows_from_home(engine):
    with transaction(engine, "test") as connection:
        post_id, review_id = factories.approved_post(connection)
        home = factories.account(connection, name="site", account_key="site", is_home=True)
        other = factories.account(connection)
        about: dict[str, Any] = {"post_id": post_id, "review_id": review_id}
        home_id = factories.distribution(connection, home, **about, **FAILED)
        factories.distribution(connection, other, **about)
        assert next_due(connection) is None
    result = mark(engine, home_id, url="https://garden.example.com/how-to-prune/", at="2026-01-05 09:00")
    row = factories.row_of(engine, home_id)
    assert result.changed
    assert (row.status, row.external_id, row.external_url) == (
        "published",
        "how-to-prune",
        "https://garden.example.com/how-to-prune/",
    )
    assert row.published_at == row.next_metrics_at == datetime(2026, 1, 5, 14, 0, tzinfo=UTC)
    with engine.connect() as connection:
        post = connection.execute(sa.select(tables.publisher_posts)).one()
        account = connection.execute(sa.select(tables.platforms).where(tables.platforms.c.id == home)).one()
        assert next_due(connection) is not None
    assert (post.status, post.published_at) == ("published", row.published_at)
    assert account.last_published_at == row.published_at
    assert events(engine, home_id)[-1].actor == ADA


def test_a_publication_on_another_account_does_not_make_the_post_published(engine):
    with transaction(engine, "test") as connection:
        post_id, review_id = factories.approved_post(connection)
        home = factories.account(connection, name="site", is_home=True)
        other = factories.account(connection)
        about: dict[str, Any] = {"post_id": post_id, "review_id": review_id}
        factories.distribution(connection, home, **about)
        other_id = factories.distribution(connection, other, **about, **HELD)
    assert mark(engine, other_id).changed
    with engine.connect() as connection:
        assert connection.scalar(sa.select(tables.publisher_posts.c.status)) == "scheduled"


def test_without_a_time_an_unknown_one_went_out_when_it_was_last_tried(engine):
    platform = Platform(lost_answer)
    distribution_id = made(engine)
    publish_due(engine, platform.open, NO_LOOK_AHEAD, worker="w")
    mark(engine, distribution_id)
    with engine.connect() as connection:
        tried = connection.scalar(sa.select(tables.publish_attempts.c.started_at))
    assert factories.row_of(engine, distribution_id).published_at == tried


def test_the_platforms_id_is_told_by_the_address_an_earlier_step_or_the_person(engine):
    for platform, url, given, expected in [
        ("x", "https://x.com/i/status/99", None, "99"),
        ("wordpress", "https://blog.example.com/?p=12", None, "12"),
        ("wordpress", "https://blog.example.com/pruning/", "12", "12"),
        ("mailchimp", "https://mailchi.mp/abc/pruning", None, "c0ffee1234"),
        ("linkedin", "https://www.linkedin.com/feed/update/x", "urn:li:share:5", "urn:li:share:5"),
    ]:
        distribution_id = made(engine, account={"name": platform}, **FAILED)
        with transaction(engine, "test") as connection:
            handle = {"distribution_id": distribution_id, "step": "campaign", "handle": "c0ffee1234"}
            connection.execute(tables.publish_handles.insert().values(handle))
        assert mark(engine, distribution_id, url=url, platform_id=given).changed
        assert factories.row_of(engine, distribution_id).external_id == expected


def test_what_can_not_be_true_of_a_publication_is_not_believed(engine):
    for platform, options, says in [
        ("x", {"url": "x.com/i/status/99"}, "is not the address of a page"),
        ("x", {"url": "https://x.com/pressroom"}, "give it: the number after /status/"),
        ("x", {"platform_id": "the newest"}, "is no id of a publication on x"),
        ("wordpress", {"url": "https://blog.example.com/pruning/"}, "the number after post="),
        ("x", {"at": "2999-01-01 09:00"}, "still to come"),
    ]:
        distribution_id = made(engine, account={"name": platform}, **FAILED)
        result = mark(engine, distribution_id, **options)
        assert not result.changed
        assert says in result.message
        assert status(engine, distribution_id) == "failed"


def test_one_publication_is_not_marked_as_two_distributions(engine):
    with transaction(engine, "test") as connection:
        account = factories.account(connection)
        first, second = (factories.distribution(connection, account, **FAILED) for _ in range(2))
    assert mark(engine, first).changed
    result = mark(engine, second)
    assert not result.changed
    assert str(first) in result.message


def test_the_account_s_webhook_is_told_of_what_a_person_marks_as_published(engine):
    distribution_id = made(engine, account={"webhook_url": "http://127.0.0.1:9/hook"}, **FAILED)
    mark(engine, distribution_id)
    with engine.connect() as connection:
        assert connection.scalars(sa.select(tables.outbox.c.idempotency_key)).all() == [
            f"webhook:{distribution_id}:published"
        ]


def test_several_are_changed_each_by_itself_and_each_refusal_says_what_is_possible(engine):
    with transaction(engine, "test") as connection:
        account = factories.account(connection)
        failed, scheduled, held = (
            factories.distribution(connection, account, **values) for values in (FAILED, {}, HELD)
        )
        canonical_id = connection.scalars(sa.select(tables.publisher_posts.c.canonical_id)).all()[0]
    references = [str(failed), str(failed), str(scheduled), str(held), "zz", "", canonical_id]
    results = intervene.retry(engine, references, ADA)
    assert [result.changed for result in results] == [True, False, False, False, False, False]
    said = [result.message for result in results]
    assert "can be held" in said[1]
    assert "can be released" in said[2]
    assert "No distribution's id begins with 'zz'" in said[3]
    assert "is a post" in said[5]
    assert [status(engine, each) for each in (failed, scheduled, held)] == ["scheduled", "scheduled", "held"]


def test_a_beginning_that_several_share_changes_none(engine):
    with transaction(engine, "test") as connection:
        account = factories.account(connection)
        for end in "12":
            factories.distribution(connection, account, id=f"abcdef00-0000-0000-0000-00000000000{end}", **FAILED)
    (result,) = intervene.retry(engine, ["abcdef"], ADA)
    assert "More than one" in result.message
    assert not result.changed


def test_a_person_waits_for_the_account_before_touching_its_distribution(engine):
    distribution_id = made(engine)
    with ThreadPoolExecutor(1) as pool, transaction(engine, "a claim") as claim, engine.connect() as watch:
        accounts.lock(claim, factories.row_of(engine, distribution_id).platform_id)
        person = pool.submit(intervene.hold, engine, [str(distribution_id)], ADA, reason="wait")
        while not person.done() and not watch.scalar(sa.text("select count(*) from pg_locks where not granted")):
            watch.rollback()
        assert not person.done()
        claim.execute(sa.text("select from distributions for update nowait"))
        claim.commit()
        assert person.result()[0].changed


def test_people_and_publishers_at_once_lock_nobody_out_and_send_nothing_twice(engine):
    with transaction(engine, "test") as connection:
        post_id, review_id = factories.approved_post(connection)
        group = factories.insert(connection, tables.cross_post_groups, name="one")
        ids = [
            factories.distribution(
                connection,
                factories.account(connection),
                post_id=post_id,
                review_id=review_id,
                cross_post_group_id=group,
                due_in=timedelta(seconds=0.1 * number),
            )
            for number in range(8)
        ]
    platform, said, done = Platform(), [], threading.Event()

    def publish():
        publish_due(engine, platform.open, replace(NO_LOOK_AHEAD, look_ahead=timedelta(seconds=2)), worker="w")

    def meddle(order):
        while not done.is_set():
            said.extend(intervene.hold(engine, order, ADA, reason="wait"))
            said.extend(intervene.release(engine, order, ADA))

    texts = [str(each) for each in ids]
    with ThreadPoolExecutor(3) as pool:
        people = [pool.submit(meddle, order) for order in (texts, texts[::-1])]
        pool.submit(publish).result()
        done.set()
        for person in people:
            person.result()
    assert [result.message for result in said if "the database refused it" in result.message] == []
    intervene.release(engine, texts, ADA)
    publish()
    assert [platform.effects_of(each) for each in ids] == [1] * len(ids)


@pytest.mark.parametrize(
    ("values", "kind", "act"),
    [
        (FAILED, AlertKind.FAILED, intervene.retry),
        (HELD, AlertKind.HELD, intervene.release),
        (unknown(), AlertKind.UNKNOWN, lambda engine, ids, actor: [mark(engine, ids[0])]),
    ],
)
def test_an_alert_about_what_a_person_has_decided_is_over(engine, values, kind, act):
    distribution_id = made(engine, **values)
    with transaction(engine, "test") as connection:
        alerts.raise_alert(connection, kind, f"distribution {distribution_id}", "look")
        alerts.raise_alert(connection, AlertKind.FAILED, "distribution of somebody else", "look")
    act(engine, [str(distribution_id)], ADA)
    with engine.connect() as connection:
        open_ = connection.scalars(sa.select(tables.alerts.c.subject).where(tables.alerts.c.resolved_at.is_(None)))
        assert open_.all() == ["distribution of somebody else"]


def paused(engine):
    with transaction(engine, "test") as connection:
        factories.account(connection, account_key="x-main", state="paused", state_reason="401")
        alerts.raise_alert(connection, AlertKind.PAUSED, "account x-main", "paused")


def account_state(engine):
    with engine.connect() as connection:
        open_alerts = connection.scalar(sa.text("select count(*) from alerts where resolved_at is null"))
        return connection.scalar(sa.select(tables.platforms.c.state)), open_alerts


def refuse(error):
    def identity(account):
        raise error

    return identity


@pytest.mark.parametrize(
    "identity",
    [
        refuse(PlatformUnavailableError(PlatformError(ErrorKind.AUTH, "401 Unauthorized"))),
        refuse(PlatformUnavailableError(PlatformError(ErrorKind.NETWORK, "connection refused"))),
        lambda account: Identity("@pressroom", missing_scopes=["tweet.write"]),
    ],
)
def test_an_account_whose_credentials_do_not_work_stays_paused_unless_that_is_not_asked(engine, identity):
    paused(engine)
    platform = Platform()
    platform.identity = identity
    with pytest.raises(ResumeError, match="x-main stays paused"):
        resume_account(engine, platform.open, "x-main", ADA)
    assert account_state(engine) == ("paused", 1)
    assert resume_account(engine, platform.open, "x-main", ADA, unchecked=True) is None
    assert account_state(engine) == ("active", 0)


def test_an_account_that_its_platform_knows_again_is_resumed_and_sends(engine):
    platform = Platform(lambda content, journal: NotSent(PlatformError(ErrorKind.AUTH, "401")))
    distribution_id = made(engine, account={"account_key": "x-main"})
    publish_due(engine, platform.open, NO_LOOK_AHEAD, worker="w")
    assert account_state(engine) == ("paused", 1)
    platform.behaviour = lambda content, journal: None
    assert resume_account(engine, platform.open, "x-main", ADA) == "x-main"
    assert account_state(engine) == ("active", 0)
    publish_due(engine, platform.open, NO_LOOK_AHEAD, worker="w")
    assert platform.effects_of(distribution_id) == 1
