"""The analysis of new items, on real rows."""

import json

import sqlalchemy as sa

from pipeline.editorial import budget
from pipeline.editorial.analysis import analyse_new
from pipeline.store import tables
from pipeline.store.stories import anything_to_analyse
from pipeline.writing.base import Analysis, Source, WriterError, Written
from pipeline.writing.offline import OfflineWriter
from pipeline.writing.openai_compatible import OpenAICompatibleWriter
from pipeline_tests.editorial.items import item, one_source
from pipeline_tests.writing.stand_in import Reply, endpoint


class PickyWriter(OfflineWriter):
    """Fails on what it is told to fail on."""

    def __init__(self, word: str, error: Exception) -> None:
        self.calls = 0
        self._word = word
        self._error = error

    def analyse(self, source: Source) -> Written[Analysis]:
        self.calls += 1
        if self._word in source.text:
            raise self._error
        return super().analyse(source)


def analysed(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(sa.text("select count(*) from content_analysis")) or 0


def test_every_item_is_analysed_once_and_each_call_is_on_the_books(engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        for _ in range(3):
            item(connection, source_id)
        assert anything_to_analyse(connection)
    assert analyse_new(engine, OfflineWriter()).analysed == 3
    assert analyse_new(engine, OfflineWriter()).analysed == 0
    with engine.connect() as connection:
        assert not anything_to_analyse(connection)
        calls = connection.execute(sa.select(tables.ai_usage)).all()
    assert [(call.task, call.cost_usd, call.outcome) for call in calls] == [("analyse", 0, "ok")] * 3
    assert all(call.vertical_id is not None for call in calls)


def test_the_limit_takes_what_readers_liked_most(engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        item(connection, source_id, engagement_percentile=0.1)
        best = item(connection, source_id, engagement_percentile=0.9)
    assert analyse_new(engine, OfflineWriter(), limit=1).analysed == 1
    with engine.connect() as connection:
        assert connection.scalars(sa.text("select content_id from content_analysis")).all() == [best]


def test_one_failure_does_not_stop_the_others_and_is_given_up_after_three_attempts(engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        item(connection, source_id)
        item(connection, source_id, caption="poison")
    writer = PickyWriter("poison", WriterError("the model choked"))
    reports = [analyse_new(engine, writer) for _ in range(2)]
    assert [report.analysed for report in reports] == [1, 0]
    assert all("the model choked" in line for report in reports for line in report.failures)
    assert writer.calls == 4
    assert analyse_new(engine, writer).failures == []
    with engine.connect() as connection:
        assert connection.scalars(sa.text("select story_error from raw_content where caption = 'poison'")).all() == [
            "analysis: the model choked"
        ]
        assert not anything_to_analyse(connection)


def test_an_error_that_nobody_foresaw_is_counted_and_not_tried_again(engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        item(connection, source_id, caption="poison")
        item(connection, source_id)
    writer = PickyWriter("poison", RuntimeError("what is this"))
    report = analyse_new(engine, writer)
    assert (report.analysed, len(report.failures)) == (1, 1)
    assert writer.calls == 2


def test_a_dead_analysis_is_taken_up_again_when_its_lease_runs_out(engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        item(connection, source_id, story_attempts=1, story_lease_until=sa.text("now() + interval '1 minute'"))
    assert analyse_new(engine, OfflineWriter()).analysed == 0
    with engine.begin() as connection:
        connection.execute(sa.text("update raw_content set story_lease_until = now() - interval '1 second'"))
    assert analyse_new(engine, OfflineWriter()).analysed == 1


def test_runs_beside_each_other_share_the_work(engine):
    from concurrent.futures import ThreadPoolExecutor

    source_id = one_source(engine)
    with engine.begin() as connection:
        for number in range(30):
            item(connection, source_id, engagement_percentile=number / 30)
    writer = PickyWriter("never", RuntimeError())
    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(lambda _: analyse_new(engine, writer), range(3)))
    assert sum(report.analysed for report in reports) == 30
    assert writer.calls == 30


def test_a_spent_budget_stops_the_run_before_any_call_and_costs_no_attempt(engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        item(connection, source_id)
        connection.execute(
            tables.ai_usage.insert().values(
                task="x", provider="x", model="x", latency_ms=1, outcome="ok", cost_usd=1_000_000
            )
        )
    with endpoint() as server:
        server.replies = [Reply(json.dumps({}))]
        writer = OpenAICompatibleWriter(base_url=server.base_url, model="gpt-4o-mini")
        report = analyse_new(engine, writer)
        assert server.requests == []
    assert "budget" in (report.stopped or "")
    assert report.failures == [report.stopped]
    with engine.connect() as connection:
        assert connection.scalars(sa.text("select story_attempts from raw_content")).all() == [0]
        assert anything_to_analyse(connection)
    assert analyse_new(engine, OfflineWriter()).analysed == 1


def test_yesterdays_spending_is_not_todays(engine):
    with engine.begin() as connection:
        connection.execute(
            tables.ai_usage.insert().values(
                task="x",
                provider="x",
                model="x",
                latency_ms=1,
                outcome="ok",
                cost_usd=1_000_000,
                created_at=sa.text(
                    "date_trunc('day', now() at time zone 'UTC') at time zone 'UTC' - interval '1 second'"
                ),
            )
        )
    budget.check(engine, OpenAICompatibleWriter(base_url="http://127.0.0.1:9/v1", model="gpt-4o-mini"))
