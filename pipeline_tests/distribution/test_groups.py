"""A post's versions as one group: written whole, a result for each account, a status that follows them."""

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from pipeline.distribution.plan import PlanError, plan_post
from pipeline.distribution.publish import publish_due
from pipeline.platforms.base import PlatformError, Rejected
from pipeline.store import tables
from pipeline.store.database import transaction
from pipeline.vocabulary import ErrorKind
from pipeline_tests import factories
from pipeline_tests.distribution.platform import NO_LOOK_AHEAD, Platform, lost_answer

ENDS = {
    "published": lambda content, journal: None,
    "failed": lambda content, journal: Rejected(PlatformError(ErrorKind.VALIDATION, "no")),
    "unknown": lost_answer,
}


@pytest.fixture
def connection(engine):
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


@pytest.fixture
def group(connection):
    return factories.insert(connection, tables.cross_post_groups, name="launch")


def status_of(connection, group):
    return connection.scalar(sa.select(tables.cross_post_groups.c.status).where(tables.cross_post_groups.c.id == group))


def in_one_group(connection, group, *, count=2):
    """Due versions of one post, each on an account of its own."""
    post_id, review_id = factories.approved_post(connection)
    return [
        factories.distribution(
            connection,
            factories.account(connection),
            post_id=post_id,
            review_id=review_id,
            cross_post_group_id=group,
        )
        for _ in range(count)
    ]


def somebody_waits_for_a_lock(connection):
    return connection.scalar(
        sa.text(
            "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"
        )
    )


def until(condition):
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)


def bring_to(engine, connection, group, statuses):
    """A version for each of the statuses, brought there the way that the engine or a person does."""
    ends = {}
    post_id, review_id = factories.approved_post(connection)
    for status in statuses:
        made = factories.distribution(
            connection,
            factories.account(connection),
            post_id=post_id,
            review_id=review_id,
            cross_post_group_id=group,
            due_in=timedelta(hours=1 if status in ("scheduled", "cancelled", "draft") else -1),
        )
        if status in ENDS:
            ends[str(made)] = ENDS[status]
        elif status == "held":
            connection.execute(
                sa.text("update distributions set body = 'not what was approved' where id = :id"), {"id": made}
            )
        elif status != "scheduled":
            connection.execute(
                sa.text("update distributions set status = :status where id = :id"), {"id": made, "status": status}
            )
    platform = Platform(lambda content, journal: ends[content.distribution_id](content, journal))
    publish_due(engine, platform.open, NO_LOOK_AHEAD, worker="w")


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        (["draft", "draft"], "pending"),
        (["scheduled", "scheduled"], "pending"),
        (["scheduled", "held"], "pending"),
        (["scheduled", "cancelled"], "pending"),
        (["published", "scheduled"], "in_progress"),
        (["published", "unknown"], "in_progress"),
        (["published", "held"], "in_progress"),
        (["failed", "scheduled"], "in_progress"),
        (["failed", "unknown"], "in_progress"),
        (["published", "published"], "completed"),
        (["published", "failed"], "partial"),
        (["published", "cancelled"], "partial"),
        (["published", "failed", "cancelled"], "partial"),
        (["failed", "failed"], "failed"),
        (["failed", "cancelled"], "failed"),
        (["cancelled", "cancelled"], "failed"),
    ],
)
def test_a_groups_status_is_derived_from_its_versions(engine, connection, group, versions, expected):
    bring_to(engine, connection, group, versions)
    found = connection.scalars(sa.select(tables.distributions.c.status)).all()
    assert sorted(found) == sorted(versions)
    assert status_of(connection, group) == expected


def test_a_group_is_in_progress_while_one_version_is_in_the_air(engine, connection, group):
    in_one_group(connection, group, count=1)
    seen = []
    platform = Platform(lambda content, journal: seen.append(status_of(connection, group)))
    publish_due(engine, platform.open, NO_LOOK_AHEAD, worker="w")
    assert seen == ["in_progress"]
    assert status_of(connection, group) == "completed"


@pytest.mark.parametrize(("end_of_the_last", "expected"), [("published", "completed"), ("failed", "partial")])
def test_versions_that_end_at_the_same_moment_in_many_workers_leave_the_right_status(
    engine, connection, group, end_of_the_last, expected
):
    ids = in_one_group(connection, group, count=6)
    together = threading.Barrier(len(ids))

    def end(content, journal):
        together.wait(60)
        return ENDS[end_of_the_last if content.distribution_id == str(ids[-1]) else "published"](content, journal)

    platform, one_each = Platform(end), replace(NO_LOOK_AHEAD, max_in_flight=1)
    workers = [
        threading.Thread(target=publish_due, args=(engine, platform.open, one_each), kwargs={"worker": f"w{n}"})
        for n in range(len(ids))
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert status_of(connection, group) == expected


def test_of_two_that_end_at_once_the_second_waits_and_sees_the_first(engine, connection, group):
    ids = in_one_group(connection, group)
    connection.execute(
        sa.text("update distributions set status = 'publishing', lease_until = now() + interval '1 hour'")
    )
    publish = sa.text(
        "update distributions set status = 'published', published_at = now(), lease_until = null where id = :id"
    )

    def end_the_second():
        with transaction(engine, "second") as second:
            second.execute(publish, {"id": ids[1]})

    waiting = threading.Thread(target=end_the_second)
    with transaction(engine, "first") as first:
        first.execute(publish, {"id": ids[0]})
        waiting.start()
        until(lambda: not waiting.is_alive() or somebody_waits_for_a_lock(connection))
    waiting.join()
    assert status_of(connection, group) == "completed"


@pytest.fixture
def draft(connection, tmp_path):
    """A draft whose vertical has a home, an account on X, and one that the text can't be fitted to."""
    factories.account(
        connection,
        name="site",
        account_key="site",
        is_home=True,
        publish_config={"folder": str(tmp_path), "base_url": "http://127.0.0.1:9", "name": "Garden"},
    )
    factories.account(connection, name="x", account_key="x")
    factories.account(connection, name="x", account_key="x-tiny", publish_config={"max_weighted_length": 10})
    factories.post(
        connection, factories.vertical(connection), factories.user(connection), canonical_id="garden-1", status="draft"
    )


def test_a_platform_that_would_refuse_the_post_is_in_the_group_with_its_result(engine, connection, draft):
    versions = {version.account_key: version for version in plan_post(engine, "garden-1").versions}
    assert {key: version.status for key, version in versions.items()} == {
        "site": "draft",
        "x": "draft",
        "x-tiny": "held",
    }
    assert "10 are allowed" in (versions["x-tiny"].hold_reason or "")
    groups = connection.execute(
        sa.text("select cross_post_group_id, count(*) as n from distributions group by cross_post_group_id")
    ).all()
    assert [row.n for row in groups] == [3]


def test_an_account_whose_platform_has_no_adapter_is_left_out_and_the_others_get_their_versions(
    engine, connection, draft
):
    factories.account(connection, name="pigeon", account_key="loft")
    plan = plan_post(engine, "garden-1")
    assert [version.account_key for version in plan.versions] == ["site", "x", "x-tiny"]
    assert plan.left_out.keys() == {"loft"}
    assert "No adapter for the platform 'pigeon'" in plan.left_out["loft"]


def test_a_post_that_no_account_can_be_written_for_is_not_sent_to_review(engine, connection):
    factories.account(connection, name="pigeon", account_key="loft")
    factories.post(
        connection, factories.vertical(connection), factories.user(connection), canonical_id="garden-1", status="draft"
    )
    with pytest.raises(PlanError, match="No adapter for the platform 'pigeon'"):
        plan_post(engine, "garden-1")
    assert connection.scalar(sa.select(tables.publisher_posts.c.status)) == "draft"


def test_planning_again_writes_no_second_group_and_no_second_version(engine, connection, draft):
    plan_post(engine, "garden-1")
    plan_post(engine, "garden-1")
    assert connection.scalar(sa.select(sa.func.count()).select_from(tables.cross_post_groups)) == 1
    assert connection.scalar(sa.select(sa.func.count()).select_from(tables.distributions)) == 3


def test_a_plan_that_fails_half_way_leaves_no_group_and_no_version(engine, connection, draft):
    last = factories.account(connection, name="x", account_key="zz-x")
    connection.execute(sa.text(f"alter table distributions add check (platform_id <> '{last}')"))
    with pytest.raises(sa.exc.IntegrityError):
        plan_post(engine, "garden-1")
    assert connection.scalar(sa.select(sa.func.count()).select_from(tables.cross_post_groups)) == 0
    assert connection.scalar(sa.select(sa.func.count()).select_from(tables.distributions)) == 0
    assert connection.scalar(sa.select(tables.publisher_posts.c.status)) == "draft"
