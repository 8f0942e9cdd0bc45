"""The gate between a draft and the world."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from pipeline.editorial import review
from pipeline.store import review_queue, tables, users
from pipeline.store.database import transaction
from pipeline_tests import factories

FINE = [{"check": "meta title", "severity": "good", "message": "fits", "what_to_do": ""}]
BLOCKING = [{"check": "content", "severity": "blocking", "message": "the article is empty", "what_to_do": "write it"}]


@pytest.fixture
def desk(engine):
    """A post in review with two drafted versions, its author and a reviewer."""
    with transaction(engine, "test") as connection:
        author = factories.user(connection, roles=["writer", "reviewer"], email="author@example.com")
        factories.user(connection, email="ada@example.com", full_name="Ada Lovelace")
        factories.user(connection, email="walter@example.com", full_name="Walter Writer", roles=["writer"])
        vertical_id = factories.vertical(connection, timezone="Europe/Berlin")
        post_id = factories.post(connection, vertical_id, author, canonical_id="garden-1", content_hash="h1")
        for name in ("site", "x"):
            factories.insert(
                connection,
                tables.distributions,
                post_id=post_id,
                content_type="generated",
                platform_id=factories.account(connection, name=name),
                body="Cut above a bud.",
                content_hash=f"hash of {name}",
                status="draft",
            )
        check(connection, post_id, "h1", FINE)
    return engine


def check(connection, post_id, content_hash, findings):
    connection.execute(
        tables.seo_reports.insert().values(post_id=post_id, content_hash=content_hash, score=80, findings=findings)
    )


def who(engine, name):
    with engine.connect() as connection:
        return users.find(connection, name)


def post_of(engine):
    with engine.connect() as connection:
        return connection.execute(sa.select(tables.publisher_posts)).one()


def test_an_approval_schedules_every_version_and_binds_its_hash(desk):
    review.approve(desk, "garden-1", who(desk, "ada@example.com"))
    with desk.connect() as connection:
        bound = set(connection.scalars(sa.select(tables.review_versions.c.content_hash)))
        statuses = set(connection.scalars(sa.select(tables.distributions.c.status)))
    assert bound == {"hash of site", "hash of x"}
    assert statuses == {"scheduled"}
    assert post_of(desk).status == "scheduled"


def test_the_reviewers_name_is_in_the_decision_and_in_the_log(desk):
    review.approve(desk, "garden-1", who(desk, "Ada Lovelace"))
    with desk.connect() as connection:
        actor = connection.scalar(sa.text("select actor from post_events where to_status = 'scheduled'"))
        reviewer = connection.scalar(sa.text("select u.full_name from reviews r join users u on u.id = r.reviewer_id"))
    assert (actor, reviewer) == ("Ada Lovelace", "Ada Lovelace")


def test_a_local_time_becomes_the_instant_in_the_verticals_zone_with_the_intent_kept_beside_it(desk):
    day = (datetime.now(UTC) + timedelta(days=400)).replace(month=7, day=1)
    review.approve(desk, "garden-1", who(desk, "ada@example.com"), at=f"{day:%Y-%m-%d} 09:00")
    with desk.connect() as connection:
        row = connection.execute(sa.select(tables.distributions)).first()
    assert row.scheduled_for == datetime(day.year, 7, 1, 7, 0, tzinfo=UTC)
    assert (row.scheduled_local, row.timezone) == (datetime(day.year, 7, 1, 9, 0), "Europe/Berlin")


@pytest.mark.parametrize("at", ["2020-01-01 09:00", "soon", "2020-01-01T09:00+02:00"])
def test_a_time_that_is_past_or_unreadable_is_refused_and_nothing_changes(desk, at):
    with pytest.raises(review.ReviewError):
        review.approve(desk, "garden-1", who(desk, "ada@example.com"), at=at)
    assert post_of(desk).status == "review"


def test_nobody_approves_their_own_draft(desk):
    with pytest.raises(review.ReviewError, match="somebody else"):
        review.approve(desk, "garden-1", who(desk, "author@example.com"))


def test_only_a_reviewer_decides(desk):
    with pytest.raises(review.ReviewError, match="not a reviewer"):
        review.approve(desk, "garden-1", who(desk, "walter@example.com"))


def test_a_blocking_finding_blocks_the_approval(desk):
    with transaction(desk, "test") as connection:
        connection.execute(sa.text("update publisher_posts set content_hash = 'h2'"))
        check(connection, connection.scalar(sa.select(tables.publisher_posts.c.id)), "h2", BLOCKING)
    with pytest.raises(review.ReviewError, match="the article is empty"):
        review.approve(desk, "garden-1", who(desk, "ada@example.com"))


def test_a_text_that_was_not_checked_is_not_approved(desk):
    with transaction(desk, "test") as connection:
        connection.execute(sa.text("update publisher_posts set content_hash = 'changed since'"))
    with pytest.raises(review.ReviewError, match="no SEO report"):
        review.approve(desk, "garden-1", who(desk, "ada@example.com"))


def test_of_two_reviewers_at_once_one_decides_and_the_other_is_told(desk):
    with transaction(desk, "test") as connection:
        factories.user(connection, email="grace@example.com", full_name="Grace Hopper")
    told = []

    def decide(name, decision):
        try:
            decision(desk, "garden-1", who(desk, name))
        except review.ReviewError as error:
            told.append(str(error))

    threads = [
        threading.Thread(target=decide, args=("ada@example.com", review.approve)),
        threading.Thread(
            target=decide, args=("grace@example.com", lambda e, p, w: review.request_changes(e, p, w, "more facts"))
        ),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with desk.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.reviews)) == 1
    assert len(told) == 1


def test_an_edited_text_is_checked_again_and_it_alone_can_be_approved(desk):
    ada = who(desk, "ada@example.com")
    review.request_changes(desk, "garden-1", ada, "Name the tool.")
    review.revise(desk, "garden-1", ada, "# How to prune\n\nCut above a bud, with bypass shears.")
    with desk.connect() as connection:
        article = review_queue.article(connection, "garden-1")
        findings = review_queue.findings(connection, "garden-1")
    assert article is not None
    assert "bypass shears" in article.content
    assert findings
    assert post_of(desk).content_hash != "h1"


def test_an_approved_text_is_not_edited_and_an_empty_one_is_refused(desk):
    ada = who(desk, "ada@example.com")
    with pytest.raises(review.ReviewError, match="empty"):
        review.revise(desk, "garden-1", ada, " \n")
    review.approve(desk, "garden-1", ada)
    with pytest.raises(review.ReviewError, match="garden-1 is scheduled"):
        review.revise(desk, "garden-1", ada, "# Other")


def test_asking_for_changes_needs_a_note_and_sends_the_post_back_to_draft(desk):
    ada = who(desk, "ada@example.com")
    with pytest.raises(review.ReviewError, match="Say why"):
        review.request_changes(desk, "garden-1", ada, "  ")
    review.request_changes(desk, "garden-1", ada, "Name the tool.")
    with desk.connect() as connection:
        article = review_queue.article(connection, "garden-1")
    assert article is not None
    assert (article.status, article.note) == ("draft", "Name the tool.")


def test_a_rejected_post_is_archived_and_its_versions_cancelled(desk):
    review.reject(desk, "garden-1", who(desk, "ada@example.com"), "Out of date.")
    assert post_of(desk).status == "archived"
    with desk.connect() as connection:
        assert set(connection.scalars(sa.select(tables.distributions.c.status))) == {"cancelled"}


@pytest.mark.parametrize("table", ["reviews", "review_versions", "post_events", "distribution_events"])
def test_what_was_decided_and_logged_is_never_deleted(desk, table):
    review.approve(desk, "garden-1", who(desk, "ada@example.com"))
    with pytest.raises(sa.exc.DBAPIError, match="only grows"), transaction(desk, "test") as connection:
        connection.execute(sa.text(f"delete from {table}"))


def test_the_queue_holds_what_is_in_review_not_drafts(desk):
    with transaction(desk, "test") as connection:
        author = users.find(connection, "author@example.com").id
        factories.post(connection, factories.vertical(connection), author, status="draft")
        queue = review_queue.in_review(connection)
    assert [waiting.canonical_id for waiting in queue] == ["garden-1"]
