"""From what happened to an attempt to what the database says: the distribution, the journal, the account, the alert."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from pipeline.distribution.engine import EngineConfig, TooLate, backoff, breaker_rest
from pipeline.platforms.base import NotSent, PlatformError, Published, PublishOutcome, Rejected, Unknown
from pipeline.store import accounts, alerts, calendar, distributions
from pipeline.store.accounts import AccountRow
from pipeline.store.announcements import announce_published, announce_trouble
from pipeline.store.claims import Claimed, Version
from pipeline.store.distributions import Attempt, Ending
from pipeline.vocabulary import AlertKind, AttemptOutcome, DistributionStatus, ErrorKind

_FIRST_QUESTION: Final = timedelta(seconds=15)
"""After an unknown outcome, when the platform is first asked: most lost answers are about something that is there."""

_TROUBLE: Final = {
    DistributionStatus.FAILED: AlertKind.FAILED,
    DistributionStatus.HELD: AlertKind.HELD,
    DistributionStatus.UNKNOWN: AlertKind.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Held:
    """Not tried: a person must look first."""

    reason: str


@dataclass(frozen=True, slots=True)
class Postponed:
    """Not tried: something it needs is not there yet. No retry is spent."""

    reason: str
    for_: timedelta


Outcome = PublishOutcome | TooLate | Held | Postponed


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt that is over, before anybody has written it down."""

    account: AccountRow
    item: Claimed
    outcome: Outcome


def settle(connection: sa.Connection, ended: Sequence[Ended], config: EngineConfig) -> set[UUID]:
    """Write down how attempts ended, in the caller's transaction; returns the ids whose lease still held.

    Of the others somebody else answers for the distribution, and only the journal's row of the attempt is closed. What
    an outcome says about its account holds all the same.
    """
    accounts.lock_all(connection, {each.account.id for each in ended})
    endings = [_ending(connection, each, config) for each in ended]
    attempts = [(each.item.id, each.item.lease_token, _attempt(each.outcome)) for each in ended]
    kept = distributions.finish(connection, endings, attempts)
    _settle_accounts(connection, ended, config)
    moved = [
        (each.account, each.item, ending) for each, ending in zip(ended, endings, strict=True) if ending.id in kept
    ]
    tell_published(connection, [(a, e.id) for a, _, e in moved if e.status == DistributionStatus.PUBLISHED], config)
    for account, item, ending in moved:
        if ending.status in (DistributionStatus.FAILED, DistributionStatus.HELD):
            tell_trouble(connection, account, item, ending.status, f"is {ending.status}: {ending.reason}")
    return kept


def tell_published(
    connection: sa.Connection, published: Sequence[tuple[AccountRow, UUID]], config: EngineConfig
) -> None:
    """What was wrong with these distributions is over, and whoever wants to know of publications is told."""
    if not published:
        return
    alerts.resolve_all_about(connection, [id_ for _, id_ in published])
    pages_announced = config.announce.indexnow or config.announce.websub
    told = [id_ for account, id_ in published if account.webhook_url or (account.is_home and pages_announced)]
    if told:
        announce_published(connection, told, config.announce)


def tell_trouble(
    connection: sa.Connection, account: AccountRow, item: Version, status: DistributionStatus, what: str
) -> None:
    """Alert a person, and tell the account's webhook."""
    title, short = item.title or item.body[:60], str(item.id)[:8]
    message = f"“{title}” on {account.account_key} {what}. pressroom distributions show {short}"
    alerts.raise_alert(connection, _TROUBLE[status], alerts.about(item.id), message)
    if account.webhook_url:
        announce_trouble(connection, item.id, status)


def _attempt(outcome: Outcome) -> Attempt:
    match outcome:
        case Published():
            return Attempt(AttemptOutcome.PUBLISHED)
        case Rejected(error=error):
            return _failed(AttemptOutcome.REJECTED, error)
        case NotSent(error=error, retry_at=retry_at):
            return replace(_failed(AttemptOutcome.NOT_SENT, error), retry_at=retry_at)
        case Unknown(error=error):
            return _failed(AttemptOutcome.UNKNOWN, error)
        case TooLate(reason=reason) | Held(reason=reason) | Postponed(reason=reason):
            return Attempt(AttemptOutcome.NOT_SENT, message=reason)


def _failed(outcome: AttemptOutcome, error: PlatformError) -> Attempt:
    return Attempt(outcome, error.kind, error.message, error.code, error.http_status)


def _ending(connection: sa.Connection, ended: Ended, config: EngineConfig) -> Ending:
    item = ended.item
    to = partial(Ending, item.id, item.lease_token)
    match ended.outcome:
        case Published(external_id=id_, external_url=url, published_at=at):
            ending = to(DistributionStatus.PUBLISHED, external_id=id_, external_url=url, published_at=at)
        case Rejected(error=error):
            ending = to(DistributionStatus.FAILED, error.message)
        case Unknown(error=error):
            ask_after = min(config.settle, _FIRST_QUESTION)
            ending = to(DistributionStatus.UNKNOWN, error.message, settle=config.settle, ask_after=ask_after)
        case NotSent() as not_sent:
            ending = _again(item, not_sent, config)
        case Postponed(reason=reason, for_=wait):
            ending = to(DistributionStatus.SCHEDULED, reason, wait=wait)
        case Held(reason=reason):
            ending = to(DistributionStatus.HELD, reason)
        case TooLate() as late:
            ending = _late(connection, item, late)
    return ending


def _again(item: Claimed, outcome: NotSent, config: EngineConfig) -> Ending:
    """The platform's own word on when, which is an instant; else a wait of ours, by the database's clock."""
    reason = outcome.error.message
    again = Ending(item.id, item.lease_token, DistributionStatus.SCHEDULED, reason, next_attempt_at=outcome.retry_at)
    if outcome.error.kind == ErrorKind.AUTH:
        return replace(again, wait=timedelta(0))
    if outcome.error.kind == ErrorKind.RATE_LIMITED:
        return replace(again, wait=config.rate_limit_pause)
    if item.retry_count + 1 >= config.max_tries:
        reason = f"given up after {config.max_tries} tries: {reason}"
        return Ending(item.id, item.lease_token, DistributionStatus.FAILED, reason)
    return replace(again, wait=backoff(item.retry_count, config), spend_retry=True)


def _late(connection: sa.Connection, item: Claimed, late: TooLate) -> Ending:
    reason = late.reason
    if late.next_slot:
        slot = calendar.take_next_slot(connection, item.id, item.platform_id)
        if slot is not None:
            return Ending(
                item.id,
                item.lease_token,
                DistributionStatus.SCHEDULED,
                reason,
                next_attempt_at=slot,
                scheduled_for=slot,
            )
        reason += ", but its calendar has none"
    return Ending(item.id, item.lease_token, DistributionStatus.HELD, f"{reason}; {late.advice}")


def _settle_accounts(connection: sa.Connection, ended: Sequence[Ended], config: EngineConfig) -> None:
    """What the outcomes say about their accounts: refused credentials, a limit, a quota, a platform not well."""
    failing: set[UUID] = set()
    for each in ended:
        match each.outcome:
            case Published(quota=quota) if quota is not None:
                accounts.report_quota(connection, each.account.id, quota.remaining, quota.resets_at)
            case NotSent() as not_sent:
                heed(connection, each.account, not_sent, config)
        if isinstance(each.outcome, Rejected | NotSent | Unknown) and each.outcome.error.kind != ErrorKind.PENDING:
            failing.add(each.account.id)
    if failing:
        accounts.count_errors(connection, list(failing))
    for account_id in failing:
        failures = accounts.failures_in_a_row(connection, account_id, config.breaker_failures + 20)
        rest = breaker_rest(failures, config)
        if rest is not None:
            accounts.rest(connection, account_id, rest)


def heed(connection: sa.Connection, account: AccountRow, outcome: NotSent, config: EngineConfig) -> None:
    """Refused credentials pause an account, and a limit lets it rest. The caller has locked it."""
    if outcome.error.kind == ErrorKind.AUTH:
        _pause(connection, account, outcome.error)
    elif outcome.error.kind == ErrorKind.RATE_LIMITED:
        if outcome.retry_at is not None:
            accounts.hold_until(connection, account.id, outcome.retry_at)
        else:
            accounts.rest(connection, account.id, config.rate_limit_pause)


def _pause(connection: sa.Connection, account: AccountRow, error: PlatformError) -> None:
    reason = f"the platform refused the credentials: {error.message}"
    accounts.pause(connection, account.id, reason)
    alerts.raise_alert(
        connection,
        AlertKind.PAUSED,
        f"account {account.account_key}",
        f"{account.account_key} is paused: {reason}. Its queue waits. Mend the credentials, then: "
        f"pressroom accounts resume {account.account_key}",
    )
