"""A draft that an editor returned is written anew, with the editor's note."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from pipeline.editorial.brief import write_brief
from pipeline.editorial.draft import CannotRewriteError, write_draft
from pipeline.editorial.failure import keep_failure
from pipeline.store import tables
from pipeline.store.rewrites import to_rewrite
from pipeline.writing.base import WriterError
from pipeline.writing.offline import OfflineWriter
from pipeline.writing.openai_compatible import OpenAICompatibleWriter
from pipeline_tests import factories
from pipeline_tests.editorial.items import claimed_story, post_of
from pipeline_tests.writing.obliging import prose
from pipeline_tests.writing.stand_in import MODEL, Endpoint, Reply, endpoint, obliging

NOTE = "Say which pups, and drop the last sentence."
LEASE = timedelta(minutes=30)


@pytest.fixture
def server() -> Iterator[Endpoint]:
    with endpoint() as running:
        running.replies = [obliging()]
        yield running


@pytest.fixture
def writer(server: Endpoint) -> OpenAICompatibleWriter:
    return OpenAICompatibleWriter(base_url=server.base_url, model=MODEL)


@pytest.fixture
def draft(engine: sa.Engine, writer: OpenAICompatibleWriter) -> sa.Row[Any]:
    story = claimed_story(engine)
    write_brief(engine, writer, story.canonical_id)
    write_draft(engine, writer, story.canonical_id)
    return post(engine, story.canonical_id)


def post(engine: sa.Engine, canonical_id: str) -> sa.Row[Any]:
    with engine.connect() as connection:
        return post_of(connection, canonical_id)


def changes_requested(engine: sa.Engine, draft: sa.Row[Any], note: str = NOTE) -> None:
    with engine.begin() as connection:
        factories.insert(
            connection,
            tables.reviews,
            post_id=draft.id,
            reviewer_id=factories.user(connection),
            decision="changes_requested",
            note=note,
            content_hash=draft.content_hash,
        )


def rewritable(engine: sa.Engine) -> list[str]:
    with engine.begin() as connection:
        return to_rewrite(connection, limit=5, lease=LEASE)


def test_the_note_is_followed_under_the_same_slug_and_the_text_is_another(engine, server, writer, draft):
    changes_requested(engine, draft)
    assert rewritable(engine) == [draft.canonical_id]
    server.replies = [obliging(change=lambda a: {**a, "title": "A new title", "content": a["content"] + "\n\nNew."})]
    write_draft(engine, writer, draft.canonical_id)
    system, user = (message["content"] for message in server.requests[-1]["messages"])
    assert NOTE in system
    assert prose(60) in user
    assert "pressroom:" not in user
    again = post(engine, draft.canonical_id)
    assert (again.slug, again.title, again.status) == (draft.slug, "A new title", "draft")
    assert again.content.endswith("New.")
    assert again.content_hash != draft.content_hash
    assert rewritable(engine) == []
    write_draft(engine, writer, draft.canonical_id)
    assert post(engine, draft.canonical_id) == again


def test_a_second_note_is_another_rewrite(engine, server, writer, draft):
    changes_requested(engine, draft)
    rewritable(engine)
    server.replies = [obliging(change=lambda a: {**a, "excerpt": "Second."})]
    write_draft(engine, writer, draft.canonical_id)
    changes_requested(engine, post(engine, draft.canonical_id), "Shorter.")
    assert rewritable(engine) == [draft.canonical_id]


def test_a_draft_that_a_person_has_changed_since_is_left_as_it_is(engine, writer, draft):
    changes_requested(engine, draft)
    with engine.begin() as connection:
        connection.execute(sa.text("update publisher_posts set content = '# Mine', content_hash = 'mine'"))
    assert rewritable(engine) == []
    write_draft(engine, writer, draft.canonical_id)
    assert post(engine, draft.canonical_id).content == "# Mine"


def test_a_person_who_changes_the_draft_meanwhile_keeps_their_text(engine, server, writer, draft):
    changes_requested(engine, draft)

    def meanwhile(answer: dict) -> dict:
        with engine.begin() as connection:
            connection.execute(sa.text("update publisher_posts set content = '# Mine', content_hash = 'mine'"))
        return {**answer, "title": "Other"}

    server.replies = [obliging(change=meanwhile)]
    write_draft(engine, writer, draft.canonical_id)
    assert post(engine, draft.canonical_id).content == "# Mine"


def test_the_offline_writer_cannot_follow_a_note_and_leaves_the_draft_to_a_person(engine, draft):
    changes_requested(engine, draft)
    rewritable(engine)
    with pytest.raises(CannotRewriteError, match="pressroom review edit") as caught:
        write_draft(engine, OfflineWriter(), draft.canonical_id)
    keep_failure(engine, draft.canonical_id, caught.value)
    with engine.begin() as connection:
        connection.execute(sa.text("update post_rewrites set created_at = created_at - interval '1 day'"))
    assert rewritable(engine) == []
    assert post(engine, draft.canonical_id) == draft


def test_what_the_offline_writer_wrote_is_not_given_to_a_writer(engine):
    story = claimed_story(engine)
    write_brief(engine, OfflineWriter(), story.canonical_id)
    write_draft(engine, OfflineWriter(), story.canonical_id)
    changes_requested(engine, post(engine, story.canonical_id))
    assert rewritable(engine) == []


def test_a_failed_rewrite_is_tried_three_times_and_a_budget_is_no_attempt(engine, server, writer, draft):
    changes_requested(engine, draft)
    server.replies = [Reply(drop=True)]
    for _ in range(3):
        assert rewritable(engine) == [draft.canonical_id]
        with pytest.raises(WriterError) as caught:
            write_draft(engine, writer, draft.canonical_id)
        keep_failure(engine, draft.canonical_id, caught.value)
        assert rewritable(engine) == []
        with engine.begin() as connection:
            connection.execute(sa.text("update post_rewrites set lease_until = now() - interval '1 second'"))
    assert rewritable(engine) == []
    with engine.begin() as connection:
        connection.execute(sa.text("update post_rewrites set attempts = 1"))
    assert rewritable(engine) == [draft.canonical_id]
    keep_failure(engine, draft.canonical_id, WriterError("later", not_before=factories_time(engine)))
    with engine.connect() as connection:
        assert connection.scalars(sa.text("select attempts from post_rewrites")).all() == [1]


def factories_time(engine: sa.Engine):
    with engine.connect() as connection:
        return connection.scalar(sa.text("select now() + interval '1 hour'"))


def test_two_that_look_at_once_share_what_came_back(engine, draft):
    changes_requested(engine, draft)
    with engine.begin() as first:
        assert to_rewrite(first, limit=5, lease=LEASE) == [draft.canonical_id]
        with engine.begin() as second:
            assert to_rewrite(second, limit=5, lease=LEASE) == []
