"""What a plan says. Instants are UTC; each has the zone beside it in which a person reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from pipeline.scheduling.model import Slot, Span


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that is to go out. `moved_from` is where it stands now, None where the plan leaves it.

    `why` says what decided its instant, the weightiest first. `post_id` and `canonical_id` are None where it has no
    post.
    """

    distribution_id: UUID
    post_id: UUID | None
    canonical_id: str | None
    title: str
    account_id: UUID
    account_key: str
    timezone: str
    at: datetime
    moved_from: datetime | None
    is_pinned: bool
    why: Sequence[str]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something in the way of what is to go out at `at`, and what a person can do about it."""

    account_key: str
    at: datetime
    timezone: str
    distribution_id: UUID | None
    message: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Local days, the first and the last, on which an account publishes nothing though `free` slots are there."""

    account_key: str
    first: date
    last: date
    free: int


@dataclass(frozen=True, slots=True)
class ClockChange:
    """The clocks of a zone go forward (`by` > 0) or back at `at`; `local` is the wall-clock time just before.

    `account_keys` are the accounts that it concerns.
    """

    timezone: str
    at: datetime
    local: datetime
    by: timedelta
    account_keys: Sequence[str]


@dataclass(frozen=True, slots=True)
class Allowance:
    """The least that a limit of an account leaves within the plan: `left` of `most` at `at`.

    `window` names the limit: an hour, a day, its platform's quota.
    """

    account_key: str
    timezone: str
    window: str
    most: int
    left: int
    at: datetime


@dataclass(frozen=True, slots=True)
class CredentialsEnd:
    """An account's credentials that end within the plan, or could not be read: then `at` is None and `reason` says why.

    `waiting` counts what is to go out after they ended; of unread ones all.
    """

    account_key: str
    timezone: str
    at: datetime | None
    reason: str
    waiting: int


@dataclass(frozen=True, slots=True)
class Remaining:
    """What the plan leaves of an account's calendar before `shown_until`. `locked` are free as well."""

    account_key: str
    timezone: str
    free: Sequence[Slot]
    locked: Sequence[datetime]
    closed: Sequence[Span]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to go out in [begins, ends), in order, and what a person should know of it.

    What remains, gaps, changes of the clocks, allowances and credentials are those before `shown_until`. `value` is
    what the instants that planning chose are worth together, `greedy_value` what choosing them one after another would
    have come to.
    """

    id: int
    begins: datetime
    shown_until: datetime
    ends: datetime
    entries: Sequence[Entry]
    remaining: Sequence[Remaining]
    conflicts: Sequence[Conflict]
    gaps: Sequence[Gap]
    clock_changes: Sequence[ClockChange]
    allowances: Sequence[Allowance]
    credentials: Sequence[CredentialsEnd]
    value: float
    greedy_value: float

    @property
    def moves(self) -> Sequence[Entry]:
        return [entry for entry in self.entries if entry.moved_from is not None]


@dataclass(frozen=True, slots=True)
class Known:
    """An entry of a plan as it is kept."""

    distribution_id: UUID
    account_key: str
    timezone: str
    title: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """How an entry differs from an earlier plan. `before` is None where it is new, `after` where it is gone."""

    entry: Known
    before: datetime | None
    after: datetime | None


Endings = Mapping[str, "datetime | str"]
"""By account key: when its credentials end, or why they can't be read."""
