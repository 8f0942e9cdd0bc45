"""What the publish engine is set to, and its pure rules: backoff, lateness, the circuit breaker."""

import random
from dataclasses import dataclass, field
from datetime import timedelta

from pipeline.settings import Settings
from pipeline.store.announcements import Announce
from pipeline.store.claims import Claimed
from pipeline.vocabulary import LatenessPolicy


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """Durations and limits of the protocol. `settle` must be well above `lease`: see `Settings.settle_seconds`."""

    lease: timedelta
    settle: timedelta
    look_ahead: timedelta
    max_in_flight: int = 100
    """How many accounts a worker sends for at once; in each, one distribution at a time."""
    max_tries: int = 8
    backoff_base: timedelta = timedelta(seconds=30)
    backoff_cap: timedelta = timedelta(hours=1)
    rate_limit_pause: timedelta = timedelta(minutes=15)
    """How long an account rests after a rate limit whose reset the platform did not tell."""
    on_time: timedelta = timedelta(minutes=5)
    """Later than this after its intended time, a distribution is late, and its lateness policy decides."""
    ask_person_after: timedelta = timedelta(hours=24)
    """How long an outcome may stay unknown before a person is asked."""
    breaker_failures: int = 5
    """So many attempts in a row that a platform was not well for, and its account rests: `breaker_rest`, doubled with
    each further failure up to `breaker_cap`."""
    breaker_rest: timedelta = timedelta(minutes=1)
    breaker_cap: timedelta = timedelta(minutes=30)
    database_patience: timedelta = timedelta(minutes=10)
    """How long a worker waits for a database that does not answer before it gives up."""
    hand_over_at_least: timedelta = timedelta(minutes=10)
    """What is nearer to its time is not handed to its platform any more, but sent at its time: longer than any platform
    asks for (Mastodon five minutes, WordPress by its adapter two) and than a call may take."""
    announce: Announce = field(default_factory=Announce)
    """Who is told of our own site's new pages."""

    @classmethod
    def from_settings(cls, settings: Settings) -> "EngineConfig":
        return cls(
            lease=timedelta(seconds=settings.lease_seconds),
            settle=timedelta(seconds=settings.settle_seconds),
            look_ahead=timedelta(seconds=settings.look_ahead_seconds),
            announce=Announce.from_settings(settings),
        )


@dataclass(frozen=True, slots=True)
class TooLate:
    """Not to be sent at its time any more. `next_slot`: to be moved, not held. `advice` is for who finds it held."""

    reason: str
    next_slot: bool
    advice: str = "release it at a new time, or cancel it"


def lateness(item: Claimed, config: EngineConfig) -> TooLate | None:
    """What the lateness policy says of a distribution that is late; None where it may be sent.

    `publish_late`: sent up to the account's maximum, then held. `next_slot`: moved to the account's next free slot.
    `hold`: held, however little it is late. What its post says is of no use any more is held whatever the policy.
    """
    if item.expired_at is not None:
        said = f"its post was of use until {item.expired_at:%Y-%m-%d %H:%M} UTC"
        return TooLate(said, next_slot=False, advice="give the post a later end and release it, or cancel it")
    late = timedelta(seconds=item.late_seconds)
    if late <= config.on_time:
        return None
    said = f"it is {timedelta(seconds=round(item.late_seconds))} late"
    match item.lateness_policy:
        case LatenessPolicy.NEXT_SLOT:
            return TooLate(f"{said}, and late posts of this account take the next free slot", next_slot=True)
        case LatenessPolicy.HOLD:
            return TooLate(f"{said}, and late posts of this account are held for a person", next_slot=False)
        case LatenessPolicy.PUBLISH_LATE if late > timedelta(minutes=item.max_lateness_minutes):
            limit = timedelta(minutes=item.max_lateness_minutes)
            return TooLate(f"{said}, more than the {limit} that this account allows", next_slot=False)
        case _:
            return None


def backoff(retries: int, config: EngineConfig) -> timedelta:
    """Exponential with full jitter: uniform between 0 and min(cap, base · 2^retries).

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    ceiling: timedelta = min(config.backoff_cap, config.backoff_base * 2 ** min(retries, 20))
    return timedelta(seconds=ceiling.total_seconds() * random.random())  # noqa: S311 - spreads load, guards nothing


def breaker_rest(failures_in_a_row: int, config: EngineConfig) -> timedelta | None:
    """How long an account rests after so many failures of its platform in a row; None where it need not.

    The first attempt after the rest is the half-open breaker's trial: it is alone, since a lane has one in hand.
    """
    beyond = failures_in_a_row - config.breaker_failures
    return min(config.breaker_cap, config.breaker_rest * 2 ** min(beyond, 20)) if beyond >= 0 else None
