"""The engine's rules beyond the loop: lateness, the platform's own limits and health, answers that make no sense, and a
database that goes away.
"""

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from pipeline.distribution.engine import backoff, breaker_rest
from pipeline.distribution.publish import publish_due
from pipeline.distribution.reconcile import reconcile
from pipeline.platforms.base import Absent, Inconclusive, PlatformError, Published, Quota, Rejected, Scheduled, Unknown
from pipeline.platforms.offer import Capabilities, Guarantee
from pipeline.store import claims, tables
from pipeline.vocabulary import ErrorKind
from pipeline_tests import factories
from pipeline_tests.distribution import platform as test_platform
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

HOURS_AGO = timedelta(hours=-3)


@pytest.fixture
def connection(engine):
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


def publish(engine, platform, config=NO_LOOK_AHEAD):
    return publish_due(engine, platform.open, config, worker="w")


def account_row(connection, account_id):
    return connection.execute(sa.select(tables.platforms).where(tables.platforms.c.id == account_id)).one()


def open_alerts(connection):
    return [
        (row.kind, row.subject)
        for row in connection.execute(sa.select(tables.alerts).where(tables.alerts.c.resolved_at.is_(None)))
    ]


def slot(connection, account_id, in_hours, **values):
    at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=in_hours)
    factories.insert(
        connection,
        tables.publishing_calendar,
        date=at.date(),
        time_slot=at.time(),
        timezone="UTC",
        starts_at=at,
        platform_id=account_id,
        **values,
    )
    return at


def in_turn(*behaviours):
    left = iter(behaviours)

    def behave(content, journal):
        return next(left)(content, journal)

    return behave


# Lateness


def test_a_late_post_is_still_published_where_the_policy_is_to_publish_late(engine, connection):
    late = factories.distribution(connection, factories.account(connection), due_in=HOURS_AGO)
    publish(engine, Platform())
    assert factories.row_of(engine, late).status == "published"


def test_a_late_post_is_held_where_the_policy_is_to_hold(engine, connection):
    late = factories.distribution(connection, factories.account(connection, lateness_policy="hold"), due_in=HOURS_AGO)
    platform = Platform()
    publish(engine, platform)
    row = factories.row_of(engine, late)
    assert (row.status, platform.sent) == ("held", [])
    assert "3:00:00 late" in row.hold_reason
    assert open_alerts(connection) == [("held", f"distribution {late}")]


def test_a_distributions_own_policy_goes_before_its_accounts(engine, connection):
    account = factories.account(connection, lateness_policy="hold")
    late = factories.distribution(connection, account, due_in=HOURS_AGO, lateness_policy="publish_late")
    publish(engine, Platform())
    assert factories.row_of(engine, late).status == "published"


def test_a_late_post_takes_the_accounts_next_free_slot_where_the_policy_says_so(engine, connection):
    account = factories.account(connection, lateness_policy="next_slot")
    late, other = (factories.distribution(connection, account, due_in=HOURS_AGO + timedelta(seconds=n)) for n in (0, 1))
    taken = factories.distribution(connection, account, due_in=timedelta(hours=2))
    slot(connection, account, -3, distribution_id=late)
    slot(connection, account, 1, is_locked=True)
    slot(connection, account, 2, distribution_id=taken)
    free = [slot(connection, account, hours) for hours in (3, 5)]
    platform = Platform()
    publish(engine, platform)
    rows = [factories.row_of(engine, each) for each in (late, other)]
    assert platform.sent == []
    assert [(row.status, row.scheduled_for, row.next_attempt_at) for row in rows] == [
        ("scheduled", at, at) for at in free
    ]
    held_by = connection.execute(
        sa.text("select distribution_id from publishing_calendar where distribution_id is not null order by starts_at")
    )
    assert held_by.scalars().all() == [taken, late, other]


def test_a_late_post_that_finds_no_free_slot_is_held_and_says_so(engine, connection):
    account = factories.account(connection, lateness_policy="next_slot")
    late = factories.distribution(connection, account, due_in=HOURS_AGO)
    publish(engine, Platform())
    row = factories.row_of(engine, late)
    assert row.status == "held"
    assert "its calendar has none" in row.hold_reason


def test_a_post_that_is_a_minute_behind_is_on_time_for_every_policy(engine, connection):
    account = factories.account(connection, lateness_policy="hold")
    soon = factories.distribution(connection, account, due_in=timedelta(minutes=-1))
    publish(engine, Platform())
    assert factories.row_of(engine, soon).status == "published"


# The platform's own limits and health


def with_quota(remaining, resets_in=timedelta(hours=1)):
    def answer(content, journal):
        now = datetime.now(UTC)
        return Published(content.distribution_id, None, now, Quota(remaining, now + resets_in))

    return answer


def test_what_the_platform_says_it_would_still_take_is_kept_to(engine, connection):
    account = factories.account(connection)
    for _ in range(3):
        factories.distribution(connection, account)
    platform = Platform(with_quota(0))
    report = publish(engine, platform)
    assert report.total("published") == 1
    with engine.connect() as reader:
        wait = claims.next_due(reader)
    assert wait is not None
    assert timedelta(minutes=59) < wait <= timedelta(hours=1)


def test_an_unknown_outcome_counts_against_the_platforms_quota(engine, connection):
    account = factories.account(connection)
    for _ in range(5):
        factories.distribution(connection, account)
    publish(engine, Platform(in_turn(with_quota(2), lost_answer, lost_answer)))
    statuses = connection.scalars(sa.text("select status from distributions order by status")).all()
    assert statuses == ["published", "scheduled", "scheduled", "unknown", "unknown"]


def test_a_quota_that_was_reset_holds_nothing_back(engine, connection):
    account = factories.account(connection)
    for _ in range(3):
        factories.distribution(connection, account)
    assert publish(engine, Platform(with_quota(0, timedelta(seconds=-1)))).total("published") == 3


def test_an_account_whose_platform_is_not_well_rests_and_tries_again_with_one(engine, connection):
    account = factories.account(connection)
    for _ in range(9):
        factories.distribution(connection, account)
    platform = Platform(not_sent(ErrorKind.UNAVAILABLE))
    assert publish(engine, platform).total("not sent") == 5
    rests_until = account_row(connection, account).held_until
    assert timedelta(seconds=50) < rests_until - datetime.now(UTC) <= timedelta(minutes=1)
    connection.execute(sa.text("update platforms set held_until = null"))
    assert publish(engine, platform).total("not sent") == 1
    assert account_row(connection, account).held_until - datetime.now(UTC) > timedelta(seconds=110)


def test_a_success_between_failures_keeps_the_account_at_work(engine, connection):
    account = factories.account(connection)
    for _ in range(9):
        factories.distribution(connection, account)
    unwell = [not_sent(ErrorKind.UNAVAILABLE)] * 4
    publish(engine, Platform(in_turn(*unwell, lambda content, journal: None, *unwell)))
    assert account_row(connection, account).held_until is None


def test_posts_that_are_refused_for_what_they_say_do_not_rest_the_account(engine, connection):
    account = factories.account(connection)
    for _ in range(7):
        factories.distribution(connection, account)
    refusal = Rejected(PlatformError(ErrorKind.VALIDATION, "too long"))
    assert publish(engine, Platform(lambda content, journal: refusal)).total("rejected") == 7
    assert account_row(connection, account).api_errors_24h == 7


def test_the_rest_doubles_up_to_its_cap_and_the_backoff_stays_below_its_own():
    assert [breaker_rest(n, CONFIG) for n in (4, 5, 6, 7, 60)] == [
        None,
        timedelta(minutes=1),
        timedelta(minutes=2),
        timedelta(minutes=4),
        timedelta(minutes=30),
    ]
    waits = [backoff(retries, CONFIG) for retries in (0, 3, 50) for _ in range(200)]
    assert max(waits[:200]) <= timedelta(seconds=30)
    assert timedelta(minutes=1) < max(waits[200:400]) <= timedelta(minutes=4)
    assert timedelta(minutes=30) < max(waits[400:]) <= timedelta(hours=1)


# People are told


def test_a_failed_post_and_a_paused_account_raise_an_alert_each_that_ends_when_it_is_mended(engine, connection):
    account = factories.account(connection, account_key="x-main")
    bad = factories.distribution(connection, account)
    publish(engine, Platform(lambda content, journal: Rejected(PlatformError(ErrorKind.VALIDATION, "too long"))))
    factories.distribution(connection, account)
    publish(engine, Platform(not_sent(ErrorKind.AUTH)))
    assert open_alerts(connection) == [("failed", f"distribution {bad}"), ("paused", "account x-main")]
    connection.execute(sa.text("update platforms set state = 'active', state_reason = null"))
    connection.execute(sa.text("update distributions set status = 'scheduled' where status = 'failed'"))
    publish(engine, Platform())
    assert open_alerts(connection) == [("paused", "account x-main")]


# Outcomes nobody can tell


def test_what_a_platform_works_on_is_no_error_of_the_account_and_is_found_once_it_is_done(engine, connection):
    account = factories.account(connection)
    films = [factories.distribution(connection, account) for _ in range(2)]
    working = PlatformError(ErrorKind.PENDING, "the video is being processed")
    platform = Platform(lambda content, journal: Unknown(working))
    publish(engine, platform, replace(NOW_SETTLED, breaker_failures=1))
    assert len(platform.sent) == 2
    (row,) = connection.execute(sa.select(tables.platforms)).all()
    assert (row.api_errors_24h, row.held_until) == (0, None)
    assert open_alerts(connection) == []
    platform.answer = Inconclusive(working)
    connection.execute(sa.text("update distributions set reconcile_at = now()"))
    assert reconcile(engine, platform.open, NOW_SETTLED, worker="w") == {"inconclusive": 2}
    platform.answer = None
    connection.execute(sa.text("update distributions set reconcile_at = now()"))
    assert reconcile(engine, platform.open, NOW_SETTLED, worker="w") == {"found": 2}
    assert {factories.row_of(engine, film).status for film in films} == {"published"}
    assert len(platform.sent) == 2


def test_what_a_platform_holds_until_a_later_time_is_asked_for_again_and_never_sent_twice(engine, connection):
    post = factories.distribution(connection, factories.account(connection))
    platform = Platform(lost_answer)
    publish(engine, platform, NOW_SETTLED)
    platform.answer = Scheduled("7", None, datetime(2026, 12, 1, 9, tzinfo=UTC))
    connection.execute(sa.text("update distributions set reconcile_at = now()"))
    assert reconcile(engine, platform.open, NOW_SETTLED, worker="w") == {"inconclusive": 1}
    row = factories.row_of(engine, post)
    assert row.status == "unknown"
    assert "is to publish it at 2026-12-01 09:00 UTC" in row.error_message


def test_a_person_is_asked_once_when_the_platform_can_not_tell_in_time(engine, connection):
    lost = factories.distribution(connection, factories.account(connection))
    platform = Platform(lost_answer)
    publish(engine, platform, NOW_SETTLED)
    platform.answer = inconclusive()
    hasty = replace(NOW_SETTLED, ask_person_after=timedelta(0))
    for _ in range(2):
        connection.execute(sa.text("update distributions set reconcile_at = now()"))
        assert reconcile(engine, platform.open, hasty, worker="w") == {"for a person": 1}
    row = factories.row_of(engine, lost)
    assert (row.status, row.person_asked_at is not None) == ("unknown", True)
    assert open_alerts(connection) == [("unknown", f"distribution {lost}")]
    assert connection.scalar(sa.select(tables.alerts.c.times)) == 1
    platform.answer = None
    connection.execute(sa.text("update distributions set reconcile_at = now()"))
    assert reconcile(engine, platform.open, hasty, worker="w") == {"found": 1}
    assert open_alerts(connection) == []


def test_where_a_platform_keeps_no_evidence_a_person_decides_and_nothing_is_sent_again(engine, connection, monkeypatch):
    asks_people = Capabilities(
        update=False, delete=False, schedule=False, metrics=True, metrics_batch=1, guarantee=Guarantee.A_PERSON_DECIDES
    )
    monkeypatch.setattr(test_platform._TestAdapter, "capabilities", asks_people)
    lost = factories.distribution(connection, factories.account(connection))
    platform = Platform(lost_answer)
    publish(engine, platform, NOW_SETTLED)
    platform.answer = Absent()
    connection.execute(sa.text("update distributions set reconcile_at = now()"))
    assert reconcile(engine, platform.open, NOW_SETTLED, worker="w") == {"for a person": 1}
    publish(engine, platform)
    assert (factories.row_of(engine, lost).status, platform.effects_of(lost)) == ("unknown", 1)


def test_an_answer_that_is_lost_every_time_is_given_up_after_the_stated_tries(engine, connection):
    doomed = factories.distribution(connection, factories.account(connection))
    platform = Platform(lost_answer)
    platform.answer = Absent()
    patient = replace(NOW_SETTLED, breaker_failures=100)
    for _ in range(12):
        publish(engine, platform, patient)
        connection.execute(sa.text("update distributions set reconcile_at = now() where status = 'unknown'"))
        reconcile(engine, platform.open, patient, worker="w")
    row = factories.row_of(engine, doomed)
    assert (row.status, platform.effects_of(doomed)) == ("failed", patient.max_tries)
    assert open_alerts(connection) == [("failed", f"distribution {doomed}")]


def test_a_duplicate_of_somebody_elses_post_fails_when_settled_instead_of_being_sent_again_and_again(
    engine, connection
):
    same = factories.distribution(connection, factories.account(connection))
    duplicate = Unknown(PlatformError(ErrorKind.DUPLICATE, "duplicate content", None, 403))
    platform = Platform(lambda content, journal: duplicate)
    platform.answer = Absent()
    publish(engine, platform, NOW_SETTLED)
    connection.execute(sa.text("update distributions set reconcile_at = now()"))
    assert reconcile(engine, platform.open, NOW_SETTLED, worker="w") == {"given up": 1}
    assert "change its text" in factories.row_of(engine, same).error_message


def test_an_id_that_is_another_publications_makes_only_that_outcome_unknown(engine, connection):
    ids = [factories.distribution(connection, factories.account(connection)) for _ in range(4)]
    account = factories.account(connection)
    twins = [factories.distribution(connection, account) for _ in range(2)]
    everybody = threading.Barrier(5)

    def answer(content, journal):
        if content.distribution_id != str(twins[1]):
            everybody.wait(10)  # so that they are written down together
        known_as = "the-same" if content.distribution_id in map(str, twins) else content.distribution_id
        return Published(known_as, None, datetime.now(UTC))

    publish(engine, Platform(answer))
    assert {factories.row_of(engine, each).status for each in [*ids, twins[0]]} == {"published"}
    row = factories.row_of(engine, twins[1])
    assert row.status == "unknown"
    assert "could not be stored" in row.error_message


# Homes


def test_two_homes_of_a_post_do_not_wait_for_each_other_and_everybody_else_for_both(engine, connection):
    with serve(lambda request: (200, {}, b"the article")) as pages:
        post_id, review_id = factories.approved_post(connection)
        of_home = {"name": "site", "is_home": True, "publish_config": {"base_url": pages}}
        homes = [factories.account(connection, account_key=f"site-{n}", **of_home) for n in (1, 2)]
        other = factories.account(connection, account_key="other")
        for account in (other, *homes):
            factories.distribution(connection, account, post_id=post_id, review_id=review_id)
        platform = Platform(pages=pages)
        publish(engine, platform, CONFIG)
    assert sorted(key for key, _, _ in platform.sent[:2]) == ["site-1", "site-2"]
    assert [key for key, _, _ in platform.sent[2:]] == ["other"]


# A database that goes away


def test_an_outcome_is_written_down_when_the_database_is_back(engine, connection):
    sent = factories.distribution(connection, factories.account(connection))

    def cut_everybody_off(content, journal):
        connection.execute(
            sa.text("""
                select pg_terminate_backend(pid) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid()
            """)
        )

    platform = Platform(cut_everybody_off)
    assert publish(engine, platform).total("published") == 1
    assert (factories.row_of(engine, sent).status, platform.effects_of(sent)) == ("published", 1)


def test_a_connection_that_broke_while_it_lay_idle_is_replaced_without_a_word(engine, connection):
    with engine.connect() as used:
        process = used.connection.driver_connection.info.backend_pid
    connection.execute(sa.text("select pg_terminate_backend(:process)"), {"process": process})
    time.sleep(1.1)
    with engine.connect() as again:
        assert again.scalar(sa.text("select pg_backend_pid()")) != process


def test_a_handle_is_kept_though_the_connection_breaks_as_it_is_recorded(engine, connection):
    sent = factories.distribution(connection, factories.account(connection))
    broken: list[sa.Connection] = []

    @sa.event.listens_for(engine, "before_cursor_execute")
    def break_once(conn, cursor, statement, *_):
        if "into publish_handles" in statement and not broken:
            broken.append(conn)
            connection.execute(
                sa.text("select pg_terminate_backend(:pid)"),
                {"pid": conn.connection.driver_connection.info.backend_pid},
            )

    publish(engine, Platform(lambda content, journal: journal.record("container", "c-1")))
    assert factories.row_of(engine, sent).status == "published"
    assert connection.scalar(sa.select(tables.publish_handles.c.handle)) == "c-1"


def test_a_worker_gives_up_a_database_that_stays_away(engine, connection):
    factories.distribution(connection, factories.account(connection))
    nowhere = sa.create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none", connect_args={"connect_timeout": 1})
    impatient = replace(CONFIG, database_patience=timedelta(seconds=0.3))
    with pytest.raises(sa.exc.OperationalError):
        publish_due(nowhere, Platform().open, impatient, worker="w")


# Taking turns


def test_a_post_on_time_goes_before_the_backlog_of_an_account_that_was_served_longer_ago(engine, connection):
    behind, served = factories.account(connection), factories.account(connection)
    for account in (behind, served):
        factories.distribution(connection, account)
        publish(engine, Platform())
    factories.distribution(connection, behind, due_in=timedelta(minutes=-10))
    on_time = factories.distribution(connection, served, due_in=timedelta(seconds=-2))
    with engine.begin() as claiming:
        (first,) = claims.claim(claiming, worker="w", lease=timedelta(minutes=2), lanes=1)
    assert first.id == on_time


def test_accounts_with_backlogs_take_turns(engine, connection):
    accounts = [factories.account(connection) for _ in range(3)]
    for number, account in enumerate(accounts):
        for _ in range(3):
            factories.distribution(connection, account, due_in=timedelta(minutes=-10 * (number + 1)))
    platform = Platform()
    publish(engine, platform, replace(NO_LOOK_AHEAD, max_in_flight=1))
    served = connection.scalars(sa.text("select platform_id from publish_attempts order by started_at")).all()
    assert [set(served[start : start + 3]) for start in (0, 3, 6)] == [set(accounts)] * 3


# Staying and stopping


def test_a_worker_that_stays_publishes_what_is_approved_later_until_it_is_stopped(engine, connection):
    account = factories.account(connection)
    stop, sent = threading.Event(), threading.Event()
    platform = Platform(lambda content, journal: sent.set())
    worker = threading.Thread(
        target=publish_due,
        args=(engine, platform.open, CONFIG),
        kwargs={"worker": "w", "stop": stop, "forever": True},
    )
    worker.start()
    later = factories.distribution(connection, account)
    assert sent.wait(15)
    stop.set()
    worker.join(15)
    assert not worker.is_alive()
    assert factories.row_of(engine, later).status == "published"
