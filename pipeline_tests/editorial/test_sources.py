"""Taking content in, from a file or a feed to rows, twice and after accidents."""

import gzip
import json
import multiprocessing
import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pipeline.editorial.source_formats import LONGEST_LINE
from pipeline.editorial.sources import (
    IngestReport,
    SourceDefinition,
    SourceError,
    ingest,
    kind_of,
    name_of,
    sync_sources,
)
from pipeline.store import database, tables
from pipeline.store.sources import Counts, UnknownVerticalError
from pipeline.vocabulary import SourceKind
from pipeline_tests import factories
from pipeline_tests.web import serve


@pytest.fixture
def engine(engine):
    with engine.begin() as connection:
        factories.vertical(connection, slug="news")
    return engine


def post(number: int, **values) -> dict[str, Any]:
    return {"id": f"p{number}", "account": "bbc", "text": f"Something happened, part {number}.", **values}


def written(path: Path, posts: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in posts), encoding="utf-8")
    return path


def take_in(engine, location: Path | str, kind: SourceKind = SourceKind.JSONL, **options) -> IngestReport:
    mapping = options.pop("mapping", {})
    return ingest(engine, SourceDefinition("source", kind, str(location), "news", mapping), "test", **options)


def rows(engine) -> list[sa.RowMapping]:
    with engine.connect() as connection:
        return list(connection.execute(sa.select(tables.raw_content).order_by("external_id")).mappings())


def runs(engine) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        query = "select status, rows_read, rows_new, rows_changed, rows_unchanged, rows_bad, error from ingest_runs order by id"
        return [tuple(row) for row in connection.execute(sa.text(query))]


def errors(engine) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [
            tuple(row)
            for row in connection.execute(sa.text("select line, reason, raw from ingest_errors order by line"))
        ]


def test_all_the_real_posts_go_in_at_once_and_again_without_touching_a_row(engine, social_posts):
    first = take_in(engine, social_posts)
    assert first.error is None
    assert first.counts == Counts(new=10_143, unchanged=250)  # 250 lines repeat an earlier post
    before = rows(engine)
    without_caption = [row for row in before if not row["raw"]["caption"]]
    assert len(without_caption) > 200
    assert all(row["caption"] and row["description"] is None for row in without_caption)
    again = take_in(engine, social_posts)
    assert again.counts == Counts(unchanged=10_393)
    assert rows(engine) == before
    assert runs(engine) == [("finished", 10_393, 10_143, 0, 250, 0, None), ("finished", 10_393, 0, 0, 10_393, 0, None)]


def test_fields_are_taken_from_the_columns_the_mapping_names_and_else_from_their_usual_names(engine, tmp_path):
    line = post(1, link="https://a.example/1", reactions=7, score=3, posted_at="2026-10-05T08:00:00+0200", lang="en-GB")
    take_in(engine, written(tmp_path / "posts.jsonl", [line]), mapping={"shares": "score"})
    (row,) = rows(engine)
    assert (row["external_id"], row["url"], row["likes"], row["shares"]) == ("p1", "https://a.example/1", 7, 3)
    assert row["posted_at"] == datetime(2026, 10, 5, 6, tzinfo=UTC)
    assert row["language"] == "en"
    assert row["raw"] == line


def test_bad_rows_are_kept_with_their_line_and_reason_and_the_others_go_in(engine, tmp_path):
    lines = [
        json.dumps(post(1)),
        "",
        '{"id": "p2", "text": ',
        json.dumps(post(3, likes="1,234")),
        json.dumps(post(4, text=" ")),
        json.dumps(post(5, posted_at="2026-10-05 08:00")),
        "[1]",
        '{"id": "p6", "text": "x", "likes": NaN}',
        json.dumps(post(7, text="x" * LONGEST_LINE)),
        json.dumps(post(8, link="javascript:alert(1)")),
        "[" * 100_000,
        json.dumps(post(9)),
    ]
    (tmp_path / "posts.jsonl").write_text("\n".join(lines), encoding="utf-8")
    report = take_in(engine, tmp_path / "posts.jsonl")
    assert report.counts == Counts(new=2, bad=9)
    assert [row["external_id"] for row in rows(engine)] == ["p1", "p9"]
    reasons = {line: reason for line, reason, _ in errors(engine)}
    assert list(reasons) == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert reasons[3].startswith("it is not JSON")
    assert reasons[4] == "likes is '1,234', not a whole number"
    assert reasons[5] == "it has no text: no caption, description or title"
    assert "has no time zone" in reasons[6]
    assert reasons[9] == "it is longer than 1,048,576 bytes"
    assert reasons[10] == "url is not an http or https address"
    assert max(len(raw) for _, _, raw in errors(engine)) <= 500
    assert [row.line for row in report.first_bad] == [3, 4, 5, 6, 7]


def test_text_that_postgresql_can_not_hold_is_cleaned_and_not_refused(engine, tmp_path):
    path = tmp_path / "posts.jsonl"
    path.write_bytes(
        b'{"id": "a\\u0000", "text": "half \\ud83d an emoji\\u0000", "other": ["\\ud800", 1e999, NaN]}\n\xff\xfe{}\n'
    )
    report = take_in(engine, path)
    (row,) = rows(engine)
    assert row["external_id"] == "a"
    assert row["caption"] == "half \N{REPLACEMENT CHARACTER} an emoji"
    assert row["raw"]["other"] == ["\N{REPLACEMENT CHARACTER}", None, None]
    assert [(bad.line, bad.reason) for bad in report.first_bad] == [(2, "it is not UTF-8")]


def test_an_item_without_an_id_is_known_by_its_address_or_its_text(engine, tmp_path):
    posts = [{"text": "A", "url": "https://a.example/1"}, {"text": "B"}, {"text": "C", "id": ""}]
    take_in(engine, written(tmp_path / "posts.jsonl", posts))
    again = take_in(engine, written(tmp_path / "posts.jsonl", [{**posts[0], "text": "A, corrected"}, *posts[1:]]))
    assert again.counts == Counts(changed=1, unchanged=2)
    assert len(rows(engine)) == 3


def test_the_last_row_of_an_id_counts_and_the_next_reading_changes_nothing(engine, tmp_path):
    posts = [post(1, likes=5), *(post(number) for number in range(2, 1500)), post(1, likes=9)]
    path = written(tmp_path / "posts.jsonl", posts)
    assert take_in(engine, path).counts == Counts(new=1499, unchanged=1)
    assert rows(engine)[0]["likes"] == 9
    again = take_in(engine, path)
    assert again.counts == Counts(unchanged=1500)
    assert again.notes == ("1 rows repeat an id; the newest row of each id counts.",)


def test_a_changed_item_is_brought_up_to_date_and_its_analysis_dropped_when_its_text_changed(engine, tmp_path):
    path = tmp_path / "posts.jsonl"
    take_in(engine, written(path, [post(1, likes=1), post(2, likes=1), post(3, likes=1)]))
    with engine.begin() as connection:
        for row in rows(engine):
            factories.insert(
                connection, tables.content_analysis, content_id=row["id"], hook_strength=80, language="en", model="m"
            )
    before = {row["external_id"]: row["updated_at"] for row in rows(engine)}
    report = take_in(engine, written(path, [post(1, likes=2), post(2, text="Rewritten."), post(3, likes=1)]))
    assert report.counts == Counts(changed=2, unchanged=1)
    after = {row["external_id"]: row for row in rows(engine)}
    assert after["p1"]["likes"] == 2
    assert (after["p2"]["caption"], after["p2"]["likes"]) == ("Rewritten.", None)
    assert [name for name, row in after.items() if row["updated_at"] > before[name]] == ["p1", "p2"]
    with engine.connect() as connection:
        analysed = set(connection.scalars(sa.select(tables.content_analysis.c.content_id)))
    assert analysed == {after["p1"]["id"], after["p3"]["id"]}


def test_an_item_that_is_a_story_keeps_its_text_and_its_analysis_and_gets_new_figures(engine, tmp_path):
    path = tmp_path / "posts.jsonl"
    take_in(engine, written(path, [post(1, likes=1)]))
    with engine.begin() as connection:
        connection.execute(sa.text("update raw_content set canonical_id = 'news-1'"))
        factories.insert(
            connection,
            tables.content_analysis,
            content_id=rows(engine)[0]["id"],
            hook_strength=80,
            language="en",
            model="m",
        )
    changed = written(path, [post(1, text="Rewritten.", likes=5)])
    assert take_in(engine, changed).counts == Counts(changed=1)
    (row,) = rows(engine)
    assert (row["caption"], row["likes"]) == ("Something happened, part 1.", 5)
    assert take_in(engine, changed).counts == Counts(unchanged=1)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("select count(*) from content_analysis")) == 1


def test_engagements_are_the_known_interactions_and_unknown_where_none_is(engine, tmp_path):
    posts = [
        post(1, likes=3, shares=None),
        post(2, likes=3, comments=2, shares=1),
        post(3),
        post(4, likes=3, engagements=40),
        post(5, likes=0, shares="n/a"),
    ]
    take_in(engine, written(tmp_path / "posts.jsonl", posts))
    assert [row["engagements"] for row in rows(engine)] == [3, 6, None, 40, 0]


def test_the_engagement_rate_is_a_fraction_of_the_reach_and_unknown_where_that_means_nothing(engine, tmp_path):
    posts = [
        post(1, likes=3, reach=60),
        post(2, likes=3),
        post(3, likes=0, reach=0),
        post(4, likes=9, reach=3),
        post(5, reach=9),
    ]
    report = take_in(engine, written(tmp_path / "posts.jsonl", posts))
    rates = [row["engagement_rate"] for row in rows(engine)]
    assert [rate and float(rate) for rate in rates] == [0.05, None, None, None, None]
    assert report.notes == ("1 items have more engagements than reach: their engagement rate is left unknown.",)


def test_a_percentile_is_the_share_of_the_accounts_items_with_no_more_engagements(engine, tmp_path):
    bbc = [post(number, likes=likes) for number, likes in enumerate([10, 20, 20, 40, 1000])]
    unknown = [post(5)]
    few = [post(number, account="npr", likes=number) for number in range(6, 10)]
    nobodys = [post(number, account=None, likes=1) for number in range(10, 15)]
    path = written(tmp_path / "posts.jsonl", [*bbc, *unknown, *few, *nobodys])
    take_in(engine, path)
    percentile = {row["external_id"]: row["engagement_percentile"] for row in rows(engine)}
    assert [float(percentile[f"p{number}"]) for number in range(5)] == [0.2, 0.6, 0.6, 0.8, 1.0]
    assert percentile["p5"] is None
    assert [percentile[f"p{number}"] for number in range(6, 10)] == [None] * 4
    assert [float(percentile[f"p{number}"]) for number in range(10, 15)] == [1.0] * 5


def test_a_new_item_moves_the_percentiles_of_its_account_and_touches_no_other(engine, tmp_path):
    bbc = [post(number, likes=number) for number in range(5)]
    npr = [post(number, account="npr", likes=number) for number in range(5, 10)]
    take_in(engine, written(tmp_path / "posts.jsonl", [*bbc, *npr]))
    before = {row["external_id"]: row["updated_at"] for row in rows(engine)}
    take_in(engine, written(tmp_path / "posts.jsonl", [*bbc, *npr, post(99, likes=99)]))
    touched = {row["external_id"] for row in rows(engine) if row["updated_at"] != before.get(row["external_id"])}
    assert touched == {"p0", "p1", "p2", "p3", "p4", "p99"}


def _take_in_until_killed(url: str, path: str) -> None:
    def die(counts: Counts) -> None:
        if counts.read == 2000:
            os.kill(os.getpid(), signal.SIGKILL)

    take_in(database.create_engine(sa.make_url(url)), path, on_progress=die)


def test_a_reading_that_is_killed_has_kept_its_batches_and_the_next_one_finishes(engine, database_url, tmp_path):
    path = written(tmp_path / "posts.jsonl", [post(number, likes=number) for number in range(3500)])
    url = database_url.render_as_string(hide_password=False)
    process = multiprocessing.get_context("spawn").Process(target=_take_in_until_killed, args=(url, str(path)))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert len(rows(engine)) == 2000
    assert runs(engine) == [("running", 2000, 2000, 0, 0, 0, None)]
    assert take_in(engine, path).counts == Counts(new=1500, unchanged=2000)
    assert len(rows(engine)) == 3500
    assert runs(engine)[0] == ("failed", 2000, 2000, 0, 0, 0, "interrupted")
    assert all(row["engagement_percentile"] is not None for row in rows(engine))


def test_a_file_that_breaks_off_gives_what_it_has_and_fails_with_the_reason(engine, tmp_path):
    whole = gzip.compress("".join(json.dumps(post(n, text=os.urandom(200).hex())) + "\n" for n in range(3000)).encode())
    path = tmp_path / "posts.jsonl.gz"
    path.write_bytes(whole[: len(whole) * 3 // 4])
    report = take_in(engine, path)
    assert report.error == f"{path} is a gzip file that is damaged or breaks off."
    assert report.rows_new == len(rows(engine)) == 2000
    path.write_bytes(whole)
    assert take_in(engine, path).counts == Counts(new=1000, unchanged=2000)
    assert [run[0] for run in runs(engine)] == ["failed", "finished"]


def test_a_source_that_can_not_be_read_at_all_is_not_added(engine, tmp_path):
    report = take_in(engine, tmp_path / "missing.jsonl")
    assert report.error == f"{tmp_path}/missing.jsonl can't be read: No such file or directory."
    assert take_in(engine, tmp_path).error == f"{tmp_path} can't be read: Is a directory."
    (tmp_path / "posts.csv").write_text("id,text\n1,a\n")
    report = take_in(engine, tmp_path / "posts.csv", SourceKind.CSV, mapping={"likes": "hearts"})
    assert report.error == "There is no column 'hearts' for likes; there are: id, text."
    with engine.connect() as connection:
        assert connection.scalar(sa.text("select count(*) from content_sources")) == 0


def test_a_known_source_that_can_not_be_read_has_a_failed_run_and_stays_as_it_was(engine, tmp_path):
    path = written(tmp_path / "posts.jsonl", [post(1)])
    take_in(engine, path)
    path.unlink()
    assert take_in(engine, path).error
    assert [(run[0], run[-1]) for run in runs(engine)] == [("finished", None), ("failed", take_in(engine, path).error)]


def test_a_mapping_to_a_column_that_no_line_has_is_said(engine, tmp_path):
    path = written(tmp_path / "posts.jsonl", [post(1, reactions=3)])
    report = take_in(engine, path, mapping={"likes": "reacions"})
    assert report.notes == ("No row has the mapped column reacions.",)
    assert rows(engine)[0]["likes"] is None


@pytest.mark.parametrize(
    ("kind", "mapping", "reason"),
    [
        (SourceKind.JSONL, {"hearts": "likes"}, "no field 'hearts'"),
        (SourceKind.JSONL, {"timezone": "Berlin"}, "not an IANA time zone"),
        (SourceKind.FEED, {"likes": "likes"}, "only timezone can be mapped"),
    ],
)
def test_a_mapping_that_means_nothing_is_refused(engine, kind, mapping, reason):
    with pytest.raises(SourceError, match=reason):
        take_in(engine, "anything", kind, mapping=mapping)


def test_an_unknown_vertical_is_refused(engine, tmp_path):
    path = written(tmp_path / "posts.jsonl", [post(1)])
    with pytest.raises(UnknownVerticalError, match="there are: news"):
        ingest(engine, SourceDefinition("s", SourceKind.JSONL, str(path), "sport"), "test")


def test_a_source_is_read_by_one_process_at_a_time(engine, tmp_path):
    path = written(tmp_path / "posts.jsonl", [post(1)])

    def again(_: Counts) -> None:
        with pytest.raises(SourceError, match="being read by another process"):
            take_in(engine, path)

    take_in(engine, path, on_progress=again)
    assert take_in(engine, path).counts == Counts(unchanged=1)


def test_csv_is_read_by_its_header_with_quotes_line_breaks_and_other_delimiters(engine, tmp_path):
    path = tmp_path / "posts.csv"
    path.write_bytes(
        b"\xef\xbb\xbfid;Text;Likes;When\r\n"
        b'1;"two\r\nlines; ""quoted""";3.0;2026-10-05 08:00\r\n'
        b"\r\n"
        b"2;short\r\n"
        b"3;caf\xe9;1;2026-10-05 08:00\r\n"
        b'4;"caf\xc3\xa9";;2026-10-25 02:30\r\n'
        b'5;"never closed;1;\r\n'
    )
    mapping = {"caption": "Text", "likes": "Likes", "posted_at": "When", "timezone": "Europe/Berlin"}
    report = take_in(engine, path, SourceKind.CSV, mapping=mapping)
    assert report.counts == Counts(new=2, bad=3)
    first, second = rows(engine)
    assert (first["caption"], first["likes"]) == ('two\nlines; "quoted"', 3)
    assert first["posted_at"] == datetime(2026, 10, 5, 6, tzinfo=UTC)
    assert (second["caption"], second["likes"]) == ("café", None)
    assert second["posted_at"] == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # the first of the two 02:30
    assert [(line, reason) for line, reason, _ in errors(engine)] == [
        (5, "it has 2 cells, the header 4"),
        (6, "it is not UTF-8"),
        (8, "it is not CSV: unexpected end of data"),
    ]


@pytest.mark.parametrize(
    ("header", "reason"), [("", "has no header"), ("\n", "has no header"), ("id,text,id\n1,a,2\n", "stands twice")]
)
def test_csv_without_a_usable_header_is_not_read(engine, tmp_path, header: str, reason: str):
    (tmp_path / "posts.csv").write_text(header)
    assert reason in str(take_in(engine, tmp_path / "posts.csv", SourceKind.CSV).error)


RSS = b"""<?xml version="1.0"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>The Shed &amp; Garden</title><language>en-gb</language><link>https://shed.example/</link>
<item><guid isPermaLink="false">g-1</guid><title>Prune &lt;b&gt;now&lt;/b&gt;</title><link>https://shed.example/1</link>
<description>Short.</description>
<content:encoded><![CDATA[<p>Cut above a bud &amp; wait.</p><script>steal()</script><p>Then water.</p>]]></content:encoded>
<pubDate>Mon, 05 Oct 2026 08:00:00 +0200</pubDate>
<enclosure url="https://shed.example/1.jpg" type="image/jpeg" length="9"/></item>
<item><link>https://shed.example/2</link><title>Only a title</title></item>
<item><guid>g-3</guid><title>When?</title><pubDate>Mon, 05 Oct 2026 08:00:00</pubDate></item>
</channel></rss>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>The Shed</title><id>urn:shed</id>
<entry><id>urn:1</id><title>Prune</title><link href="https://shed.example/1"/><updated>2026-10-05T06:00:00Z</updated>
<author><name>Ada</name></author><content type="html">&lt;p&gt;Cut.&lt;/p&gt;</content></entry></feed>"""
JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "The Shed",
        "language": "en",
        "items": [
            {
                "id": 1,
                "url": "https://shed.example/1",
                "content_html": "<p>Cut.</p>",
                "summary": "Short.",
                "date_published": "2026-10-05T08:00:00+02:00",
                "authors": [{"name": "Ada"}],
                "image": "https://shed.example/1.jpg",
            },
            {"url": "https://shed.example/2", "content_text": "no id"},
        ],
    }
).encode()


def test_an_rss_feed_is_taken_in_as_text(engine, tmp_path):
    (tmp_path / "feed.xml").write_bytes(RSS)
    report = take_in(engine, tmp_path / "feed.xml", SourceKind.FEED)
    assert report.counts == Counts(new=2, bad=1)
    assert report.first_bad[0].line == 3
    assert "has no time zone" in report.first_bad[0].reason
    item, bare = sorted(rows(engine), key=lambda row: row["url"])
    assert item["external_id"].endswith("g-1")
    assert (item["account"], item["title"], item["language"]) == ("The Shed & Garden", "Prune now", "en")
    assert (item["caption"], item["description"]) == ("Cut above a bud & wait.\n\nThen water.", "Short.")
    assert item["posted_at"] == datetime(2026, 10, 5, 6, tzinfo=UTC)
    assert item["media_urls"] == ["https://shed.example/1.jpg"]
    assert item["engagements"] is None
    assert (bare["caption"], bare["title"]) == ("Only a title", "Only a title")


def test_an_atom_feed_and_a_json_feed_tell_the_same(engine, tmp_path):
    (tmp_path / "feed.atom").write_bytes(ATOM)
    (tmp_path / "feed.json").write_bytes(JSON_FEED)
    take_in(engine, tmp_path / "feed.atom", SourceKind.FEED)
    report = ingest(engine, SourceDefinition("json", SourceKind.FEED, str(tmp_path / "feed.json"), "news"), "test")
    assert report.counts == Counts(new=1, bad=1)
    assert (report.first_bad[0].line, report.first_bad[0].reason) == (2, "id: Field required")
    for row in rows(engine):
        assert (row["caption"], row["account"], row["author"]) == ("Cut.", "The Shed", "Ada")
        assert (row["url"], row["posted_at"]) == ("https://shed.example/1", datetime(2026, 10, 5, 6, tzinfo=UTC))


@pytest.mark.parametrize("body", [b"<html><body>Not found</body></html>", b"", b'{"version": "2"}', b"{", b"\x89PNG"])
def test_what_is_no_feed_is_not_read(engine, tmp_path, body: bytes):
    (tmp_path / "feed.xml").write_bytes(body)
    assert "not a feed" in str(take_in(engine, tmp_path / "feed.xml", SourceKind.FEED).error)


def test_a_feed_that_breaks_off_gives_its_items_and_says_so(engine, tmp_path):
    (tmp_path / "feed.xml").write_bytes(RSS[: RSS.index(b"<item><guid>g-3")])
    report = take_in(engine, tmp_path / "feed.xml", SourceKind.FEED)
    assert report.counts == Counts(new=2, bad=1)
    assert "not well-formed, items may be missing" in report.first_bad[0].reason


def test_a_feed_is_fetched_again_only_when_it_changed_or_is_read_in_another_way(engine):
    asked = []

    def answer(request):
        asked.append(request.headers.get("If-None-Match"))
        return (304, {}, b"") if asked[-1] == '"v1"' else (200, {"ETag": '"v1"'}, RSS)

    with serve(answer) as address:
        first = take_in(engine, f"{address}/feed", SourceKind.FEED, allow_private=True)
        again = take_in(engine, f"{address}/feed", SourceKind.FEED, allow_private=True)
        zoned = take_in(
            engine, f"{address}/feed", SourceKind.FEED, allow_private=True, mapping={"timezone": "Europe/Berlin"}
        )
    assert asked == [None, '"v1"', None]
    assert (first.counts, again.counts, again.not_modified) == (Counts(new=2, bad=1), Counts(), True)
    assert zoned.counts == Counts(new=1, unchanged=2)


def test_a_feed_on_a_private_address_is_refused_unless_that_is_allowed(engine):
    with serve(lambda _: (200, {}, RSS)) as address:
        assert "not a public one" in str(take_in(engine, f"{address}/feed", SourceKind.FEED).error)


def test_one_source_that_fails_does_not_stop_the_others(engine, tmp_path):
    files = [written(tmp_path / f"{name}.jsonl", [post(1)]) for name in "abc"]
    for path in files:
        ingest(engine, SourceDefinition(path.stem, SourceKind.JSONL, str(path), "news"), "test")
    with engine.begin() as connection:
        connection.execute(sa.text("update content_sources set is_active = false where name = 'c'"))
    files[0].unlink()
    written(files[1], [post(1), post(2)])
    a, b = sync_sources(engine)
    assert (a.source, a.rows_read) == ("a", 0)
    assert "No such file" in str(a.error)
    assert (b.source, b.error, b.counts) == ("b", None, Counts(new=1, unchanged=1))


@pytest.mark.parametrize(
    ("location", "kind", "name"),
    [
        ("/data/posts.jsonl.gz", SourceKind.JSONL, "posts"),
        ("/data/POSTS.CSV", SourceKind.CSV, "POSTS"),
        ("/data/feed.atom", SourceKind.FEED, "feed"),
        ("/data/posts.txt", None, "posts"),
        ("https://a.example/feed/?format=csv", SourceKind.FEED, "a.example/feed"),
        ("https://a.example/export.csv", SourceKind.CSV, "a.example/export.csv"),
    ],
)
def test_a_location_tells_what_is_there_and_how_to_call_it(location: str, kind: SourceKind | None, name: str):
    assert (kind_of(location), name_of(location)) == (kind, name)
