"""`pressroom ingest` as it is typed."""

import json
from typing import Any

import pytest
import sqlalchemy as sa

from pipeline_tests import factories
from pipeline_tests.web import serve


@pytest.fixture(autouse=True)
def _vertical(engine):
    with engine.begin() as connection:
        factories.vertical(connection, slug="news")


@pytest.fixture
def posts(tmp_path):
    path = tmp_path / "posts.jsonl"
    lines = [{"id": 1, "text": "Something happened.", "hearts": 3}, {"id": 2}, {"id": 3, "text": "More."}]
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def sources(engine) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text("select name, kind, location, column_mapping from content_sources order by name")
        )
        return [tuple(row) for row in rows]


def test_the_real_posts_are_taken_in_and_counted(pressroom, social_posts):
    first = pressroom("ingest", social_posts)
    assert first.exit_code == 0, first.output
    assert "10,393" in first.output
    assert "10,143" in first.output


def test_bad_rows_are_shown_with_their_line_and_the_exit_status_is_0(pressroom, posts):
    result = pressroom("ingest", posts, "--map", "likes=hearts")
    assert result.exit_code == 0
    assert "line 2: it has no text" in result.output


def test_a_source_keeps_what_it_was_told_the_first_time(pressroom, engine, posts):
    pressroom("ingest", posts, "--name", "hearts", "--map", "likes=hearts")
    pressroom("ingest", posts)
    assert sources(engine) == [("hearts", "jsonl", str(posts), {"likes": "hearts"})]
    with engine.connect() as connection:
        assert connection.scalar(sa.text("select rows_unchanged from ingest_runs order by id desc limit 1")) == 2


def test_two_files_of_one_name_are_not_taken_for_one_source(pressroom, posts, tmp_path):
    pressroom("ingest", posts)
    (tmp_path / "other").mkdir()
    other = posts.rename(tmp_path / "other" / "posts.jsonl")
    result = pressroom("ingest", other)
    assert result.exit_code == 1
    assert "call this one something else with --name" in result.output
    assert pressroom("ingest", other, "--name", "others").exit_code == 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["missing.jsonl"], "No such file"),
        (["posts.txt"], "say --kind feed, csv or jsonl"),
        (["missing.jsonl", "--map", "likes"], "is not FIELD=COLUMN"),
        (["missing.jsonl", "--map", "hearts=likes"], "no field 'hearts'"),
        (["missing.jsonl", "--vertical", "sport"], "No such file"),
        (["http://127.0.0.1:9/feed"], "not a public one"),
    ],
)
def test_what_can_not_be_read_at_all_ends_in_a_sentence_and_status_1(pressroom, engine, words, reason):
    result = pressroom("ingest", *words)
    assert result.exit_code == 1
    assert reason in result.output
    assert "Traceback" not in result.output
    assert sources(engine) == []


def test_with_several_verticals_one_must_be_named(pressroom, engine, posts):
    with engine.begin() as connection:
        factories.vertical(connection, slug="sport")
    assert "--vertical news or sport" in pressroom("ingest", posts).output
    assert "there are: news, sport" in pressroom("ingest", posts, "--vertical", "golf").output
    assert pressroom("ingest", posts, "--vertical", "sport").exit_code == 0


def test_a_feed_on_this_machine_is_read_when_that_is_allowed(pressroom):
    feed = b"<rss version='2.0'><channel><title>T</title><item><guid>1</guid><title>News</title></item></channel></rss>"
    headers = {"ETag": '"1"'}
    with serve(lambda r: (304, {}, b"") if r.headers.get("If-None-Match") else (200, headers, feed)) as address:
        assert pressroom("ingest", f"{address}/feed", "--allow-private").exit_code == 0
        assert "nothing has changed" in pressroom("ingest", f"{address}/feed", "--allow-private").output
