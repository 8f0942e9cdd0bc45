"""What a publisher does with what is approved or out: another time, back to review, out of the world."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from pipeline.editorial import withdrawal
from pipeline.editorial.desk import ReviewError
from pipeline.store import tables
from pipeline.store.database import transaction
from pipeline_tests import factories
from pipeline_tests.editorial.newsdesk import POST, approve, log_of, newsdesk, post_of, revise, versions_of, who


@pytest.fixture
def desk(engine):
    return newsdesk(engine)


def set_versions(engine, status, **values):
    """As a worker leaves them."""
    now = datetime.now(UTC)
    states: dict[str, list[dict[str, Any]]] = {
        "publishing": [{"lease_until": now + timedelta(minutes=1), "leased_by": "worker"}],
        "published": [{"lease_until": now}, {"lease_until": None, "published_at": now}],
        "unknown": [{"lease_until": now}, {"lease_until": None, "settle_until": now, "reconcile_at": now}],
    }
    steps = ["publishing", status][: len(states[status])]
    with transaction(engine, "worker") as connection:
        for step, written in zip(steps, states[status], strict=True):
            connection.execute(tables.distributions.update().values(status=step, **written, **values))
        if status == "published":
            connection.execute(tables.publisher_posts.update().values(status="published", published_at=now))


def publish(engine):
    """The page is live, and so is the post on X."""
    approve(engine)
    set_versions(engine, "published")
    with engine.begin() as connection:
        connection.execute(sa.text("update distributions set external_id = 'ext-' || id"))


def takedowns(engine):
    with engine.connect() as connection:
        rows = connection.execute(sa.text("select payload from outbox where topic = 'takedown' order by id"))
        return [row.payload["account"] for row in rows]


def test_an_approval_taken_back_leaves_nothing_scheduled_and_the_post_in_review(desk):
    approve(desk)
    assert withdrawal.unschedule(desk, POST, who(desk, "peter"), "The sale is off.") == 2
    post = post_of(desk)
    assert (post.status, post.scheduled_at, post.human_reviewed, post.reviewed_by) == ("review", None, False, None)
    for version in versions_of(desk):
        assert (version.status, version.review_id, version.next_attempt_at) == ("draft", None, None)
    with desk.connect() as connection:
        assert connection.execute(sa.select(tables.publishing_calendar)).all() == []
    assert log_of(desk, "status")[-1] == ("Peter Publisher", "scheduled → review", "The sale is off.")


def test_what_was_taken_back_can_be_changed_or_approved_again(desk):
    approve(desk)
    withdrawal.unschedule(desk, POST, who(desk, "peter"), "Later.")
    approve(desk, "grace")
    assert {version.status for version in versions_of(desk)} == {"scheduled"}
    withdrawal.unschedule(desk, POST, who(desk, "peter"), "Later still.")
    assert revise(desk, "ada", content="# Other")


@pytest.mark.parametrize("status", ["publishing", "unknown"])
def test_an_approval_is_not_taken_back_while_a_version_is_on_its_way(desk, status):
    approve(desk)
    set_versions(desk, status)
    with pytest.raises(ReviewError, match=f"garden-1 is {status} on site"):
        withdrawal.unschedule(desk, POST, who(desk, "peter"), "Stop.")
    assert post_of(desk).status == "scheduled"


def test_a_worker_that_writes_to_a_version_at_this_moment_is_not_waited_for(desk):
    approve(desk)
    peter, told = who(desk, "peter"), []

    def take_back():
        try:
            withdrawal.unschedule(desk, POST, peter, "Stop.")
        except ReviewError as error:
            told.append(str(error))

    publisher = threading.Thread(target=take_back)
    with desk.begin() as worker:
        worker.execute(sa.text("select from distributions for update"))
        publisher.start()
        publisher.join(5)  # one that waited would hold the post that the worker wants next
        worker.execute(sa.text("update publisher_posts set updated_at = now()"))
    publisher.join()
    assert len(told) == 1
    assert "at this moment" in told[0]
    assert withdrawal.unschedule(desk, POST, who(desk, "peter"), "Stop.") == 2


def test_only_a_publisher_or_an_admin_withdraws(desk):
    approve(desk)
    for name in ("ada", "walter"):
        for refused in (withdrawal.unschedule, withdrawal.archive):
            with pytest.raises(ReviewError, match="role admin or publisher"):
                refused(desk, POST, who(desk, name), "why")
    withdrawal.unschedule(desk, POST, who(desk, "anna"), "An admin may.")


def test_an_archived_post_is_taken_down_where_a_program_may_and_the_rest_is_named(desk):
    publish(desk)
    with desk.begin() as connection:
        account = factories.account(connection, name="mailchimp", account_key="letter")
        factories.distribution(
            connection,
            account,
            post_id=post_of(desk).id,
            review_id=versions_of(desk)[0].review_id,
            status="published",
            published_at=datetime.now(UTC),
        )
    done = withdrawal.archive(desk, POST, who(desk, "peter"), "It was wrong.")
    assert done.coming_down == ["site", "x"]
    assert done.staying.keys() == {"letter"}
    assert "Mailchimp" in done.staying["letter"]
    assert takedowns(desk) == ["site", "x"]
    assert post_of(desk).status == "archived"
    assert log_of(desk, "status")[-1] == ("Peter Publisher", "published → archived", "It was wrong.")
    assert log_of(desk, "takedown") == [("Peter Publisher", "letter", f"not taken down: {done.staying['letter']}")]


def test_of_an_archived_post_what_is_not_out_is_given_up_with_the_reason(desk):
    approve(desk)
    done = withdrawal.archive(desk, POST, who(desk, "peter"), "Outdated.")
    assert done.cancelled == ["site", "x"]
    assert {(v.status, v.error_message) for v in versions_of(desk)} == {
        ("cancelled", "its post was archived: Outdated.")
    }
    assert takedowns(desk) == []


def test_an_outdated_draft_can_be_archived_and_an_archived_post_not_again(desk):
    withdrawal.archive(desk, POST, who(desk, "peter"), "Outdated.")
    assert post_of(desk).status == "archived"
    with pytest.raises(ReviewError, match="garden-1 is archived"):
        withdrawal.archive(desk, POST, who(desk, "peter"), "Twice.")


def test_what_was_on_its_way_when_its_post_was_archived_is_taken_down_when_it_arrives(desk):
    approve(desk)
    set_versions(desk, "publishing")
    done = withdrawal.archive(desk, POST, who(desk, "peter"), "It is wrong.")
    assert done.on_the_way == ["site", "x"]
    assert takedowns(desk) == []
    with transaction(desk, "worker") as connection:
        connection.execute(
            tables.distributions.update().values(status="published", lease_until=None, published_at=datetime.now(UTC))
        )
    assert sorted(takedowns(desk)) == ["site", "x"]
    assert post_of(desk).status == "archived"


def test_who_archives_is_told_which_posts_link_to_the_page_and_which_tell_it_again(desk):
    publish(desk)
    with transaction(desk, "test") as connection:
        post = post_of(desk)
        reviewed = {"human_reviewed": True, "reviewed_by": post.reviewed_by, "reviewed_at": post.reviewed_at}
        factories.post(
            connection,
            post.vertical_id,
            post.author_id,
            canonical_id="garden-2",
            content="See [how to prune](http://127.0.0.1:9/prune/).",
            status="published",
            published_at=datetime.now(UTC),
            **reviewed,
        )
        factories.post(
            connection,
            post.vertical_id,
            post.author_id,
            canonical_id="garden-3",
            content_type="repurposed",
            repurposed_from=post.id,
            repurposed_as="thread",
            platforms=["x"],
            canonical_url="http://127.0.0.1:9/prune/",
        )
    done = withdrawal.archive(desk, POST, who(desk, "peter"), "It was wrong.")
    assert (done.linked_from, done.retold_by) == (["garden-2"], ["garden-3"])
