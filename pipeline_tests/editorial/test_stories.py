"""Claiming stories: the best, once, and taken up again when work stops."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from pipeline.editorial import budget
from pipeline.editorial.failure import keep_failure
from pipeline.store import stories, tables
from pipeline.store.stories import UnknownStoryError, claim_stories, stories_to_resume
from pipeline.writing.base import WriterError
from pipeline_tests import factories
from pipeline_tests.editorial.items import LEASE, claimed_story, item, one_source, own_story, source


def candidate(connection: sa.Connection, source_id, hook: int = 80, **values):
    content_id = item(connection, source_id, **values)
    factories.insert(
        connection, tables.content_analysis, content_id=content_id, hook_strength=hook, language="en", model="test"
    )
    own_story(connection, content_id)
    return content_id


def claim(engine: sa.Engine, limit: int = 10) -> list[stories.Story]:
    with engine.begin() as connection:
        return claim_stories(connection, limit=limit, lease=LEASE)


def resume(engine: sa.Engine) -> list[str]:
    with engine.begin() as connection:
        return [story.canonical_id for story in stories_to_resume(connection, limit=10, lease=LEASE)]


def end_lease(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("update raw_content set story_lease_until = now() - interval '1 second'"))


@pytest.mark.parametrize(
    ("hook", "rate", "percentile", "claimed"),
    [
        (70, 0.05, None, True),
        (69, 0.5, None, False),
        (70, 0.049, 0.99, False),  # a measured rate decides, whatever stands in for it
        (70, None, 0.8, True),
        (70, None, 0.79, False),
        (100, None, None, True),
    ],
)
def test_a_story_needs_a_hook_and_readers(engine, hook, rate, percentile, claimed):
    source_id = one_source(engine)
    with engine.begin() as connection:
        candidate(connection, source_id, hook, engagement_rate=rate, engagement_percentile=percentile)
    assert len(claim(engine)) == claimed


def test_the_best_come_first_and_the_limit_leaves_the_rest(engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        ids = [
            candidate(connection, source_id, hook, engagement_rate=rate, engagement_percentile=percentile)
            for hook, rate, percentile in [(70, None, 0.9), (90, None, 0.9), (75, 0.06, None), (75, 0.2, None)]
        ]
    assert [story.content_id for story in claim(engine, 3)] == [ids[3], ids[2], ids[1]]
    assert [story.content_id for story in claim(engine, 3)] == [ids[0]]


def test_the_id_is_the_vertical_and_the_item_whatever_the_run(engine):
    import hashlib

    with engine.begin() as connection:
        source_id = source(connection, factories.vertical(connection, slug="otters"))
        candidate(connection, source_id, external_id="post-ä")
    digest = hashlib.sha256(f"{source_id}:post-ä".encode()).hexdigest()
    [story] = claim(engine)
    assert story.canonical_id == f"otters-{digest[:10]}"


def test_an_id_that_is_taken_is_made_longer(engine):
    import hashlib

    with engine.begin() as connection:
        source_id = source(connection, factories.vertical(connection, slug="otters"))
        candidate(connection, source_id, external_id="a")
        digest = hashlib.sha256(f"{source_id}:a".encode()).hexdigest()
        item(connection, source_id, canonical_id=f"otters-{digest[:10]}")
    assert [story.canonical_id for story in claim(engine)] == [f"otters-{digest[:20]}"]


def test_two_runs_never_claim_the_same_story(engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        for _ in range(40):
            candidate(connection, source_id)
    with ThreadPoolExecutor(4) as pool:
        claimed = [story.canonical_id for batch in pool.map(lambda _: claim(engine), range(4)) for story in batch]
    assert len(claimed) == len(set(claimed)) == 40


def test_a_vertical_that_is_switched_off_makes_no_story(engine):
    source_id = one_source(engine, is_active=False)
    with engine.begin() as connection:
        candidate(connection, source_id)
    assert claim(engine) == []


def test_a_story_is_resumed_when_its_lease_ran_out_and_only_so_often(engine):
    story = claimed_story(engine)
    assert resume(engine) == []
    for _ in range(stories.MOST_ATTEMPTS - 1):
        end_lease(engine)
        assert resume(engine) == [story.canonical_id]
    end_lease(engine)
    assert resume(engine) == []


def test_a_post_that_a_person_saw_is_not_resumed_even_when_it_is_a_draft_again(engine):
    story = claimed_story(engine)
    with engine.begin() as connection:
        post_id = factories.post(
            connection, story.vertical_id, factories.user(connection), canonical_id=story.canonical_id, status="draft"
        )
    end_lease(engine)
    assert resume(engine) == [story.canonical_id]
    with engine.begin() as connection:
        for status in ("review", "draft"):
            connection.execute(
                sa.text("update publisher_posts set status = :status where id = :id"),
                {"status": status, "id": post_id},
            )
    end_lease(engine)
    assert resume(engine) == []


def state(engine: sa.Engine) -> sa.Row[Any]:
    with engine.connect() as connection:
        return connection.execute(
            sa.text(
                "select story_error, story_attempts, story_lease_until from raw_content where canonical_id is not null"
            )
        ).one()


def test_a_failure_is_kept_and_tried_again_after_a_pause(engine):
    story = claimed_story(engine)
    keep_failure(engine, story.canonical_id, RuntimeError("no luck"))
    failed = state(engine)
    assert (failed.story_error, failed.story_attempts) == ("no luck", 1)
    assert datetime.now(UTC) < failed.story_lease_until < datetime.now(UTC) + timedelta(minutes=5)


def test_a_failure_that_trying_again_cannot_help_waits_for_a_person(engine):
    story = claimed_story(engine)
    keep_failure(engine, story.canonical_id, WriterError("refused", retryable=False))
    assert state(engine).story_lease_until is None
    assert resume(engine) == []


def test_a_spent_budget_puts_the_story_off_and_is_no_attempt(engine):
    story = claimed_story(engine)
    error = budget.BudgetExceededError("spent", not_before=datetime(2030, 1, 1, tzinfo=UTC))
    keep_failure(engine, story.canonical_id, error)
    assert state(engine) == (str(error), 0, error.not_before)


def test_an_unknown_story_is_an_error(engine):
    with engine.connect() as connection, pytest.raises(UnknownStoryError, match="nobody"):
        stories.story(connection, "nobody")
