"""Archive, topics, related articles, feeds and sitemap: what one article more, changed or fewer does to them."""

import time

import feedparser
import pytest
from lxml import etree

from pipeline.platforms.base import Changed, Published
from pipeline.platforms.site import fronts, listing, places
from pipeline.platforms.site.folder import SiteFolder
from pipeline_tests.platforms.own_site.lists import assert_nothing_twice, pages_of, record_of, sitemap, topics

TAGGED = {"platform_specific": {"keywords": ["Pans", "Iron"]}}


@pytest.fixture
def small(monkeypatch):
    """Pages of three places, and parts of six."""
    monkeypatch.setattr(listing, "PAGE_SIZE", 3)
    monkeypatch.setattr(places, "PART", 6)
    monkeypatch.setattr(fronts, "PART", 6)


def publish_many(site, count, **changes):
    for number in range(count):
        assert isinstance(site.publish(f"article-{number}", **changes), Published)


def changed_files(site, change):
    """The files that a change makes different, those it keeps for itself included."""

    def now():
        files = (path for path in site.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(site.folder)): path.stat().st_mtime_ns for path in files}

    before = now()
    change()
    return {path for path, at in now().items() if before.get(path) != at}


def test_what_stands_on_a_page_of_the_archive_stays_there(small, site):
    kept: dict[str, list[str]] = {}
    for number in range(14):
        site.publish(f"article-{number}")
        now = pages_of(site)
        numbered = {path: slugs for path, slugs in now.items() if path != "."}
        assert numbered.items() >= kept.items()
        assert sorted(slug for slugs in now.values() for slug in slugs) == sorted(
            f"article-{n}" for n in range(number + 1)
        )
        kept = numbered
    assert kept == {str(n): [f"article-{3 * n - i}" for i in (1, 2, 3)] for n in (1, 2, 3)}


def test_the_newest_page_never_opens_with_one_line(small, site):
    for number in range(12):
        site.publish(f"article-{number}")
        assert len(pages_of(site)["."]) >= min(number + 1, 3)


def test_pages_lead_to_their_neighbours_and_none_to_an_address_that_is_not_there(small, site):
    publish_many(site, 11)
    for path in pages_of(site):
        page = site.read("archive/index.html" if path == "." else f"archive/{path}/index.html")
        for link in etree.HTML(page).iterfind(".//main//a"):
            assert (site.folder / str(link.get("href")).strip("/") / "index.html").is_file(), (path, link.get("href"))
    assert 'href="/archive/2/"' in site.read("archive/1/index.html")
    assert 'href="/archive/"' in site.read("archive/2/index.html")


def test_publishing_changes_as_many_files_on_a_larger_site(small, site):
    publish_many(site, 10, **TAGGED)
    on_ten = changed_files(site, lambda: site.publish("one-more", **TAGGED))
    for number in range(11, 34):
        site.publish(f"article-{number}", **TAGGED)
    on_thirty_four = changed_files(site, lambda: site.publish("yet-another", **TAGGED))
    of_the_second = {"sitemap.xml", "sitemap-site.xml"}  # which change once a second
    assert len(on_ten - of_the_second) == len(on_thirty_four - of_the_second), on_ten ^ on_thirty_four
    assert not [path for path in on_thirty_four if path.startswith("article-")]


def test_each_keyword_is_a_topic_whose_address_it_keeps(site):
    site.publish("one", platform_specific={"keywords": ["Cast iron", "C"]})
    site.publish("two", platform_specific={"keywords": ["CAST  IRON", "C++", "кухня", "!!!"]})
    assert topics(site) == ["tags/c", "tags/c-2", "tags/cast-iron", "tags/kukhnia", "tags/topic"]
    assert pages_of(site, "tags/cast-iron") == {".": ["two", "one"]}
    assert pages_of(site, "tags/c") == {".": ["one"]}
    assert pages_of(site, "tags/c-2") == {".": ["two"]}
    assert 'href="/tags/c-2/"' in site.read("two/index.html")
    assert 'href="/tags/cast-iron/"' in site.read("tags/index.html")


def test_the_topics_page_is_of_the_newest_articles_most_frequent_first(small, site, monkeypatch):
    monkeypatch.setattr(fronts, "_NEWEST", 3)
    for number in range(9):
        site.publish(f"article-{number}", platform_specific={"keywords": [f"Topic {number}", "Common"]})
    links = [link.get("href") for link in etree.HTML(site.read("tags/index.html")).iterfind(".//main//a")]
    assert links == ["/tags/common/", "/tags/topic-6/", "/tags/topic-7/", "/tags/topic-8/"]


def test_an_article_that_was_at_the_topics_address_before_keeps_it(site):
    site.publish("other")
    folder = SiteFolder(site.folder)
    folder.save(record_of(site, "other").model_copy(update={"slug": "other-2"}))
    record = site.folder / ".pressroom" / "records" / "tags.json"
    record.write_text((site.folder / ".pressroom" / "records" / "other.json").read_text())
    (site.folder / "tags" / "index.html").write_text("the article")
    site.publish("one", platform_specific={"keywords": ["Iron"]})
    assert site.read("tags/index.html") == "the article"
    assert pages_of(site, "tags/iron") == {".": ["one"]}


def related(site, slug):
    return record_of(site, slug).related


def test_related_articles_are_those_of_the_rarest_shared_topics(site):
    for number in range(5):
        site.publish(f"common-{number}", platform_specific={"keywords": ["Common"]})
    site.publish("rare", platform_specific={"keywords": ["Rare", "Common"]})
    site.publish("apart", platform_specific={"keywords": ["Apart"]})
    site.publish("mine", platform_specific={"keywords": ["Common", "Rare"]})
    assert related(site, "mine") == ("rare", "common-4", "common-3", "common-2")
    assert related(site, "apart") == ()
    page = site.read("mine/index.html")
    assert 'href="/rare/"' in page
    assert page.index('href="/rare/"') < page.index('href="/common-4/"')


def test_a_newer_article_rewrites_no_older_page(site):
    site.publish("older", **TAGGED)
    changed = changed_files(site, lambda: site.publish("newer", **TAGGED))
    assert "older/index.html" not in changed
    assert related(site, "newer") == ("older",)


def test_an_update_changes_the_pages_that_show_the_article_and_no_others(small, site):
    publish_many(site, 9, **TAGGED)
    time.sleep(0.01)
    shown = {
        f"article-{n}/index.html" for n in range(9) if 'href="/article-1/"' in site.read(f"article-{n}/index.html")
    }
    changed = changed_files(
        site, lambda: site.adapter.update("article-1", site.content("article-1", title="Another", **TAGGED))
    )
    served = {path for path in changed if not path.startswith(".pressroom/")}
    lists = {"archive/1/index.html", "tags/pans/1/index.html", "tags/iron/1/index.html", "sitemap-1.xml", "sitemap.xml"}
    fronts_ = {"index.html", "feed.xml", "rss.xml", "sitemap-site.xml"}
    assert served - fronts_ == {"article-1/index.html", *shown, *lists} - {"sitemap-1.xml", "sitemap.xml"} | (
        served & {"sitemap-1.xml", "sitemap.xml"}
    )
    assert shown
    for page in ("archive/1/index.html", "tags/iron/1/index.html", *shown):
        assert "Another" in site.read(page)


def test_an_update_that_drops_a_topic_leaves_its_list_and_its_other_numbers_alone(small, site):
    publish_many(site, 8, **TAGGED)
    content = site.content("article-1", platform_specific={"keywords": ["Iron", "New"]})
    assert isinstance(site.adapter.update("article-1", content), Changed)
    assert pages_of(site, "tags/pans")["1"] == ["article-2", "article-0"]
    assert pages_of(site, "tags/iron")["1"] == ["article-2", "article-1", "article-0"]
    assert pages_of(site, "tags/new") == {".": ["article-1"]}
    assert set(record_of(site, "article-1").places) == {"archive", "tags/iron", "tags/new"}

    site.adapter.update("article-1", site.content("article-1", **TAGGED))
    assert pages_of(site, "tags/pans")["1"] == ["article-2", "article-0"], "a place once left is nobody's"
    assert pages_of(site, "tags/pans")["."][0] == "article-1"
    assert_nothing_twice(site)


def test_a_taken_down_article_leaves_every_list_and_every_page_that_led_to_it(small, site):
    publish_many(site, 7, **TAGGED)
    assert 'href="/article-1/"' in site.read("article-2/index.html")
    before = pages_of(site)

    site.adapter.delete("article-1")

    assert not [path for path, content in site.tree().items() if b"article-1" in content.replace(b"article-1/", b"")]
    assert not [path for path in site.tree() if "article-1" in path and not path.endswith("410.html")]
    assert not [path for path, content in site.tree().items() if b"/article-1/" in content or b"Article 1" in content]
    after = pages_of(site)
    assert after == {path: [slug for slug in slugs if slug != "article-1"] for path, slugs in before.items()}
    assert not (site.folder / ".pressroom" / "copies" / "article-1.json").exists()


def test_taking_all_down_leaves_pages_that_list_nothing(small, site):
    publish_many(site, 4, **TAGGED)
    for number in range(4):
        site.adapter.delete(f"article-{number}")
    assert pages_of(site) == {".": []}
    assert sitemap(site) == [f"{site.base_url}/"]
    assert not feedparser.parse(site.read("rss.xml")).entries
    site.publish("again", **TAGGED)
    assert pages_of(site) == {".": ["again"]}


def test_the_front_page_looks_past_pages_that_were_taken_down(small, site, monkeypatch):
    monkeypatch.setattr(fronts, "_NEWEST", 3)
    publish_many(site, 12)
    for number in range(4, 12):
        site.adapter.delete(f"article-{number}")
    links = [entry.link.rstrip("/").rpartition("/")[2] for entry in feedparser.parse(site.read("feed.xml")).entries]
    assert links == ["article-3", "article-2", "article-1"]


def test_the_sitemap_is_an_index_of_small_parts_each_with_its_time(small, site):
    publish_many(site, 8)
    index = etree.fromstring(site.read("sitemap.xml").encode())
    names = [str(element.text).rpartition("/")[2] for element in index.iter("{*}loc")]
    assert names == ["sitemap-site.xml", "sitemap-1.xml", "sitemap-2.xml"]
    first = site.read("sitemap-1.xml")
    assert first.count("<loc>") == 6

    time.sleep(1)  # the sitemap counts seconds
    site.adapter.update("article-7", site.content("article-7", title="Another"))
    later = [str(element.text) for element in etree.fromstring(site.read("sitemap.xml").encode()).iter("{*}lastmod")]
    before = [str(element.text) for element in index.iter("{*}lastmod")]
    assert [now > then for now, then in zip(later, before, strict=True)] == [True, False, True]
    assert site.read("sitemap-1.xml") == first


def test_the_two_feeds_tell_the_same(site):
    site.base_url = "https://example.com"
    site.publish("one", platform_specific={"keywords": ["Iron"], "author": "Ana & Co", "excerpt": "Slow <to> cool."})
    atom, rss = (feedparser.parse(site.read(path)) for path in ("feed.xml", "rss.xml"))
    assert not rss.bozo
    assert rss.version == "rss20"
    (of_atom,), (of_rss,) = atom.entries, rss.entries
    for field in ("title", "link", "id", "author", "published_parsed"):
        assert of_atom[field] == of_rss[field]
    assert [tag.term for tag in of_atom.tags] == [tag.term for tag in of_rss.tags] == ["Iron"]
    assert of_atom.summary == "Slow <to> cool."
    assert of_rss.summary == "Slow &lt;to&gt; cool.", "a description is HTML"
    assert 'rel="self"' in site.read("rss.xml")
