"""A long article, killed half-way."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import sqlalchemy as sa

from pipeline.editorial.draft import write_draft
from pipeline.store.database import transaction
from pipeline.store.stories import keep_brief
from pipeline.writing.openai_compatible import OpenAICompatibleWriter
from pipeline.writing.prompt import default_templates
from pipeline_tests.editorial.items import claimed_story, post_of
from pipeline_tests.writing.stand_in import MODEL, endpoint, obliging

SECTIONS = 6
BRIEF = {
    "topic": "Otters",
    "target_keyword": "otters",
    "secondary_keywords": [],
    "target_word_count": 100 * (SECTIONS + 1),
    "structure": [
        {"type": "intro", "title": None, "word_count": 100},
        *({"type": "h2", "title": f"Part {number}", "word_count": 100} for number in range(SECTIONS)),
    ],
    "tone": "calm",
}


def short_winded(base_url: str) -> OpenAICompatibleWriter:
    """A model that says 500 tokens at a time."""
    template = replace(default_templates()["article"], max_tokens=500)
    return OpenAICompatibleWriter(base_url=base_url, model=MODEL, templates={"article": template})


@pytest.fixture
def story(engine):
    claimed = claimed_story(engine)
    with transaction(engine, "test") as connection:
        keep_brief(connection, claimed.content_id, BRIEF)
    return claimed


def test_a_writer_killed_in_the_middle_of_an_article_repeats_no_call_that_was_paid_for(engine, database_url, story):
    with endpoint() as server:
        server.replies = [obliging()]
        server.latency_seconds = 0.1
        command = [sys.executable, "-m", "pipeline_tests.editorial.long_article"]
        url = database_url.render_as_string(hide_password=False)
        process = subprocess.Popen([*command, url, server.base_url, story.canonical_id])
        while len(server.requests) < 4 and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        with engine.connect() as connection:
            paid = connection.scalar(sa.text("select count(*) from ai_usage"))
            answers = connection.scalar(sa.text("select count(*) from ai_answers"))
            under_way = connection.scalar(sa.text("select count(*) from ai_calls"))
        assert paid == answers == 3
        assert under_way == 1
        server.latency_seconds = 0
        write_draft(engine, short_winded(server.base_url), story.canonical_id)
        asked = [json.dumps(request, sort_keys=True) for request in server.requests]
    # Only the one that was under way is asked a second time: nobody knows whether it was answered.
    assert len(asked) == SECTIONS + 2
    assert len(set(asked)) == SECTIONS + 1
    with engine.connect() as connection:
        post = post_of(connection, story.canonical_id)
        tasks = connection.execute(sa.text("select task, outcome, canonical_id from ai_usage order by id")).all()
    assert [line for line in post.content.splitlines() if line.startswith("## ")] == [
        f"## Part {number}" for number in range(SECTIONS)
    ]
    assert [tuple(row) for row in tasks] == [("write_section", "ok", story.canonical_id)] * (SECTIONS + 1)
