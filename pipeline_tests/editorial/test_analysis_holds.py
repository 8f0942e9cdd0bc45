"""A vertical for which a budget has no room waits without a run that could call nobody."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from pipeline.editorial import budget
from pipeline.editorial.analysis import analyse_new
from pipeline.resources.database import Database
from pipeline.sensors import new_content
from pipeline.settings import settings
from pipeline.store import analysis_holds, tables
from pipeline.store.stories import anything_to_analyse
from pipeline.writing.openai_compatible import OpenAICompatibleWriter
from pipeline_tests.editorial.items import item, one_source
from pipeline_tests.editorial.test_analysis import PickyWriter
from pipeline_tests.writing.stand_in import Reply, endpoint

DAY = Decimal(10)


def spend(engine: sa.Engine, usd: int) -> None:
    with engine.begin() as connection:
        bill = {"task": "x", "provider": "x", "model": "x", "latency_ms": 1, "outcome": "ok", "cost_usd": usd}
        connection.execute(tables.ai_usage.insert().values(bill))


def held(engine: sa.Engine, default_usd: Decimal = DAY) -> int:
    with engine.connect() as connection:
        return len(analysis_holds.held(connection, default_usd))


@pytest.fixture
def without_room(engine: sa.Engine) -> sa.Engine:
    """An item waits, and today's budget is spent: a run has found so."""
    source_id = one_source(engine)
    with engine.begin() as connection:
        item(connection, source_id)
    spend(engine, 1_000)
    with endpoint() as server:
        server.replies = [Reply(json.dumps({}))]
        report = analyse_new(engine, OpenAICompatibleWriter(base_url=server.base_url, model="gpt-4o-mini"))
        assert server.requests == []
    assert report.stopped
    return engine


def tick(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    settings.cache_clear()
    try:
        with dg.DagsterInstance.ephemeral() as instance:
            with dg.build_sensor_context(instance=instance, resources={"database": Database()}) as context:
                return new_content.evaluate_tick(context)
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_no_run_is_asked_for_while_there_is_no_room(without_room: sa.Engine, monkeypatch: pytest.MonkeyPatch):
    told = tick(without_room, monkeypatch)
    assert not told.run_requests
    assert "pressroom costs" in (told.skip_message or "")
    with without_room.begin() as connection:
        connection.execute(sa.text("update analysis_holds set until = now()"))
    assert len(tick(without_room, monkeypatch).run_requests or []) == 1


def test_another_vertical_s_items_are_analysed_all_the_same(without_room: sa.Engine):
    with without_room.connect() as connection:
        besides = analysis_holds.held(connection, DAY)
        assert not anything_to_analyse(connection, besides=besides)
    other = one_source(without_room)
    with without_room.begin() as connection:
        item(connection, other)
        assert anything_to_analyse(connection, besides=besides)


def test_a_budget_that_was_raised_ends_the_wait(without_room: sa.Engine):
    assert held(without_room) == 1
    assert held(without_room, Decimal(1_000)) == 1
    assert held(without_room, Decimal(1_001)) == 0


def test_the_next_day_ends_the_wait(without_room: sa.Engine):
    with without_room.begin() as connection:
        until = connection.scalar(sa.text("select until from analysis_holds"))
        midnight = connection.scalar(sa.text("select date_trunc('day', now() at time zone 'UTC') + interval '1 day'"))
        assert until == midnight.replace(tzinfo=UTC)
        connection.execute(sa.text("update analysis_holds set until = now()"))
    assert held(without_room) == 0


def test_what_no_lack_of_room_is_the_cause_of_is_tried_again_within_minutes(engine: sa.Engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        item(connection, source_id, caption="poison")
    unknown = budget.UnknownPriceError("nobody knows", not_before=datetime.now(UTC) + timedelta(hours=1))
    analyse_new(engine, PickyWriter("poison", unknown))
    assert held(engine, Decimal(1_000_000)) == 1
    with engine.connect() as connection:
        wait = connection.scalar(sa.text("select until - now() from analysis_holds"))
    assert timedelta(minutes=4) < wait < timedelta(minutes=6)
