"""An adapter with its stand-in, as the tests of every platform use them.

What differs from platform to platform is said in `rehearsals/<name>.py`, which holds a `REHEARSAL`.
"""

import hashlib
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pipeline.sample
from pipeline.platforms.base import Account, Adapter, Inconclusive, Journal, Published, ReconcileOutcome
from pipeline.platforms.content import Content
from pipeline.platforms.media.examine import examine
from pipeline.platforms.media.facts import Media
from pipeline.platforms.media.source import MediaSource
from pipeline.platforms.registry import open_adapter
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.ledger import Effect
from pipeline.sandbox.registry import stand_ins
from pipeline.vocabulary import ErrorKind, MediaKind

SAMPLE = Path(pipeline.sample.__file__).parent / "media"
SAMPLE_FILES = {"picture": "picture.jpg", "cover": "cover.jpg", "video": "video.mp4", "sound": "sound.mp3"}


@dataclass(frozen=True)
class Rehearsal:
    """What the tests must be told of one platform.

    Attributes:
        effect: the ledger's name for what readers see of a publication.
        sending: method and part of the path of the call that brings it about.
        content: something to publish that no other publication says, for a distribution's id.
        every_step: the `platform_specific` with which a publication takes all the steps it can.
        repeatable: the ledger's names for steps of a publication that a repetition leaves as they were.
        media: the kinds of the sample's files that every content has, where the platform takes none without.
        every_media: those with which a publication takes all the steps it can.
        public: the credentials that are no secrets.
        asks_first: a publication's first call has no effect, whatever becomes of it.
        tells_retry_time: its answer to one call too many says when to come again.
    """

    effect: str
    sending: tuple[str, str]
    content: Callable[[str], Content]
    every_step: Mapping[str, Any] = field(default_factory=dict)
    media: Sequence[str] = ()
    every_media: Sequence[str] = ()
    repeatable: frozenset[str] = frozenset()
    public: frozenset[str] = frozenset()
    asks_first: bool = False
    tells_retry_time: bool = True


@dataclass
class Notebook:
    """The engine's side of the journal."""

    handles: dict[str, str] = field(default_factory=dict)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def journal(self) -> Journal:
        return Journal(dict(self.handles), self.handles.__setitem__, self.started_at)


@dataclass(frozen=True)
class Platform:
    """A platform of the sandbox, and the way to an account on it."""

    name: str
    sandbox: Sandbox
    rehearsal: Rehearsal
    library: str
    """Where the sample's files are served."""

    @property
    def config(self) -> Mapping[str, Any]:
        return stand_ins()[self.name].publish_config(self.sandbox.url)

    @property
    def credentials(self) -> Mapping[str, str]:
        return stand_ins()[self.name].credentials

    @property
    def secrets(self) -> list[str]:
        return [value for name, value in self.credentials.items() if name not in self.rehearsal.public]

    def account(self, **changes: Any) -> Account:
        account = Account(
            key=f"{self.name}-test",
            platform=self.name,
            publish_config=self.config,
            credentials=self.credentials,
            timeout_seconds=5.0,
            media=MediaSource(lambda: [self.library]),
        )
        return replace(account, **changes)

    def adapter(self, **changes: Any) -> Adapter:
        return open_adapter(self.account(**changes))

    def content(self, **changes: Any) -> Content:
        content = self.rehearsal.content(str(uuid.uuid4()))
        return replace(content, **{"media": self.media(*self.rehearsal.media), **changes})

    def whole_content(self) -> Content:
        """Content whose publication takes every step."""
        media = self.rehearsal.every_media or self.rehearsal.media
        return self.content(platform_specific=self.rehearsal.every_step, media=self.media(*media))

    def media(self, *names: str) -> tuple[Media, ...]:
        """Files of the sample, by the names of SAMPLE_FILES."""
        return tuple(sample_media(name, self.library) for name in names)

    def effects(self) -> list[Effect]:
        """What readers have seen."""
        return [effect for effect in self.sandbox.effects(self.name) if effect.kind == self.rehearsal.effect]

    def fail(self, kind: str, **how: Any) -> None:
        """Let the call that has the effect go wrong."""
        method, path = self.rehearsal.sending
        self.sandbox.fault(self.name, kind, method=method, path=path, **how)

    def elsewhere(self, url: str) -> dict[str, Any]:
        """The settings, with another server's address in place of the sandbox's."""
        return {
            name: value.replace(self.sandbox.url, url) if isinstance(value, str) else value
            for name, value in self.config.items()
        }


def rehearsal_of(platform: str) -> Rehearsal:
    rehearsal: Rehearsal = import_module(f"pipeline_tests.platforms.rehearsals.{platform}").REHEARSAL
    return rehearsal


def platform_of(name: str, sandbox: Sandbox, library: str) -> Platform:
    return Platform(name, sandbox, rehearsal_of(name), library)


def sample_media(name: str, library: str) -> Media:
    path = SAMPLE / SAMPLE_FILES[name]
    facts = examine(path)
    return Media(
        **asdict(facts),
        url=f"{library}/{path.name}",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        alt_text="" if facts.kind is MediaKind.AUDIO else f"The sample's {name}",
    )


def publish(adapter: Adapter, content: Content, notebook: Notebook | None = None) -> Published:
    outcome = adapter.publish(content, (notebook or Notebook()).journal())
    assert isinstance(outcome, Published), outcome
    return outcome


def some_text(distribution_id: str) -> Content:
    """Words, marks, an emoji of several code points and a link, under a title."""
    mark = distribution_id[:8]
    body = f"Körper & <b>so</b> {mark} 👩‍🚀\n\nhttps://example.com/a?b=1&c=2"
    return Content(distribution_id, body, title=f"A title & more {mark}")


def settled_answer(adapter: Adapter, content: Content, notebook: Notebook) -> ReconcileOutcome:
    """What reconciling says once the platform has done with what it was given."""
    deadline = time.monotonic() + 10
    while (
        isinstance(answer := adapter.reconcile(content, notebook.journal()), Inconclusive)
        and answer.error.kind is ErrorKind.PENDING
    ):
        assert time.monotonic() < deadline, "the platform never came to an end"
        time.sleep(0.05)
    return answer
