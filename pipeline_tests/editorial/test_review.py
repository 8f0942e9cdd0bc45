"""The gate between a draft and the world."""

from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa

from pipeline import clock
from pipeline.distribution.plan import plan_post
from pipeline.editorial import checklist, review
from pipeline.editorial.checklist import ALL_ITEMS
from pipeline.editorial.desk import ReviewError
from pipeline.store import review_queue, tables, users
from pipeline.store.database import transaction
from pipeline.vocabulary import ReviewItem, TimingStrategy
from pipeline_tests import factories
from pipeline_tests.editorial.newsdesk import POST, approve, log_of, newsdesk, post_of, revise, versions_of, who

STAGGERED, OPTIMIZED = TimingStrategy.STAGGERED, TimingStrategy.OPTIMIZED


@pytest.fixture
def desk(engine):
    return newsdesk(engine)


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
    approve(desk)
    with desk.connect() as connection:
        bound = set(connection.scalars(sa.select(tables.review_versions.c.content_hash)))
        statuses = set(connection.scalars(sa.select(tables.distributions.c.status)))
    assert bound == {"hash of site", "hash of x"}
    assert statuses == {"scheduled"}
    assert post_of(desk).status == "scheduled"


def test_the_reviewers_name_is_in_the_decision_and_in_the_log(desk):
    approve(desk)
    with desk.connect() as connection:
        actor = connection.scalar(sa.text("select actor from post_events where to_status = 'scheduled'"))
        reviewer = connection.scalar(sa.text("select u.full_name from reviews r join users u on u.id = r.reviewer_id"))
    assert (actor, reviewer) == ("Ada Lovelace", "Ada Lovelace")


def test_a_local_time_is_the_verticals_and_the_intent_is_kept_beside_it_as_the_accounts_clocks_show_it(desk):
    day = (datetime.now(UTC) + timedelta(days=400)).replace(month=7, day=1)
    approve(desk, at=f"{day:%Y-%m-%d} 09:00")
    site, x = versions_of(desk)
    assert site.scheduled_for == x.scheduled_for == datetime(day.year, 7, 1, 7, 0, tzinfo=UTC)
    assert (site.scheduled_local, site.timezone) == (datetime(day.year, 7, 1, 9, 0), "Europe/Berlin")
    assert (x.scheduled_local, x.timezone) == (datetime(day.year, 7, 1, 3, 0), "America/New_York")


def test_staggered_accounts_follow_the_home_and_the_group_remembers_how(desk):
    at = next_weekday(3)
    approval = approve(
        desk,
        at=at.isoformat(),
        timing=STAGGERED,
        stagger_minutes=15,
    )
    site, x = versions_of(desk)
    assert (site.scheduled_for, x.scheduled_for) == (at, at + timedelta(minutes=15))
    assert [(v.account_key, v.at) for v in approval.versions] == [("site", at), ("x", at + timedelta(minutes=15))]
    assert group_of(desk)[:2] == ("staggered", 15)


def test_minutes_alone_mean_staggered(desk):
    approve(desk, stagger_minutes=7)
    assert group_of(desk)[:2] == ("staggered", 7)


def test_without_a_word_about_timing_the_group_keeps_its_own(desk):
    with desk.begin() as connection:
        connection.execute(tables.cross_post_groups.update().values(timing_strategy="staggered", stagger_minutes=30))
    approve(desk)
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
    with pytest.raises(ReviewError, match="(?i)minutes"):
        approve(desk, **asked)
    assert post_of(desk).status == "review"
    assert {version.status for version in versions_of(desk)} == {"draft"}


def test_optimized_goes_by_the_platforms_stated_hours_in_the_accounts_zone(desk):
    saturday = next_weekday(6)
    approve(desk, at=saturday.isoformat(), timing=OPTIMIZED)
    site, x = versions_of(desk)
    tuesday = saturday.date() + timedelta(days=3)
    assert site.scheduled_for == saturday
    assert x.scheduled_for == clock.parse(f"{tuesday} 09:00", "America/New_York")
    assert (x.scheduled_local, x.timezone) == (datetime.combine(tuesday, time(9)), "America/New_York")


def test_what_was_learned_of_an_account_goes_before_the_stated_hours(desk):
    learn(desk, [{"day_of_week": 0, "hour": 20}])
    saturday = next_weekday(6)
    approve(desk, at=saturday.isoformat(), timing=OPTIMIZED)
    _, x = versions_of(desk)
    assert x.scheduled_for == clock.parse(f"{saturday.date() + timedelta(days=1)} 20:00", "America/New_York")


@pytest.mark.parametrize("learned", [{"hour": 9}, [{"day_of_week": 7, "hour": 9}], ["monday"]])
def test_learned_hours_that_can_not_be_read_are_told_by_account_and_hinder_no_other_timing(desk, learned):
    learn(desk, learned)
    with pytest.raises(ReviewError, match="posting hours of x "):
        approve(desk, timing=OPTIMIZED)
    approve(desk)


def test_a_version_that_its_platform_would_refuse_stays_held_and_is_told_of(desk):
    add_held_version(desk, "x-long", "body: too long by 12")
    approval = approve(desk)
    assert [version.account_key for version in approval.versions] == ["site", "x"]
    assert [(held.account_key, held.hold_reason) for held in approval.held] == [("x-long", "body: too long by 12")]
    assert sorted(version.status for version in versions_of(desk)) == ["held", "scheduled", "scheduled"]


def test_a_post_whose_home_would_refuse_it_is_not_approved_for_the_others_would_wait_for_ever(desk):
    add_held_version(desk, "site-2", "title: missing", name="wordpress", is_home=True)
    with pytest.raises(ReviewError, match="site-2: title: missing"):
        approve(desk)
    assert post_of(desk).status == "review"


@pytest.mark.parametrize("at", ["2020-01-01 09:00", "soon", "2020-01-01T09:00+02:00"])
def test_a_time_that_is_past_or_unreadable_is_refused_and_nothing_changes(desk, at):
    with pytest.raises(ReviewError):
        approve(desk, at=at)
    assert post_of(desk).status == "review"


@pytest.mark.parametrize("roles", [["writer", "reviewer"], ["admin"], ["writer", "reviewer", "publisher", "admin"]])
def test_nobody_approves_or_checks_their_own_draft_whatever_role_they_have(desk, roles):
    with transaction(desk, "test") as connection:
        connection.execute(
            tables.users.update().where(tables.users.c.email == "author@example.com").values(roles=roles)
        )
    with pytest.raises(ReviewError, match="somebody else must"):
        approve(desk, "author")
    with pytest.raises(ReviewError, match="somebody else must"):
        checklist.confirm(desk, POST, who(desk, "author"), {ReviewItem.LEGAL})
    assert post_of(desk).status == "review"


def test_the_database_too_refuses_the_approval_of_ones_own_draft(desk):
    post = post_of(desk)
    own = {"post_id": post.id, "reviewer_id": post.author_id, "decision": "approved", "content_hash": "h1"}
    with pytest.raises(sa.exc.DBAPIError, match="draft of their own"), desk.begin() as connection:
        connection.execute(tables.reviews.insert().values(**own))


@pytest.mark.parametrize("name", ["walter", "peter"])
def test_only_a_reviewer_or_an_admin_decides(desk, name):
    person = who(desk, name)
    decisions = [
        lambda: approve(desk, name),
        lambda: review.request_changes(desk, POST, person, "more facts"),
        lambda: review.reject(desk, POST, person, "out of date"),
        lambda: checklist.confirm(desk, POST, person, ALL_ITEMS),
    ]
    for decide in decisions:
        with pytest.raises(ReviewError, match="role admin or reviewer"):
            decide()
    assert post_of(desk).status == "review"
    assert log_of(desk, "decision") == []


def test_an_admin_approves_somebody_elses(desk):
    approve(desk, "anna")
    assert post_of(desk).status == "scheduled"


def test_asking_for_changes_needs_a_note_and_sends_the_post_back_to_draft(desk):
    ada = who(desk, "ada")
    with pytest.raises(ReviewError, match="Say why"):
        review.request_changes(desk, POST, ada, "  ")
    review.request_changes(desk, POST, ada, "Name the tool.")
    assert post_of(desk).status == "draft"
    with desk.connect() as connection:
        (note,) = review_queue.notes_of(connection, POST, limit=5)
        (draft,) = review_queue.drafts(connection)
    assert (note.reviewer, note.decision, note.note) == ("Ada Lovelace", "changes_requested", "Name the tool.")
    assert (draft.canonical_id, draft.note) == (POST, "Name the tool.")


def test_a_rejected_post_is_archived_and_its_versions_cancelled(desk):
    review.reject(desk, POST, who(desk, "ada"), "Out of date.")
    assert post_of(desk).status == "archived"
    assert {version.status for version in versions_of(desk)} == {"cancelled"}


def test_what_was_decided_can_not_be_decided_again(desk):
    ada = who(desk, "ada")
    review.reject(desk, POST, ada, "Out of date.")
    for decide in (
        lambda: approve(desk),
        lambda: review.request_changes(desk, POST, ada, "more facts"),
        lambda: review.reject(desk, POST, ada, "twice"),
        lambda: revise(desk, "ada", content="# Other"),
    ):
        with pytest.raises(ReviewError, match="garden-1 is archived"):
            decide()


def test_an_approval_of_a_revision_that_was_replaced_meanwhile_is_refused(desk):
    revise(desk, "grace", content="# How to prune\n\nNever cut.")
    with pytest.raises(ReviewError, match="at revision 2 now, not 1"):
        approve(desk, revision=1)
    assert post_of(desk).status == "review"


def test_a_changed_text_is_not_approved_with_the_versions_of_the_former(desk):
    revise(desk, "grace", content="# How to prune\n\nNever cut.")
    with pytest.raises(ReviewError, match="site: the text was changed"):
        approve(desk)
    plan_post(desk, POST)
    approve(desk, revision=2)
    home, _ = versions_of(desk)
    assert home.status == "scheduled"
    assert "Never cut" in home.body


def test_a_post_that_tells_an_article_again_is_not_approved_once_that_is_taken_down(desk):
    with transaction(desk, "test") as connection:
        original = factories.approved_post(connection)[0]
        connection.execute(
            tables.publisher_posts.update()
            .where(tables.publisher_posts.c.canonical_id == POST)
            .values(
                content_type="repurposed",
                repurposed_from=original,
                repurposed_as="thread",
                platforms=["x"],
                canonical_url="http://127.0.0.1:9/original/",
            )
        )
    with pytest.raises(ReviewError, match="tells again is scheduled"):
        approve(desk)


def test_the_database_refuses_a_status_that_the_transition_table_does_not_hold(desk):
    review.reject(desk, POST, who(desk, "ada"), "Out of date.")
    for status in ("draft", "review"):
        with pytest.raises(sa.exc.DBAPIError, match=f"cannot go from archived to {status}"), desk.begin() as connection:
            connection.execute(tables.publisher_posts.update().values(status=status))


@pytest.mark.parametrize("verb", ["delete from {0}", "update {0} set {1} = {1}"])
@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("reviews", "note"),
        ("review_versions", "content_hash"),
        ("review_checks", "note"),
        ("post_revisions", "content"),
        ("post_events", "note"),
        ("distribution_events", "reason"),
    ],
)
def test_what_was_decided_checked_written_and_logged_only_grows(desk, table, column, verb):
    approve(desk)
    with pytest.raises(sa.exc.DBAPIError, match="only grows"), transaction(desk, "test") as connection:
        connection.execute(sa.text(verb.format(table, column)))


def test_the_queue_holds_what_is_in_review_not_drafts(desk):
    with transaction(desk, "test") as connection:
        author = users.find(connection, "author@example.com").id
        factories.post(connection, factories.vertical(connection), author, status="draft")
        queue = review_queue.in_review(connection)
    assert [waiting.canonical_id for waiting in queue] == [POST]


def test_the_log_tells_the_whole_story_in_order(desk):
    review.request_changes(desk, POST, who(desk, "ada"), "Name the tool.")
    revise(desk, "author", content="# How to prune\n\nCut with bypass shears.")
    plan_post(desk, POST)
    approve(desk, "grace", note="Good.")
    with desk.connect() as connection:
        log = review_queue.log_of(connection, POST)
    told = [(entry.kind, entry.actor, entry.what, entry.detail) for entry in log if entry.actor != "automated"]
    assert told == [
        ("revision", "test", "revision 1", ""),
        ("status", "test", "review", ""),
        ("decision", "Ada Lovelace", "changes requested, revision 1", "Name the tool."),
        ("status", "Ada Lovelace", "review → draft", ""),
        ("revision", post_author(desk), "revision 2", ""),
        ("status", "planner", "draft → review", ""),
        *[("check", "Grace Hopper", item.replace("_", " "), "found right") for item in sorted(ALL_ITEMS)],
        ("decision", "Grace Hopper", "approved, revision 2", "Good."),
        ("status", "Grace Hopper", "review → scheduled", ""),
    ]


def post_author(engine):
    return who(engine, "author").full_name
