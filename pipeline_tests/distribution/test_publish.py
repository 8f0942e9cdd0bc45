"""The publish loop against a platform whose ledger is the truth."""

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from pipeline.distribution.publish import publish_due
from pipeline.distribution.reconcile import reconcile
from pipeline.platforms.base import PlatformError, Rejected
from pipeline.store import claims, tables
from pipeline.store.database import create_engine, transaction
from pipeline.vocabulary import ErrorKind
from pipeline_tests import factories
from pipeline_tests.distribution.platform import (
    CONFIG,
    NO_LOOK_AHEAD,
    NOW_SETTLED,
    Platform,
    inconclusive,
    lost_answer,
    not_sent,
)
from pipeline_tests.web import serve


@pytest.fixture
def connection(engine):
    """For setting up: committed before anything else looks."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


def attempts_of(engine, distribution_id):
    with engine.connect() as connection:
        return connection.execute(
            sa.select(tables.publish_attempts)
            .where(tables.publish_attempts.c.distribution_id == distribution_id)
            .order_by(tables.publish_attempts.c.id)
        ).all()


def make_due(connection, distribution_id):
    connection.execute(
        sa.text("update distributions set next_attempt_at = now(), reconcile_at = now() where id = :id"),
        {"id": distribution_id},
    )


def test_what_is_due_is_published_with_the_platforms_id_and_time(engine, connection):
    sent = factories.distribution(connection, factories.account(connection))
    before = datetime.now(UTC)
    report = publish_due(engine, Platform().open, CONFIG, worker="w")
    row = factories.row_of(engine, sent)
    assert report.total("published") == 1
    assert (row.status, row.external_id) == ("published", f"ext-{sent}")
    assert before <= row.published_at <= datetime.now(UTC)
    assert [a.outcome for a in attempts_of(engine, sent)] == ["published"]


def test_two_workers_at_once_send_each_distribution_once(database_url, engine, connection):
    account_ids = [factories.account(connection) for _ in range(4)]
    ids = [factories.distribution(connection, account_ids[n % 4]) for n in range(40)]
    platform = Platform()
    engines = [create_engine(database_url) for _ in range(4)]
    workers = [
        threading.Thread(target=publish_due, args=(e, platform.open, CONFIG), kwargs={"worker": f"w{n}"})
        for n, e in enumerate(engines)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    publish_due(engine, platform.open, CONFIG, worker="last")
    for used in engines:
        used.dispose()
    assert sorted(sent for _, sent, _ in platform.sent) == sorted(map(str, ids))


def test_an_outcome_waits_for_its_account_before_it_holds_anything_that_a_claim_may_want(engine, connection):
    group = factories.insert(connection, tables.cross_post_groups, name="story")
    sent = factories.distribution(connection, factories.account(connection), cross_post_group_id=group)
    claiming = engine.connect()

    def lock_the_account(content, journal):
        claiming.execute(sa.text("select from platforms for no key update"))

    worker = threading.Thread(
        target=publish_due, args=(engine, Platform(lock_the_account).open, CONFIG), kwargs={"worker": "w"}
    )
    worker.start()
    waits = sa.text(
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    )
    deadline = time.monotonic() + 15
    while not connection.scalar(waits):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    # The claim, which holds the account, goes on to the group: held by the outcome, this would be a deadlock.
    claiming.execute(sa.text("select from cross_post_groups for update nowait"))
    claiming.rollback()
    claiming.close()
    worker.join()
    assert factories.row_of(engine, sent).status == "published"


def test_a_lost_answer_is_unknown_and_never_sent_again_but_found(engine, connection):
    sent = factories.distribution(connection, factories.account(connection))
    platform = Platform(lost_answer)
    publish_due(engine, platform.open, CONFIG, worker="w")
    assert factories.row_of(engine, sent).status == "unknown"
    publish_due(engine, platform.open, CONFIG, worker="w")
    assert platform.effects_of(sent) == 1
    make_due(connection, sent)
    assert reconcile(engine, platform.open, CONFIG, worker="w") == {"found": 1}
    assert factories.row_of(engine, sent).status == "published"
    assert platform.effects_of(sent) == 1


def test_an_absence_is_believed_only_after_the_settle_time(engine, connection):
    lost = factories.distribution(connection, factories.account(connection))
    platform = Platform(lost_answer)
    publish_due(engine, platform.open, CONFIG, worker="w")
    platform.sent.clear()  # as if the request had never arrived
    make_due(connection, lost)
    assert reconcile(engine, platform.open, CONFIG, worker="w") == {"waiting": 1}
    assert factories.row_of(engine, lost).status == "unknown"
    connection.execute(sa.text("update distributions set settle_until = now(), reconcile_at = now()"))
    assert reconcile(engine, platform.open, CONFIG, worker="w") == {"absent": 1}
    assert factories.row_of(engine, lost).status == "scheduled"


def test_a_platform_that_can_not_be_asked_leaves_the_outcome_unknown(engine, connection):
    lost = factories.distribution(connection, factories.account(connection))
    platform = Platform(lost_answer)
    publish_due(engine, platform.open, NOW_SETTLED, worker="w")
    platform.answer = inconclusive()
    make_due(connection, lost)
    assert reconcile(engine, platform.open, NOW_SETTLED, worker="w") == {"inconclusive": 1}
    assert factories.row_of(engine, lost).status == "unknown"


def test_a_worker_that_died_leaves_an_unknown_outcome_that_is_found_on_the_platform(engine, connection):
    sent = factories.distribution(connection, factories.account(connection))
    platform = Platform()

    def die(content, journal):
        platform.effect("x", content)
        raise SystemExit  # the thread ends here, as a killed process would, without a word to the database

    platform.behaviour = die
    with pytest.raises(SystemExit):
        publish_due(engine, platform.open, CONFIG, worker="w")
    assert factories.row_of(engine, sent).status == "publishing"
    assert reconcile(engine, platform.open, CONFIG, worker="w") == {}
    connection.execute(sa.text("update distributions set lease_until = now()"))
    assert reconcile(engine, platform.open, CONFIG, worker="w") == {"expired": 1, "found": 1}
    assert factories.row_of(engine, sent).status == "published"
    assert [(a.outcome, a.error_kind) for a in attempts_of(engine, sent)] == [("unknown", "lost")]


def test_the_attempt_is_in_the_journal_before_the_platform_is_called(engine, connection):
    sent = factories.distribution(connection, factories.account(connection))
    seen = []
    platform = Platform(lambda content, journal: seen.extend(attempts_of(engine, content.distribution_id)))
    publish_due(engine, platform.open, CONFIG, worker="w")
    assert [(a.distribution_id, a.outcome) for a in seen] == [(sent, None)]


def test_a_handle_is_committed_before_the_next_step_and_handed_to_the_next_attempt(engine, connection):
    sent = factories.distribution(connection, factories.account(connection))
    handles = []

    def two_steps(content, journal):
        handles.append(dict(journal.handles))
        journal.record("container", "c-1")
        return not_sent(ErrorKind.UNAVAILABLE)(content, journal) if len(handles) == 1 else None

    platform = Platform(two_steps)
    publish_due(engine, platform.open, NO_LOOK_AHEAD, worker="w")
    make_due(connection, sent)
    publish_due(engine, platform.open, CONFIG, worker="w")
    assert handles == [{}, {"container": "c-1"}]


def test_a_worker_that_lost_its_lease_takes_no_further_step_and_writes_nothing(engine, connection):
    sent = factories.distribution(connection, factories.account(connection))
    platform = Platform()

    def overtaken(content, journal):
        connection.execute(sa.text("update distributions set lease_until = now() where status = 'publishing'"))
        reconcile(engine, platform.open, CONFIG, worker="other")
        journal.record("container", "c-1")

    platform.behaviour = overtaken
    publish_due(engine, platform.open, CONFIG, worker="w")
    assert platform.effects_of(sent) == 0
    assert factories.row_of(engine, sent).status == "unknown"


def test_what_was_not_sent_waits_and_keeps_its_intended_time(engine, connection):
    waiting = factories.distribution(connection, factories.account(connection))
    intended = factories.row_of(engine, waiting).scheduled_for
    publish_due(engine, Platform(not_sent(ErrorKind.UNAVAILABLE)).open, NO_LOOK_AHEAD, worker="w")
    row = factories.row_of(engine, waiting)
    assert (row.status, row.retry_count, row.scheduled_for) == ("scheduled", 1, intended)
    assert row.next_attempt_at > intended


def test_tries_end_at_the_stated_maximum(engine, connection):
    doomed = factories.distribution(connection, factories.account(connection))
    platform = Platform(not_sent(ErrorKind.UNAVAILABLE))
    patient = replace(CONFIG, breaker_failures=100)
    for _ in range(CONFIG.max_tries + 2):
        make_due(connection, doomed)
        publish_due(engine, platform.open, patient, worker="w")
    row = factories.row_of(engine, doomed)
    assert (row.status, len(attempts_of(engine, doomed))) == ("failed", CONFIG.max_tries)
    assert "given up after 8 tries" in row.error_message


def test_what_the_platform_rejects_is_failed_at_once_with_its_reason(engine, connection):
    bad = factories.distribution(connection, factories.account(connection))
    platform = Platform(lambda content, journal: Rejected(PlatformError(ErrorKind.VALIDATION, "too long", "422", 422)))
    publish_due(engine, platform.open, CONFIG, worker="w")
    row = factories.row_of(engine, bad)
    assert (row.status, row.error_message) == ("failed", "too long")
    assert [(a.outcome, a.http_status) for a in attempts_of(engine, bad)] == [("rejected", 422)]


def test_a_rate_limit_rests_the_whole_account_until_the_platforms_reset_and_spends_no_retry(engine, connection):
    account = factories.account(connection)
    ids = [factories.distribution(connection, account) for _ in range(3)]
    reset = datetime.now(UTC) + timedelta(minutes=7)
    platform = Platform(not_sent(ErrorKind.RATE_LIMITED, reset))
    publish_due(engine, platform.open, CONFIG, worker="w")
    rows = [factories.row_of(engine, i) for i in ids]
    assert {(r.status, r.retry_count) for r in rows} == {("scheduled", 0)}
    assert connection.scalar(sa.select(tables.platforms.c.held_until)) == reset
    for i in ids:
        make_due(connection, i)
    assert publish_due(engine, platform.open, CONFIG, worker="w").total() == 0


def test_refused_credentials_pause_the_account_and_leave_its_queue_alone(engine, connection):
    account = factories.account(connection)
    ids = [factories.distribution(connection, account) for _ in range(2)]
    publish_due(engine, Platform(not_sent(ErrorKind.AUTH)).open, CONFIG, worker="w")
    row = connection.execute(sa.select(tables.platforms)).one()
    assert row.state == "paused"
    assert "auth for the test" in row.state_reason
    assert {factories.row_of(engine, i).status for i in ids} == {"scheduled"}
    assert publish_due(engine, Platform().open, CONFIG, worker="w").total() == 0


def test_a_slow_account_does_not_hold_up_the_others(engine, connection):
    slow, fast = factories.account(connection, account_key="slow"), factories.account(connection, account_key="fast")
    stuck = factories.distribution(connection, slow)
    quick = [factories.distribution(connection, fast) for _ in range(5)]
    released = threading.Event()

    def hang(content, journal):
        if content.distribution_id == str(stuck):
            released.wait(20)

    platform = Platform(hang)
    worker = threading.Thread(target=publish_due, args=(engine, platform.open, CONFIG), kwargs={"worker": "w"})
    worker.start()
    deadline = time.monotonic() + 15
    while len(platform.sent) < len(quick) and time.monotonic() < deadline:
        time.sleep(0.02)
    sent_meanwhile = {sent for _, sent, _ in platform.sent}
    released.set()
    worker.join()
    assert sent_meanwhile == set(map(str, quick))


@pytest.mark.parametrize(
    "limit", [{"posts_per_hour": 3}, {"posts_per_day": 3}, {"posts_per_hour": 5, "posts_per_day": 3}]
)
def test_no_more_is_sent_in_the_window_than_the_account_allows(engine, connection, limit):
    account = factories.account(connection, **limit)
    for _ in range(8):
        factories.distribution(connection, account)
    platform = Platform()
    for _ in range(3):
        publish_due(engine, platform.open, CONFIG, worker="w")
    assert len(platform.sent) == 3


def test_the_minimum_interval_lies_between_two_posts_of_an_account(engine, connection):
    account = factories.account(connection, min_interval_minutes=30)
    for _ in range(3):
        factories.distribution(connection, account)
    platform = Platform()
    publish_due(engine, platform.open, CONFIG, worker="w")
    publish_due(engine, platform.open, CONFIG, worker="w")
    assert len(platform.sent) == 1


def test_the_oldest_intention_goes_first_within_an_account(engine, connection):
    account = factories.account(connection)
    newer = factories.distribution(connection, account, due_in=timedelta(minutes=-1))
    older = factories.distribution(connection, account, due_in=timedelta(minutes=-9))
    platform = Platform()
    publish_due(engine, platform.open, CONFIG, worker="w")
    assert [sent for _, sent, _ in platform.sent] == [str(older), str(newer)]


def test_what_is_due_within_the_look_ahead_is_sent_at_its_time_not_before(engine, connection):
    soon = factories.distribution(connection, factories.account(connection), due_in=timedelta(seconds=0.8))
    later = factories.distribution(connection, factories.account(connection), due_in=timedelta(seconds=60))
    intended = factories.row_of(engine, soon).scheduled_for
    platform = Platform()
    publish_due(engine, platform.open, CONFIG, worker="w")
    assert [sent for _, sent, _ in platform.sent] == [str(soon)]
    assert platform.sent[0][2] >= intended
    assert factories.row_of(engine, later).status == "scheduled"


def test_content_changed_after_its_approval_is_held_not_sent(engine, connection):
    changed = factories.distribution(connection, factories.account(connection))
    connection.execute(sa.text("update distributions set body = 'something else'"))
    platform = Platform()
    publish_due(engine, platform.open, CONFIG, worker="w")
    row = factories.row_of(engine, changed)
    assert (row.status, platform.sent) == ("held", [])
    assert "changed after it was approved" in row.hold_reason


def test_what_is_later_than_the_account_allows_is_held(engine, connection):
    account = factories.account(connection, max_lateness_minutes=60)
    stale = factories.distribution(connection, account, due_in=timedelta(hours=-5))
    platform = Platform()
    publish_due(engine, platform.open, CONFIG, worker="w")
    row = factories.row_of(engine, stale)
    assert (row.status, platform.sent) == ("held", [])
    assert "late" in row.hold_reason


def test_a_paused_account_sends_nothing(engine, connection):
    factories.distribution(connection, factories.account(connection, state="paused", state_reason="holiday"))
    assert publish_due(engine, Platform().open, CONFIG, worker="w").total() == 0


def test_a_post_goes_to_its_home_first_and_to_the_others_when_that_is_live(engine, connection):
    post_id, review_id = factories.approved_post(connection)
    with serve(lambda request: (200, {}, b"the article")) as pages:
        home = factories.account(
            connection, name="site", account_key="site", is_home=True, publish_config={"base_url": pages}
        )
        late = timedelta(minutes=-5)
        factories.distribution(
            connection, factories.account(connection), due_in=late, post_id=post_id, review_id=review_id
        )
        factories.distribution(connection, home, post_id=post_id, review_id=review_id)
        platform = Platform(pages=pages)
        publish_due(engine, platform.open, CONFIG, worker="w")
    assert next(key for key, _, _ in platform.sent) == "site"
    assert len(platform.sent) == 2
    assert connection.scalar(sa.select(tables.publisher_posts.c.status)) == "published"


def test_nothing_else_goes_out_while_the_home_page_is_not_live(engine, connection):
    post_id, review_id = factories.approved_post(connection)
    home = factories.account(
        connection, name="site", account_key="site", is_home=True, state="paused", state_reason="moving"
    )
    for account in (home, factories.account(connection)):
        factories.distribution(connection, account, post_id=post_id, review_id=review_id)
    platform = Platform()
    publish_due(engine, platform.open, CONFIG, worker="w")
    assert platform.sent == []


def test_stopping_finishes_what_is_in_the_air_and_claims_nothing_more(engine, connection):
    account = factories.account(connection)
    first, second = (factories.distribution(connection, account, due_in=timedelta(seconds=-n)) for n in (9, 5))
    stop = threading.Event()
    platform = Platform(lambda content, journal: stop.set())
    publish_due(engine, platform.open, CONFIG, worker="w", stop=stop)
    assert (factories.row_of(engine, first).status, factories.row_of(engine, second).status) == (
        "published",
        "scheduled",
    )


def test_an_approval_is_not_kept_waiting_by_a_post_that_is_due_later_on_the_same_account(engine, connection):
    account = factories.account(connection)
    later = factories.distribution(connection, account, due_in=timedelta(seconds=0.9))
    worker = threading.Thread(
        target=publish_due, args=(engine, (platform := Platform()).open, CONFIG), kwargs={"worker": "w"}
    )
    worker.start()
    now = factories.distribution(connection, account)
    worker.join()
    assert [sent for _, sent, _ in platform.sent] == [str(now), str(later)]


def test_an_account_at_its_limit_does_not_keep_the_worker_or_the_sensor_busy(engine, connection):
    account = factories.account(connection, posts_per_hour=1)
    for _ in range(2):
        factories.distribution(connection, account)
    publish_due(engine, Platform().open, CONFIG, worker="w")
    with engine.connect() as reader:
        wait = claims.next_due(reader)
    assert wait is not None
    assert timedelta(minutes=59) < wait <= timedelta(hours=1)


def test_an_adapter_that_raises_leaves_an_unknown_outcome_for_nobody_knows_whether_it_sent(engine, connection):
    odd = factories.distribution(connection, factories.account(connection))

    def broken(content, journal):
        raise ValueError("a bug")

    publish_due(engine, Platform(broken).open, CONFIG, worker="w")
    assert factories.row_of(engine, odd).status == "unknown"


def test_the_database_refuses_a_transition_that_the_table_does_not_hold(engine, connection):
    sent = factories.distribution(connection, factories.account(connection))
    with pytest.raises(sa.exc.DBAPIError, match="cannot go from scheduled to published"), engine.begin() as other:
        other.execute(
            sa.text("update distributions set status = 'published', published_at = now() where id = :id"), {"id": sent}
        )


def test_one_content_goes_to_one_account_once(engine, connection):
    post_id, review_id = factories.approved_post(connection)
    account = factories.account(connection)
    factories.distribution(connection, account, post_id=post_id, review_id=review_id)
    with pytest.raises(sa.exc.IntegrityError):
        factories.distribution(connection, account, post_id=post_id, review_id=review_id)


def test_every_change_of_status_is_in_the_log_with_who_did_it(engine, connection):
    sent = factories.distribution(connection, factories.account(connection))
    publish_due(engine, Platform().open, CONFIG, worker="worker-7")
    with transaction(engine, "reader") as reader:
        events = reader.execute(
            sa.text("select to_status, actor from distribution_events where distribution_id = :id order by id"),
            {"id": sent},
        ).all()
    assert [tuple(e) for e in events][1:] == [("publishing", "worker-7"), ("published", "worker-7")]


def test_a_groups_status_follows_its_distributions(engine, connection):
    group = factories.insert(connection, tables.cross_post_groups, name="launch")
    post_id, review_id = factories.approved_post(connection)
    good, bad = factories.account(connection), factories.account(connection, account_key="bad")
    for account in (good, bad):
        factories.distribution(connection, account, post_id=post_id, review_id=review_id, cross_post_group_id=group)
    assert connection.scalar(sa.select(tables.cross_post_groups.c.status)) == "pending"
    refusal = Rejected(PlatformError(ErrorKind.VALIDATION, "no"))
    bad_id = connection.scalar(sa.select(tables.distributions.c.id).where(tables.distributions.c.platform_id == bad))
    platform = Platform(lambda content, journal: refusal if content.distribution_id == str(bad_id) else None)
    publish_due(engine, platform.open, CONFIG, worker="w")
    assert connection.scalar(sa.select(tables.cross_post_groups.c.status)) == "partial"
