"""The gate between a draft and the world."""

import threading
from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa

from pipeline import clock
from pipeline.editorial import review
from pipeline.store import review_queue, tables, users
from pipeline.store.database import transaction
from pipeline.vocabulary import TimingStrategy
from pipeline_tests import factories

STAGGERED, OPTIMIZED = TimingStrategy.STAGGERED, TimingStrategy.OPTIMIZED
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
        group_id = factories.insert(connection, tables.cross_post_groups, name="garden-1")
        for name, zone in (("site", "Europe/Berlin"), ("x", "America/New_York")):
            factories.insert(
                connection,
                tables.distributions,
                post_id=post_id,
                cross_post_group_id=group_id,
                content_type="generated",
                platform_id=factories.account(
                    connection, name=name, account_key=name, is_home=name == "site", timezone=zone
                ),
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


def versions_of(engine):
    """Home first."""
    with engine.connect() as connection:
        return connection.execute(
            sa.select(tables.distributions)
            .join(tables.platforms, tables.platforms.c.id == tables.distributions.c.platform_id)
            .order_by(tables.platforms.c.is_home.desc())
        ).all()


def group_of(engine):
    with engine.connect() as connection:
        group = tables.cross_post_groups.c
        return connection.execute(sa.select(group.timing_strategy, group.stagger_minutes, group.status)).one()


def add_held_version(engine, account_key, reason, **account):
    """As the planner writes a version that its platform would refuse."""
    with engine.begin() as connection:
        factories.insert(
            connection,
            tables.distributions,
            post_id=post_of(engine).id,
            cross_post_group_id=connection.scalar(sa.select(tables.cross_post_groups.c.id)),
            content_type="generated",
            platform_id=factories.account(connection, account_key=account_key, **account),
            body="Cut above a bud.",
            content_hash="hash of what is refused",
            status="held",
            hold_reason=reason,
        )


def learn(engine, template):
    with engine.begin() as connection:
        account_id = connection.scalar(sa.select(tables.platforms.c.id).where(tables.platforms.c.account_key == "x"))
        connection.execute(
            tables.platform_patterns.insert().values(
                platform_id=account_id,
                pattern_type="timing",
                pattern_name="optimal_posting_times",
                pattern_template=template,
            )
        )


def next_weekday(day):
    """Noon, UTC, of a coming day; 0 is Sunday."""
    at = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)
    while at.isoweekday() % 7 != day:
        at += timedelta(days=1)
    return at


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


def test_a_local_time_is_the_verticals_and_the_intent_is_kept_beside_it_as_the_accounts_clocks_show_it(desk):
    day = (datetime.now(UTC) + timedelta(days=400)).replace(month=7, day=1)
    review.approve(desk, "garden-1", who(desk, "ada@example.com"), at=f"{day:%Y-%m-%d} 09:00")
    site, x = versions_of(desk)
    assert site.scheduled_for == x.scheduled_for == datetime(day.year, 7, 1, 7, 0, tzinfo=UTC)
    assert (site.scheduled_local, site.timezone) == (datetime(day.year, 7, 1, 9, 0), "Europe/Berlin")
    assert (x.scheduled_local, x.timezone) == (datetime(day.year, 7, 1, 3, 0), "America/New_York")


def test_staggered_accounts_follow_the_home_and_the_group_remembers_how(desk):
    at = next_weekday(3)
    approval = review.approve(
        desk, "garden-1", who(desk, "ada@example.com"), at=at.isoformat(), timing=STAGGERED, stagger_minutes=15
    )
    site, x = versions_of(desk)
    assert (site.scheduled_for, x.scheduled_for) == (at, at + timedelta(minutes=15))
    assert [(v.account_key, v.at) for v in approval.versions] == [("site", at), ("x", at + timedelta(minutes=15))]
    assert group_of(desk)[:2] == ("staggered", 15)


def test_minutes_alone_mean_staggered(desk):
    review.approve(desk, "garden-1", who(desk, "ada@example.com"), stagger_minutes=7)
    assert group_of(desk)[:2] == ("staggered", 7)


def test_without_a_word_about_timing_the_group_keeps_its_own(desk):
    with desk.begin() as connection:
        connection.execute(tables.cross_post_groups.update().values(timing_strategy="staggered", stagger_minutes=30))
    review.approve(desk, "garden-1", who(desk, "ada@example.com"))
    site, x = versions_of(desk)
    assert x.scheduled_for - site.scheduled_for == timedelta(minutes=30)


@pytest.mark.parametrize(
    "asked",
    [
        {"timing": STAGGERED},
        {"timing": STAGGERED, "stagger_minutes": 0},
        {"timing": STAGGERED, "stagger_minutes": -5},
        {"timing": OPTIMIZED, "stagger_minutes": 15},
    ],
)
def test_minutes_that_are_missing_or_make_no_sense_are_refused_and_nothing_changes(desk, asked):
    with pytest.raises(review.ReviewError, match="(?i)minutes"):
        review.approve(desk, "garden-1", who(desk, "ada@example.com"), **asked)
    assert post_of(desk).status == "review"
    assert {version.status for version in versions_of(desk)} == {"draft"}


def test_optimized_goes_by_the_platforms_stated_hours_in_the_accounts_zone(desk):
    saturday = next_weekday(6)
    review.approve(desk, "garden-1", who(desk, "ada@example.com"), at=saturday.isoformat(), timing=OPTIMIZED)
    site, x = versions_of(desk)
    tuesday = saturday.date() + timedelta(days=3)
    assert site.scheduled_for == saturday
    assert x.scheduled_for == clock.parse(f"{tuesday} 09:00", "America/New_York")
    assert (x.scheduled_local, x.timezone) == (datetime.combine(tuesday, time(9)), "America/New_York")


def test_what_was_learned_of_an_account_goes_before_the_stated_hours(desk):
    learn(desk, [{"day_of_week": 0, "hour": 20}])
    saturday = next_weekday(6)
    review.approve(desk, "garden-1", who(desk, "ada@example.com"), at=saturday.isoformat(), timing=OPTIMIZED)
    _, x = versions_of(desk)
    assert x.scheduled_for == clock.parse(f"{saturday.date() + timedelta(days=1)} 20:00", "America/New_York")


@pytest.mark.parametrize("learned", [{"hour": 9}, [{"day_of_week": 7, "hour": 9}], ["monday"]])
def test_learned_hours_that_can_not_be_read_are_told_by_account_and_hinder_no_other_timing(desk, learned):
    learn(desk, learned)
    ada = who(desk, "ada@example.com")
    with pytest.raises(review.ReviewError, match="posting hours of x "):
        review.approve(desk, "garden-1", ada, timing=OPTIMIZED)
    review.approve(desk, "garden-1", ada)


def test_a_version_that_its_platform_would_refuse_stays_held_and_is_told_of(desk):
    add_held_version(desk, "x-long", "body: too long by 12")
    approval = review.approve(desk, "garden-1", who(desk, "ada@example.com"))
    assert [version.account_key for version in approval.versions] == ["site", "x"]
    assert [(held.account_key, held.hold_reason) for held in approval.held] == [("x-long", "body: too long by 12")]
    assert sorted(version.status for version in versions_of(desk)) == ["held", "scheduled", "scheduled"]


def test_a_post_whose_home_would_refuse_it_is_not_approved_for_the_others_would_wait_for_ever(desk):
    add_held_version(desk, "site-2", "title: missing", name="wordpress", is_home=True)
    with pytest.raises(review.ReviewError, match="site-2: title: missing"):
        review.approve(desk, "garden-1", who(desk, "ada@example.com"))
    assert post_of(desk).status == "review"


def test_a_writer_changes_a_text_of_their_own_and_of_nobody_else(desk):
    with transaction(desk, "test") as connection:
        connection.execute(sa.text("update users set roles = '{writer}' where email = 'author@example.com'"))
    review.revise(desk, "garden-1", who(desk, "author@example.com"), "# How to prune\n\nCut above an outer bud.")
    with pytest.raises(review.ReviewError, match="not a reviewer"):
        review.revise(desk, "garden-1", who(desk, "walter@example.com"), "# Mine")


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
