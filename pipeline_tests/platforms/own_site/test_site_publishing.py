"""Publishing, asking, changing and taking down."""

import time
from pathlib import Path

import feedparser
import pytest
from lxml import etree

from pipeline.platforms.base import Absent, Account, Changed, NotSent, PlatformUnavailableError, Published, Rejected
from pipeline.platforms.registry import open_adapter
from pipeline.platforms.site.folder import SiteFolder
from pipeline.vocabulary import ErrorKind, MediaKind
from pipeline_tests.platforms.own_site.conftest import a_file

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def lastmods(site, path="sitemap.xml"):
    """Of every page, through the index."""
    root = etree.fromstring(site.read(path).encode())
    found = {str(url.findtext(f"{SITEMAP}loc")): url.findtext(f"{SITEMAP}lastmod") for url in root}
    if root.tag == f"{SITEMAP}urlset":
        return found
    parts = [lastmods(site, url.removeprefix(site.base_url.rstrip("/") + "/")) for url in found]
    return {url: lastmod for part in parts for url, lastmod in part.items()}


def test_an_article_is_published_with_its_page_and_every_index(site):
    outcome = site.publish("cast-iron", platform_specific={"author": "Ana Petrova", "excerpt": "Slow to cool."})

    assert isinstance(outcome, Published)
    assert (outcome.external_id, outcome.external_url) == ("cast-iron", "http://127.0.0.1:3001/cast-iron/")
    assert "A heavy pan" in site.read("cast-iron/index.html")
    assert 'href="/cast-iron/"' in site.read("index.html")
    assert 'href="/cast-iron/"' in site.read("archive/index.html")
    feed = feedparser.parse(site.read("feed.xml"))
    assert not feed.bozo
    assert [(entry.title, entry.link, entry.summary, entry.author) for entry in feed.entries] == [
        ("Cast Iron", outcome.external_url, "Slow to cool.", "Ana Petrova")
    ]
    assert lastmods(site)[outcome.external_url] == outcome.published_at.isoformat(timespec="seconds")
    assert "Sitemap: http://127.0.0.1:3001/sitemap.xml" in site.read("robots.txt")


def test_articles_are_listed_newest_first(site):
    for slug in ("first", "second", "third"):
        site.publish(slug)
    assert [entry.title for entry in feedparser.parse(site.read("feed.xml")).entries] == ["Third", "Second", "First"]


def test_publishing_a_distribution_again_changes_nothing(site):
    first = site.publish("cast-iron")
    before = site.tree()

    assert site.publish("cast-iron") == first
    assert site.tree() == before


def test_a_late_retry_does_not_undo_an_update(site):
    site.publish("cast-iron")
    site.adapter.update("cast-iron", site.content("cast-iron", body="<p>Corrected.</p>"))
    site.publish("cast-iron")
    assert "Corrected." in site.read("cast-iron/index.html")


def test_a_slug_that_belongs_to_another_distribution_is_refused(site):
    site.publish("cast-iron")
    before = site.tree()

    outcome = site.publish("cast-iron", distribution_id="another", title="Mine")

    assert isinstance(outcome, Rejected)
    assert outcome.error.kind is ErrorKind.VALIDATION
    assert "belongs to another article, 'Cast Iron'" in outcome.error.message
    assert site.tree() == before


def test_a_refused_slug_can_be_mended_and_published(site):
    site.publish("cast-iron")
    site.publish("cast-iron", distribution_id="another")
    outcome = site.publish("cast-iron-again", distribution_id="another")
    assert isinstance(outcome, Published)


def test_a_distribution_keeps_its_first_address_when_its_slug_changes_between_attempts(site):
    first = site.publish("cast-iron", distribution_id="one")
    assert site.publish("new-slug", distribution_id="one") == first
    assert not (site.folder / "new-slug").exists()


@pytest.mark.parametrize(
    "slug", ["кухня", "café", "Cast-Iron", "../etc", "a/b", "", ".hidden", "-a", "a--b", "archive", "x" * 121]
)
def test_a_slug_that_is_no_plain_address_is_refused_with_the_reason(site, slug):
    problems = site.adapter.validate(site.content(slug, title="A title"))
    assert [problem.field for problem in problems] == ["slug"]
    assert isinstance(site.publish(slug, title="A title"), Rejected)
    assert not site.folder.exists()
    assert isinstance(site.reconcile(slug), Absent)
    assert isinstance(site.adapter.delete(slug), Rejected) or slug in {"archive", "x" * 121}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": None}, "title"),
        ({"title": " \x00 "}, "title"),
        ({"body": ""}, "body"),
        ({"body": "<script>alert(1)</script>"}, "body"),
        ({"platform_specific": {"canonical_url": "javascript:alert(1)"}}, "canonical_url"),
        ({"platform_specific": {"language": 'en" onload="x'}}, "language"),
        ({"media": [a_file(MediaKind.IMAGE, url="data:image/svg+xml,x")]}, "image_url"),
    ],
)
def test_content_that_would_make_a_broken_page_is_a_problem(site, changes, field):
    assert [problem.field for problem in site.adapter.validate(site.content("a", **changes))] == [field]


def test_reconcile_finds_only_what_this_distribution_has_live(site):
    assert isinstance(site.reconcile("cast-iron"), Absent)
    published = site.publish("cast-iron")
    assert site.reconcile("cast-iron") == published
    another = site.content("cast-iron", distribution_id="another")
    assert isinstance(site.adapter.reconcile(another, site.journal(another)), Absent)


def test_a_page_that_was_lost_is_absent_until_it_is_published_again(site):
    published = site.publish("cast-iron")
    (site.folder / "cast-iron" / "index.html").unlink()
    assert isinstance(site.reconcile("cast-iron"), Absent)
    assert site.publish("cast-iron") == published
    assert site.reconcile("cast-iron") == published


def test_an_update_rewrites_page_indexes_and_lastmod_but_keeps_the_time_of_publishing(site):
    published = site.publish("cast-iron")
    time.sleep(1)  # the sitemap counts seconds

    outcome = site.adapter.update("cast-iron", site.content("cast-iron", title="Iron, cast"))

    assert outcome == Changed("cast-iron", published.external_url)
    assert "<h1>Iron, cast</h1>" in site.read("cast-iron/index.html")
    entry = feedparser.parse(site.read("feed.xml")).entries[0]
    assert entry.title == "Iron, cast"
    assert entry.published == published.published_at.isoformat(timespec="seconds") < entry.updated
    assert lastmods(site)[published.external_url] == entry.updated


def test_a_reader_halfway_through_a_page_gets_the_old_one_whole(site):
    site.publish("cast-iron")
    with (site.folder / "cast-iron" / "index.html").open() as reader:
        start = reader.read(10)
        site.adapter.update("cast-iron", site.content("cast-iron", body="<p>Short.</p>"))
        old = start + reader.read()
    assert "A heavy pan" in old
    assert "Short." not in old


def test_an_update_that_changes_nothing_leaves_lastmod_alone(site):
    site.publish("cast-iron")
    before = SiteFolder(site.folder).article("cast-iron")
    site.adapter.update("cast-iron", site.content("cast-iron"))
    assert SiteFolder(site.folder).article("cast-iron") == before


def test_an_update_of_what_is_not_there_or_under_another_slug_is_refused(site):
    site.publish("cast-iron")
    assert isinstance(site.adapter.update("nothing", site.content("nothing")), Rejected)
    assert isinstance(site.adapter.update("cast-iron", site.content("other")), Rejected)
    assert isinstance(site.adapter.update("cast-iron", site.content("cast-iron", distribution_id="x")), Rejected)


def test_a_taken_down_page_leaves_every_index_and_cannot_come_back(site):
    site.publish("cast-iron", title="Secret title")
    site.publish("other")

    assert site.adapter.delete("cast-iron") == Changed("cast-iron")
    once = site.tree()
    assert site.adapter.delete("cast-iron") == Changed("cast-iron")

    assert site.tree() == once
    assert not [name for name, content in once.items() if b"Secret title" in content or b"cast-iron" in content]
    assert isinstance(site.reconcile("cast-iron"), Absent)
    assert isinstance(site.publish("cast-iron"), Rejected)
    assert isinstance(site.publish("cast-iron", distribution_id="another"), Rejected)
    assert isinstance(site.adapter.update("cast-iron", site.content("cast-iron")), Rejected)
    assert site.tree() == once


def test_taking_down_what_never_was_is_fine(site):
    assert site.adapter.delete("never") == Changed("never")


def test_a_page_whose_canonical_address_is_elsewhere_is_not_in_the_sitemap(site):
    site.publish("reprint", platform_specific={"canonical_url": "https://example.com/original"})
    assert list(lastmods(site)) == ["http://127.0.0.1:3001/"]
    assert '<link rel="canonical" href="https://example.com/original">' in site.read("reprint/index.html")


def test_older_articles_leave_the_front_page_and_stay_in_the_archive(site):
    for number in range(26):
        site.publish(f"article-{number}")
    assert 'href="/article-0/"' not in site.read("index.html")
    assert "Older articles" in site.read("index.html")
    assert 'href="/article-0/"' in site.read("archive/index.html")


def test_a_site_below_a_path_links_below_that_path(site):
    site.base_url = "https://example.com/magazine/"
    outcome = site.publish("cast-iron")
    assert outcome.external_url == "https://example.com/magazine/cast-iron/"
    assert 'href="/magazine/assets/style.css"' in site.read("cast-iron/index.html")


def test_the_account_is_told_by_its_name_and_nothing_is_written(site):
    assert site.adapter.whoami().name == "The Slow Kitchen"
    assert not site.folder.exists()


def test_a_folder_that_is_a_file_is_told_before_publishing(site):
    site.folder.write_text("")
    with pytest.raises(PlatformUnavailableError, match="can't be written to"):
        site.adapter.whoami()
    outcome = site.publish("cast-iron")
    assert isinstance(outcome, NotSent)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"folder": "site", "base_url": "http://127.0.0.1", "name": "A"},
            "folder: must be an absolute path, not 'site'",
        ),
        ({"folder": "/site", "base_url": "127.0.0.1", "name": "A"}, "base_url: must be an absolute http"),
        ({"folder": "/site", "base_url": "http://127.0.0.1"}, "name: Field required"),
    ],
)
def test_a_publish_config_that_cannot_be_used_says_which_account_and_why(config, message):
    with pytest.raises(ValueError, match=message) as raised:
        open_adapter(Account("my-site", "site", config))
    assert "'my-site'" in str(raised.value)


def test_a_record_somebody_broke_is_named_and_nothing_is_written(site):
    site.publish("cast-iron")
    (site.folder / ".pressroom" / "records" / "cast-iron.json").write_text("{}")
    outcome = site.publish("cast-iron")
    assert isinstance(outcome, NotSent)
    assert "cast-iron.json" in outcome.error.message


def test_files_are_readable_by_a_web_server_of_another_user(site):
    site.publish("cast-iron")
    assert all(Path(site.folder / name).stat().st_mode & 0o044 for name in site.tree())
