"""The named reports, each against the rows that a careless query gets wrong."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from pipeline.measurement.report_forms import as_markdown, cells
from pipeline.store import tables
from pipeline.store.reports import ReportError, about, defaults, description, report_names, run_report
from pipeline_tests import factories

NOW = datetime.now(UTC)
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def connection(engine):
    with engine.begin() as connection:
        yield connection


@pytest.fixture
def author(connection) -> UUID:
    return factories.user(connection, full_name="Ada Lovelace")


def run(connection, name: str, **parameters: float | str) -> list[dict[str, Any]]:
    report = run_report(connection, name, **parameters)
    return [dict(zip(report.columns, row, strict=True)) for row in report.rows]


def published(connection, author: UUID, vertical: UUID, at: datetime, **values) -> UUID:
    return factories.post(
        connection,
        vertical,
        author,
        **{
            "status": "published",
            "human_reviewed": True,
            "reviewed_by": author,
            "reviewed_at": at,
            "published_at": at,
            **values,
        },
    )


def viewed(connection, post_id: UUID, day: date, views: int | None, **values) -> None:
    factories.insert(connection, tables.publisher_post_analytics, post_id=post_id, date=day, views=views, **values)


def sent(connection, account: UUID, at: datetime, **values) -> UUID:
    return factories.insert(
        connection,
        tables.distributions,
        post_id=factories.post(connection, *_owners(connection)),
        content_type="generated",
        platform_id=account,
        body="Cut above a bud.",
        content_hash="any",
        status="published",
        published_at=at,
        **values,
    )


def _owners(connection) -> tuple[UUID, UUID]:
    return factories.vertical(connection), factories.user(connection)


def test_every_report_says_what_it_shows_and_runs_with_its_defaults_on_an_empty_database(connection):
    assert report_names() == [
        "audience_growth",
        "best_performing_times",
        "best_publish_times",
        "calendar_overview",
        "content_decay",
        "cost_per_article",
        "editorial_calendar",
        "failed_distributions",
        "performance_by_platform",
        "performance_by_week",
        "performance_so_far",
        "profit_per_article",
        "profit_per_channel",
        "profit_per_vertical",
        "review_queue",
        "underperformers",
        "unprocessed_content",
        "weak_publications",
    ]
    for name in report_names():
        assert len(description(name)) > 20
        assert as_markdown(run_report(connection, name)).endswith("*No rows.*")


def test_what_a_header_says_is_drawn_are_columns_of_the_report(connection):
    drawn = 0
    for name in report_names():
        drawing = about(name).drawing
        assert (drawing is not None) == ("-- picture:" in _source(name)), f"{name}: its picture can't be understood"
        if drawing is None:
            continue
        drawn += 1
        columns = run_report(connection, name).columns
        named = [drawing.value, drawing.over, drawing.low, drawing.high, drawing.against, *drawing.by]
        assert {column for column in named if column} <= set(columns), name
    assert drawn >= 8


def _source(name: str) -> str:
    from pipeline.store.reports import QUERIES

    return (QUERIES / f"{name}.sql").read_text()


def test_an_unknown_report_and_an_unknown_parameter_are_refused_by_name(connection):
    with pytest.raises(ReportError, match="no report 'best'.*best_publish_times"):
        run_report(connection, "best")
    with pytest.raises(ReportError, match="no report '../migrations/0001_vocabulary'"):
        run_report(connection, "../migrations/0001_vocabulary")
    with pytest.raises(ReportError, match="no parameter 'day'; there are: days"):
        run_report(connection, "editorial_calendar", day=3)
    with pytest.raises(ReportError, match="whole number"):
        run_report(connection, "editorial_calendar", days=1.5)
    with pytest.raises(ReportError, match="age_hours is one of 1, 6, 24, 48, 168, 720, 2160, not 36"):
        run_report(connection, "best_performing_times", age_hours=36)
    with pytest.raises(ReportError, match="days is a number, not soon|days is a whole number, not soon"):
        run_report(connection, "editorial_calendar", days="soon")
    assert defaults("unprocessed_content") == {"min_hook": 70, "min_rate": 0.05, "min_percentile": 0.8, "rows": 20}


def test_the_review_queue_is_what_is_in_review_with_the_longest_wait_first(connection, author):
    vertical = factories.vertical(connection)
    factories.post(connection, vertical, author, status="draft", canonical_id="a-draft")
    for canonical_id in ("back-from-its-writer", "longest-wait"):
        factories.post(connection, vertical, author, canonical_id=canonical_id, human_reviewed=True, content_hash="now")
    post_ids = dict(connection.execute(sa.text("select canonical_id, id from publisher_posts")).all())
    blocking = [
        {"check": "a", "severity": "blocking", "message": "m"},
        {"check": "b", "severity": "good", "message": "m"},
    ]
    for content_hash, score, findings in (("before", 90, []), ("now", 40, blocking)):
        connection.execute(
            tables.seo_reports.insert().values(
                post_id=post_ids["longest-wait"], content_hash=content_hash, score=score, findings=findings
            )
        )
    # Made in one moment; one went back to its writer in between, and its wait began anew.
    for status in ("draft", "review"):
        connection.execute(
            tables.publisher_posts.update()
            .where(tables.publisher_posts.c.id == post_ids["back-from-its-writer"])
            .values(status=status)
        )
    queue = run(connection, "review_queue")
    assert [row["canonical_id"] for row in queue] == ["longest-wait", "back-from-its-writer"]
    assert (queue[0]["author"], queue[0]["seo_score"], queue[0]["blocking_findings"]) == ("Ada Lovelace", 40, 1)
    assert (queue[1]["seo_score"], queue[1]["blocking_findings"]) == (None, None)


def test_the_editorial_calendar_is_in_the_verticals_own_time_and_order(connection, author):
    vertical = factories.vertical(connection, timezone="America/New_York")
    soon = NOW + timedelta(days=2)
    published(connection, author, vertical, NOW - timedelta(days=8), canonical_id="long-ago")
    published(connection, author, vertical, NOW - timedelta(days=6), canonical_id="last-week")
    published(connection, author, vertical, NOW, canonical_id="scheduled", status="scheduled", scheduled_at=soon)
    factories.post(connection, vertical, author, canonical_id="in-review")
    factories.post(connection, vertical, author, canonical_id="gone", status="archived")
    calendar = run(connection, "editorial_calendar")
    assert [row["canonical_id"] for row in calendar] == ["last-week", "in-review", "scheduled"]
    assert calendar[-1]["local_time"] == soon.astimezone(NEW_YORK).replace(tzinfo=None)


def test_unprocessed_content_takes_the_standing_for_an_unknown_rate_and_leaves_what_is_in_work(connection, author):
    vertical = factories.vertical(connection)
    source = factories.insert(
        connection, tables.content_sources, name="s", kind="csv", location="x", vertical_id=vertical
    )

    def item(name: str, hook: int, **values) -> UUID:
        content_id = factories.insert(
            connection,
            tables.raw_content,
            **{"source_id": source, "external_id": name, "caption": name, "content_hash": "h", "raw": {}, **values},
        )
        factories.insert(
            connection, tables.content_analysis, content_id=content_id, hook_strength=hook, language="en", model="m"
        )
        return content_id

    item("low rate", 99, engagement_rate=0.04, engagement_percentile=1)
    item("just enough", 70, engagement_rate=0.05, engagement_percentile=0.1)
    item("better rate", 71, engagement_rate=0.5)
    item("unknown reach, high standing", 80, engagement_percentile=0.8)
    item("unknown reach, low standing", 80, engagement_percentile=0.79)
    item("from a feed", 75)
    item("weak hook", 69, engagement_rate=0.9)
    item("claimed", 99, engagement_rate=0.9, canonical_id="garden-1")
    factories.post(connection, vertical, author, source_content_id=item("written by hand", 99, engagement_rate=0.9))
    shown = [row["item"] for row in run(connection, "unprocessed_content")]
    assert shown == ["better rate", "just enough", "unknown reach, high standing", "from a feed"]
    assert [row["item"] for row in run(connection, "unprocessed_content", rows=1)] == ["better rate"]


def monday(weeks_ago: int, hour: int) -> datetime:
    """A Monday at that hour in New York: late in the evening there it is Tuesday in UTC."""
    local = datetime.now(NEW_YORK)
    day = local.date() - timedelta(days=local.weekday() + 7 * weeks_ago)
    return datetime(day.year, day.month, day.day, hour, 30, tzinfo=NEW_YORK).astimezone(UTC)


def test_the_best_publish_times_compare_first_weeks_by_local_weekday_and_hour(connection, author):
    vertical = factories.vertical(connection, name="Garden", timezone="America/New_York")
    for weeks_ago in (2, 3, 4):
        at = monday(weeks_ago, 22)
        day = at.astimezone(NEW_YORK).date()
        evening = published(connection, author, vertical, at)
        viewed(connection, evening, day, 100, engagement_score=0.5)
        viewed(connection, evening, day + timedelta(days=6), 50)
        viewed(connection, evening, day + timedelta(days=5), None)
        viewed(connection, evening, day + timedelta(days=7), 100_000)  # after its first week
        morning = published(connection, author, vertical, monday(weeks_ago, 9))
        viewed(connection, morning, day, 149)
        published(connection, author, vertical, monday(weeks_ago, 9))  # never measured
    for weeks_ago in (2, 3):
        viewed(
            connection, published(connection, author, vertical, monday(weeks_ago, 6)), monday(weeks_ago, 6).date(), 999
        )
    fresh = published(connection, author, vertical, NOW - timedelta(days=2))
    viewed(connection, fresh, (NOW - timedelta(days=2)).date(), 9_999)
    times = run(connection, "best_publish_times")
    assert [(t["weekday"], t["hour"], t["posts"], t["avg_views"]) for t in times] == [
        ("Monday", 22, 3, 150),
        ("Monday", 9, 3, 149),
    ]
    assert (float(times[0]["avg_engagement_score"]), times[1]["avg_engagement_score"]) == (0.5, None)


def test_underperformers_are_old_enough_measured_and_left_at_once(connection, author):
    vertical = factories.vertical(connection, timezone="UTC")

    def post(name: str, days_ago: int, *days: tuple[int | None, float | None]) -> None:
        at = NOW - timedelta(days=days_ago)
        post_id = published(connection, author, vertical, at, canonical_id=name)
        for number, (views, bounce_rate) in enumerate(days):
            viewed(connection, post_id, at.date() + timedelta(days=number), views, bounce_rate=bounce_rate)

    post("poor", 5, (60, 0.8), (30, 0.9), (5, None), (None, 0.1))
    post("popular in all", 5, (60, 0.9), (60, 0.9))
    post("read to the end", 5, (60, 0.5), (10, 0.9))
    post("an hour old", 0, (1, 0.9))
    post("its first days are not over", 3, (1, 0.9))
    post("forgotten", 15, (1, 0.9))
    post("never measured", 5)
    post("unknown views", 5, (None, 0.9))
    post("unknown bounces", 5, (9, None))
    (poor,) = run(connection, "underperformers")
    assert (poor["canonical_id"], poor["views"], poor["age_days"]) == ("poor", 95, 5)
    assert float(poor["bounce_rate"]) == pytest.approx((60 * 0.8 + 30 * 0.9) / 90, abs=1e-4)
    assert (poor["usual_views"], poor["suggestion"]) == (70, "refresh")


def test_an_old_post_is_not_better_than_a_young_one_because_it_had_more_days(connection, author):
    vertical = factories.vertical(connection, timezone="UTC")
    for days_ago in (5, 12):
        at = NOW - timedelta(days=days_ago)
        post_id = published(connection, author, vertical, at, canonical_id=f"{days_ago} days old")
        for number in range(days_ago):
            viewed(connection, post_id, at.date() + timedelta(days=number), 20, bounce_rate=0.9)
    assert {row["canonical_id"]: row["views"] for row in run(connection, "underperformers")} == {
        "5 days old": 80,
        "12 days old": 80,
    }


def test_a_post_to_which_half_as_many_come_as_usual_wants_another_title(connection, author):
    vertical = factories.vertical(connection, timezone="UTC")
    at = NOW - timedelta(days=6)
    for number, views in enumerate([400, 420, 440, 460, 30]):
        post_id = published(connection, author, vertical, at, canonical_id=f"post {number}")
        viewed(connection, post_id, at.date(), views, bounce_rate=0.8)
    (row,) = run(connection, "underperformers")
    assert (row["canonical_id"], row["usual_views"], row["suggestion"]) == ("post 4", 420, "retitle")


def faded(connection, author, vertical, name: str, before: int, now: int | None, **values) -> None:  # noqa: PLR0917
    """A post of so many views a day in the four weeks before the last four, and in these."""
    connection.execute(sa.text("set local time zone 'UTC'"))
    at = NOW - timedelta(days=values.pop("age", 120))
    post_id = published(connection, author, vertical, at, canonical_id=name, **values)
    for number in range(1, 57):
        viewed(connection, post_id, NOW.date() - timedelta(days=number), now if number <= 28 else before)


def test_content_decays_when_it_falls_faster_than_the_verticals_other_posts_of_its_age(connection, author):
    vertical = factories.vertical(connection)
    for number in range(6):  # a quiet month for all
        faded(connection, author, vertical, f"ordinary {number}", 100, 50)
    faded(connection, author, vertical, "fading", 100, 20)
    faded(connection, author, vertical, "evergreen", 100, 10, is_evergreen=True)
    faded(connection, author, vertical, "hardly read before", 3, 0)
    faded(connection, author, vertical, "not known of late", 100, None)
    faded(connection, author, vertical, "young", 100, 1, age=60)
    faded(connection, author, vertical, "older, and without others", 100, 1, age=800)
    rows = run(connection, "content_decay")
    assert [(row["canonical_id"], row["suggestion"]) for row in rows] == [
        ("evergreen", "recycle"),
        ("fading", "refresh"),
    ]
    # What the six did, and the other faded one, and the little one.
    others = (6 * 50 + 10) / (7 * 100 + 3)
    assert (rows[1]["views_before"], rows[1]["views"]) == (2800, 560)
    assert float(rows[1]["expected_views"]) == pytest.approx(2800 * others, abs=1)
    assert float(rows[1]["lost_rate"]) == pytest.approx(1 - 20 / (100 * others), abs=1e-3)


def test_an_old_post_that_nearly_nobody_reads_any_more_may_be_taken_down(connection, author):
    vertical = factories.vertical(connection)
    for number in range(6):
        faded(connection, author, vertical, f"ordinary {number}", 100, 100, age=900)
    faded(connection, author, vertical, "over", 100, 4, age=900, is_evergreen=True)
    assert [(row["canonical_id"], row["suggestion"]) for row in run(connection, "content_decay")] == [
        ("over", "unlist")
    ]


def snapshot(connection, distribution: UUID, published_at: datetime, age: int, **figures: int | None) -> None:
    at = published_at + timedelta(hours=age)
    connection.execute(
        tables.distribution_metrics.insert().values(
            distribution_id=distribution,
            recorded_at=at,
            recorded_hour=at.replace(minute=0, second=0, microsecond=0),
            hours_since_publish=age,
            **figures,
        )
    )
    connection.execute(sa.text("select keep_age_figures(array[:id]::uuid[], '-infinity')"), {"id": distribution})


def test_performance_is_by_account_with_actions_over_impressions_and_unknown_left_out(connection):
    one, other, mail = (
        factories.account(connection, name=name, account_key=f"{name}-{key}")
        for name, key in (("x", "one"), ("x", "other"), ("mailchimp", "list"))
    )

    def did(account: UUID, days_ago: int, **figures: int | None) -> None:
        at = NOW - timedelta(days=days_ago)
        snapshot(connection, sent(connection, account, at), at, 48, **figures)

    did(one, 3, impressions=10, engagements=5, clicks=None)  # half of ten
    did(one, 4, impressions=10_000, engagements=100, clicks=50, video_views=7, video_watch_time_seconds=9000)
    did(one, 5, impressions=None, engagements=900, clicks=900)
    did(one, 6, impressions=0, engagements=0, clicks=0)
    did(one, 40, impressions=100, engagements=20)
    sent(connection, one, NOW - timedelta(days=7))  # never measured
    did(other, 3, impressions=100, engagements=0)
    did(other, 63, impressions=100, engagements=100)
    did(mail, 3, engagements=40)
    one_row, other_row, mail_row = run(connection, "performance_by_platform")
    assert (one_row["account"], one_row["publications"], one_row["measured"]) == ("x-one", 5, 3)
    assert float(one_row["engagement_rate"]) == pytest.approx(105 / 10_010, abs=1e-4)
    assert float(one_row["before_rate"]) == 0.2
    assert float(one_row["click_through_rate"]) == pytest.approx(0.005)
    assert (one_row["video_views"], float(one_row["watched_hours"])) == (7, 2.5)
    assert (float(other_row["engagement_rate"]), other_row["click_through_rate"], other_row["clicks"]) == (
        0,
        None,
        None,
    )
    assert (other_row["before_rate"], other_row["video_views"]) == (None, None)
    assert (mail_row["account"], mail_row["avg_impressions"], mail_row["engagement_rate"]) == (
        "mailchimp-list",
        None,
        None,
    )


def test_performance_is_at_one_age_and_leaves_out_what_has_not_reached_it(connection):
    account = factories.account(connection)
    for days_ago in (3, 20):
        at = NOW - timedelta(days=days_ago)
        publication = sent(connection, account, at, impressions=9_999, engagements=9_999)
        snapshot(connection, publication, at, 48, impressions=1000, engagements=50)
        if days_ago == 20:
            snapshot(connection, publication, at, 400, impressions=2000, engagements=1900)
    young = NOW - timedelta(hours=40)
    snapshot(connection, sent(connection, account, young), young, 38, impressions=1000, engagements=1000)
    (row,) = run(connection, "performance_by_platform")
    assert (row["publications"], row["avg_impressions"], float(row["engagement_rate"])) == (2, 1000, 0.05)


def test_so_far_adds_up_the_latest_figures_whatever_their_age(connection):
    account = factories.account(connection, account_key="x-one")
    sent(connection, account, NOW - timedelta(hours=1), impressions=100, engagements=5, clicks=None)
    sent(connection, account, NOW - timedelta(days=20), impressions=900, engagements=None, clicks=9)
    sent(connection, account, NOW - timedelta(days=31), impressions=10**6, engagements=10**6)
    (row,) = run(connection, "performance_so_far")
    assert (row["publications"], row["measured"], row["impressions"], row["clicks"]) == (2, 2, 1000, 9)
    assert (float(row["engagement_rate"]), float(row["click_through_rate"])) == (0.05, 0.01)
    assert row["video_views"] is None


def test_weeks_are_the_accounts_own_and_one_without_known_figures_is_not_listed(connection):
    account = factories.account(connection, timezone="America/New_York")
    late = monday(3, 22) - timedelta(days=1)  # a Sunday evening there, Monday in UTC
    snapshot(connection, sent(connection, account, late), late, 48, impressions=100, engagements=10)
    early = monday(3, 1)
    snapshot(connection, sent(connection, account, early), early, 48, impressions=100, engagements=0)
    unknown = monday(2, 1)
    snapshot(connection, sent(connection, account, unknown), unknown, 48, impressions=None, engagements=None)
    weeks = run(connection, "performance_by_week")
    sunday_week = late.astimezone(NEW_YORK).date() - timedelta(days=6)
    assert [(row["week"], row["publications"], float(row["engagement_rate"])) for row in weeks] == [
        (sunday_week, 1, 0.1),
        (sunday_week + timedelta(days=7), 1, 0),
    ]


def test_the_best_performing_times_are_local_and_compare_publications_at_one_age(connection):
    account = factories.account(connection, account_key="x-one", timezone="America/New_York")
    for weeks_ago in (2, 3, 4):
        at = monday(weeks_ago, 22)
        evening = sent(connection, account, at, engagement_rate=0.99)
        snapshot(connection, evening, at, 3, impressions=10, engagements=10)
        snapshot(connection, evening, at, 40, impressions=1000, engagements=40 + weeks_ago * 5)
        snapshot(connection, evening, at, 400, impressions=1000, engagements=900)
        at = monday(weeks_ago, 9)
        snapshot(connection, sent(connection, account, at), at, 47, impressions=1000, engagements=0)
        only_early = sent(connection, account, at)
        snapshot(connection, only_early, at, 2, impressions=1000, engagements=999)
        if weeks_ago > 2:
            at = monday(weeks_ago, 6)
            snapshot(connection, sent(connection, account, at), at, 47, impressions=10, engagements=10)
    times = run(connection, "best_performing_times")
    assert [(t["weekday"], t["hour"], t["posts"], float(t["engagement_rate"])) for t in times] == [
        ("Monday", 22, 3, 0.055),
        ("Monday", 9, 3, 0),
    ]
    # 50, 55 and 60 of a thousand each: their standard deviation is 5, the mean's error 5 / sqrt(3).
    half = 1.645 * 0.005 / 3**0.5
    assert (float(times[0]["low_rate"]), float(times[0]["high_rate"])) == pytest.approx(
        (0.055 - half, 0.055 + half), abs=1e-4
    )


@pytest.fixture
def usual(connection) -> UUID:
    """An account with twenty publications of 100 engagements and 1,000 impressions."""
    account = factories.account(connection, account_key="x-one", timezone="UTC")
    for number in range(20):
        at = NOW - timedelta(days=20 + number)
        snapshot(connection, sent(connection, account, at), at, 48, impressions=1000, engagements=100)
    return account


def weak(connection, account: UUID, *, at: datetime | None = None, **figures: int | None) -> UUID:
    at = at or NOW - timedelta(days=5)
    publication = sent(connection, account, at)
    snapshot(connection, publication, at, 48, **figures)
    return publication


def test_weak_publications_are_measured_against_their_own_account_and_each_has_a_suggestion(connection, usual):
    seen = weak(connection, usual, impressions=900, engagements=4)
    unseen = weak(connection, usual, impressions=90, engagements=5)
    nobody_knows = weak(connection, usual, impressions=None, engagements=6)
    weak(connection, usual, impressions=900, engagements=31)
    weak(connection, usual, impressions=900, engagements=None)
    weak(connection, usual, at=NOW - timedelta(days=16, hours=1), impressions=900, engagements=1)
    down = weak(connection, usual, impressions=900, engagements=1)
    connection.execute(
        tables.distributions.update().where(tables.distributions.c.id == down).values(metrics_state="gone")
    )
    few = factories.account(connection)  # nothing is usual there yet
    for engagements in (100, 100, 1):
        weak(connection, few, impressions=900, engagements=engagements)
    rows = run(connection, "weak_publications")
    assert [(row["id"], row["usual_engagements"], row["suggestion"]) for row in rows] == [
        (seen, 100, "retitle"),
        (unseen, 100, "recycle"),
        (nobody_knows, 100, "recycle"),
    ]


@pytest.mark.parametrize("form", ["list", "object"])
def test_what_few_saw_is_told_again_at_a_good_hour_when_it_went_out_at_none(connection, usual, form):
    good, bad = monday(1, 12).replace(hour=9), monday(1, 12).replace(hour=17)
    hours: list[dict[str, float]] = [{"day_of_week": 1, "hour": 9}]
    if form == "object":
        hours = [{"day_of_week": 1, "hour": 9, "value": 1.2}, {"day_of_week": 1, "hour": 17, "value": 0.4}]
    factories.insert(
        connection,
        tables.platform_patterns,
        platform_id=usual,
        pattern_type="timing",
        pattern_name="optimal_posting_times",
        pattern_template=hours if form == "list" else {"version": 1, "hours": hours},
    )
    at_a_good_hour = weak(connection, usual, at=good, impressions=50, engagements=1)
    at_a_bad_hour = weak(connection, usual, at=bad, impressions=50, engagements=1)
    said = {row["id"]: row["suggestion"] for row in run(connection, "weak_publications")}
    assert said == {at_a_good_hour: "recycle", at_a_bad_hour: "re-time"}


def test_an_audience_counted_once_has_no_change_and_what_is_not_told_stays_unknown(connection):
    one, other = (factories.account(connection, account_key=key) for key in ("x-one", "x-other"))
    today = NOW.date()

    def counted(account: UUID, days_ago: int, followers: int | None, **values) -> None:
        connection.execute(
            tables.account_snapshots.insert().values(
                platform_id=account,
                day=today - timedelta(days=days_ago),
                followers=followers,
                counted_at=NOW if followers is not None else None,
                **values,
            )
        )

    counted(one, 20, 1000, gained=5, lost=1)
    counted(one, 10, None, gained=7)
    counted(one, 1, 990)
    counted(one, 40, 5)
    counted(other, 1, 50)
    rows = run(connection, "audience_growth")
    assert [(r["account"], r["followers"], r["change"], r["gained"], r["lost"]) for r in rows] == [
        ("x-one", 990, -10, 12, 1),
        ("x-other", 50, None, None, None),
    ]


def test_the_calendar_shows_what_is_planned_and_which_slots_ahead_are_free(connection):
    zone = "America/New_York"
    account = factories.account(connection, account_key="x-one", timezone=zone)
    other = factories.account(connection, account_key="x-other", timezone=zone)
    day = (datetime.now(NEW_YORK) + timedelta(days=2)).date()

    def at(hour: int, days: int = 0) -> datetime:
        return datetime(day.year, day.month, day.day, hour, tzinfo=NEW_YORK) + timedelta(days=days)

    def slot(hour: int, days: int = 0, **values) -> None:
        starts_at = at(hour, days)
        factories.insert(
            connection,
            tables.publishing_calendar,
            date=starts_at.date(),
            time_slot=starts_at.time().replace(tzinfo=None),
            timezone=zone,
            starts_at=starts_at,
            platform_id=account,
            **values,
        )

    def planned(account_id: UUID, moment: datetime, **values) -> UUID:
        return factories.distribution(connection, account_id, scheduled_for=moment, next_attempt_at=moment, **values)

    slot(9, distribution_id=planned(account, at(9)))
    slot(12)
    slot(13, is_locked=True)
    slot(14, distribution_id=planned(account, at(14), status="cancelled"))
    slot(9, days=-3)  # yesterday
    slot(9, days=9)
    planned(account, at(23))  # in UTC it is the day after
    planned(other, at(9))
    overview = run(connection, "calendar_overview")
    assert [(row["date"], row["account"], row["planned"], row["free"], row["times"]) for row in overview] == [
        (day, "x-one", 2, 2, "09:00, 12:00 free, 13:00 locked, 14:00 free, 23:00"),
        (day, "x-other", 1, 0, "09:00"),
    ]


def test_failed_distributions_are_all_that_need_a_person_with_the_reason(connection):
    account = factories.account(connection)
    outcomes: list[dict[str, Any]] = [
        {"status": "failed", "error_message": "too long"},
        {"status": "held", "hold_reason": "account paused", "error_message": "an older error"},
        {"status": "unknown", "error_message": "timed out", "settle_until": NOW, "reconcile_at": NOW},
        {"status": "scheduled", "error_message": "tried once"},
        {"status": "cancelled"},
    ]
    for hours, values in enumerate(outcomes):
        factories.distribution(connection, account, due_in=timedelta(hours=-hours), **values)
    shown = [(row["status"], row["reason"]) for row in run(connection, "failed_distributions")]
    assert shown == [("failed", "too long"), ("held", "account paused"), ("unknown", "timed out")]
    assert run(connection, "failed_distributions", rows=1)[0]["status"] == "failed"


def test_people_see_percent_and_blanks_where_the_data_has_fractions_and_null(connection):
    account = factories.account(connection, account_key="x-one")
    sent(connection, account, NOW - timedelta(days=1), impressions=12_000, engagements=504)
    report = run_report(connection, "performance_so_far")
    shown = dict(zip(report.columns, cells(report)[0], strict=True))
    assert (shown["engagement_rate"], shown["click_through_rate"], shown["impressions"]) == ("4.2 %", "", "12,000")
    assert float(report.column("engagement_rate")[0]) == 0.042


def test_the_cost_of_an_article_counts_failed_calls_and_tells_those_whose_price_is_unknown(connection, author):
    def called(canonical_id: str, cost_usd: float | None, outcome: str = "ok") -> None:
        factories.insert(
            connection,
            tables.ai_usage,
            task="write_article",
            provider="p",
            model="m",
            latency_ms=1,
            outcome=outcome,
            canonical_id=canonical_id,
            input_tokens=100,
            output_tokens=10,
            cost_usd=cost_usd,
        )

    garden = factories.vertical(connection)
    for hours, canonical_id in enumerate(["priced", "half-priced", "unpriced", "free"]):
        published(connection, author, garden, NOW - timedelta(hours=hours), canonical_id=canonical_id)
    published(connection, author, garden, NOW - timedelta(days=31), canonical_id="old")
    factories.post(connection, garden, author, canonical_id="waiting")
    called("priced", 0.25)
    called("priced", 0.5, outcome="invalid")
    called("half-priced", 0.25)
    called("half-priced", None)
    for canonical_id in ("unpriced", "old", "waiting"):
        called(canonical_id, None)
    rows = [
        (row["calls"], row["failed"], row["unpriced"], row["cost_usd"]) for row in run(connection, "cost_per_article")
    ]
    assert rows == [(2, 1, 0, 0.75), (2, 0, 1, 0.25), (1, 0, 1, None), (0, 0, 0, 0)]
