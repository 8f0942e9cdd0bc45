"""Killed workers and racing ones, as real processes."""

import multiprocessing
import os
import re
import shutil
import signal
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import feedparser
import pytest

from pipeline.platforms.base import Absent, Changed, NotSent, Published
from pipeline.platforms.site.folder import SiteFolder
from pipeline_tests.platforms.own_site.lists import assert_nothing_twice, pages_of

FORK = multiprocessing.get_context("fork")


def run(work: Callable[[], Any]) -> int:
    """Do it in a process of its own; its exit code, negative for the signal that killed it."""
    process = FORK.Process(target=work)
    process.start()
    process.join(60)
    assert process.exitcode is not None
    return process.exitcode


def killed_at(
    step: int, work: Callable[[], Any], calls: Sequence[str] = ("replace", "unlink", "fsync")
) -> Callable[[], None]:
    """Work that gets SIGKILL before or after its n-th change to the file system, at even and odd steps."""
    seen = 0

    def watched(change: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal seen
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)
            result = change(*arguments, **options)
            seen += 2
            if seen - 1 == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return call

    def child() -> None:
        for call in calls:
            setattr(os, call, watched(getattr(os, call)))
        work()

    return child


def place_of(site: Any, listing: str, number: int) -> Path:
    return Path(site.folder) / ".pressroom" / "listings" / listing / "00000" / f"{number:07d}.json"


def titles(site) -> list[str]:
    return [entry.title for entry in feedparser.parse(site.read("feed.xml")).entries]


def test_killed_anywhere_while_publishing_it_is_absent_or_whole_and_publishing_again_mends_it(site, tmp_path):
    reference = type(site)(tmp_path / "reference")
    reference.publish("other")
    reference.publish("cast-iron")
    kills = 0
    finished = False
    while not finished:
        site.folder = tmp_path / f"site-{kills}"
        site.handles.clear()
        site.publish("other")
        site.handles["distribution-cast-iron"] = {"slug": "cast-iron"}
        finished = run(killed_at(kills, lambda: site.publish("cast-iron"))) == 0
        found = site.reconcile("cast-iron")
        assert isinstance(found, Absent | Published)
        if isinstance(found, Published):
            assert titles(site) == ["Cast Iron", "Other"]

        assert isinstance(site.publish("cast-iron"), Published)
        assert isinstance(site.reconcile("cast-iron"), Published)
        assert titles(site) == ["Cast Iron", "Other"]
        assert sorted(site.tree()) == sorted(reference.tree())
        assert not list((site.folder / ".pressroom" / "tmp").iterdir())
        kills += 3  # odd, so before and after a change in turn
    assert kills > 30


def test_the_time_of_publishing_is_that_of_the_first_attempt(site):
    site.handles["distribution-cast-iron"] = {"slug": "cast-iron"}
    assert run(killed_at(20, lambda: site.publish("cast-iron"))) == -signal.SIGKILL
    claimed = SiteFolder(site.folder).article("cast-iron")
    assert claimed is not None
    assert site.publish("cast-iron").published_at == claimed.published_at


def test_killed_anywhere_while_taking_down_another_try_completes_it(site, tmp_path):
    kills = 0
    finished = False
    while not finished:
        site.folder = tmp_path / f"site-{kills}"
        site.publish("cast-iron")
        site.publish("other")
        finished = run(killed_at(kills, lambda: site.adapter.delete("cast-iron"))) == 0

        site.adapter.delete("cast-iron")
        assert titles(site) == ["Other"]
        assert [name for name in site.tree() if name.startswith("cast-iron")] == ["cast-iron/410.html"]
        kills += 3  # odd, so before and after a change in turn
    assert kills > 20


def test_the_publisher_after_a_killed_one_lists_the_page_that_has_its_place(site):
    site.handles["distribution-cast-iron"] = {"slug": "cast-iron"}
    step = 0
    while not place_of(site, "archive", 0).exists():
        run(killed_at(step, lambda: site.publish("cast-iron")))
        step += 1
    assert not (site.folder / "feed.xml").exists()
    site.publish("other")
    assert titles(site) == ["Other", "Cast Iron"]


def test_a_page_that_has_no_place_yet_is_listed_by_its_own_next_attempt(site):
    site.handles["distribution-cast-iron"] = {"slug": "cast-iron"}
    step = 0
    while not (site.folder / "cast-iron" / "index.html").exists():
        run(killed_at(step, lambda: site.publish("cast-iron")))
        step += 1
    site.publish("other")
    assert titles(site) == ["Other"]
    site.publish("cast-iron")
    assert titles(site) == ["Cast Iron", "Other"]


TAGGED = {"platform_specific": {"keywords": ["Pans", "Iron"]}}
IN_PLACE = ("replace", "unlink")
"""What readers and other publishers see; a kill between two of these is a kill between two files."""


@pytest.fixture
def prepared(site, tmp_path, monkeypatch):
    """Copies of a site whose next article is the one that fills a page and a part, with the numbers it will then have."""
    for name, size in (("listing.PAGE_SIZE", 2), ("places.PART", 4), ("fronts.PART", 4)):
        monkeypatch.setattr(f"pipeline.platforms.site.{name}", size)
    for slug in ("one", "two", "three"):
        site.publish(slug, **TAGGED)
    handles = {name: dict(kept) for name, kept in site.handles.items()}

    def copy(name):
        folder = tmp_path / name
        shutil.copytree(site.folder, folder, ignore=shutil.ignore_patterns("lock"))
        return type(site)(folder, handles={**handles, "distribution-four": {"slug": "four"}})

    return copy


def killed_everywhere(prepared, change):
    """The site after each kill of a change at one more file than before, until it is not killed any more."""
    step, finished = 0, False
    while not finished:
        site = prepared(f"killed-{step}")
        finished = run(killed_at(step, partial(change, site), IN_PLACE)) == 0
        yield site
        step += 3  # odd, so before and after a file in turn
    assert step > 20


def shape(site):
    """Everything that is served but the times, which differ from run to run."""
    times = re.compile(rb"\d{4}-\d\d-\d\dT[^<\"]*|\w{3}, \d\d \w{3} \d{4} [^<]*")
    return {path: times.sub(b"", content) for path, content in site.tree().items()}


def test_killed_between_any_two_files_of_a_publication_the_next_try_completes_every_list(prepared):
    whole = prepared("whole")
    whole.publish("four", **TAGGED)
    assert pages_of(whole) == {".": ["four", "three"], "1": ["two", "one"]}
    for site in killed_everywhere(prepared, lambda site: site.publish("four", **TAGGED)):
        assert isinstance(site.publish("four", **TAGGED), Published)
        assert shape(site) == shape(whole)
    assert_nothing_twice(whole)


def test_another_article_between_a_kill_and_the_next_try_shifts_no_number(prepared):
    for site in killed_everywhere(prepared, lambda site: site.publish("four", **TAGGED)):
        site.publish("five", **TAGGED)
        assert pages_of(site)["1"] == ["two", "one"]
        site.publish("four", **TAGGED)
        for listing in ("archive", "tags/pans", "tags/iron"):
            pages = pages_of(site, listing)
            assert pages.pop("1") == ["two", "one"]
            assert sorted(slug for slugs in pages.values() for slug in slugs) == ["five", "four", "three"]
        assert_nothing_twice(site)


def test_killed_between_any_two_files_of_an_update_the_next_try_completes_it(prepared):
    def update(site):
        content = site.content("two", title="Another", platform_specific={"keywords": ["Iron", "New"]})
        return site.adapter.update("two", content)

    whole = prepared("whole")
    update(whole)
    for site in killed_everywhere(prepared, update):
        assert_nothing_twice(site)
        assert isinstance(update(site), Changed)
        assert shape(site) == shape(whole)


def test_killed_between_any_two_files_of_a_removal_the_next_try_completes_it(prepared):
    whole = prepared("whole")
    whole.adapter.delete("two")
    for site in killed_everywhere(prepared, lambda site: site.adapter.delete("two")):
        assert_nothing_twice(site)
        assert isinstance(site.adapter.delete("two"), Changed)
        assert shape(site) == shape(whole)


def test_a_slug_that_was_only_claimed_is_not_listed(site):
    site.handles["distribution-cast-iron"] = {"slug": "cast-iron"}
    step = 0
    while not (site.folder / ".pressroom" / "records" / "cast-iron.json").exists():
        run(killed_at(step, lambda: site.publish("cast-iron")))
        step += 1
    site.publish("other")
    assert titles(site) == ["Other"]
    assert "cast-iron" not in site.read("sitemap-1.xml")


def test_several_publishers_at_once_lose_nothing(site):
    def publish_five(worker: int) -> None:
        for number in range(5):
            assert isinstance(site.publish(f"article-{worker}-{number}"), Published)

    workers = [FORK.Process(target=publish_five, args=(worker,)) for worker in range(4)]
    for process in workers:
        process.start()
    for process in workers:
        process.join(60)

    assert [process.exitcode for process in workers] == [0] * 4
    expected = sorted(f"Article {worker} {number}" for worker in range(4) for number in range(5))
    assert sorted(titles(site)) == expected
    sitemap = site.read("sitemap-1.xml")
    assert all(f"/article-{worker}-{number}/" in sitemap for worker in range(4) for number in range(5))


def test_one_slug_raced_for_by_several_goes_to_one(site):
    def publish(worker: int) -> None:
        outcome = site.publish("prize", distribution_id=f"distribution-{worker}")
        os._exit(0 if isinstance(outcome, Published) else 7)

    workers = [FORK.Process(target=publish, args=(worker,)) for worker in range(4)]
    for process in workers:
        process.start()
    for process in workers:
        process.join(60)
    assert sorted(process.exitcode or 0 for process in workers) == [0, 7, 7, 7]


def test_a_site_that_another_publisher_holds_is_tried_later(site):
    adapter = site.adapter
    adapter._timeout_seconds = 0.05
    content = site.content("cast-iron")
    with SiteFolder(site.folder).locked(1):
        outcome = adapter.publish(content, site.journal(content))
    assert isinstance(outcome, NotSent)
    assert "Another publisher" in outcome.error.message
    assert isinstance(site.publish("cast-iron"), Published)
