"""Real posts through the whole line, from the file to the review queue, with the offline writer."""

import gzip
import json
from itertools import combinations

import sqlalchemy as sa

from pipeline.distribution.plan import plan_post
from pipeline.editorial.analysis import analyse_new
from pipeline.editorial.brief import write_brief
from pipeline.editorial.draft import write_draft
from pipeline.editorial.duplicates import SAME_STORY, text_of
from pipeline.editorial.grounding import check_sources
from pipeline.editorial.seo import check_post
from pipeline.editorial.sources import SourceDefinition, ingest
from pipeline.store.stories import claim_stories
from pipeline.text.likeness import likeness, pieces
from pipeline.vocabulary import SourceKind
from pipeline.writing.offline import OfflineWriter
from pipeline_tests import factories
from pipeline_tests.editorial.items import LEASE

POSTS = 200
ACCOUNTS = ("person_rachel_maddow", "pbs_newshour", "npr", "person_chris_hayes")
"""Of the first three most posts are strong, of the last many tell the same again."""
WRITER = OfflineWriter()


def test_200_real_posts_reach_the_review_queue_without_a_failure_and_none_tells_what_another_tells(
    engine, social_posts, tmp_path
):
    with gzip.open(social_posts, "rt") as lines:
        posts = [json.loads(line) for line in lines]
    chosen = [post for name in ACCOUNTS for post in [post for post in posts if post["account"] == name][:110]]
    # Without the readers' figures, as in a feed, the hook decides alone.
    told = [{name: post[name] for name in post.keys() - {"shares", "reactions"}} for post in chosen]
    (tmp_path / "posts.jsonl").write_text("\n".join(map(json.dumps, told)))
    with engine.begin() as connection:
        factories.vertical(connection, slug="news")
        factories.account(connection, name="x", account_key="x")
    source = SourceDefinition("posts", SourceKind.JSONL, str(tmp_path / "posts.jsonl"), "news")
    read = ingest(engine, source, "test")
    report = analyse_new(engine, WRITER, limit=1000)
    assert (report.analysed, report.grouped, report.failures) == (read.rows_new, read.rows_new, [])
    with engine.begin() as connection:
        claimed = claim_stories(connection, limit=POSTS, lease=LEASE)
    assert len(claimed) == POSTS

    unsupported = []
    for story in claimed:
        write_brief(engine, WRITER, story.canonical_id)
        write_draft(engine, WRITER, story.canonical_id)
        check_post(engine, story.canonical_id)
        unsupported += [
            finding
            for finding in check_sources(engine, story.canonical_id)
            if finding.severity != "good" and finding.check != "copying"
        ]
        assert plan_post(engine, story.canonical_id).versions
    with engine.connect() as connection:
        waiting = connection.scalar(sa.text("select count(*) from publisher_posts where status = 'review'"))
        errors = connection.scalars(sa.text("select story_error from raw_content where story_error is not null")).all()
        again = connection.scalar(sa.text("select count(*) - count(distinct story_id) from story_items"))
    assert (waiting, errors) == (POSTS, [])
    assert again > 5
    texts = [pieces(text_of(story)) for story in claimed]
    assert max(likeness(one, other) for one, other in combinations(texts, 2)) < SAME_STORY
    assert [finding.message for finding in unsupported] == []
