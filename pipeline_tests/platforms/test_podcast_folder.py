"""A show in a folder: killed publishers, racing ones, and a folder that can't be used."""

import fcntl
import io
import os
import signal
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import feedparser
import pytest

from pipeline.platforms.base import (
    Absent,
    Changed,
    Identity,
    Inconclusive,
    NotSent,
    PlatformUnavailableError,
    Published,
    Unknown,
)
from pipeline.platforms.content import Content
from pipeline.sandbox.client import Sandbox
from pipeline.vocabulary import ErrorKind
from pipeline_tests.platforms.own_site.test_site_crashes import FORK, run
from pipeline_tests.platforms.podcast_folder import BASE, Shelf
from pipeline_tests.platforms.rehearsal import Notebook, platform_of, publish

CHANGES = ((io, "open"), *((os, name) for name in ("mkdir", "fsync", "replace", "unlink", "rmdir")))
"""The calls by which files are changed. What the folder is between two of them, it is after the first."""


@pytest.fixture
def shelf(sandbox: Sandbox, library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # for what the killed leave behind
    return Shelf(platform_of("podcast", sandbox, library), tmp_path)


def killed_after(step: int, work: Callable[[], Any]) -> Callable[[], None]:
    """Work that gets SIGKILL after its n-th change."""
    seen = 0

    def watched(change: Callable[..., Any]) -> Callable[..., Any]:
        def watching(*arguments: Any, **options: Any) -> Any:
            nonlocal seen
            result = change(*arguments, **options)
            seen += arguments[1:2] not in (("r",), ("rb",))  # a file that is only read
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return watching

    def child() -> None:
        for module, name in CHANGES:
            setattr(module, name, watched(getattr(module, name)))
        work()

    return child


def assert_listeners_find_every_file(shelf: Shelf) -> None:
    """The feed is whole or not there, and what it names is served with the length it tells."""
    if not (shelf.folder / "feed.xml").exists():
        return
    read = feedparser.parse(shelf.feed)
    assert not read.bozo
    for entry in read.entries:
        (enclosure,) = entry.enclosures
        assert shelf.files()[enclosure.href.removeprefix(f"{BASE}/")] == int(enclosure.length)


def kills(shelf: Shelf, tmp_path: Path, prepare: Callable[[], Callable[[], Any]], check: Callable[[], None]) -> int:
    """Kill the work that is prepared after each of its changes, in a new folder each time; how many there were."""
    step, finished = 1, False
    while not finished:
        shelf.folder = tmp_path / f"show-{step}"
        shelf.folder.mkdir()
        finished = run(killed_after(step, prepare())) == 0
        assert_listeners_find_every_file(shelf)
        check()
        assert_listeners_find_every_file(shelf)
        step += 1
    return step


def test_killed_anywhere_while_publishing_it_is_absent_or_whole_and_publishing_again_completes_it(
    shelf: Shelf, tmp_path: Path
):
    content = shelf.platform.content()

    def again() -> None:
        found = shelf.adapter().reconcile(content, Notebook().journal())
        assert isinstance(found, Absent | Published)
        published = publish(shelf.adapter(), content)
        assert found in (Absent(), published)
        assert shelf.titles() == [content.title]
        assert len(shelf.files()) == 2
        assert [path.name for path in (shelf.folder / ".pressroom").iterdir()] == ["lock"]

    assert kills(shelf, tmp_path, lambda: lambda: publish(shelf.adapter(), content), again) > 15


def test_killed_anywhere_while_changing_it_says_the_old_or_the_new_and_another_try_completes_it(
    shelf: Shelf, tmp_path: Path
):
    content = shelf.platform.whole_content()
    changed = replace(content, title="Changed", media=shelf.platform.media("sound"))

    def prepare() -> Callable[[], Any]:
        publish(shelf.adapter(), content)
        return lambda: shelf.adapter().update(content.distribution_id, changed)

    def again() -> None:
        assert shelf.titles() in ([content.title], ["Changed"])
        assert isinstance(shelf.adapter().update(content.distribution_id, changed), Changed)
        assert shelf.titles() == ["Changed"]
        assert len(shelf.files()) == 2

    assert kills(shelf, tmp_path, prepare, again) > 5


def test_killed_anywhere_while_taking_it_down_another_try_completes_it(shelf: Shelf, tmp_path: Path):
    content, other = shelf.platform.content(), shelf.platform.content(title="Other")

    def prepare() -> Callable[[], Any]:
        for each in (content, other):
            publish(shelf.adapter(), each)
        return lambda: shelf.adapter().delete(content.distribution_id)

    def again() -> None:
        assert isinstance(shelf.adapter().delete(content.distribution_id), Changed)
        assert shelf.titles() == ["Other"]
        assert len(shelf.files()) == 2

    assert kills(shelf, tmp_path, prepare, again) > 5


def test_several_processes_at_once_lose_nothing(shelf: Shelf):
    contents = [[shelf.platform.content(title=f"{worker}-{number}") for number in range(3)] for worker in range(3)]

    def publish_all(given: list[Content]) -> None:
        for content in given:
            publish(shelf.adapter(), content)

    workers = [FORK.Process(target=publish_all, args=(given,)) for given in contents]
    for process in workers:
        process.start()
    for process in workers:
        process.join(60)
    assert [process.exitcode for process in workers] == [0, 0, 0]
    assert sorted(shelf.titles()) == sorted(str(content.title) for given in contents for content in given)
    assert_listeners_find_every_file(shelf)


def test_a_folder_that_another_publisher_holds_is_tried_later(shelf: Shelf):
    publish(shelf.adapter(), shelf.platform.content())
    content = shelf.platform.content()
    with (shelf.folder / ".pressroom" / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        outcome = shelf.adapter(timeout_seconds=0.05).publish(content, Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.message == "the show's folder can't be used: another publisher is still writing to it"
    publish(shelf.adapter(), content)


def test_a_folder_that_is_not_there_is_not_made_and_nothing_is_concluded_from_it(shelf: Shelf):
    shelf.folder = shelf.folder / "unmounted"
    adapter, content = shelf.adapter(), shelf.platform.content()
    outcome = adapter.publish(content, Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.UNAVAILABLE
    assert isinstance(adapter.reconcile(content, Notebook().journal()), Inconclusive)
    assert not isinstance(adapter.delete(content.distribution_id), Changed)
    for ask in (adapter.whoami, lambda: adapter.metrics(["1"])):
        with pytest.raises(PlatformUnavailableError, match="the show's folder can't be used: it is not there"):
            ask()
    assert not shelf.folder.exists()


def test_what_stands_in_the_way_is_told_and_the_feed_stays(shelf: Shelf):
    content = shelf.platform.content()
    publish(shelf.adapter(), content)
    before = shelf.feed
    other = shelf.platform.content()
    (shelf.folder / "episodes" / other.distribution_id).write_text("a file where a folder should be")
    outcome = shelf.adapter().publish(other, Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.message.startswith("the show's folder could not be read or written: ")
    in_the_way = shelf.folder / "episodes" / content.distribution_id / "unasked"
    in_the_way.mkdir()
    assert shelf.feed == before
    assert isinstance(shelf.adapter().delete(content.distribution_id), Unknown)
    assert shelf.titles() == []


def test_a_folder_needs_no_keys_and_the_account_is_the_show(shelf: Shelf):
    assert shelf.adapter().whoami() == Identity("The Sandbox Show")
    publish(shelf.adapter(), shelf.platform.content())
    assert shelf.platform.effects() == []
