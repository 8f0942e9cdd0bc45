"""The brief: planned once, kept, and naming only what exists."""

import json

import pytest
import sqlalchemy as sa

from pipeline.editorial.brief import write_brief
from pipeline.store import tables
from pipeline.store.stories import UnknownStoryError, story
from pipeline.writing.base import WriterError
from pipeline.writing.offline import OfflineWriter
from pipeline.writing.openai_compatible import OpenAICompatibleWriter
from pipeline_tests import factories
from pipeline_tests.editorial.items import claimed_story
from pipeline_tests.writing.stand_in import Reply, endpoint
from pipeline_tests.writing.test_openai_compatible import BRIEF


def calls(engine: sa.Engine) -> list[tuple[str, str, str | None]]:
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text("select task, outcome, canonical_id from ai_usage where task <> 'analyse' order by id")
        )
        return [tuple(row) for row in rows]


def test_a_brief_is_written_once_and_read_after_that(engine):
    claimed = claimed_story(engine)
    with endpoint() as server:
        server.replies = [Reply(json.dumps(BRIEF))]
        writer = OpenAICompatibleWriter(base_url=server.base_url, model="gpt-4o-mini")
        first = write_brief(engine, writer, claimed.canonical_id)
        assert write_brief(engine, writer, claimed.canonical_id) == first
        assert len(server.requests) == 1
    assert calls(engine) == [("write_brief", "ok", claimed.canonical_id)]
    with engine.connect() as connection:
        stored = story(connection, claimed.canonical_id)
    assert stored.brief == BRIEF
    assert stored.facts == claimed.facts


def test_links_and_products_that_nobody_has_are_left_out_of_a_brief(engine):
    claimed = claimed_story(engine)
    with engine.begin() as connection:
        factories.insert(
            connection,
            tables.affiliate_products,
            vertical_id=claimed.vertical_id,
            name="Kelp snack",
            merchant="Kelp Ltd",
            affiliate_url="https://shop.example/kelp",
            keywords=["kelp"],
        )
    invented = {**BRIEF, "internal_links": ["no-such-post"], "affiliate_opportunities": ["Kelp snack", "Moon dust"]}
    with endpoint() as server:
        server.replies = [Reply(json.dumps(invented))]
        writer = OpenAICompatibleWriter(base_url=server.base_url, model="gpt-4o-mini")
        brief = write_brief(engine, writer, claimed.canonical_id)
        assert "Kelp snack" in server.requests[0]["messages"][1]["content"]
    assert brief.internal_links == []
    assert brief.affiliate_opportunities == ["Kelp snack"]


def test_a_failed_brief_is_on_the_books_and_leaves_nothing_behind(engine):
    claimed = claimed_story(engine)
    with endpoint() as server:
        server.replies = [Reply("nonsense"), Reply("nonsense")]
        writer = OpenAICompatibleWriter(base_url=server.base_url, model="gpt-4o-mini")
        with pytest.raises(WriterError):
            write_brief(engine, writer, claimed.canonical_id)
    assert calls(engine) == [("write_brief", "invalid", claimed.canonical_id)] * 2
    assert write_brief(engine, OfflineWriter(), claimed.canonical_id).target_word_count > 0


def test_two_that_write_one_brief_at_once_agree_on_it(engine):
    from concurrent.futures import ThreadPoolExecutor

    claimed = claimed_story(engine)
    with endpoint() as server:
        server.replies = [Reply(json.dumps({**BRIEF, "topic": f"Otters {number}"})) for number in range(4)]
        writer = OpenAICompatibleWriter(base_url=server.base_url, model="gpt-4o-mini")
        with ThreadPoolExecutor(4) as pool:
            briefs = list(pool.map(lambda _: write_brief(engine, writer, claimed.canonical_id), range(4)))
    assert len({brief.topic for brief in briefs}) == 1


def test_a_story_that_is_none_has_no_brief(engine):
    with pytest.raises(UnknownStoryError):
        write_brief(engine, OfflineWriter(), "nobody")


def test_of_very_many_products_the_prompt_names_those_of_the_source_and_a_hundred_at_most(engine):
    claimed = claimed_story(engine)
    with engine.begin() as connection:
        for name in [*(f"Thing {number:03}" for number in range(120)), "kelp"]:
            factories.insert(
                connection,
                tables.affiliate_products,
                vertical_id=claimed.vertical_id,
                name=name,
                merchant="Kelp Ltd",
                affiliate_url="https://shop.example/kelp",
                keywords=["otter food"],
            )
    with endpoint() as server:
        server.replies = [Reply(json.dumps(BRIEF))]
        write_brief(engine, OpenAICompatibleWriter(base_url=server.base_url, model="gpt-4o-mini"), claimed.canonical_id)
        products = server.prompts[0].split("Products: ")[1].splitlines()[0].split(", ")
    assert products[0] == "kelp"
    assert len(products) == 100
