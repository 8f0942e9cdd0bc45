"""Unknown outcomes, resolved by asking the platform; never by sending again without evidence."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
import structlog

from pipeline.distribution.accounts import AccountUnusableError, AdapterFactory
from pipeline.distribution.engine import EngineConfig, content_of
from pipeline.platforms.base import (
    Absent,
    Adapter,
    Guarantee,
    Inconclusive,
    Journal,
    PlatformError,
    Published,
    ReconcileOutcome,
)
from pipeline.store import accounts, claims, distributions
from pipeline.store.accounts import AccountRow
from pipeline.store.claims import Unresolved
from pipeline.store.database import transaction
from pipeline.vocabulary import ErrorKind

log = structlog.get_logger(__name__)

_ASK_AGAIN = timedelta(minutes=5)


def reconcile(engine: sa.Engine, open_adapter: AdapterFactory, config: EngineConfig, *, worker: str) -> Counter[str]:
    """Turn leases that ran out into unknown outcomes, then ask the platforms about those whose time has come.

    Returns how many were: expired, found, absent (scheduled again), waiting (absent, but not settled), inconclusive,
    for a person (the platform can't be asked).
    """
    counts: Counter[str] = Counter()
    with transaction(engine, worker) as connection:
        counts["expired"] = len(claims.expire_leases(connection, config.settle))
    with transaction(engine, worker) as connection:
        unresolved = claims.claim_unresolved(connection, lease=config.lease)
        rows = {row.id: row for row in accounts.all_accounts(connection)}
    for item in unresolved:
        account = rows[item.platform_id]
        answer, guarantee = _ask(open_adapter, account, item)
        with transaction(engine, worker) as connection:
            accounts.lock(connection, item.platform_id)
            verdict = _resolve(connection, item, answer, guarantee)
        log.info("reconciled", account=account.account_key, distribution=str(item.id), verdict=verdict)
        counts[verdict] += 1
    return +counts


def _ask(open_adapter: AdapterFactory, account: AccountRow, item: Unresolved) -> tuple[ReconcileOutcome, Guarantee]:
    try:
        adapter: Adapter = open_adapter(account)
    except AccountUnusableError as error:
        return Inconclusive(PlatformError(ErrorKind.AUTH, str(error))), Guarantee.A_PERSON_DECIDES
    journal = Journal(item.handles, _refuse_to_record, item.started_at)
    try:
        return adapter.reconcile(content_of(item), journal), adapter.capabilities.guarantee
    except Exception as error:  # a question that fails says nothing about the publication
        log.exception("adapter_raised", account=account.account_key, distribution=str(item.id))
        return Inconclusive(
            PlatformError(ErrorKind.PROTOCOL, f"the adapter failed: {type(error).__name__}")
        ), Guarantee.LIKELY


def _resolve(connection: sa.Connection, item: Unresolved, answer: ReconcileOutcome, guarantee: Guarantee) -> str:
    match answer:
        case Published():
            distributions.mark_published(
                connection,
                item.id,
                item.lease_token,
                external_id=answer.external_id,
                external_url=answer.external_url,
                published_at=answer.published_at,
            )
            return "found"
        case Absent() if not item.settled:
            distributions.ask_again(connection, item.id, item.lease_token, after=None, reason=None)
            return "waiting"
        case Absent() if guarantee is Guarantee.A_PERSON_DECIDES:
            reason = "the platform can't tell whether it was sent: a person must look and decide"
            distributions.ask_again(connection, item.id, item.lease_token, after=timedelta(hours=24), reason=reason)
            return "for a person"
        case Absent():
            _schedule_again(connection, item.id, item.lease_token)
            return "absent"
        case Inconclusive(error=error):
            reason = f"asked the platform, which did not tell: {error.message}"
            distributions.ask_again(connection, item.id, item.lease_token, after=_ASK_AGAIN, reason=reason)
            return "inconclusive"


def _schedule_again(connection: sa.Connection, distribution_id: UUID, token: int) -> None:
    now = connection.scalar(sa.select(sa.func.now()))
    assert now is not None
    distributions.mark_rescheduled(
        connection, distribution_id, token, at=now, reason="not found on the platform: sent again", spend_retry=True
    )


def _refuse_to_record(step: str, handle: str) -> None:
    raise AssertionError(f"reconciling has no effect of its own, yet recorded {step}={handle}")
