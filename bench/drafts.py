"""Twenty posts written in one run, against the longest chain of calls that one post needs, at a model with latency."""

import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from pathlib import Path

import dagster as dg
import sqlalchemy as sa

from bench import databases
from bench.results import Row, Section, at_most
from pipeline.assets.editorial import article_draft, content_brief
from pipeline.editorial.analysis import analyse_new
from pipeline.partitions import POST, runs_over
from pipeline.resources.database import Database
from pipeline.resources.writer import WriterResource
from pipeline.settings import settings
from pipeline.store import database
from pipeline.store.stories import claim_stories
from pipeline.writing.offline import OfflineWriter
from pipeline_tests.editorial.items import LEASE, caption_of, item, one_source
from pipeline_tests.writing.stand_in import Endpoint, endpoint, obliging

_POSTS = 20
_LATENCY_SECONDS = 2.0
_AIM = 1.3
_NOTE = " ".join(
    f"""
    The assets content_brief and article_draft are materialized by Dagster in this process, for one post and for
    {_POSTS}, in turns, each on a fresh copy of one database. The stand-in for the model answers every call after
    {_LATENCY_SECONDS:.0f} s and runs in this process too. The longest single chain is one post's run; its calls alone
    take {2 * _LATENCY_SECONDS:.0f} s. In turn is what {_POSTS} posts would take one after another, reckoned from one.
    """.split()
)


def measure(*, quick: bool) -> Section:
    rounds = 1 if quick else 3
    with (
        databases.server() as server,
        databases.template(server, _fill) as original,
        endpoint() as model,
        _writing_by(model),
    ):
        _seconds(original, 1)  # what a process makes once: imports, compiled templates and statements
        pairs = [(_seconds(original, _POSTS), _seconds(original, 1)) for _ in range(rounds)]
        at_once = model.most_at_once
    batch, one = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(many / single for many, single in pairs)
    rows = [
        at_most(f"{_POSTS} posts, one run", f"{batch:.1f} s", f"one post: {one:.1f} s", ratio, _AIM),
        Row(
            f"{_POSTS} posts, in turn",
            f"{batch:.1f} s",
            f"{_POSTS} times one: {_POSTS * one:.0f} s",
            f"{batch / (_POSTS * one):.2f}",
        ),
    ]
    most = f"The model had {at_once} calls to answer at once, at the most."
    return Section(f"Drafts from a model with {_LATENCY_SECONDS:.0f} s latency", rows, [_NOTE, most])


def _fill(url: sa.URL) -> None:
    database.migrate(url)
    with databases.opened(url) as engine:
        source_id = one_source(engine)
        with engine.begin() as connection:
            for number in range(_POSTS):
                item(connection, source_id, caption=caption_of(number))
        analyse_new(engine, OfflineWriter())


def _seconds(original: sa.URL, posts: int) -> float:
    """From the run's start to its end."""
    with databases.clone(original) as url, _database(url), databases.opened(url) as engine:
        with engine.begin() as connection:
            keys = [story.canonical_id for story in claim_stories(connection, limit=posts, lease=LEASE)]
        assert len(keys) == posts, f"{len(keys)} of {posts} items are stories"
        started = time.perf_counter()
        _written(keys)
        seconds = time.perf_counter() - started
        with engine.connect() as connection:
            drafts = connection.scalar(sa.text("select count(*) from publisher_posts where ai_generated"))
        assert drafts == posts, f"{drafts} of {posts} posts were written"
        return seconds


def _written(keys: Sequence[str]) -> None:
    with dg.DagsterInstance.ephemeral() as instance, Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):
        instance.add_dynamic_partitions(POST, list(keys))
        ((_, tags),) = runs_over([], list(keys))
        resources = {"database": Database(), "writer": WriterResource()}
        dg.materialize([content_brief, article_draft], instance=instance, resources=resources, tags=tags)


@contextmanager
def _writing_by(model: Endpoint) -> Iterator[None]:
    model.replies = [obliging()]
    model.latency_seconds = _LATENCY_SECONDS
    with _environment(PRESSROOM_WRITER_BASE_URL=model.base_url, PRESSROOM_WRITER_BUDGET_USD_PER_DAY="1000"):
        yield


@contextmanager
def _database(url: sa.URL) -> Iterator[None]:
    with _environment(DATABASE_URL=url.render_as_string(hide_password=False)):
        yield


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    settings.cache_clear()
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        settings.cache_clear()
