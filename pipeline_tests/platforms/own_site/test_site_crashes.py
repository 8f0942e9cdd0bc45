"""Killed workers and racing ones, as real processes."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from typing import Any

import feedparser

from pipeline.platforms.base import Absent, NotSent, Published
from pipeline.platforms.site.folder import SiteFolder

FORK = multiprocessing.get_context("fork")


def run(work: Callable[[], Any]) -> int:
    """Do it in a process of its own; its exit code, negative for the signal that killed it."""
    process = FORK.Process(target=work)
    process.start()
    process.join(60)
    assert process.exitcode is not None
    return process.exitcode


def killed_at(step: int, work: Callable[[], Any]) -> Callable[[], None]:
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
        os.replace = watched(os.replace)
        os.unlink = watched(os.unlink)
        os.fsync = watched(os.fsync)
        work()

    return child


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
        kills += 1
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
        kills += 1
    assert kills > 20


def test_the_publisher_after_a_killed_one_lists_the_page_that_stands(site):
    site.handles["distribution-cast-iron"] = {"slug": "cast-iron"}
    step = 0
    while not (site.folder / "cast-iron" / "index.html").exists():
        run(killed_at(step, lambda: site.publish("cast-iron")))
        step += 1
    site.publish("other")
    assert titles(site) == ["Other", "Cast Iron"]


def test_a_slug_that_was_only_claimed_is_not_listed(site):
    site.handles["distribution-cast-iron"] = {"slug": "cast-iron"}
    step = 0
    while not (site.folder / ".pressroom" / "records" / "cast-iron.json").exists():
        run(killed_at(step, lambda: site.publish("cast-iron")))
        step += 1
    site.publish("other")
    assert titles(site) == ["Other"]
    assert "cast-iron" not in site.read("sitemap.xml")


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
    assert all(f"/article-{worker}-{number}/" in site.read("sitemap.xml") for worker in range(4) for number in range(5))


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
