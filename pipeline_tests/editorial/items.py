"""Items as ingest leaves them, and the line run over them."""

import gzip
import itertools
import json
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.editorial.analysis import analyse_new
from pipeline.store import tables
from pipeline.store.stories import Story, claim_stories
from pipeline.writing.base import Writer
from pipeline.writing.offline import OfflineWriter
from pipeline_tests import factories

CAPTION = (
    "Sea otters hold hands while they sleep, researchers in Monterey Bay found in 2016, but only the first pups do. "
    "The habit keeps a raft of up to 100 otters together. Pups are wrapped in kelp by their mothers instead."
)
LEASE = timedelta(minutes=15)
_numbers = itertools.count(1)
_SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]


def caption_of(number: int) -> str:
    """A text worth a story that is like no other number's."""
    random = Random(number)

    def word(syllables: int = 3) -> str:
        return "".join(random.choices(_SYLLABLES, k=syllables))

    def name() -> str:
        return f"{word(2).capitalize()} {word().capitalize()}"

    return (
        f"{name()} refused the {word()} of {word()} in {random.randrange(1950, 2020)}, but only the {word()} was first. "
        f"The {word()} at {name()} has {random.randrange(2, 900)} {word()} and {word()} since the {word()} of {name()}. "
        f"Its {word()} were {word()} by the {word()} that {name()} had {word()} against the {word()}."
    )


def source(connection: sa.Connection, vertical_id: UUID, **values: Any) -> UUID:
    defaults = {"name": f"Otter News {next(_numbers)}", "kind": "jsonl", "location": "otters.jsonl"}
    return factories.insert(connection, tables.content_sources, **{**defaults, "vertical_id": vertical_id, **values})


def item(connection: sa.Connection, source_id: UUID, **values: Any) -> UUID:
    number = next(_numbers)
    defaults = {
        "external_id": f"post-{number}",
        "account": "otter_news",
        "caption": CAPTION,
        "url": f"https://example.com/{number}",
        "engagement_percentile": 0.95,
        "content_hash": f"hash-{number}",
        "raw": {},
    }
    return factories.insert(connection, tables.raw_content, **{**defaults, "source_id": source_id, **values})


def own_story(connection: sa.Connection, content_id: UUID) -> UUID:
    """An analysed item tells a story that no other tells."""
    story_id = factories.insert(connection, tables.stories)
    connection.execute(
        sa.text("update story_items set story_id = :story_id, digest = '', bands = '{}' where content_id = :id"),
        {"story_id": story_id, "id": content_id},
    )
    return story_id


def one_source(engine: sa.Engine, **vertical: Any) -> UUID:
    with engine.begin() as connection:
        return source(connection, factories.vertical(connection, **vertical))


def claimed_story(engine: sa.Engine, writer: Writer | None = None, **values: Any) -> Story:
    """An item of a new source, analysed and claimed."""
    source_id = one_source(engine)
    with engine.begin() as connection:
        item(connection, source_id, **values)
    report = analyse_new(engine, writer or OfflineWriter())
    assert report.failures == []
    with engine.begin() as connection:
        [story] = claim_stories(connection, limit=1, lease=LEASE)
    return story


def insert_social_posts(engine: sa.Engine, path: Path, every: int) -> int:
    """Every n-th real post, its rank among its account's as the percentile."""
    with gzip.open(path, "rt") as lines:
        posts = [json.loads(line) for line in lines]
    figures: dict[str, list[int]] = defaultdict(list)
    for post in posts:
        figures[post["account"]].append(post["shares"] + post["reactions"])
    source_id = one_source(engine, slug="news")
    chosen = posts[::every]
    with engine.begin() as connection:
        for post in chosen:
            own = figures[post["account"]]
            engagements = post["shares"] + post["reactions"]
            item(
                connection,
                source_id,
                external_id=post["external_id"],
                account=post["account"],
                caption=post["caption"] or "",
                description=post["description"],
                url=post["link"],
                engagements=engagements,
                engagement_percentile=sum(other <= engagements for other in own) / len(own),
            )
    return len(chosen)


def post_of(connection: sa.Connection, canonical_id: str) -> sa.Row[Any]:
    """A post as it is stored."""
    p = tables.publisher_posts
    return connection.execute(sa.select(p).where(p.c.canonical_id == canonical_id)).one()
