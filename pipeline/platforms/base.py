"""The adapter protocol: what every platform can be asked, and the four ways a publication can end.

An adapter speaks HTTP and nothing else. It never touches the database, never sleeps through a rate limit and never
repeats a step that may have had an effect: it reports what happened, and the engine decides.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Protocol

from pipeline.platforms.article import AdaptableArticle, AdaptedContent, Destination
from pipeline.platforms.audience import Audience
from pipeline.platforms.content import Content, Measure, Problem
from pipeline.platforms.media.source import MediaSource
from pipeline.platforms.oauth import OAuth
from pipeline.platforms.offer import Capabilities, Charge, Permalink, Price, Prices, Setting
from pipeline.vocabulary import ErrorKind


@dataclass(frozen=True, slots=True)
class Account:
    """One account on one platform, with the credentials its reference resolved to.

    `credentials` is left out of the repr so that no log or traceback shows it. `timeout_seconds` is what one call may
    take, `patience_seconds` how long a publication may wait for a platform that works on what was uploaded.
    """

    key: str
    platform: str
    publish_config: Mapping[str, Any]
    account_id: str | None = None
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_seconds: float = 30.0
    patience_seconds: float = 60.0
    media: MediaSource = field(default_factory=MediaSource, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class PlatformError:
    """What the platform, or the way to it, answered. Never holds a secret."""

    kind: ErrorKind
    message: str
    code: str | None = None
    http_status: int | None = None


@dataclass(frozen=True, slots=True)
class Quota:
    """What the platform says it would still take: `remaining` posts of the account before `resets_at`."""

    remaining: int
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class Published:
    """It is live. `published_at` is the platform's own time where it tells one, else the moment of its answer.

    `quota` is the account's as of that answer, None where the platform told none.
    """

    external_id: str
    external_url: str | None
    published_at: datetime
    quota: Quota | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The platform will not take it, now or later, as it is."""

    error: PlatformError


@dataclass(frozen=True, slots=True)
class NotSent:
    """Certainly no effect; may be tried again. `retry_at` is the platform's own word, where it gave one.

    The error's kind tells the engine what to hold: `auth` and `rate_limited` concern the whole account.
    """

    error: PlatformError
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not be live: a time-out, a dropped connection or a 5xx after the request left."""

    error: PlatformError


PublishOutcome = Published | Rejected | NotSent | Unknown


@dataclass(frozen=True, slots=True)
class Absent:
    """The platform was asked and has it not. Evidence only after the settle time."""


@dataclass(frozen=True, slots=True)
class Inconclusive:
    """The platform could not be asked, or its answer decides nothing."""

    error: PlatformError


@dataclass(frozen=True, slots=True)
class Scheduled:
    """The platform holds it, and will publish it by itself at that time."""

    external_id: str
    external_url: str | None
    at: datetime


ScheduleOutcome = Scheduled | Rejected | NotSent | Unknown
ReconcileOutcome = Published | Scheduled | Absent | Inconclusive


@dataclass(frozen=True, slots=True)
class Journal:
    """The handles left by earlier steps of this publication, and the way to record another.

    `record` returns once the handle is committed; the adapter calls it before the next irreversible step.
    `started_at` is when the first attempt began: no effect of this publication is older.
    """

    handles: Mapping[str, str]
    record: Callable[[str, str], None]
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Changed:
    """An update or a deletion that holds now, whether this call or an earlier one did it."""

    external_id: str
    external_url: str | None = None


ChangeOutcome = Changed | Rejected | NotSent | Unknown


@dataclass(frozen=True, slots=True)
class Metrics:
    """A publication's figures at one moment. None is unknown or not offered; 0 is a measured zero.

    `engagements` is the sum of the public interactions the platform counts. `platform_metrics` keeps every figure
    that has no column of its own, under the platform's name for it. Followers are counted only where the platform says
    that they came, or went, by this publication.
    """

    impressions: int | None = None
    reach: int | None = None
    engagements: int | None = None
    clicks: int | None = None
    shares: int | None = None
    comments: int | None = None
    likes: int | None = None
    saves: int | None = None
    video_views: int | None = None
    video_watch_time_seconds: int | None = None
    followers_gained: int | None = None
    followers_lost: int | None = None
    platform_metrics: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the credentials speak for.

    `missing_scopes` are the permissions that publishing needs and these credentials lack, by the platform's names for
    them. `expires_at` is when the credentials end, None where they don't or the platform does not tell.
    """

    name: str
    missing_scopes: Sequence[str] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """The publication is no longer on the platform."""


class PlatformUnavailableError(Exception):
    """A question without effect (figures, who am I) got no answer; nothing is known, and nothing is stored.

    Attributes:
        error: what happened; its kind tells whether the account needs a person (`auth`) or time (`rate_limited`).
        retry_at: the platform's own word on when to ask again, where it gave one.
    """

    def __init__(self, error: PlatformError, retry_at: datetime | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.retry_at = retry_at


class Adapter(Protocol):
    """One account on one platform. Safe to use from several threads.

    An adapter inherits from this: what a platform does not offer is answered here.

    Attributes:
        title: the platform's name for people.
        capabilities: the platform's; an account's own may be narrower.
        settings: what an account's `publish_config` may hold.
        secrets: what its credentials hold.
        oauth: how an account is connected, None where somebody makes its credentials at the platform.
        list_prices: what the platform takes money for; nothing where its API is free.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    capabilities: Capabilities
    permalink: ClassVar[Permalink]
    settings: ClassVar[Sequence[Setting]]
    secrets: ClassVar[Sequence[Setting]]
    oauth: ClassVar[OAuth | None] = None
    list_prices: ClassVar[Sequence[Price]] = ()

    def __init__(self, account: Account) -> None: ...

    @classmethod
    def adapt(cls, article: AdaptableArticle, account: Destination) -> AdaptedContent:
        """The article as this platform wants it, within the account's limits. Pure.

        The same article gives the same version every time: an approval binds its hash.
        """
        ...

    def validate(self, content: Content) -> list[Problem]:
        """Everything that would make the platform refuse or mangle it; empty where it is fine. No I/O."""
        ...

    def measure(self, content: Content) -> list[Measure]:
        """The lengths that a person may want to see, of what the content has. No I/O."""
        ...

    def publish(self, content: Content, journal: Journal) -> PublishOutcome:
        """Publish, resuming from the journal's handles. Never raises for what a network or a platform can do."""
        ...

    def reconcile(self, content: Content, journal: Journal) -> ReconcileOutcome:
        """After an unknown outcome: ask whether it is live. No effect of its own."""
        ...

    def schedule(self, content: Content, at: datetime, journal: Journal) -> ScheduleOutcome:  # noqa: ARG002
        """Hand it to the platform, to publish it by itself `at` that time; resumes as `publish` does."""
        return self._not_offered("scheduling")

    def unschedule(self, external_id: str) -> ChangeOutcome:  # noqa: ARG002
        """Take back what the platform was to publish by itself; what is gone already counts as taken back.

        `Rejected` where it is live by now.
        """
        return self._not_offered("scheduling")

    def update(self, external_id: str, content: Content) -> ChangeOutcome:  # noqa: ARG002
        return self._not_offered("changing what is published")

    def delete(self, external_id: str) -> ChangeOutcome:  # noqa: ARG002
        """Take it down; what is gone already counts as taken down."""
        return self._not_offered("deleting")

    def metrics(self, external_ids: Sequence[str]) -> dict[str, Metrics | Gone]:
        """Figures for up to any number of publications, in as few calls as the platform allows.

        An id that the platform did not answer for is left out: unknown.

        Raises:
            PlatformUnavailableError: the platform could not be asked.
        """
        ...

    def audience(self) -> Audience | None:
        """Who follows the account, by a call without effect; None where the platform doesn't tell.

        Raises:
            PlatformUnavailableError: the platform could not be asked.
        """
        return None

    def prices(self) -> Prices | None:
        """What questions cost this account, as it is set up; None where they cost nothing. No I/O."""
        return None

    @classmethod
    def charges(cls, content: Content) -> Mapping[Charge, int]:  # noqa: ARG003
        """What is charged for publishing it, and how often; nothing where that is free. Pure."""
        return {}

    @classmethod
    def price_of(cls, content: Content) -> Decimal:
        """What publishing it costs at the platform's list price, in dollars. Pure."""
        listed = {price.charge: price.usd for price in cls.list_prices}
        return sum((listed[charge] * count for charge, count in cls.charges(content).items()), Decimal(0))

    def whoami(self) -> Identity:
        """The account as the platform knows it, and what it may do, by a call without effect.

        Raises:
            PlatformUnavailableError: the credentials are refused or the platform can't be reached.
        """
        ...

    def quota(self) -> Quota | None:
        """What the platform would still take of the account, by a call without effect; None where it doesn't tell.

        Raises:
            PlatformUnavailableError: the platform could not be asked.
        """
        return None

    def _not_offered(self, what: str) -> Rejected:
        return Rejected(PlatformError(ErrorKind.POLICY, f"{self.title} does not offer {what} to programs"))
