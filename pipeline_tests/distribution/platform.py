"""A platform of the test's own, with its ledger as the truth: what happened there, whatever our database says."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from pipeline.distribution.engine import EngineConfig
from pipeline.platforms.article import AdaptableArticle, AdaptedContent, Destination
from pipeline.platforms.base import (
    Absent,
    Account,
    Adapter,
    Gone,
    Identity,
    Inconclusive,
    Journal,
    Metrics,
    NotSent,
    PlatformError,
    Published,
    PublishOutcome,
    ReconcileOutcome,
    Unknown,
)
from pipeline.platforms.content import Content, Measure, Problem
from pipeline.platforms.offer import Capabilities, Guarantee, Permalink, Setting
from pipeline.store.accounts import AccountRow
from pipeline.vocabulary import ErrorKind

CONFIG = EngineConfig(
    lease=timedelta(seconds=30),
    settle=timedelta(seconds=60),
    look_ahead=timedelta(seconds=1),
    backoff_base=timedelta(seconds=30),
)
NOW_SETTLED = replace(CONFIG, settle=timedelta(0))
NO_LOOK_AHEAD = replace(CONFIG, look_ahead=timedelta(0))
"""Where the first try alone is looked at: a backoff can be as short as nothing."""

Behaviour = Callable[[Content, Journal], PublishOutcome | None]
"""What the platform does with a content before it takes it; None: it takes it and answers."""


class Platform:
    """The ledger is shared by all accounts and threads. `pages` is the address below which what it took can be seen."""

    def __init__(
        self, behaviour: Behaviour = lambda content, journal: None, *, pages: str = "http://127.0.0.1:9"
    ) -> None:
        self.behaviour = behaviour
        self.pages = pages
        self.sent: list[tuple[str, str, datetime]] = []
        self.answer: ReconcileOutcome | None = None
        self.identity: Callable[[Account], Identity] = lambda account: Identity(account.key)
        self.problems: Callable[[Content], list[Problem]] = lambda content: []
        self._lock = threading.Lock()

    def open(self, row: AccountRow) -> Adapter:
        return _TestAdapter(Account(row.account_key, row.name, row.publish_config), self)

    def effect(self, account_key: str, content: Content) -> None:
        with self._lock:
            self.sent.append((account_key, content.distribution_id, datetime.now(UTC)))

    def effects_of(self, distribution_id: object) -> int:
        return sum(1 for _, sent, _ in self.sent if sent == str(distribution_id))


class _TestAdapter(Adapter):
    name: ClassVar[str] = "test"
    title: ClassVar[str] = "Test"
    settings: ClassVar[Sequence[Setting]] = ()
    secrets: ClassVar[Sequence[Setting]] = ()
    capabilities: Capabilities = Capabilities(
        update=False, delete=False, schedule=False, metrics=True, metrics_batch=100, guarantee=Guarantee.LIKELY
    )
    permalink: ClassVar[Permalink] = Permalink()

    def __init__(self, account: Account, platform: Platform | None = None) -> None:
        assert platform is not None
        self.account = account
        self.platform = platform

    @classmethod
    def adapt(cls, article: AdaptableArticle, account: Destination) -> AdaptedContent:
        raise NotImplementedError

    def validate(self, content: Content) -> list[Problem]:
        return self.platform.problems(content)

    def measure(self, content: Content) -> list[Measure]:
        return []

    def publish(self, content: Content, journal: Journal) -> PublishOutcome:
        refused = self.platform.behaviour(content, journal)
        if refused is not None and not isinstance(refused, Unknown):
            return refused
        self.platform.effect(self.account.key, content)
        return refused or self._published(content)

    def reconcile(self, content: Content, journal: Journal) -> ReconcileOutcome:
        if self.platform.answer is not None:
            return self.platform.answer
        return self._published(content) if self.platform.effects_of(content.distribution_id) else Absent()

    def metrics(self, external_ids: Sequence[str]) -> dict[str, Metrics | Gone]:
        return {external_id: Metrics(impressions=100, engagements=0) for external_id in external_ids}

    def whoami(self) -> Identity:
        return self.platform.identity(self.account)

    def _published(self, content: Content) -> Published:
        url = f"{self.platform.pages}/{content.distribution_id}"
        return Published(f"ext-{content.distribution_id}", url, datetime.now(UTC))


def lost_answer(content: Content, journal: Journal) -> PublishOutcome:
    """The platform takes it, and its answer never arrives."""
    return Unknown(PlatformError(ErrorKind.NETWORK, "read timed out"))


def not_sent(kind: ErrorKind, retry_at: datetime | None = None) -> Behaviour:
    return lambda content, journal: NotSent(PlatformError(kind, f"{kind} for the test"), retry_at)


def inconclusive() -> Inconclusive:
    return Inconclusive(PlatformError(ErrorKind.UNAVAILABLE, "503"))
