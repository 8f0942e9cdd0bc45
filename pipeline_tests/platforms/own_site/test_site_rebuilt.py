"""A site made again from what it keeps; one of the version before brought over; and what `check` tells of either."""

import shutil
from functools import partial
from pathlib import Path

import feedparser
import pytest

from pipeline.platforms.base import Published
from pipeline.platforms.site.adapter import site_config
from pipeline.platforms.site.check import Report, check, glance
from pipeline.platforms.site.folder import SiteFolder
from pipeline.platforms.site.rebuild import rebuild
from pipeline_tests.platforms.own_site.lists import assert_nothing_twice, pages_of, sitemap
from pipeline_tests.platforms.own_site.test_site_crashes import IN_PLACE, TAGGED, killed_at, run

FORMER = Path(__file__).parent / "former"
"""Records and pages as the version before wrote them: first and second share a topic, third has none, reprint is
canonical elsewhere, gone was taken down."""


@pytest.fixture
def former(site):
    records = site.folder / ".pressroom" / "records"
    records.mkdir(parents=True)
    for file in FORMER.iterdir():
        if file.suffix == ".json":
            shutil.copy(file, records)
        else:
            (site.folder / file.stem).mkdir()
            shutil.copy(file, site.folder / file.stem / "index.html")
    (site.folder / "gone").mkdir()
    (site.folder / "gone" / "410.html").write_text("taken down")
    return site


@pytest.fixture
def published(site):
    for slug in ("one", "two", "three"):
        site.publish(slug, **TAGGED)
    site.adapter.delete("two")
    return site


def config_of(site):
    return site_config(
        "site", {"folder": str(site.folder), "base_url": site.base_url, "name": "The Slow Kitchen", **site.settings}
    )


def checked(site):
    report = Report()
    for _ in check(SiteFolder(site.folder), config_of(site), report):
        pass
    return report


def problems(site):
    return {problem.path: problem.message for problem in checked(site).problems}


def rebuilt(site):
    """How many files it changed."""
    folder = SiteFolder(site.folder)
    for _ in rebuild(folder, config_of(site), hold=lambda: folder.locked(10)):
        pass
    return folder.writes


def test_a_site_of_the_version_before_comes_over_with_the_first_article_after_it(former):
    assert isinstance(former.publish("new", **TAGGED), Published)
    assert pages_of(former) == {".": ["new", "reprint", "third", "second", "first"]}
    assert pages_of(former, "tags/pans") == {".": ["new", "second", "first"]}
    assert f"{former.base_url}/reprint/" not in sitemap(former)
    assert_nothing_twice(former)
    assert not problems(former)
    page = former.read("first/index.html")
    assert "<p>A heavy pan &amp; more.</p><div>x\n</div>\n<p>End</p>" in page
    assert "Slow." in page
    assert 'href="/tags/pans/"' in page
    third = SiteFolder(former.folder).copy("third")
    assert third is not None
    assert third.excerpt is None
    assert isinstance(former.reconcile("first"), Published)


def test_killed_anywhere_while_it_comes_over_it_keeps_its_order(former, tmp_path):
    step, finished = 0, False
    while not finished:
        site = type(former)(tmp_path / f"former-{step}", handles={"distribution-new": {"slug": "new"}})
        shutil.copytree(former.folder, site.folder)
        finished = run(killed_at(step, partial(site.publish, "new", **TAGGED), IN_PLACE)) == 0
        site.publish("new", **TAGGED)
        assert pages_of(site) == {".": ["new", "reprint", "third", "second", "first"]}
        assert pages_of(site, "tags/pans") == {".": ["new", "second", "first"]}
        step += 11  # odd, so before and after a file in turn
    assert step > 60


def test_a_former_page_that_somebody_edited_stays_as_it_is_and_is_told(former):
    page = former.folder / "first" / "index.html"
    page.write_text(page.read_text().replace("heavy", "light"))
    edited = page.read_text()
    former.publish("new", **TAGGED)
    assert page.read_text() == edited
    assert pages_of(former, "tags/pans") == {".": ["new", "second", "first"]}
    assert "its text is not kept" in problems(former)["first/"]


def test_a_rebuild_of_a_site_as_it_should_be_changes_nothing(published):
    before = published.tree()
    assert not problems(published)
    rebuilt(published)  # gives the older articles newer ones to lead to
    assert rebuilt(published) == 0
    assert published.tree().keys() == before.keys()
    assert not problems(published)


@pytest.mark.parametrize(
    "lost",
    [
        "one/index.html",
        "archive/index.html",
        "tags/iron/index.html",
        "sitemap-1.xml",
        "rss.xml",
        "assets/style.css",
        "two/410.html",
        ".pressroom/listings/archive/00000/0000000.json",
        ".pressroom/listings/tags/iron/title",
    ],
)
def test_what_was_lost_is_told_and_made_again(published, lost):
    rebuilt(published)
    before = published.tree()
    (published.folder / lost).unlink()
    assert lost in problems(published)
    rebuilt(published)
    assert not problems(published)
    assert published.tree() == before


def test_what_somebody_changed_is_told_and_made_again(published):
    rebuilt(published)
    before = published.tree()
    (published.folder / "one" / "index.html").write_text("<script>alert(1)</script>")
    (published.folder / "two").joinpath("index.html").write_text("back again")
    assert problems(published) == {
        "one/index.html": "is not what the records say",
        "two/index.html": "should be gone",
    }
    rebuilt(published)
    assert published.tree() == before


def test_an_entry_without_its_record_is_told_and_taken_out(published):
    place = published.folder / ".pressroom" / "listings" / "archive" / "00000"
    (place / "0000003.json").write_text((place / "0000000.json").read_text())
    (published.folder / ".pressroom" / "records" / "three.json").unlink()
    told = problems(published)
    assert {path for path in told if path.startswith(".pressroom/listings/archive")} == {
        ".pressroom/listings/archive/00000/0000002.json",
        ".pressroom/listings/archive/00000/0000003.json",
    }
    rebuilt(published)
    assert pages_of(published) == {".": ["one"]}
    assert not problems(published)


def test_a_file_that_is_not_of_the_site_is_told_and_left(published):
    (published.folder / "media").mkdir()
    (published.folder / "media" / "a.jpg").write_text("a picture")
    (published.folder / "ads.txt").write_text("somebody's")
    report = checked(published)
    assert report.strays == ["ads.txt"]
    assert not report.problems
    rebuilt(published)
    assert (published.folder / "ads.txt").exists()


def test_a_check_writes_nothing(published):
    (published.folder / "index.html").unlink()
    before = {path: path.read_bytes() for path in published.folder.rglob("*") if path.is_file()}
    checked(published)
    assert {path: path.read_bytes() for path in published.folder.rglob("*") if path.is_file()} == before


def test_a_new_name_of_the_site_reaches_every_page_and_every_address_stays(published):
    published.settings["name"] = "Another Kitchen"
    links = [entry.link for entry in feedparser.parse(published.read("feed.xml")).entries]
    assert problems(published)
    rebuilt(published)
    assert not problems(published)
    pages = [content for path, content in published.tree().items() if path.endswith(".html")]
    assert all(b"Another Kitchen" in page and b"The Slow Kitchen" not in page for page in pages)
    assert [entry.link for entry in feedparser.parse(published.read("feed.xml")).entries] == links


def test_a_rebuild_killed_anywhere_is_completed_by_the_next(published, tmp_path):
    published.settings["name"] = "Another Kitchen"
    whole = type(published)(tmp_path / "whole", settings=published.settings)
    shutil.copytree(published.folder, whole.folder)
    rebuilt(whole)
    step, finished = 0, False
    while not finished:
        site = type(published)(tmp_path / f"killed-{step}", settings=published.settings)
        shutil.copytree(published.folder, site.folder)
        finished = run(killed_at(step, partial(rebuilt, site), IN_PLACE)) == 0
        rebuilt(site)
        assert site.tree() == whole.tree()
        step += 3
    assert step > 20


def test_half_a_publication_is_told_by_check_and_at_a_glance(published):
    published.handles["distribution-four"] = {"slug": "four"}
    step = 0
    while not (published.folder / "four" / "index.html").exists():
        run(killed_at(step, lambda: published.publish("four"), IN_PLACE))
        step += 1
    assert "half published" in problems(published)["four/"]
    seen = glance(SiteFolder(published.folder))
    assert (seen.live, seen.half_published, seen.taken_down) == (2, 1, 1)
    (published.folder / "one" / "index.html").unlink()
    assert "one/index.html" in {problem.path for problem in glance(SiteFolder(published.folder)).problems}


def test_counting_readers_or_no_longer_reaches_every_page_and_nothing_else(site):
    site.publish("first")
    before = site.tree()
    site.settings["beacon_url"] = "http://127.0.0.1:3005/v/site"
    told = [problem.path for problem in checked(site).problems]
    assert "first/index.html" in told
    assert "assets/beacon.js" in told
    rebuilt(site)
    assert checked(site).problems == []
    tag = '<script defer src="/assets/beacon.js" data-to="http://127.0.0.1:3005/v/site"></script>'
    pages = {name: content.decode() for name, content in site.tree().items() if name.endswith(".html")}
    assert pages
    assert all(tag in page for page in pages.values())
    del site.settings["beacon_url"]
    rebuilt(site)
    assert {name: content for name, content in site.tree().items() if name != "assets/beacon.js"} == before
