"""Unknown outcomes, resolved by asking the platform; never by sending again without evidence."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

import sqlalchemy as sa
import structlog

from pipeline.distribution.accounts import AccountUnusableError, AdapterFactory
from pipeline.distribution.contents import content_of
from pipeline.distribution.engine import EngineConfig
from pipeline.distribution.settling import tell_published, tell_trouble
from pipeline.platforms.base import (
    Absent,
    Adapter,
    Inconclusive,
    Journal,
    PlatformError,
    Published,
    ReconcileOutcome,
    Scheduled,
)
from pipeline.platforms.offer import Guarantee
from pipeline.store import accounts, claims, distributions
from pipeline.store.accounts import AccountRow
from pipeline.store.claims import Unresolved
from pipeline.store.database import transaction
from pipeline.store.distributions import Ending
from pipeline.vocabulary import DistributionStatus, ErrorKind

log = structlog.get_logger(__name__)

_ASK_AGAIN: Final = timedelta(minutes=5)
_ASK_AGAIN_BESIDE_A_PERSON: Final = timedelta(hours=1)
_ACCOUNTS_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class _Inquiry:
    account: AccountRow
    item: Unresolved
    guarantee: Guarantee


def reconcile(engine: sa.Engine, open_adapter: AdapterFactory, config: EngineConfig, *, worker: str) -> Counter[str]:
    """Turn leases that ran out into unknown outcomes, then ask the platforms about those whose time has come.

    Returns how many were: expired, found, absent (scheduled again), waiting (absent, but not settled), inconclusive,
    given up (absent, and the tries are used up or can't help), for a person (the platform can't tell). The accounts are
    asked side by side, so that a slow platform keeps no other waiting.
    """
    counts: Counter[str] = Counter()
    with transaction(engine, worker) as connection:
        counts["expired"] = len(claims.expire_leases(connection, config.settle))
    with transaction(engine, worker) as connection:
        unresolved = claims.claim_unresolved(connection, lease=config.lease)
        rows = {row.id: row for row in accounts.all_accounts(connection)}
    lanes: dict[UUID, list[Unresolved]] = defaultdict(list)
    for item in unresolved:
        lanes[item.platform_id].append(item)
    questions = [(rows[account_id], items) for account_id, items in lanes.items()]
    with ThreadPoolExecutor(_ACCOUNTS_AT_ONCE, thread_name_prefix="inquiry") as pool:
        for verdicts in pool.map(partial(_inquire, engine, open_adapter, config, worker), questions):
            counts.update(verdicts)
    return +counts


def _inquire(
    engine: sa.Engine,
    open_adapter: AdapterFactory,
    config: EngineConfig,
    worker: str,
    lane: tuple[AccountRow, Sequence[Unresolved]],
) -> list[str]:
    account, items = lane
    verdicts = []
    for item in items:
        answer, guarantee = _ask(open_adapter, account, item)
        with transaction(engine, worker) as connection:
            accounts.lock(connection, account.id)
            verdict = _resolve(connection, _Inquiry(account, item, guarantee), answer, config)
        log.info("reconciled", account=account.account_key, distribution=str(item.id), verdict=verdict)
        verdicts.append(verdict)
    return verdicts


def _ask(open_adapter: AdapterFactory, account: AccountRow, item: Unresolved) -> tuple[ReconcileOutcome, Guarantee]:
    try:
        adapter: Adapter = open_adapter(account)
    except AccountUnusableError as error:
        return Inconclusive(PlatformError(ErrorKind.AUTH, str(error))), Guarantee.A_PERSON_DECIDES
    journal = Journal(item.handles, refuse_to_record, item.started_at)
    try:
        return adapter.reconcile(content_of(item, item.id), journal), adapter.capabilities.guarantee
    except Exception as error:  # a question that fails says nothing about the publication
        log.exception("adapter_raised", account=account.account_key, distribution=str(item.id))
        return Inconclusive(
            PlatformError(ErrorKind.PROTOCOL, f"the adapter failed: {type(error).__name__}")
        ), Guarantee.LIKELY


def _resolve(connection: sa.Connection, inquiry: _Inquiry, answer: ReconcileOutcome, config: EngineConfig) -> str:
    item = inquiry.item
    match answer:
        case Published():
            _found(connection, inquiry, answer, config)
            return "found"
        case Absent() if not item.settled:
            distributions.ask_again(connection, item.id, item.lease_token, after=None, reason=None)
            return "waiting"
        case Absent() if inquiry.guarantee is Guarantee.A_PERSON_DECIDES:
            _ask_person(connection, inquiry, "the platform can't tell whether it was sent")
            return "for a person"
        case Absent():
            return _absent(connection, inquiry, config)
        case Scheduled(at=at):
            return _still_open(connection, inquiry, f"the platform is to publish it at {at:%Y-%m-%d %H:%M} UTC", config)
        case Inconclusive(error=error):
            reason = f"asked the platform, which did not tell: {error.message}"
            return _still_open(connection, inquiry, reason, config)


def _still_open(connection: sa.Connection, inquiry: _Inquiry, reason: str, config: EngineConfig) -> str:
    item = inquiry.item
    if item.asked_for >= config.ask_person_after:
        _ask_person(connection, inquiry, reason)
        return "for a person"
    distributions.ask_again(connection, item.id, item.lease_token, after=_ASK_AGAIN, reason=reason)
    return "inconclusive"


def _found(connection: sa.Connection, inquiry: _Inquiry, answer: Published, config: EngineConfig) -> None:
    item = inquiry.item
    ending = Ending(
        item.id,
        item.lease_token,
        DistributionStatus.PUBLISHED,
        external_id=answer.external_id,
        external_url=answer.external_url,
        published_at=answer.published_at,
    )
    kept = distributions.finish(connection, [ending])
    tell_published(connection, [(inquiry.account, id_) for id_ in kept], config)


def _absent(connection: sa.Connection, inquiry: _Inquiry, config: EngineConfig) -> str:
    """Certainly not there. It is sent again, unless that can't help."""
    item = inquiry.item
    hopeless = None
    if item.last_error == ErrorKind.DUPLICATE:
        hopeless = "the platform refuses it as a duplicate of another post that is there: change its text"
    elif item.retry_count + 1 >= config.max_tries:
        hopeless = f"given up after {config.max_tries} tries: each time nobody knew whether it was sent, and it was not"
    if hopeless is None:
        ending = Ending(
            item.id,
            item.lease_token,
            DistributionStatus.SCHEDULED,
            "not found on the platform: sent again",
            wait=timedelta(0),
            spend_retry=True,
        )
        distributions.finish(connection, [ending])
        return "absent"
    failed = Ending(item.id, item.lease_token, DistributionStatus.FAILED, hopeless)
    if distributions.finish(connection, [failed]):
        tell_trouble(connection, inquiry.account, item, failed.status, f"is failed: {hopeless}")
    return "given up"


def _ask_person(connection: sa.Connection, inquiry: _Inquiry, reason: str) -> None:
    """The platform is still asked, less often; but somebody must look."""
    item = inquiry.item
    distributions.ask_again(
        connection, item.id, item.lease_token, after=_ASK_AGAIN_BESIDE_A_PERSON, reason=f"{reason}; a person must look"
    )
    if distributions.ask_person(connection, item.id, item.lease_token):
        what = f"may or may not be live: {reason}. Look, and say what is so"
        tell_trouble(connection, inquiry.account, item, DistributionStatus.UNKNOWN, what)


def refuse_to_record(step: str, handle: str) -> None:
    """The journal of a question."""
    raise AssertionError(f"reconciling has no effect of its own, yet recorded {step}={handle}")
