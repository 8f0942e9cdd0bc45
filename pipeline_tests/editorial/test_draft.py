"""The draft, and the whole line from a scraped post to it."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
import sqlalchemy as sa

from pipeline.editorial import generated
from pipeline.editorial.analysis import analyse_new
from pipeline.editorial.brief import write_brief
from pipeline.editorial.draft import NoBriefError, write_draft
from pipeline.editorial.hashing import post_content_hash
from pipeline.editorial.links import DISCLOSURE
from pipeline.editorial.seo import check_post
from pipeline.editorial.templates import templates_in_use
from pipeline.store import tables
from pipeline.store.posts import WRITER_EMAIL
from pipeline.store.stories import Story, claim_stories
from pipeline.store.templates import wrote
from pipeline.writing.offline import NOTE, OfflineWriter
from pipeline.writing.openai_compatible import OpenAICompatibleWriter
from pipeline_tests import factories
from pipeline_tests.editorial.items import (
    CAPTION,
    LEASE,
    caption_of,
    claimed_story,
    insert_social_posts,
    item,
    one_source,
    post_of,
)
from pipeline_tests.writing.stand_in import endpoint, obliging

WRITER = OfflineWriter()


def drafted(engine: sa.Engine, story: Story) -> sa.Row[tuple[object, ...]]:
    write_brief(engine, WRITER, story.canonical_id)
    post_id = write_draft(engine, WRITER, story.canonical_id)
    with engine.connect() as connection:
        return connection.execute(sa.select(tables.publisher_posts).where(tables.publisher_posts.c.id == post_id)).one()


def test_a_draft_is_a_post_with_all_that_a_reviewer_and_the_lineage_need(engine):
    story = claimed_story(engine)
    post = drafted(engine, story)
    assert (post.status, post.canonical_id, post.source_content_id) == ("draft", story.canonical_id, story.content_id)
    assert post.slug.startswith("sea-otters-hold-hands-while-they-sleep")
    assert post.content.startswith(f"# {post.title}\n")
    assert NOTE in post.content
    assert post.target_keyword in post.keywords
    assert post.generated_content_id is not None
    assert not post.ai_generated
    assert post.content_hash == post_content_hash(
        title=post.title,
        slug=post.slug,
        content=post.content,
        excerpt=post.excerpt,
        meta_title=post.meta_title,
        meta_description=post.meta_description,
        featured_image_url=None,
    )
    with engine.connect() as connection:
        author = connection.execute(sa.text("select * from users where id = :id"), {"id": post.author_id}).one()
        words = connection.scalar(sa.text("select word_count from generated_content"))
    assert (author.email, author.is_person) == (WRITER_EMAIL, False)
    assert 40 < (words or 0) < 90


def test_a_draft_is_written_once(engine):
    story = claimed_story(engine)
    first = drafted(engine, story)
    assert write_draft(engine, WRITER, story.canonical_id) == first.id
    with engine.connect() as connection:
        assert connection.scalar(sa.text("select count(*) from generated_content")) == 1


def test_without_a_brief_there_is_no_draft(engine):
    with pytest.raises(NoBriefError):
        write_draft(engine, WRITER, claimed_story(engine).canonical_id)


def test_one_title_many_times_at_once_makes_numbered_slugs(engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        for number in range(6):
            item(connection, source_id, title="Otters hold hands", caption=caption_of(number))
    analyse_new(engine, WRITER)
    with engine.begin() as connection:
        ids = [story.canonical_id for story in claim_stories(connection, limit=6, lease=LEASE)]

    def line(canonical_id: str) -> None:
        write_brief(engine, WRITER, canonical_id)
        write_draft(engine, WRITER, canonical_id)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(line, ids))
    with engine.connect() as connection:
        slugs = set(connection.scalars(sa.text("select slug from publisher_posts")))
    base = min(slugs, key=len)
    assert slugs == {base, *(f"{base}-{number}" for number in range(2, 7))}


def test_one_story_written_by_many_at_once_is_one_post(engine):
    story = claimed_story(engine)
    write_brief(engine, WRITER, story.canonical_id)
    with ThreadPoolExecutor(5) as pool:
        ids = set(pool.map(lambda _: write_draft(engine, WRITER, story.canonical_id), range(5)))
    assert len(ids) == 1


def test_a_title_that_no_slug_can_hold_falls_back_to_the_id(engine):
    story = claimed_story(engine)
    write_brief(engine, WRITER, story.canonical_id)
    with endpoint() as server:
        server.replies = [obliging(change=lambda article: {**article, "title": "!?"})]
        writer = OpenAICompatibleWriter(base_url=server.base_url, model="gpt-4o-mini")
        write_draft(engine, writer, story.canonical_id)
    with engine.connect() as connection:
        assert post_of(connection, story.canonical_id).slug == story.canonical_id


def test_what_a_model_wrote_is_marked_and_counted_by_us_and_its_template_is_kept(engine):
    story = claimed_story(engine)
    write_brief(engine, WRITER, story.canonical_id)
    with endpoint() as server:
        server.replies = [obliging()]
        writer = OpenAICompatibleWriter(
            base_url=server.base_url, model="gpt-4o-mini", templates=templates_in_use(engine)
        )
        write_draft(engine, writer, story.canonical_id)
    with engine.connect() as connection:
        row = connection.execute(sa.select(tables.publisher_posts)).one()
        text = connection.execute(sa.select(tables.generated_content)).one()
        assert wrote(connection, story.canonical_id) == "pressroom-article version 1"
    assert (row.ai_generated, row.ai_model) == (True, "gpt-4o-mini")
    assert text.word_count > text.metadata["target_word_count"]  # the headings count


def test_an_article_whose_process_died_before_the_post_is_taken_from_where_it_is_kept(engine):
    story = claimed_story(engine)
    brief = write_brief(engine, WRITER, story.canonical_id)
    with endpoint() as server:
        server.replies = [obliging()]
        writer = OpenAICompatibleWriter(base_url=server.base_url, model="gpt-4o-mini")
        kept = generated.article(engine, writer, story, brief)
        with engine.begin() as connection:
            connection.execute(sa.text("delete from ai_answers"))
        write_draft(engine, writer, story.canonical_id)
        assert len(server.requests) == 1
    with engine.connect() as connection:
        assert post_of(connection, story.canonical_id).title == kept["title"]


def test_links_are_in_the_draft_before_anybody_reviews_it(engine):
    story = claimed_story(engine)
    with engine.begin() as connection:
        factories.insert(
            connection,
            tables.affiliate_products,
            vertical_id=story.vertical_id,
            name="Kelp",
            merchant="Kelp Ltd",
            affiliate_url="https://shop.example/kelp?a=1",
            keywords=["Kelp"],
        )
        published_post(connection, story.vertical_id, "about-otters")
    post = drafted(engine, story)
    assert '[kelp](https://shop.example/kelp?a=1 "pressroom:sponsored ' in post.content
    assert DISCLOSURE in post.content
    assert '(http://127.0.0.1:9/about-otters/ "pressroom:related ' in post.content


def test_posts_of_other_verticals_and_posts_that_nobody_can_read_are_not_linked_to(engine):
    story = claimed_story(engine)
    with engine.begin() as connection:
        published_post(connection, factories.vertical(connection), "elsewhere")
        published_post(connection, story.vertical_id, "unseen", status="review")
    assert "pressroom:related" not in drafted(engine, story).content


def published_post(connection: sa.Connection, vertical_id: UUID, slug: str, status: str = "published") -> None:
    factories.post(
        connection,
        vertical_id,
        factories.user(connection),
        slug=slug,
        status=status,
        human_reviewed=True,
        reviewed_by=factories.user(connection),
        reviewed_at=sa.func.now(),
        published_at=sa.func.now(),
        target_keyword="otters",
        keywords=["otters", "sea otters", "monterey bay"],
    )


def test_real_posts_become_drafts_without_a_failure_or_a_double(engine, social_posts):
    count = insert_social_posts(engine, social_posts, every=26)
    report = analyse_new(engine, WRITER)
    assert (report.analysed, report.failures) == (count, [])
    with engine.begin() as connection:
        ids = [story.canonical_id for story in claim_stories(connection, limit=100, lease=LEASE)]
    assert len(ids) >= 20

    def line(canonical_id: str) -> int:
        write_brief(engine, WRITER, canonical_id)
        write_draft(engine, WRITER, canonical_id)
        return check_post(engine, canonical_id).score

    with ThreadPoolExecutor(4) as pool:
        scores = list(pool.map(line, ids))
    assert sum(score >= 70 for score in scores) > len(scores) * 0.7
    with engine.connect() as connection:
        assert connection.scalar(sa.text("select count(distinct slug) from publisher_posts")) == len(ids)
        post = post_of(connection, ids[0])
        assert connection.scalar(sa.text("select count(*) from seo_reports")) == len(ids)
    assert CAPTION not in post.content
    assert len(post.meta_title or "") <= 60
