"""The named reports, each against the rows that a careless query gets wrong."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from pipeline.store import tables
from pipeline.store.reports import ReportError, defaults, description, report_names, run_report
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


def run(connection, name: str, **parameters: float) -> list[dict[str, Any]]:
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
        "best_performing_times",
        "best_publish_times",
        "calendar_overview",
        "cost_per_article",
        "editorial_calendar",
        "failed_distributions",
        "performance_by_platform",
        "review_queue",
        "underperformers",
        "unprocessed_content",
    ]
    for name in report_names():
        assert len(description(name)) > 20
        assert run_report(connection, name).as_markdown().endswith("*No rows.*")


def test_an_unknown_report_and_an_unknown_parameter_are_refused_by_name(connection):
    with pytest.raises(ReportError, match="no report 'best'.*best_publish_times"):
        run_report(connection, "best")
    with pytest.raises(ReportError, match="no report '../migrations/0001_vocabulary'"):
        run_report(connection, "../migrations/0001_vocabulary")
    with pytest.raises(ReportError, match="no parameter 'day'; there are: days"):
        run_report(connection, "editorial_calendar", day=3)
    with pytest.raises(ReportError, match="whole number"):
        run_report(connection, "editorial_calendar", days=1.5)
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
    vertical = factories.vertical(connection)

    def post(name: str, days_ago: int, *days: tuple[int | None, float | None]) -> None:
        at = NOW - timedelta(days=days_ago)
        post_id = published(connection, author, vertical, at, canonical_id=name)
        for number, (views, bounce_rate) in enumerate(days):
            viewed(connection, post_id, at.date() + timedelta(days=number), views, bounce_rate=bounce_rate)

    post("poor", 5, (60, 0.8), (30, 0.9), (5, None), (None, 0.1))
    post("popular in all", 5, (60, 0.9), (60, 0.9))
    post("read to the end", 5, (60, 0.5), (10, 0.9))
    post("an hour old", 0, (1, 0.9))
    post("forgotten", 15, (1, 0.9))
    post("never measured", 5)
    post("unknown views", 5, (None, 0.9))
    post("unknown bounces", 5, (9, None))
    (poor,) = run(connection, "underperformers")
    assert (poor["canonical_id"], poor["views"], poor["age_days"]) == ("poor", 95, 5)
    assert float(poor["bounce_rate"]) == pytest.approx((60 * 0.8 + 30 * 0.9) / 90, abs=1e-4)


def test_performance_is_by_account_with_actions_over_impressions_and_unknown_left_out(connection):
    one, other, mail = (
        factories.account(connection, name=name, account_key=f"{name}-{key}")
        for name, key in (("x", "one"), ("x", "other"), ("mailchimp", "list"))
    )
    day = NOW - timedelta(days=1)
    sent(connection, one, day, impressions=10, engagements=5, clicks=None)  # half of ten
    sent(connection, one, day, impressions=10_000, engagements=100, clicks=50)
    sent(connection, one, day, impressions=None, engagements=900, clicks=900)
    sent(connection, one, day, impressions=0, engagements=0, clicks=0)
    sent(connection, other, day, impressions=100, engagements=0)
    sent(connection, other, NOW - timedelta(days=31), impressions=100, engagements=100)
    sent(connection, mail, day, engagements=40)
    one_row, other_row, mail_row = run(connection, "performance_by_platform")
    assert (one_row["account"], one_row["publications"], one_row["measured"]) == ("x-one", 4, 3)
    assert float(one_row["engagement_rate"]) == pytest.approx(105 / 10_010, abs=1e-4)
    assert float(one_row["click_through_rate"]) == pytest.approx(0.005)
    assert (float(other_row["engagement_rate"]), other_row["click_through_rate"], other_row["clicks"]) == (
        0,
        None,
        None,
    )
    assert (mail_row["account"], mail_row["avg_impressions"], mail_row["engagement_rate"]) == (
        "mailchimp-list",
        None,
        None,
    )


def snapshot(
    connection, distribution: UUID, published_at: datetime, age: int, *, impressions: int, engagements: int
) -> None:
    at = published_at + timedelta(hours=age)
    connection.execute(
        tables.distribution_metrics.insert().values(
            distribution_id=distribution,
            recorded_at=at,
            recorded_hour=at.replace(minute=0, second=0, microsecond=0),
            hours_since_publish=age,
            impressions=impressions,
            engagements=engagements,
        )
    )


def test_the_best_performing_times_are_local_and_compare_publications_at_one_age(connection):
    account = factories.account(connection, account_key="x-one", timezone="America/New_York")
    for weeks_ago in (2, 3, 4):
        at = monday(weeks_ago, 22)
        evening = sent(connection, account, at, engagement_rate=0.99)
        snapshot(connection, evening, at, 3, impressions=10, engagements=10)
        snapshot(connection, evening, at, 40, impressions=1000, engagements=50)
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
        ("Monday", 22, 3, 0.05),
        ("Monday", 9, 3, 0),
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
    report = run_report(connection, "performance_by_platform")
    shown = dict(zip(report.columns, report.shown()[0], strict=True))
    assert (shown["engagement_rate"], shown["click_through_rate"], shown["avg_impressions"]) == ("4.2 %", "", "12,000")
    assert float(report.rows[0][list(report.columns).index("engagement_rate")]) == 0.042
    assert "| x-one | x | 1 | 1 | 12,000 | 4.2 % |  | 504 |  |" in report.as_markdown()


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
