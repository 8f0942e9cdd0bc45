"""The sync against a real database: what is asked, what is stored, and what a failure leaves behind."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from pipeline.measurement.metrics.sync import CannotOpenError, sync_account, sync_accounts
from pipeline.platforms.base import Gone, Metrics
from pipeline.store import metrics_reads, tables
from pipeline.store.database import transaction
from pipeline.vocabulary import ErrorKind
from pipeline_tests import factories
from pipeline_tests.measurement.platform import Platform, account_rows, at_price, published, unavailable

HOUR = timedelta(hours=1)


def sync(engine, platform, key="x"):
    row = account_rows(engine)[key]
    return sync_account(engine, row, platform.open(row))


def add(engine, *ids, key="x", age=3 * HOUR, **values):
    """An account with these publications, due; their ids by the platform's."""
    with transaction(engine, "test") as connection:
        account_id = connection.scalar(sa.text("select id from platforms where account_key = :key"), {"key": key})
        account_id = account_id or factories.account(connection, account_key=key, account_id=key)
        return {id_: published(connection, account_id, age, f"{key}-{id_}", **values) for id_ in ids}


def due_again(engine, **assignments):
    """Every publication is due; columns of theirs may be set as well, by SQL."""
    changes = ", ".join(f"{name} = {value}" for name, value in ({"next_metrics_at": "now()"} | assignments).items())
    with transaction(engine, "test") as connection:
        connection.execute(sa.text(f"update distributions set {changes}"))


def an_hour_ago(engine):
    """What was recorded was recorded an hour ago."""
    with transaction(engine, "test") as connection:
        connection.execute(
            sa.text("""
                update distribution_metrics
                set recorded_at = recorded_at - interval '1 hour', recorded_hour = recorded_hour - interval '1 hour'
            """)
        )


def rows(engine, query, **parameters):
    with engine.connect() as connection:
        return connection.execute(sa.text(query), parameters).all()


def test_a_snapshot_is_stored_with_the_rates_and_the_latest_figures_and_comes_again_on_the_hour_of_its_age(engine):
    ids = add(engine, "a")
    told = Metrics(
        impressions=200, engagements=3, clicks=1, video_views=7, followers_gained=2, platform_metrics={"quotes": 1}
    )
    report = sync(engine, Platform(lambda _, ids: dict.fromkeys(ids, told)))
    assert (report.stored, report.left, report.calls, report.error) == (1, 0, 1, None)
    row = factories.row_of(engine, ids["a"])
    assert (row.impressions, row.engagement_rate, row.click_through_rate) == (200, Decimal("0.015"), Decimal("0.005"))
    assert (row.reach, row.video_views, row.metrics_state) == (None, 7, "live")
    assert row.next_metrics_at == row.published_at + 4 * HOUR
    (snapshot,) = rows(engine, "select * from distribution_metrics")
    assert (snapshot.hours_since_publish, snapshot.followers_gained, snapshot.platform_metrics) == (3, 2, {"quotes": 1})
    assert (snapshot.impressions, snapshot.saves) == (200, None)


def test_a_second_snapshot_of_the_hour_replaces_the_first_and_one_of_another_hour_stands_beside_it(engine):
    add(engine, "a")
    counted = iter((10, 12, 15))
    platform = Platform(lambda _, ids: {id_: Metrics(impressions=next(counted)) for id_ in ids})
    sync(engine, platform)
    an_hour_ago(engine)
    for _ in range(2):
        due_again(engine)
        sync(engine, platform)
    seen = [
        row.impressions for row in rows(engine, "select impressions from distribution_metrics order by recorded_hour")
    ]
    assert seen in ([10, 15], [10, 12, 15])  # the three straddled the end of an hour


def test_a_figure_that_falls_is_kept_as_it_is_told(engine):
    ids = add(engine, "a")
    counted = iter((100, 80))
    platform = Platform(lambda _, ids: {id_: Metrics(impressions=next(counted)) for id_ in ids})
    sync(engine, platform)
    an_hour_ago(engine)
    due_again(engine)
    sync(engine, platform)
    assert factories.row_of(engine, ids["a"]).impressions == 80
    assert [row.impressions for row in rows(engine, "select * from distribution_metrics order by recorded_at")] == [
        100,
        80,
    ]


def test_a_figure_that_the_platform_stops_telling_is_unknown_in_the_snapshot_and_stays_the_latest_known(engine):
    ids = add(engine, "a")
    sync(engine, Platform(lambda _, ids: {id_: Metrics(impressions=100, clicks=5) for id_ in ids}))
    an_hour_ago(engine)
    due_again(engine)
    sync(engine, Platform(lambda _, ids: {id_: Metrics(impressions=200) for id_ in ids}))
    row = factories.row_of(engine, ids["a"])
    assert (row.impressions, row.clicks, row.click_through_rate) == (200, 5, Decimal("0.05"))
    assert rows(engine, "select clicks from distribution_metrics order by recorded_at")[-1].clicks is None


def test_nothing_divided_by_nothing_is_unknown_and_a_measured_zero_is_zero(engine):
    ids = add(engine, "a", "b")
    answers = {"x-a": Metrics(impressions=0, engagements=0), "x-b": Metrics(impressions=50, engagements=0)}
    sync(engine, Platform(lambda _, ids: {id_: answers[id_] for id_ in ids}))
    assert factories.row_of(engine, ids["a"]).engagement_rate is None
    assert factories.row_of(engine, ids["b"]).engagement_rate == 0


def test_figures_that_no_column_takes_are_unknown_and_keep_no_other_publication_from_being_stored(engine):
    ids = add(engine, "odd", "fine")
    odd = Metrics(
        impressions=-1, reach=2**70, likes=3, platform_metrics={"a\0": "b\0", "c": float("nan"), "d": ["\ud800"]}
    )
    answers = {"x-odd": odd, "x-fine": Metrics(impressions=9)}
    assert sync(engine, Platform(lambda _, ids: {id_: answers[id_] for id_ in ids})).stored == 2
    row = factories.row_of(engine, ids["odd"])
    assert (row.impressions, row.reach, row.likes) == (None, None, 3)
    assert factories.row_of(engine, ids["fine"]).impressions == 9


def test_each_account_and_each_batch_fails_alone(engine):
    for key in ("well", "slow"):
        add(engine, *(f"{n:03}" for n in range(25)), key=key)
    asked = []

    def answer(row, ids):
        asked.append(row.account_key)
        if row.account_key == "slow" and asked.count("slow") == 2:
            raise unavailable(ErrorKind.UNAVAILABLE)
        return {id_: Metrics(impressions=1) for id_ in ids}

    platform = Platform(answer, batch=10)
    reports = {
        row.account_key: each for row, each in sync_accounts(engine, list(account_rows(engine).values()), platform.open)
    }
    assert (reports["well"].stored, reports["well"].error) == (25, None)
    assert (reports["slow"].stored, reports["slow"].left) == (15, 10)
    assert "unavailable" in str(reports["slow"].error)
    assert sync(engine, platform, "slow").stored == 10
    (counted,) = rows(
        engine, "select count(*) as n, count(distinct distribution_id) as publications from distribution_metrics"
    )
    assert (counted.n, counted.publications) == (50, 50)


def test_an_account_that_cant_be_opened_or_breaks_in_a_way_nobody_foresaw_keeps_no_other_from_being_asked(engine):
    for key in ("shut", "odd", "well"):
        add(engine, "a", key=key)
    platform = Platform()

    def open_adapter(row):
        if row.account_key == "shut":
            raise CannotOpenError("no such secret")
        return platform.open(row)

    def answer(row, ids):
        if row.account_key == "odd":
            raise KeyError("data")
        return {id_: Metrics() for id_ in ids}

    platform.answer = answer
    rows_ = list(account_rows(engine).values())
    reports = {row.account_key: each for row, each in sync_accounts(engine, rows_, open_adapter)}
    assert reports["shut"].error == "no such secret"
    assert "KeyError" in str(reports["odd"].error)
    assert reports["well"].stored == 1


def test_a_rate_limit_stores_what_was_told_and_is_waited_out_before_the_account_is_asked_again(engine):
    add(engine, *(f"{n:03}" for n in range(30)))
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=40)
    questions = iter(range(10))

    def answer(_, ids):
        if next(questions) == 1:
            raise unavailable(ErrorKind.RATE_LIMITED, until)
        return {id_: Metrics(impressions=1) for id_ in ids}

    platform = Platform(answer, batch=10)
    report = sync(engine, platform)
    assert (report.stored, report.left, report.rests_until) == (10, 20, until)
    again = sync(engine, platform)
    assert (again.stored, again.left, again.calls, again.rests_until, again.error) == (0, 20, 0, until, None)
    with transaction(engine, "test") as connection:
        connection.execute(sa.text("update platforms set metrics_retry_at = now() - interval '1 second'"))
    assert sync(engine, platform).stored == 20
    (account,) = rows(engine, "select held_until from platforms")
    assert account.held_until is None  # publishing has limits of its own


def test_one_publication_that_the_platform_refuses_to_hear_of_hides_none_of_the_others(engine):
    ids = add(engine, *(f"{n:03}" for n in range(64)))

    def answer(_, asked):
        if "x-063" in asked:
            raise unavailable(ErrorKind.VALIDATION)
        return {id_: Metrics(impressions=1) for id_ in asked}

    platform = Platform(answer)
    report = sync(engine, platform)
    assert (report.stored, report.unanswered, report.left, report.error) == (63, 1, 0, None)
    assert report.calls < 20
    assert factories.row_of(engine, ids["063"]).next_metrics_at > datetime.now(UTC)


@pytest.mark.parametrize(("kind", "most"), [(ErrorKind.NETWORK, 3), (ErrorKind.VALIDATION, 12)])
def test_a_platform_that_only_fails_is_left_alone_soon(engine, kind, most):
    add(engine, *(f"{n:03}" for n in range(60)))

    def answer(_, asked):
        raise unavailable(kind)

    platform = Platform(answer, batch=10)
    report = sync(engine, platform)
    assert len(platform.asked) == most
    assert (report.stored, report.left > 0) == (0, True)
    assert str(kind) in report.error


def test_gone_is_believed_when_it_is_said_twice_a_day_apart_and_figures_bring_it_back(engine):
    ids = add(engine, "a", "b")
    gone = Platform(lambda _, asked: {id_: Gone() for id_ in asked})
    sync(engine, Platform())
    due_again(engine)
    assert sync(engine, gone).gone == 2
    row = factories.row_of(engine, ids["a"])
    assert (row.metrics_state, row.impressions) == ("gone", 100)
    assert timedelta(hours=23) < row.next_metrics_at - datetime.now(UTC) <= timedelta(hours=24)
    due_again(engine)
    answers: dict[str, Metrics | Gone] = {"x-a": Gone(), "x-b": Metrics(impressions=101)}
    sync(engine, Platform(lambda _, asked: {id_: answers[id_] for id_ in asked}))
    first, second = factories.row_of(engine, ids["a"]), factories.row_of(engine, ids["b"])
    assert (first.metrics_state, first.next_metrics_at) == ("gone", None)
    assert (second.metrics_state, second.impressions) == ("live", 101)


def test_silence_about_a_publication_is_not_its_end(engine):
    ids = add(engine, "a")
    report = sync(engine, Platform(lambda _, asked: {}))
    row = factories.row_of(engine, ids["a"])
    assert (report.unanswered, row.metrics_state, row.impressions) == (1, "live", None)
    assert row.next_metrics_at == row.published_at + 4 * HOUR
    assert rows(engine, "select 1 from distribution_metrics") == []


def test_what_is_taken_down_while_the_platform_answers_stays_as_it_was_left(engine):
    ids = add(engine, "a", "b")

    def answer(_, asked):
        with transaction(engine, "test") as connection:
            connection.execute(
                sa.text("""
                    update distributions set taken_down_at = now(), metrics_state = 'gone', next_metrics_at = null
                    where id = :id
                """),
                {"id": ids["a"]},
            )
        return {"x-a": Metrics(impressions=5), "x-b": Metrics(impressions=5)}

    assert sync(engine, Platform(answer)).stored == 1
    row = factories.row_of(engine, ids["a"])
    assert (row.metrics_state, row.next_metrics_at, row.impressions) == ("gone", None, None)


def test_two_syncs_of_an_account_never_ask_at_once(engine):
    add(engine, "a")
    seen = []

    def answer(row, asked):
        seen.append(sync(engine, Platform()))
        return {id_: Metrics(impressions=1) for id_ in asked}

    assert sync(engine, Platform(answer)).stored == 1
    assert (seen[0].stored, seen[0].calls) == (0, 0)


def test_a_budget_pays_for_the_youngest_and_the_rest_stays_due(engine):
    for number in range(10):
        add(engine, f"{number:03}", age=timedelta(hours=number + 2))
    account = account_rows(engine)["x"]
    with transaction(engine, "test") as connection:
        metrics_reads.set_budget(connection, account.id, Decimal("3.10"))
    today = datetime.now(UTC)
    platform = Platform(batch=2, prices=at_price("0.01"))
    with transaction(engine, "test") as connection:
        # Whatever the day of the month: it leaves five cents.
        days = (today.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        spent = Decimal("3.10") * today.day / days.day - Decimal("0.05")
        metrics_reads.charge(connection, account.id, today.date(), spent)
    report = sync(engine, platform)
    assert (report.stored, report.left, report.over_budget, report.usd) == (5, 5, 5, Decimal("0.05"))
    assert platform.ids == [f"x-{number:03}" for number in range(5)]
    assert sync(engine, platform).stored == 0


def test_what_is_asked_is_charged_before_the_question_and_given_back_where_the_platform_did_not_answer(engine):
    add(engine, "a", "b")
    charged = []

    def answer(_, asked):
        charged.extend(rows(engine, "select usd, calls, publications from metrics_reads"))
        raise unavailable(ErrorKind.UNAVAILABLE)

    report = sync(engine, Platform(answer, prices=at_price("0.005")))
    assert tuple(charged[0]) == (Decimal("0.010"), 1, 2)
    assert report.usd == 0
    assert rows(engine, "select usd from metrics_reads")[0].usd == 0


def test_where_figures_cost_money_an_account_is_asked_at_the_ages_that_count(engine):
    ids = add(engine, "a", age=timedelta(hours=3))
    sync(engine, Platform(prices=at_price("0.005")))
    row = factories.row_of(engine, ids["a"])
    assert row.next_metrics_at == row.published_at + 6 * HOUR


def test_figures_at_equal_age_come_from_the_snapshot_nearest_to_the_mark(engine):
    ids = add(engine, "late", age=timedelta(hours=26))
    add(engine, "near", age=timedelta(hours=24, minutes=6))
    ids |= add(engine, "none", age=timedelta(hours=34))
    sync(engine, Platform(lambda _, asked: {id_: Metrics(impressions=len(id_)) for id_ in asked}))
    marks = rows(
        engine,
        """
        select d.external_id, f.age_hours, f.measured_age_hours, f.impressions, f.clicks
        from distribution_age_figures f join distributions d on d.id = f.distribution_id order by 1, 2
        """,
    )
    assert [(row.external_id, row.age_hours) for row in marks] == [("x-late", 24), ("x-near", 24)]
    assert marks[0].measured_age_hours == pytest.approx(26, abs=0.1)
    assert (marks[0].impressions, marks[0].clicks) == (6, None)


def test_a_later_snapshot_farther_from_the_mark_leaves_the_marks_figure_alone(engine):
    add(engine, "a", age=timedelta(hours=24))
    counted = iter((10, 99))
    platform = Platform(lambda _, asked: {id_: Metrics(impressions=next(counted)) for id_ in asked})
    sync(engine, platform)
    an_hour_ago(engine)
    due_again(engine, published_at="published_at - interval '3 hours'")
    sync(engine, platform)
    (mark,) = rows(engine, "select * from distribution_age_figures where age_hours = 24")
    assert mark.impressions == 10


def test_where_nothing_can_be_asked_nothing_stays_due(engine):
    ids = add(engine, "a")
    platform = Platform(batch=0)
    report = sync(engine, platform)
    assert (platform.asked, report.calls, report.left) == ([], 0, 0)
    assert factories.row_of(engine, ids["a"]).next_metrics_at is None


def test_the_sync_feeds_the_patterns_one_row_a_pair_and_a_zero_counts(engine):
    add(engine, "a", "b")
    hours = [{"day_of_week": day, "hour": hour, "value": 1.0} for day in range(7) for hour in range(24)]
    with transaction(engine, "test") as connection:
        factories.insert(
            connection,
            tables.platform_patterns,
            platform_id=account_rows(engine)["x"].id,
            pattern_type="timing",
            pattern_name="optimal_posting_times",
            pattern_template=hours,
        )
    counted = iter((0, 0, 3, 0))
    platform = Platform(lambda _, asked: {id_: Metrics(impressions=10, engagements=next(counted)) for id_ in asked})
    sync(engine, platform)
    due_again(engine)
    sync(engine, platform)
    fed = rows(engine, "select engagements, pattern_applied from pattern_feedback order by engagements")
    assert [tuple(row) for row in fed] == [(0, True), (3, True)]
