"""What the publish engine is set to, and how an answer of a platform becomes a state of a distribution."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from pipeline.distribution.hashing import version_hash
from pipeline.platforms.base import Content, NotSent, PlatformError, Published, PublishOutcome, Rejected, Unknown
from pipeline.settings import Settings
from pipeline.store import accounts, distributions
from pipeline.store.claims import Claimed, Version
from pipeline.store.distributions import Failure
from pipeline.vocabulary import AttemptOutcome, ErrorKind, PostStatus


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """Durations of the protocol. `settle` must be well above `lease`: see `Settings.settle_seconds`."""

    lease: timedelta
    settle: timedelta
    look_ahead: timedelta
    max_tries: int = 8
    backoff_base: timedelta = timedelta(seconds=30)
    backoff_cap: timedelta = timedelta(hours=1)
    rate_limit_pause: timedelta = timedelta(minutes=15)
    """How long an account rests after a rate limit whose reset the platform did not tell."""

    @classmethod
    def from_settings(cls, settings: Settings) -> "EngineConfig":
        return cls(
            lease=timedelta(seconds=settings.lease_seconds),
            settle=timedelta(seconds=settings.settle_seconds),
            look_ahead=timedelta(seconds=settings.look_ahead_seconds),
        )


def content_of(version: Version) -> Content:
    return Content(
        distribution_id=str(version.id),
        title=version.title,
        body=version.body,
        link_url=version.link_url,
        media_urls=tuple(version.media_urls),
        platform_specific=version.platform_specific,
    )


def objection(claimed: Claimed) -> str | None:
    """Why this must not be sent now, in words for a person; None where it may be."""
    if claimed.approved_hash is None:
        return "it was never approved; approve the post again"
    if version_hash(claimed) != claimed.approved_hash:
        return "its content changed after it was approved; the approval no longer holds, review it again"
    if claimed.post_status not in (None, PostStatus.SCHEDULED, PostStatus.PUBLISHED):
        return f"its post is {claimed.post_status}"
    if claimed.late_seconds > claimed.max_lateness_minutes * 60:
        return (
            f"it is {timedelta(seconds=round(claimed.late_seconds))} late, more than the "
            f"{claimed.max_lateness_minutes} minutes this account allows; give it a new time or release it"
        )
    return None


def backoff(retries: int, config: EngineConfig) -> timedelta:
    """Exponential with full jitter: uniform between 0 and min(cap, base · 2^retries).

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    ceiling: timedelta = min(config.backoff_cap, config.backoff_base * 2 ** min(retries, 20))
    return timedelta(seconds=ceiling.total_seconds() * random.random())  # noqa: S311 - spreads load, guards nothing


def settle_outcome(connection: sa.Connection, claimed: Version, outcome: PublishOutcome, config: EngineConfig) -> bool:
    """Write the outcome into the journal and the distribution, in the caller's transaction.

    False where the lease was lost: somebody else answers for the distribution now, and only the journal's row of
    this attempt is closed.
    """
    accounts.lock(connection, claimed.platform_id)
    failure = _failure(outcome)
    distributions.close_attempt(connection, claimed.id, claimed.lease_token, failure)
    if failure is not None:
        accounts.count_errors(connection, [claimed.platform_id])
    match outcome:
        case Published():
            return distributions.mark_published(
                connection,
                claimed.id,
                claimed.lease_token,
                external_id=outcome.external_id,
                external_url=outcome.external_url,
                published_at=outcome.published_at,
            )
        case Rejected(error=error):
            return distributions.mark_failed(connection, claimed.id, claimed.lease_token, error.message)
        case Unknown(error=error):
            return distributions.mark_unknown(
                connection,
                claimed.id,
                claimed.lease_token,
                reason=error.message,
                settle=config.settle,
                ask_after=min(config.settle, timedelta(seconds=15)),
            )
        case NotSent():
            return _not_sent(connection, claimed, outcome, config)


def _not_sent(connection: sa.Connection, claimed: Version, outcome: NotSent, config: EngineConfig) -> bool:
    now = datetime.now(UTC)
    error = outcome.error
    if error.kind == ErrorKind.AUTH:
        accounts.pause(connection, claimed.platform_id, f"the platform refused the credentials: {error.message}")
        return distributions.mark_rescheduled(
            connection, claimed.id, claimed.lease_token, at=now, reason=error.message, spend_retry=False
        )
    if error.kind == ErrorKind.RATE_LIMITED:
        until = outcome.retry_at or now + config.rate_limit_pause
        accounts.hold_until(connection, claimed.platform_id, until)
        return distributions.mark_rescheduled(
            connection, claimed.id, claimed.lease_token, at=until, reason=error.message, spend_retry=False
        )
    if claimed.retry_count + 1 >= config.max_tries:
        return distributions.mark_failed(
            connection, claimed.id, claimed.lease_token, f"given up after {config.max_tries} tries: {error.message}"
        )
    return distributions.mark_rescheduled(
        connection,
        claimed.id,
        claimed.lease_token,
        at=outcome.retry_at or now + backoff(claimed.retry_count, config),
        reason=error.message,
        spend_retry=True,
    )


def _failure(outcome: PublishOutcome) -> Failure | None:
    match outcome:
        case Published():
            return None
        case Rejected(error=error):
            return _failed(AttemptOutcome.REJECTED, error)
        case NotSent(error=error, retry_at=retry_at):
            return _failed(AttemptOutcome.NOT_SENT, error, retry_at)
        case Unknown(error=error):
            return _failed(AttemptOutcome.UNKNOWN, error)


def _failed(outcome: AttemptOutcome, error: PlatformError, retry_at: datetime | None = None) -> Failure:
    return Failure(outcome, error.kind, error.message, error.code, error.http_status, retry_at)
