"""A site in a store that fsspec reaches, where no lock keeps another machine out."""

import threading
from collections import defaultdict
from dataclasses import dataclass

import fsspec
import pytest

from pipeline.platforms.base import Absent, Changed, NotSent, PlatformUnavailableError, Published, Rejected, Unknown
from pipeline.platforms.site import remote
from pipeline.platforms.site.adapter import site_config
from pipeline.platforms.site.check import Report, check
from pipeline.platforms.site.folder import SiteFolder
from pipeline.platforms.site.listing import Entry
from pipeline.platforms.site.remote import RemoteFolder
from pipeline_tests.platforms.own_site.conftest import Site
from pipeline_tests.platforms.own_site.test_site_crashes import TAGGED, shape


@dataclass
class Stored(Site):
    """A site at an address; its files are read through the store."""

    address: str = ""

    @property
    def adapter(self):
        self.settings["folder"] = self.address
        return super().adapter

    def tree(self):
        storage = SiteFolder(self.address).storage
        paths = [path for path in storage.files() if not path.startswith(".pressroom/")]
        return storage.read_all(paths)

    def read(self, path):
        return self.tree()[path].decode()

    def problems(self):
        folder = SiteFolder(self.address)
        report = Report()
        config = site_config("site", {"folder": self.address, "base_url": self.base_url, "name": "The Slow Kitchen"})
        for _ in check(folder, config, report):
            pass
        return report.problems + report.strays


@pytest.fixture
def stored(tmp_path):
    fsspec.filesystem("memory").store.clear()
    yield Stored(tmp_path, address="memory://bucket/site")
    fsspec.filesystem("memory").store.clear()


def a_life(site):
    """What can happen to articles."""
    for slug in ("one", "two", "three"):
        assert isinstance(site.publish(slug, **TAGGED), Published)
    assert isinstance(site.publish("one", distribution_id="another", **TAGGED), Rejected)
    changed = site.content("one", title="Another", platform_specific={"keywords": ["Iron", "New"]})
    assert isinstance(site.adapter.update("one", changed), Changed)
    assert isinstance(site.adapter.delete("two"), Changed)
    assert isinstance(site.reconcile("one"), Published)
    assert isinstance(site.reconcile("two"), Absent)


def test_a_store_holds_what_a_folder_would(stored, site):
    a_life(stored)
    a_life(site)
    assert shape(stored) == shape(site)
    assert not stored.problems()
    assert stored.adapter.whoami().name == "The Slow Kitchen"


def test_a_file_address_is_a_local_folder_with_its_lock(tmp_path):
    site = Stored(tmp_path / "site", address=f"file://{tmp_path}/site")
    site.publish("one", **TAGGED)
    assert (tmp_path / "site" / "one" / "index.html").is_file()
    assert SiteFolder(site.address).storage.excludes_others


def meanwhile(monkeypatch, step, other):
    """Let another machine work just before the n-th change of this one to the store; whether it came to that."""
    seen = 0
    done: list[bool] = []
    changes = {name: getattr(RemoteFolder, name) for name in ("write", "create")}

    def watched(name):
        def change(folder, *arguments):
            nonlocal seen
            seen += 1
            if seen == step and not done:
                done.append(True)
                with monkeypatch.context() as own:
                    for each, original in changes.items():
                        own.setattr(RemoteFolder, each, original)
                    own.setattr(remote, "_ours", defaultdict(threading.Lock))  # which another machine does not know
                    other()
            return changes[name](folder, *arguments)

        return change

    for name in changes:
        monkeypatch.setattr(RemoteFolder, name, watched(name))
    return done


def test_a_writer_that_slept_through_another_publication_loses_nobodys_entry(stored):
    """It wakes before one of its changes, another each time."""
    step, reached = 1, True
    while reached:
        fsspec.filesystem("memory").store.clear()
        stored.handles.clear()
        stored.publish("zero", **TAGGED)
        with pytest.MonkeyPatch.context() as patched:
            done = meanwhile(patched, step, lambda: stored.publish("other", **TAGGED))
            outcome = stored.publish("mine", **TAGGED)
        reached = bool(done)
        assert isinstance(outcome, Published)
        assert not stored.problems(), step
        standing = SiteFolder(stored.address).places.on("archive", range(9)).values()
        listed = {place.entry.slug for place in standing if place.entry}
        assert listed == {"zero", "mine", *(["other"] if reached else [])}
        step += 3
    assert step > 20


def test_a_frozen_publication_that_was_completed_by_another_takes_no_second_place(stored):
    step, reached = 1, True
    while reached:
        fsspec.filesystem("memory").store.clear()
        stored.handles.clear()
        with pytest.MonkeyPatch.context() as patched:

            def complete_it_and_go_on():
                for slug in ("before", "mine", "after"):
                    stored.publish(slug, **TAGGED)

            done = meanwhile(patched, step, complete_it_and_go_on)
            outcome = stored.publish("mine", **TAGGED)
        reached = bool(done)
        assert isinstance(outcome, Published | Unknown), step
        stored.publish("mine", **TAGGED)
        places = SiteFolder(stored.address).places
        for listing in ("archive", "tags/iron", "tags/pans"):
            slugs = [place.entry.slug for place in places.on(listing, range(9)).values() if place.entry]
            assert sorted(slugs) == (["after", "before", "mine"] if reached else ["mine"]), (step, listing)
        step += 3
    assert step > 20


def test_a_place_that_was_given_away_meanwhile_is_not_taken(stored):
    stored.publish("one")
    places = SiteFolder(stored.address).places
    article = SiteFolder(stored.address).article("one")
    assert article is not None
    entry = article.entry
    assert places.take("archive", 0, entry)
    assert not places.take("archive", 0, Entry.model_validate({**entry.model_dump(), "slug": "two"}))


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("nowhere://bucket/site", "'nowhere', which fsspec does not know"),
        ("oss://bucket/site", "needs a package that is not installed"),
    ],
)
def test_an_address_that_cannot_be_reached_says_why(stored, address, message):
    stored.address = address
    with pytest.raises(ValueError, match=message):
        stored.adapter  # noqa: B018


def test_a_store_that_fails_is_told_and_the_next_try_completes(stored, monkeypatch):
    stored.publish("one", **TAGGED)
    memory = type(fsspec.filesystem("memory"))

    def refuse(*_arguments, **_options):
        raise RuntimeError("SlowDown: reduce your request rate")

    with monkeypatch.context() as broken:
        broken.setattr(memory, "cat", refuse)
        assert isinstance(stored.publish("two", **TAGGED), NotSent)
        broken.undo()
        broken.setattr(memory, "pipe_file", refuse)
        outcome = stored.publish("two", **TAGGED)
        assert isinstance(outcome, Unknown)
        assert "SlowDown" in outcome.error.message
        with pytest.raises(PlatformUnavailableError, match="SlowDown"):
            stored.adapter.whoami()
    assert isinstance(stored.publish("two", **TAGGED), Published)
    assert not stored.problems()
