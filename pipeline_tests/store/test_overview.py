"""What people are shown of where a post is, and why, and what happens next."""

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from pipeline.store import overview, tables
from pipeline.store.database import transaction
from pipeline.store.health import account_health
from pipeline.store.journal import journal_of
from pipeline.vocabulary import DistributionStatus
from pipeline_tests import factories

LONG_AGO = timedelta(minutes=-30)
NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    """The test's own now: this file may have been read half an hour before its turn came."""
    monkeypatch.setattr(sys.modules[__name__], "NOW", datetime.now(UTC))


def rows(engine, *statuses):
    with engine.connect() as connection:
        found = overview.open_distributions(connection, statuses or list(DistributionStatus))
        return {row.account_key: row for row in found}


def shown(engine):
    return {key: row.what for key, row in rows(engine, "scheduled").items()}


def overdue(engine):
    with engine.connect() as connection:
        return [row.account_key for row in overview.overdue(connection)]


def attempted(connection, distribution_id, account_id, *, ago, **values):
    connection.execute(
        tables.publish_attempts.insert().values(
            distribution_id=distribution_id,
            platform_id=account_id,
            lease_token=values.pop("lease_token", 1),
            worker="w",
            started_at=NOW - ago,
            finished_at=NOW - ago,
            **{"outcome": "published", **values},
        )
    )


def test_what_is_late_without_a_reason_is_overdue_even_if_it_failed_before(engine):
    with transaction(engine, "test") as connection:
        late = factories.account(connection, account_key="late")
        factories.distribution(connection, late, due_in=LONG_AGO, error_message="HTTP 503")
        factories.distribution(connection, factories.account(connection), due_in=timedelta(minutes=-5))
    assert overdue(engine) == ["late"]
    row = rows(engine)["late"]
    assert "nothing keeps it" in row.what
    assert "pressroom worker" in row.next_step


def test_what_waits_says_for_what_and_is_not_overdue(engine):
    with transaction(engine, "test") as connection:
        post_id, review_id = factories.approved_post(connection)
        home = factories.account(
            connection, name="site", account_key="site", is_home=True, state="paused", state_reason="moving"
        )
        other = factories.account(connection, account_key="other")
        resting = factories.account(connection, account_key="resting", held_until=sa.func.now() + timedelta(hours=1))
        for account in (home, other):
            factories.distribution(connection, account, post_id=post_id, review_id=review_id, due_in=LONG_AGO)
        factories.distribution(connection, resting, due_in=LONG_AGO, error_message="HTTP 429")
    reasons = shown(engine)
    assert reasons["site"] == "account paused: moving"
    assert reasons["other"] == "waits for its home page, which is scheduled"
    assert reasons["resting"].startswith("HTTP 429; the account may not send before ")
    assert "it rests, after a rate limit" in reasons["resting"]
    assert overdue(engine) == []
    assert "pressroom accounts resume site" in rows(engine)["site"].next_step


def test_an_account_at_its_limit_is_a_reason_that_names_the_limit_and_when_it_ends(engine):
    limits: dict[str, dict[str, Any]] = {
        "one post every 45 min": {"min_interval_minutes": 45},
        "2 an hour": {"posts_per_hour": 2},
        "2 a day": {"posts_per_day": 2},
        "the quota that its platform reported": {
            "quota_remaining": 1,
            "quota_reported_at": NOW - timedelta(hours=1),
            "quota_resets_at": NOW + timedelta(hours=3),
        },
    }
    with transaction(engine, "test") as connection:
        for number, values in enumerate(limits.values()):
            account = factories.account(connection, account_key=f"limit-{number}", **values)
            waiting = factories.distribution(connection, account, due_in=LONG_AGO)
            for token, minutes in enumerate((40, 20)):
                attempted(connection, waiting, account, ago=timedelta(minutes=minutes), lease_token=token)
        free = factories.account(connection, account_key="free", posts_per_hour=3)
        waiting = factories.distribution(connection, free, due_in=LONG_AGO)
        attempted(connection, waiting, free, ago=timedelta(minutes=20))
    reasons = shown(engine)
    for number, limit in enumerate(limits):
        assert limit in reasons[f"limit-{number}"]
        assert "may not send before" in reasons[f"limit-{number}"]
    assert overdue(engine) == ["free"]
    with engine.connect() as connection:
        health = {account.account_key: account for account in account_health(connection)}
    assert health["limit-0"].free_at == NOW + timedelta(minutes=25)
    assert health["limit-1"].free_at == NOW + timedelta(minutes=20)
    assert health["limit-2"].free_at == NOW + timedelta(hours=23, minutes=20)
    assert (health["limit-3"].free_at, health["limit-3"].quota_remaining) == (NOW + timedelta(hours=3), 0)
    assert (health["free"].free_at, health["free"].limited_by, health["free"].quota_remaining) == (None, None, None)


def test_a_limit_that_is_over_before_its_time_is_no_reason(engine):
    with transaction(engine, "test") as connection:
        account = factories.account(connection, account_key="a", min_interval_minutes=60)
        waiting = factories.distribution(connection, account, due_in=timedelta(hours=2))
        attempted(connection, waiting, account, ago=timedelta(minutes=1))
    assert shown(engine)["a"] == "waits for its time"
    assert rows(engine)["a"].is_free


def test_what_its_accounts_limit_has_only_just_let_go_is_not_overdue(engine):
    with transaction(engine, "test") as connection:
        account = factories.account(connection, account_key="a", min_interval_minutes=30)
        waiting = factories.distribution(connection, account, due_in=2 * LONG_AGO)
        attempted(connection, waiting, account, ago=timedelta(minutes=31))
    assert overdue(engine) == []
    assert shown(engine)["a"] == "is about to go out"


def test_what_comes_later_in_its_lane_waits_for_what_is_before_it_and_only_the_first_is_overdue(engine):
    with transaction(engine, "test") as connection:
        account = factories.account(connection, account_key="a")
        first = factories.distribution(connection, account, due_in=2 * LONG_AGO)
        second = factories.distribution(connection, account, due_in=LONG_AGO)
        busy = factories.account(connection, account_key="busy")
        factories.distribution(
            connection,
            busy,
            status="publishing",
            leased_by="worker 7",
            lease_until=sa.func.now() + timedelta(minutes=1),
        )
        third = factories.distribution(connection, busy, due_in=LONG_AGO)
    with engine.connect() as connection:
        assert [row.id for row in overview.overdue(connection)] == [first]
        assert overview.distribution(connection, second).what == "others of the account are due before it"
        assert overview.distribution(connection, third).what == "worker 7 is sending another post of the account"


def test_what_waits_for_its_home_page_holds_up_nothing_behind_it(engine):
    with transaction(engine, "test") as connection:
        post_id, review_id = factories.approved_post(connection)
        home = factories.account(connection, account_key="site", is_home=True)
        account = factories.account(connection, account_key="a")
        about: dict[str, Any] = {"post_id": post_id, "review_id": review_id}
        factories.distribution(connection, home, due_in=timedelta(hours=1), **about)
        factories.distribution(connection, account, due_in=2 * LONG_AGO, **about)
        factories.distribution(connection, account, due_in=LONG_AGO)
    assert overdue(engine) == ["a"]


def test_a_retry_says_which_try_it_is_and_when_it_follows(engine):
    at = NOW.replace(microsecond=0) + timedelta(minutes=30)
    with transaction(engine, "test") as connection:
        account = factories.account(connection, account_key="a")
        factories.distribution(connection, account, error_message="HTTP 503", retry_count=2, next_attempt_at=at)
    row = rows(engine)["a"]
    assert row.what == "HTTP 503"
    assert row.next_step.startswith("Try 3 goes out at ")
    assert f"{at:%H:%M}" in row.next_step


def test_of_each_state_one_learns_why_and_what_can_be_done(engine):
    soon, past = NOW + timedelta(hours=1), NOW - timedelta(minutes=5)
    unknown = {"status": "unknown", "error_message": "timed out", "settle_until": soon, "reconcile_at": soon}
    expected: dict[str, tuple[dict[str, Any], str, str]] = {
        "draft": ({"status": "draft"}, "waits for approval", "pressroom review show"),
        "live": ({"status": "published", "published_at": past, "external_url": "https://a/"}, "https://a/", ""),
        "failed": ({"status": "failed", "error_message": "HTTP 400"}, "HTTP 400", "pressroom distributions retry "),
        "held": ({"status": "held", "hold_reason": "3 days late"}, "3 days late", "pressroom distributions release "),
        "cancelled": ({"status": "cancelled", "error_message": "the sale is off"}, "the sale is off", ""),
        "sending": (
            {"status": "publishing", "leased_by": "worker 7", "lease_until": soon},
            "worker 7 is sending it, and has the lease until",
            "written down as soon as",
        ),
        "silent": (
            {"status": "publishing", "leased_by": "worker 7", "lease_until": past},
            "worker 7 went silent while it sent it: the lease ran out",
            "by the job reconcile",
        ),
        "unknown": (unknown, "may be live: timed out", "If it is not there, it is sent again, but not before"),
        "asked": (
            {**unknown, "person_asked_at": past},
            "may be live: timed out; waits for a person since",
            "If not: pressroom distributions retry ",
        ),
        "unapproved": (
            {"status": "held", "hold_reason": "too long", "review_id": None},
            "too long",
            "No approval of it holds",
        ),
    }
    with transaction(engine, "test") as connection:
        for key, (values, _, _) in expected.items():
            factories.distribution(connection, factories.account(connection, account_key=key), **values)
        connection.execute(
            sa.text(
                "update distributions d set review_id = null from platforms p where p.id = platform_id and account_key = 'unapproved'"
            )
        )
    found = rows(engine)
    for key, (_, what, next_step) in expected.items():
        assert what in found[key].what, key
        assert next_step in found[key].next_step, key
        assert bool(next_step) == bool(found[key].next_step), key
        assert not found[key].is_free, key


def test_a_version_that_its_platform_would_refuse_is_mended_in_the_post(engine):
    with transaction(engine, "test") as connection:
        post = factories.post(connection, factories.vertical(connection), factories.user(connection))
        account = factories.account(connection, account_key="a")
        distribution = factories.distribution(connection, account, status="held", hold_reason="body: too long")
        connection.execute(
            sa.text("update distributions set post_id = :post, review_id = null where id = :id"),
            {"post": post, "id": distribution},
        )
    assert "pressroom review edit" in rows(engine)["a"].next_step


def test_a_list_is_narrowed_by_account_post_and_group(engine):
    with transaction(engine, "test") as connection:
        group = factories.insert(connection, tables.cross_post_groups, name="spring")
        one, two = (factories.account(connection, account_key=key) for key in ("one", "two"))
        post_id, review_id = factories.approved_post(connection, canonical_id="garden-special")
        first = factories.distribution(connection, one, post_id=post_id, review_id=review_id)
        second = factories.distribution(connection, two, cross_post_group_id=group)
        third = factories.distribution(connection, one)

        def ids(**narrowed):
            return {row.id for row in overview.open_distributions(connection, ["scheduled"], **narrowed)}

        assert ids() == {first, second, third}
        assert ids(account="one") == {first, third}
        assert ids(post="garden-sp") == {first}
        assert ids(group="spri") == ids(group=str(group)[:8].upper()) == {second}
        assert ids(account="one", group="spring") == set()


def test_a_distribution_is_found_by_the_beginning_of_its_id_or_its_posts(engine):
    with transaction(engine, "test") as connection:
        account = factories.account(connection)
        found = factories.distribution(connection, account, id="abcdef01-2345-6789-abcd-ef0123456789")
        other = factories.distribution(connection, account, id="abcdef02-2345-6789-abcd-ef0123456789")

        def ids(beginning):
            return {row.id for row in overview.distributions_matching(connection, beginning)}

        assert ids("abcdef01") == ids("ABCDEF01-23") == ids(str(found)) == {found}
        assert ids("abcdef0") == {found, other}
        assert ids("garden-") == {found, other}
        assert ids("garden-zzz") == ids("zz") == set()
        canonical_id, vertical = connection.execute(
            sa.text("""
                select p.canonical_id, v.slug from publisher_posts p
                join publisher_verticals v on v.id = p.vertical_id
                where p.id = (select post_id from distributions where id = :id)
            """),
            {"id": found},
        ).one()
        connection.execute(
            sa.text("update publisher_posts set canonical_id = :new where canonical_id = :old"),
            {"new": f"{vertical}-rollers", "old": canonical_id},
        )
        assert ids("roll") == {found}


def test_the_journal_tells_changes_attempts_and_handles_in_order(engine):
    with transaction(engine, "Ada") as connection:
        account = factories.account(connection)
        distribution = factories.distribution(connection, account)
        attempted(
            connection,
            distribution,
            account,
            ago=timedelta(minutes=2),
            outcome="not_sent",
            error_kind="unavailable",
            http_status=503,
            error_message="come back",
        )
        connection.execute(
            tables.publish_handles.insert().values(distribution_id=distribution, step="upload", handle="u-1")
        )
        entries = [(entry.kind, entry.what, entry.detail) for entry in journal_of(connection, distribution)]
    assert entries[0] == ("attempt", "not_sent", "w, took 0.0 s, unavailable, HTTP 503, come back")
    assert ("status", "scheduled", "Ada") in entries
    assert ("handle", "upload", "u-1") in entries
