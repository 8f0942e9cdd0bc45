"""The feed, as PSP-1 demands it and as podcast apps read it, and what of it is not ours.

https://github.com/Podcast-Standards-Project/PSP-1-Podcast-RSS-Specification
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree

from pipeline.platforms.base import Changed, NotSent, Unknown
from pipeline.platforms.media.facts import Media
from pipeline.platforms.podcast.feed import show_guid
from pipeline.sandbox.client import Sandbox
from pipeline.vocabulary import ErrorKind, MediaKind
from pipeline_tests.platforms.podcast_folder import BASE, Shelf
from pipeline_tests.platforms.rehearsal import SAMPLE, Notebook, platform_of, publish

NAMESPACES = {
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
}
NAMESPACE_BEFORE = "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md"
SOUND = SAMPLE / "sound.mp3"


@pytest.fixture
def shelf(sandbox: Sandbox, library: str, tmp_path: Path) -> Shelf:
    return Shelf(platform_of("podcast", sandbox, library), tmp_path)


def rss(feed: bytes) -> Any:
    return etree.fromstring(feed)


def said(feed: bytes, path: str) -> list[str]:
    """What is at an XPath below the channel."""
    return [str(found) for found in rss(feed).xpath(f"channel/{path}", namespaces=NAMESPACES)]


@pytest.fixture
def whole(shelf: Shelf) -> bytes:
    """The feed with one episode of which everything is said."""
    content = replace(shelf.platform.whole_content(), body="<p>Notes &amp; <a href='https://a.example/'>more</a></p>")
    publish(shelf.adapter(), replace(content, link_url="https://example.com/article/"))
    return shelf.feed


def is_date(values: list[str]) -> bool:
    return len(values) == 1 and parsedate_to_datetime(values[0]).tzinfo is not None


REQUIREMENTS: dict[str, Callable[[bytes], object]] = {
    "UTF-8, declared": lambda feed: re.match(rb"<\?xml version=.1\.0. encoding=.UTF-8.\?>", feed) and feed.decode(),
    "RSS 2.0": lambda feed: (rss(feed).tag, rss(feed).get("version")) == ("rss", "2.0"),
    "the namespaces in the opening tag": lambda feed: dict(rss(feed).nsmap) == NAMESPACES,
    "channel atom:link rel=self": lambda feed: (
        said(feed, "atom:link[@rel='self'][@type='application/rss+xml']/@href") == [f"{BASE}/feed.xml"]
    ),
    "channel title": lambda feed: said(feed, "title/text()") == ["The Sandbox Show"],
    "channel description": lambda feed: said(feed, "description/text()") == ["Read out by nobody real."],
    "channel link": lambda feed: said(feed, "link/text()") == [BASE],
    "channel language": lambda feed: said(feed, "language/text()") == ["en"],
    "channel itunes:category": lambda feed: (
        said(feed, "itunes:category/@text") == ["News"]
        and said(feed, "itunes:category/itunes:category/@text") == ["Tech News"]
    ),
    "channel itunes:explicit": lambda feed: said(feed, "itunes:explicit/text()") == ["false"],
    "channel itunes:image": lambda feed: said(feed, "itunes:image/@href") == ["https://example.com/cover.jpg"],
    "channel podcast:locked": lambda feed: said(feed, "podcast:locked/text()") == ["yes"],
    "channel podcast:guid": lambda feed: said(feed, "podcast:guid/text()") == [show_guid(f"{BASE}/feed.xml")],
    "channel itunes:author": lambda feed: said(feed, "itunes:author/text()") == ["Sandbox Press (nobody real)"],
    "channel itunes:owner": lambda feed: said(feed, "itunes:owner/itunes:email/text()") == ["show@example.com"],
    "item title": lambda feed: said(feed, "item/title/text()")[0].startswith("A title & more "),
    "item enclosure url": lambda feed: said(feed, "item/enclosure/@url")[0].startswith(f"{BASE}/episodes/"),
    "item enclosure length in bytes": lambda feed: said(feed, "item/enclosure/@length") == [str(SOUND.stat().st_size)],
    "item enclosure type": lambda feed: said(feed, "item/enclosure/@type") == ["audio/mpeg"],
    "item guid": lambda feed: len(said(feed, "item/guid[@isPermaLink='false']/text()")[0]) == 36,
    "item link": lambda feed: said(feed, "item/link/text()") == ["https://example.com/article/"],
    "item pubDate": lambda feed: is_date(said(feed, "item/pubDate/text()")),
    "item description in CDATA": lambda feed: (
        b"<description><![CDATA[<p>Notes &amp; <a href='https://a.example/'>more</a></p>]]></description>" in feed
    ),
    "item itunes:duration in seconds": lambda feed: said(feed, "item/itunes:duration/text()")[0].isdecimal(),
    "item itunes:image": lambda feed: said(feed, "item/itunes:image/@href")[0].endswith(".jpg"),
    "item itunes:explicit": lambda feed: said(feed, "item/itunes:explicit/text()") == ["false"],
    "item podcast:transcript": lambda feed: (
        said(feed, "item/podcast:transcript[@type='text/vtt']/@url") == ["https://example.com/transcript.vtt"]
    ),
    "item itunes:season and itunes:episode": lambda feed: (
        said(feed, "item/itunes:season/text()") == ["1"] and said(feed, "item/itunes:episode/text()") == ["2"]
    ),
    "no blanks around values": lambda feed: all(
        text == text.strip() for text in said(feed, "*[not(*)]/text()") + said(feed, "item/*/text()")
    ),
}


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_the_feed_meets_the_standards_requirement(whole: bytes, requirement: str):
    assert REQUIREMENTS[requirement](whole), whole.decode()


def test_feedparser_reads_it(shelf: Shelf, whole: bytes):
    read = feedparser.parse(whole)
    assert not read.bozo
    assert (read.feed.title, read.feed.language, read.feed.author) == (
        "The Sandbox Show",
        "en",
        "Sandbox Press (nobody real)",
    )
    (entry,) = read.entries
    (enclosure,) = entry.enclosures
    assert (enclosure.type, int(enclosure.length)) == ("audio/mpeg", SOUND.stat().st_size)
    assert shelf.files()[enclosure.href.removeprefix(f"{BASE}/")] == int(enclosure.length)
    assert entry.summary == '<p>Notes &amp; <a href="https://a.example/">more</a></p>'
    assert not entry.guidislink
    assert abs(datetime.now(UTC) - parsedate_to_datetime(entry.published)) < timedelta(minutes=1)


def test_podcastparser_reads_it(whole: bytes, tmp_path: Path):
    reason = "podcastparser, a development dependency, is not installed"
    podcastparser = pytest.importorskip("podcastparser", reason=reason)
    # It knows the namespace by the older of its two names alone.
    (tmp_path / "feed").write_bytes(whole.replace(NAMESPACES["podcast"].encode(), NAMESPACE_BEFORE.encode()))
    with (tmp_path / "feed").open("rb") as file:
        read = podcastparser.parse(f"{BASE}/feed.xml", file)
    assert (read["title"], read["language"], read["explicit"]) == ("The Sandbox Show", "en", False)
    assert read["itunes_categories"] == [["News", "Tech News"]]
    assert read["itunes_owner"] == {"name": "Sandbox Press (nobody real)", "email": "show@example.com"}
    assert read["import_prohibited"] is True
    (episode,) = read["episodes"]
    (enclosure,) = episode["enclosures"]
    assert (enclosure["mime_type"], enclosure["file_size"]) == ("audio/mpeg", SOUND.stat().st_size)
    assert episode["transcript_url"] == "https://example.com/transcript.vtt"
    assert (episode["season"], episode["number"]) == (1, 2)
    assert episode["total_time"] > 0
    assert "https://a.example/" in episode["description_html"]


def test_the_shows_identity_is_that_of_the_standards_example():
    assert show_guid("https://podnews.net/rss") == "9b024349-ccf0-5f69-a609-6b82873eab3c"
    assert show_guid("http://podnews.net/rss/") == "9b024349-ccf0-5f69-a609-6b82873eab3c"


def test_a_show_that_moves_keeps_its_identity(shelf: Shelf):
    publish(shelf.adapter(), shelf.platform.content())
    publish(shelf.adapter(base_url="https://elsewhere.example"), shelf.platform.content())
    assert said(shelf.feed, "podcast:guid/text()") == [show_guid(f"{BASE}/feed.xml")]
    assert said(shelf.feed, "atom:link/@href") == ["https://elsewhere.example/feed.xml"]


def test_a_show_that_came_from_another_host_keeps_its_identity(shelf: Shelf):
    old = f'<podcast:guid xmlns:podcast="{NAMESPACE_BEFORE}">of-old</podcast:guid>'
    shelf.feed = f'<rss version="2.0"><channel>{old}</channel></rss>'.encode()
    publish(shelf.adapter(), shelf.platform.content())
    assert said(shelf.feed, "podcast:guid/text()") == ["of-old"]


def test_episodes_are_listed_newest_first(shelf: Shelf):
    for title in ("One", "Two", "Three"):
        publish(shelf.adapter(), shelf.platform.content(title=title))
    assert shelf.titles() == ["Three", "Two", "One"]


def test_what_is_published_again_or_changed_into_the_same_is_not_written(shelf: Shelf):
    content = shelf.platform.whole_content()
    publish(shelf.adapter(), content)
    before = (shelf.folder / "feed.xml").stat().st_ino
    publish(shelf.adapter(), content)
    assert isinstance(shelf.adapter().update(content.distribution_id, content), Changed)
    assert (shelf.folder / "feed.xml").stat().st_ino == before


def test_changed_settings_are_said_with_the_next_episode(shelf: Shelf):
    publish(shelf.adapter(), shelf.platform.content())
    changes: dict[str, Any] = {
        "title": "Another  name",
        "category": ["Arts", "News > Politics"],
        "explicit": True,
        "locked": False,
        "language": "de-AT",
        "website": "https://show.example/about",
    }
    publish(shelf.adapter(**changes), shelf.platform.content())
    assert said(shelf.feed, "title/text()") == ["Another name"]
    assert said(shelf.feed, "itunes:category/@text") == ["Arts", "News"]
    assert said(shelf.feed, "itunes:category/itunes:category/@text") == ["Politics"]
    assert said(shelf.feed, "itunes:explicit/text()") == ["true"]
    assert said(shelf.feed, "item/itunes:explicit/text()") == ["true", "false"]
    assert said(shelf.feed, "podcast:locked/text()") == ["no"]
    assert said(shelf.feed, "language/text()") == ["de-AT"]
    assert said(shelf.feed, "link/text()") == ["https://show.example/about"]


def test_an_episode_may_be_explicit_in_a_show_that_is_not(shelf: Shelf):
    publish(shelf.adapter(), shelf.platform.content(platform_specific={"explicit": True}))
    assert said(shelf.feed, "item/itunes:explicit/text()") == ["true"]
    assert said(shelf.feed, "itunes:explicit/text()") == ["false"]


def test_words_that_would_end_the_cdata_or_break_the_xml_are_read_as_written(shelf: Shelf):
    body = "<p>a ]]> b \x00\x0b c</p>"
    publish(shelf.adapter(), shelf.platform.content(body=body, title="R&D\x1b <b>"))
    assert said(shelf.feed, "item/description/text()") == ["<p>a ]]> b  c</p>"]
    assert said(shelf.feed, "item/title/text()") == ["R&D <b>"]


def test_an_m4a_is_announced_by_the_standards_name_for_it(shelf: Shelf, library: str):
    body = b"m4a" * 100
    m4a = Media(MediaKind.AUDIO, "audio/mp4", len(body), url=f"{library}/none", sha256="ab" * 32)
    content = shelf.platform.content(media=[m4a])
    stored = shelf.folder / "episodes" / content.distribution_id / f"{m4a.sha256[:16]}.m4a"
    stored.parent.mkdir(parents=True)
    stored.write_bytes(body)  # by an earlier attempt
    publish(shelf.adapter(), content)
    assert said(shelf.feed, "item/enclosure/@type") == ["audio/m4a"]
    assert said(shelf.feed, "item/enclosure/@length") == ["300"]
    assert said(shelf.feed, "item/itunes:duration") == []


BY_HAND = b"""<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet type="text/xsl" href="nice.xsl"?><!-- before -->
<rss version="2.0" xmlns:podcast="https://old.example/ns" xmlns:x="https://x.example/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">
  <channel x:kept="1">
    <title>Old name</title>
    <!-- a word -->
    <podcast:value>42</podcast:value>
    <copyright>Somebody</copyright>
    <itunes:type>serial</itunes:type>
    <atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="https://hub.example/"/>
    <item>
      <title>By hand</title>
      <guid>https://old.example/1</guid>
      <description><![CDATA[<b>raw</b> & kept]]></description>
      <x:chapters href="c.json"><x:deep>text<x:er/>tail</x:deep></x:chapters>
    </item>
  </channel>
</rss>
<!-- after -->
"""


def assert_what_is_not_ours_is_there(feed: bytes) -> None:
    for each in (
        b'<?xml-stylesheet type="text/xsl" href="nice.xsl"?>',
        b"<!-- before -->",
        b"<!-- a word -->",
        b"<!-- after -->",
        b"<podcast:value>42</podcast:value>",
        b"<copyright>Somebody</copyright>",
        b"<itunes:type>serial</itunes:type>",
        b'rel="hub" href="https://hub.example/"',
        b'x:kept="1"',
        b"<title>By hand</title>\n      <guid>https://old.example/1</guid>",
        b"<description><![CDATA[<b>raw</b> & kept]]></description>",
        b'<x:chapters href="c.json"><x:deep>text<x:er/>tail</x:deep></x:chapters>',
    ):
        assert each in feed, each.decode()


def test_what_somebody_else_wrote_survives_whatever_we_do(shelf: Shelf):
    shelf.feed = BY_HAND
    adapter, content = shelf.adapter(), shelf.platform.whole_content()
    publish(adapter, content)
    assert_what_is_not_ours_is_there(shelf.feed)
    assert set(NAMESPACES.values()) <= set(rss(shelf.feed).nsmap.values())
    assert said(shelf.feed, "title/text()") == ["The Sandbox Show"]
    shelf.feed = shelf.feed.replace(b"<guid is", b"<x:ours>kept</x:ours><guid is")
    changed = replace(content, title="Changed", platform_specific={}, media=shelf.platform.media("sound"))
    assert isinstance(adapter.update(content.distribution_id, changed), Changed)
    assert_what_is_not_ours_is_there(shelf.feed)
    assert b"<x:ours>kept</x:ours>" in shelf.feed
    assert shelf.titles() == ["Changed", "By hand"]
    assert said(shelf.feed, "item/podcast:transcript/@url") == ["https://example.com/transcript.vtt"]
    assert said(shelf.feed, "item/itunes:image/@href") == []  # its file is gone
    assert isinstance(adapter.delete(content.distribution_id), Changed)
    assert_what_is_not_ours_is_there(shelf.feed)
    assert shelf.titles() == ["By hand"]
    assert list(shelf.files()) == ["feed.xml"]


def test_an_episode_that_was_made_by_hand_can_be_changed_and_taken_down(shelf: Shelf):
    shelf.feed = BY_HAND.replace(b"https://old.example/1", b" ../../1 ")
    content = shelf.platform.content()
    changed = shelf.adapter().update("../../1", content)
    assert isinstance(changed, Changed)
    assert len(shelf.files()) == 2
    assert changed.external_url is not None
    assert changed.external_url.removeprefix(f"{BASE}/") in shelf.files()
    assert said(shelf.feed, "item/guid/text()") == ["../../1"]
    assert isinstance(shelf.adapter().delete("../../1"), Changed)
    assert list(shelf.files()) == ["feed.xml"]
    assert shelf.titles() == []


def test_a_deletion_of_one_episode_touches_no_others_files(shelf: Shelf):
    adapter, content = shelf.adapter(), shelf.platform.content()
    publish(adapter, content)
    before = shelf.files()
    for guid in ("", ".", "..", "/", "episodes", content.distribution_id[:8]):
        assert adapter.delete(guid) == Changed(guid)
    assert shelf.files() == before


@pytest.mark.parametrize(
    "content", [b"", b"<html/>", b"<rss><channel>", b"<rss version='2.0'/>", b"\xff\xfe\x00", b"{}"]
)
def test_a_feed_that_is_none_is_never_written_over(shelf: Shelf, content: bytes):
    shelf.feed = content
    outcome = shelf.adapter().publish(shelf.platform.content(), Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.PROTOCOL
    assert isinstance(shelf.adapter().delete("any"), Unknown)
    assert shelf.feed == content


def test_a_feeds_entities_are_not_resolved(shelf: Shelf):
    secret = shelf.folder / "secret"
    secret.write_text("do not show")
    shelf.feed = (
        f'<!DOCTYPE rss [<!ENTITY s SYSTEM "file://{secret}">]><rss version="2.0"><channel><copyright>&s;</copyright>'
        "</channel></rss>"
    ).encode()
    publish(shelf.adapter(), shelf.platform.content())
    assert b"do not show" not in shelf.feed
    assert b"&s;" in shelf.feed
