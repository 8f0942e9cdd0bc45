"""One story makes one brief, whoever tells it, in whatever order, and however many look at once."""

import gzip
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations, permutations
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.editorial import duplicates
from pipeline.editorial.analysis import analyse_new
from pipeline.editorial.duplicates import SAME_STORY, bands, group_waiting
from pipeline.editorial.source_text import plain_text
from pipeline.store import sources, stories, story_items, tables
from pipeline.store.sources import SourceDefinition
from pipeline.text.likeness import likeness, pieces
from pipeline.vocabulary import SourceKind
from pipeline.writing.offline import OfflineWriter
from pipeline_tests import factories
from pipeline_tests.editorial.items import LEASE, caption_of, item, one_source, source

WRITER = OfflineWriter()
TWIN = f"Read this: {caption_of(1)}"


def analysed(connection: sa.Connection, source_id: UUID, caption: str, hook: int = 80, **values) -> UUID:
    content_id = item(connection, source_id, caption=caption, **values)
    factories.insert(
        connection, tables.content_analysis, content_id=content_id, hook_strength=hook, language="en", model="test"
    )
    return content_id


def claim(engine: sa.Engine, limit: int = 100) -> list[stories.Story]:
    with engine.begin() as connection:
        return stories.claim_stories(connection, limit=limit, lease=LEASE)


def groups(engine: sa.Engine) -> set[frozenset[UUID]]:
    with engine.connect() as connection:
        found = connection.scalars(
            sa.text("select array_agg(content_id) from story_items where story_id is not null group by story_id")
        )
        return {frozenset(ids) for ids in found}


def test_the_same_text_twice_is_one_story_and_its_best_item_is_the_candidate(engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        item(connection, source_id, caption=caption_of(1), engagement_percentile=0.9)
        best = item(connection, source_id, caption=TWIN, engagement_percentile=0.95)
        other = item(connection, source_id, caption=caption_of(2), engagement_percentile=0.85)
    assert analyse_new(engine, WRITER).grouped == 3
    assert [story.content_id for story in claim(engine)] == [best, other]
    assert claim(engine) == []


def test_a_twin_that_comes_after_the_post_is_a_further_source_and_no_story(engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        item(connection, source_id, caption=caption_of(1))
    analyse_new(engine, WRITER)
    [story] = claim(engine)
    with engine.begin() as connection:
        factories.post(
            connection,
            story.vertical_id,
            factories.user(connection),
            canonical_id=story.canonical_id,
            source_content_id=story.content_id,
        )
        twin = item(connection, source_id, caption=TWIN, engagement_percentile=1)
    analyse_new(engine, WRITER)
    assert claim(engine) == []
    with engine.connect() as connection:
        tellers = story_items.all_that_tell(connection, story.content_id)
    assert [item.content_id for item in tellers if item.content_id != story.content_id] == [twin]


def test_a_page_that_an_editor_curated_is_never_a_story_again(engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        twin = analysed(connection, source_id, TWIN)
    group_waiting(engine)
    with engine.begin() as connection:
        curated = item(connection, source_id, caption=caption_of(1), canonical_id="garden-curated")
        assert duplicates.group(connection, curated) is None
    assert claim(engine) == []
    assert groups(engine) == {frozenset({twin, curated})}


def test_a_curated_page_that_tells_a_story_that_was_taken_says_which(engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        analysed(connection, source_id, TWIN)
    group_waiting(engine)
    [story] = claim(engine)
    with engine.begin() as connection:
        curated = item(connection, source_id, caption=caption_of(1), canonical_id="garden-curated")
        assert duplicates.group(connection, curated) == story.canonical_id


def test_each_vertical_tells_a_story_to_its_own_readers(engine):
    with engine.begin() as connection:
        for _ in range(2):
            analysed(connection, source(connection, factories.vertical(connection)), caption_of(1))
    group_waiting(engine)
    assert len(claim(engine)) == 2


def test_a_source_that_moves_to_another_vertical_takes_its_stories_along(engine):
    with engine.begin() as connection:
        here, there = (factories.vertical(connection, slug=slug) for slug in ("here", "there"))
        moving = source(connection, here, name="moving", location="posts.jsonl")
        analysed(connection, moving, caption_of(1))
        analysed(connection, source(connection, there), TWIN)
    group_waiting(engine)
    assert len(groups(engine)) == 2
    with engine.begin() as connection:
        sources.save(connection, SourceDefinition("moving", SourceKind.JSONL, "posts.jsonl", "there"))
    assert group_waiting(engine) == 1
    assert len(groups(engine)) == 1


# Each is alike to the next, and the first is not alike to the last.
CHAIN = [
    " ".join(f"{word}{part}" for part in range(start, start + 20) for word in ("otter", "raft")) for start in (0, 3, 6)
]


@pytest.mark.parametrize("order", permutations(range(3)))
def test_what_is_tied_together_is_one_story_in_whatever_order_it_comes(engine, order):
    alike = [likeness(pieces(CHAIN[one]), pieces(CHAIN[other])) for one, other in ((0, 1), (1, 2), (0, 2))]
    assert min(alike[:2]) >= SAME_STORY > alike[2]
    source_id = one_source(engine)
    for number in order:
        with engine.begin() as connection:
            analysed(connection, source_id, CHAIN[number])
        group_waiting(engine)
    assert len(groups(engine)) == 1
    assert len(claim(engine)) == 1
    with engine.connect() as connection:
        assert connection.scalar(sa.text("select count(*) from stories")) == 1


def test_workers_that_look_at_twins_at_once_make_one_story_of_them(engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        ids = [
            analysed(connection, source_id, f"{'Look: ' * again}{caption_of(number)}")
            for number in range(8)
            for again in range(3)
        ]

    def work(content_id: UUID) -> None:
        with engine.begin() as connection:
            duplicates.group(connection, content_id)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [*ids, *reversed(ids)]))
        claimed = [story for batch in pool.map(lambda _: claim(engine, 3), range(8)) for story in batch]
    assert groups(engine) == {frozenset(ids[start : start + 3]) for start in range(0, 24, 3)}
    assert len(claimed) == len({story.canonical_id for story in claimed}) == 8


def test_two_stories_that_were_taken_before_anybody_could_know_stay_two(engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        for number in (0, 2):
            analysed(connection, source_id, CHAIN[number], canonical_id=f"garden-{number}")
        analysed(connection, source_id, CHAIN[1])
    group_waiting(engine)
    assert claim(engine) == []
    assert len(groups(engine)) == 2


def test_an_item_whose_text_changes_is_asked_again_which_story_it_tells(engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        ids = [analysed(connection, source_id, caption_of(1)) for _ in range(2)]
    group_waiting(engine)
    assert len(groups(engine)) == 1
    with engine.begin() as connection:
        connection.execute(sa.text("delete from content_analysis where content_id = :id"), {"id": ids[0]})
        connection.execute(
            sa.text("update raw_content set caption = :text where id = :id"), {"text": caption_of(2), "id": ids[0]}
        )
        assert stories.anything_to_analyse(connection)
    assert analyse_new(engine, WRITER).analysed == 1
    assert groups(engine) == {frozenset({ids[0]}), frozenset({ids[1]})}


def test_items_that_say_nothing_are_each_their_own(engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        for _ in range(3):
            analysed(connection, source_id, "https://example.com/1")
    group_waiting(engine)
    assert len(groups(engine)) == 3


def test_what_was_analysed_before_is_looked_at_in_bounded_portions(engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        for _ in range(5):
            analysed(connection, source_id, caption_of(1))
    assert group_waiting(engine, limit=3) == 3
    assert group_waiting(engine, limit=3) == 2
    assert group_waiting(engine, limit=3) == 0
    assert len(groups(engine)) == 1


def test_the_bands_that_databases_hold_do_not_change_with_a_library():
    assert bands(pieces("Sea otters hold hands while they sleep."))[:3] == [
        -1255869598008090545,
        136737104006423114,
        6676896313008324839,
    ]
    assert bands(pieces("")) == []


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000), st.text(max_size=12))
def test_texts_that_are_nearly_the_same_share_a_band_and_others_none(number, other, prefix):
    own, near = pieces(caption_of(number)), pieces(f"{prefix} {caption_of(number)}")
    assert set(bands(own)) & set(bands(near))
    if number != other:
        assert not set(bands(own)) & set(bands(pieces(caption_of(other))))


def test_of_real_posts_exactly_those_that_are_alike_are_one_story(engine, social_posts):
    """Compared each with each. One America News puts the same standing description under every link, which alone makes
    no two of its posts one story."""
    with gzip.open(social_posts, "rt") as lines:
        posts = [json.loads(line) for line in lines]
    chosen = [post for post in posts if post["account"] == "the_newyorker"][:100]
    chosen += [post for post in posts if post["account"] == "one_america_news" and post["description"]][:100]
    source_id = one_source(engine)
    texts = {}
    with engine.begin() as connection:
        for post in chosen:
            caption, description = (plain_text(post[name] or "") for name in ("caption", "description"))
            content_id = analysed(connection, source_id, caption, description=description)
            parts = [caption] if description in caption else [caption, description]
            texts[content_id] = pieces("\n".join(parts))
    group_waiting(engine)
    alike = [{one, other} for one, other in combinations(texts, 2) if likeness(texts[one], texts[other]) >= SAME_STORY]
    together = {frozenset(pair) for group in groups(engine) for pair in combinations(group, 2)}
    assert all(frozenset(pair) in together for pair in alike)
    assert len(groups(engine)) == len(tied_together(texts, alike))
    assert 10 < len(alike) < 60


def tied_together(ids: Iterable[UUID], pairs: Iterable[set[UUID]]) -> set[frozenset[UUID]]:
    tied = {one: frozenset({one}) for one in ids}
    for pair in pairs:
        whole = frozenset().union(*(tied[one] for one in pair))
        tied |= dict.fromkeys(whole, whole)
    return set(tied.values())
