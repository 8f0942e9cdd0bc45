"""Show notes, and what else of a post goes to a podcast."""

import re
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.platforms.article import AdaptableArticle
from pipeline.platforms.media.facts import Media
from pipeline.platforms.podcast import PodcastAdapter
from pipeline.platforms.podcast.notes import show_notes, size
from pipeline.text.rendering import text_of
from pipeline.vocabulary import MediaKind
from pipeline_tests.platforms.rehearsal import sample_media

ADDRESS = "https://example.com/pruning/?a=1&b=2"
LINK = '<p><a href="https://example.com/pruning/?a=1&amp;b=2">https://example.com/pruning/?a=1&amp;b=2</a></p>'
ALLOWED = {"p", "ol", "ul", "li", "a", "b", "i", "strong", "em"}


def article(markdown: str, **changes) -> AdaptableArticle:
    fields: dict[str, Any] = {
        "title": "How to prune",
        "excerpt": "",
        "keywords": [],
        "canonical_url": ADDRESS,
        "vertical": "garden",
    }
    return AdaptableArticle(markdown=markdown, **{**fields, **changes})


def destination(**limits: Any) -> Any:
    fields: dict[str, Any] = {
        "name": "podcast",
        "publish_config": {},
        "max_content_length": None,
        "max_title_length": None,
    }
    return SimpleNamespace(**{**fields, "is_home": False, **limits})


def test_notes_hold_the_tags_that_podcast_apps_show_and_end_with_the_articles_address():
    markdown = (
        "# How to prune\n\n## When\n\nIn *late* **winter**, [say we](https://a.example/x?y=1&z=2).\n\n"
        "- saw\n- shears\n\n> Cut low.\n\n```\nprune now\n```\n\n![a saw](https://a.example/saw.jpg)\n"
    )
    assert show_notes(article(markdown), 4000) == (
        "<p><strong>When</strong></p>\n"
        '<p>In <em>late</em> <strong>winter</strong>, <a href="https://a.example/x?y=1&amp;z=2">say we</a>.</p>\n'
        "<ul>\n<li>saw</li>\n<li>shears</li>\n</ul>\n<p>Cut low.</p>\n<p>prune now\n</p>\n" + LINK
    )


def test_words_that_a_tag_kept_apart_stay_apart():
    notes = show_notes(article("one<br>two\n\n| a | b |\n|---|---|\n| c | d |\n"), 4000)
    assert text_of(notes.replace(LINK, "")).split() == ["one", "two", "a", "b", "c", "d"]


def test_nothing_active_is_left():
    notes = show_notes(article("a <script>alert(1)</script> <b onclick=x>b</b> [c](javascript:d)"), 4000)
    assert not re.search(r"<script|onclick|href=.javascript", notes)


def test_a_sponsored_link_keeps_its_relation():
    notes = show_notes(article('[buy](https://shop.example "pressroom:sponsored")'), 4000)
    assert 'rel="sponsored nofollow"' in notes


def test_the_disclosure_comes_first():
    assert show_notes(article("Cut.", disclosure="We earn by links."), 4000).startswith("<p>We earn by links.</p>")


def test_an_article_of_pictures_alone_is_told_by_its_teaser():
    assert show_notes(article("![](https://a.example/b.jpg)", excerpt="See."), 4000) == f"<p>See.</p>\n{LINK}"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=300), max_size=30).map("\n\n".join), st.integers(200, 4000))
def test_notes_keep_to_their_bytes_and_their_tags_whatever_is_written(markdown, limit):
    notes = show_notes(article(markdown), limit)
    assert size(notes) <= limit
    assert notes.endswith(LINK)
    assert set(re.findall(r"<([a-z]+)", notes)) <= ALLOWED


def test_of_a_long_article_whole_blocks_are_kept_and_of_one_long_block_its_first_sentences():
    blocks = show_notes(article("\n\n".join(f"Block {number} is here." for number in range(400))), 600)
    assert blocks.startswith("<p>Block 0 is here.</p>")
    assert blocks.count("<p>Block") == blocks.count("is here.</p>") > 10
    sentence = "Ünder the old tree we cut. "
    one = show_notes(article(sentence * 300), 600)
    assert one.startswith("<p>Ünder the old tree we cut. Ünder")
    assert one.endswith(f"we cut.</p>\n{LINK}")
    assert 400 < size(one) <= 600


def test_a_version_has_the_first_sound_and_a_cover_only_where_a_picture_can_be_one():
    library = "https://example.com/media"
    sound, cover, picture, video = (sample_media(name, library) for name in ("sound", "cover", "picture", "video"))
    version = PodcastAdapter.adapt(article("Cut.", media=[video, picture, cover, sound, sound]), destination())
    assert version.media == (sound, cover)
    assert PodcastAdapter.adapt(article("Cut.", media=[picture, sound]), destination()).media == (sound,)


def test_a_version_keeps_to_the_accounts_limits():
    version = PodcastAdapter.adapt(
        article("Word. " * 900, title="A title that goes on"), destination(max_content_length=700, max_title_length=10)
    )
    assert size(version.body) <= 700
    assert len(version.title or "") <= 10
    assert version.link_url == ADDRESS
    assert size(PodcastAdapter.adapt(article("Word. " * 900), destination(max_content_length=9000)).body) <= 4000


def test_an_m4a_goes_as_it_is():
    m4a = Media(MediaKind.AUDIO, "audio/mp4", 10, url="https://example.com/a.m4a", sha256="a" * 64)
    assert PodcastAdapter.adapt(article("Cut.", media=[m4a]), destination()).media == (m4a,)
