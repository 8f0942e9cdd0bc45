"""The analysis of new items, on real rows."""

import json
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from pipeline.editorial import budget
from pipeline.editorial.analysis import analyse_new
from pipeline.editorial.facts import only_what_the_source_says
from pipeline.store import tables
from pipeline.store.stories import anything_to_analyse
from pipeline.writing.base import Analysis, Fact, Source, WriterError, Written
from pipeline.writing.calls import CallBook
from pipeline.writing.offline import OfflineWriter
from pipeline.writing.openai_compatible import OpenAICompatibleWriter
from pipeline_tests.editorial.items import CAPTION, caption_of, item, one_source
from pipeline_tests.writing.books import MemoryBook
from pipeline_tests.writing.stand_in import Reply, endpoint


class PickyWriter(OfflineWriter):
    """Fails on what it is told to fail on."""

    def __init__(self, word: str, error: Exception) -> None:
        self.calls = 0
        self._word = word
        self._error = error

    def analyse(self, source: Source, book: CallBook) -> Written[Analysis]:
        self.calls += 1
        if self._word in source.text:
            raise self._error
        return super().analyse(source, book)


def analysed(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(sa.text("select count(*) from content_analysis")) or 0


def test_every_item_is_analysed_once_and_the_offline_writer_makes_no_call(engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        for _ in range(3):
            item(connection, source_id)
        assert anything_to_analyse(connection)
    assert analyse_new(engine, OfflineWriter()).analysed == 3
    assert analyse_new(engine, OfflineWriter()).analysed == 0
    with engine.connect() as connection:
        assert not anything_to_analyse(connection)
        assert connection.execute(sa.select(tables.ai_usage)).all() == []


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


class TestWhatAModelInvents:
    SOURCE = Source(
        "Trump met Trudeau in Hamburg in 2017. “It was good,” Trudeau said to his people later.", title="Talks"
    )

    def kept(self, *facts: tuple[str, str], **values) -> Analysis:
        given = {"topics": ["talks"], "hook_strength": 90, "language": "en", "entities": [], **values}
        made = [{"text": text, "sentence": sentence} for text, sentence in facts]
        return only_what_the_source_says(Analysis.model_validate({**given, "facts": made}), self.SOURCE)

    @pytest.mark.parametrize(
        "text",
        [
            "Trump met Trudeau in 2018.",
            "Trump met Angela Merkel in Hamburg.",
            "Trudeau said: “It was very good”.",
            "Trump met 99 Trudeaus.",
        ],
    )
    def test_a_fact_that_says_more_than_its_source_is_put_in_the_sources_words(self, text):
        sentence = "Trump met Trudeau in Hamburg in 2017."
        assert self.kept((text, sentence)).facts == [Fact(text=sentence, sentence=sentence)]

    def test_a_fact_in_other_words_stays(self):
        fact = ("In 2017, Trudeau met Trump.", "Trump met Trudeau in Hamburg in 2017.")
        assert [found.text for found in self.kept(fact).facts] == [fact[0]]

    def test_a_fact_whose_sentence_the_source_does_not_have_is_none_and_without_facts_there_is_no_hook(self):
        kept = self.kept(("Trump left.", "Trump left Hamburg in 2017."))
        assert (kept.facts, kept.hook_strength) == ([], 30)

    def test_entities_that_the_source_does_not_name_are_left_out(self):
        assert self.kept(entities=["Trudeau", "Merkel", "hamburg"]).entities == ["Trudeau", "hamburg"]

    @pytest.mark.parametrize(
        ("told", "code"), [("EN", "en"), ("en-GB", "en"), ("de_AT", "de"), ("English", "en"), ("und", "und")]
    )
    def test_the_language_is_told_by_its_code(self, told, code):
        assert self.kept(language=told).language == code


def test_what_the_offline_writer_finds_is_all_the_sources(engine):
    source = Source(CAPTION)
    found = OfflineWriter().analyse(source, MemoryBook()).value
    assert only_what_the_source_says(found, source) == found


def test_an_item_that_was_rewritten_while_it_was_analysed_waits_for_its_analysis_again(engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        content_id = item(connection, source_id)

    class SlowWriter(OfflineWriter):
        def analyse(self, source: Source, book: CallBook) -> Written[Analysis]:
            with engine.begin() as connection:
                connection.execute(
                    sa.text("update raw_content set caption = :text where id = :id and caption <> :text"),
                    {"text": caption_of(1), "id": content_id},
                )
            return super().analyse(source, book)

    first = analyse_new(engine, SlowWriter(), limit=1)
    assert (first.analysed, first.failures) == (0, [])
    assert analyse_new(engine, OfflineWriter()).analysed == 1
    with engine.connect() as connection:
        row = connection.execute(
            sa.text(
                "select story_attempts, story_lease_until, extracted_facts ->> 'facts' as facts from raw_content rc "
                "join content_analysis ca on ca.content_id = rc.id"
            )
        ).one()
    assert (row.story_attempts, row.story_lease_until) == (0, None)
    assert caption_of(1)[:20] in row.facts


def test_a_vertical_whose_budget_is_spent_does_not_keep_another_from_its_analyses(engine):
    poor, rich = one_source(engine), one_source(engine)
    with engine.begin() as connection:
        for number in range(60):
            item(connection, poor, engagement_percentile=1, caption=f"poison {number}")
        item(connection, rich, engagement_percentile=0.1)
    error = budget.BudgetExceededError("the budget is spent", not_before=datetime(2030, 1, 1, tzinfo=UTC))
    report = analyse_new(engine, PickyWriter("poison", error))
    assert report.analysed == 1
    assert report.failures == [report.stopped]
    with engine.connect() as connection:
        assert connection.scalar(sa.text("select max(story_attempts) from raw_content")) == 0


def test_a_rate_limit_puts_an_item_off_and_is_no_attempt(engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        item(connection, source_id, caption="poison")
    until = datetime(2035, 1, 1, tzinfo=UTC)
    analyse_new(engine, PickyWriter("poison", WriterError("slow down", not_before=until)))
    with engine.connect() as connection:
        row = connection.execute(sa.text("select story_attempts, story_lease_until from raw_content")).one()
        assert not anything_to_analyse(connection)
    assert tuple(row) == (0, until)
