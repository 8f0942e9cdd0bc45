"""Takes down what is live of a post that was archived: the outbox's topic `takedown`, tried again as the relay does."""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from pipeline.distribution.accounts import AccountUnusableError, AdapterFactory
from pipeline.distribution.relay import DeliveryError, Handler
from pipeline.distribution.secret_keys import SecretKeyError
from pipeline.platforms.base import Changed, ChangeOutcome, NotSent, Rejected, Unknown
from pipeline.store import accounts, takedowns
from pipeline.store.accounts import AccountRow
from pipeline.store.database import transaction
from pipeline.store.takedowns import Target
from pipeline.vocabulary import DistributionStatus

ACTOR = "takedown"


def takedown(engine: sa.Engine, adapters: Callable[[], AdapterFactory]) -> Handler:
    """Deletes a publication, and keeps with it what came of that. Deleting twice is deleting once."""

    def deliver(_idempotency_key: str, payload: Mapping[str, Any]) -> None:
        with engine.connect() as connection:
            target = takedowns.target(connection, payload["distribution_id"])
            if target is None or target.taken_down_at is not None or target.status != DistributionStatus.PUBLISHED:
                return
            account = accounts.get(connection, target.account_key)
        try:
            _take_down(adapters, account, target)
        except DeliveryError as error:
            with transaction(engine, ACTOR) as connection:
                takedowns.not_taken_down(connection, target.id, str(error))
            raise
        with transaction(engine, ACTOR) as connection:
            takedowns.taken_down(connection, target.id)

    return deliver


def _take_down(adapters: Callable[[], AdapterFactory], account: AccountRow, target: Target) -> None:
    """Raises: DeliveryError: it is there still, or nobody knows."""
    if target.external_id is None:
        raise DeliveryError(f"nobody noted what {account.account_key} calls it; take it down by hand", permanent=True)
    try:
        adapter = adapters()(account)
    except (AccountUnusableError, SecretKeyError) as error:
        raise DeliveryError(f"the account can't be used: {error}") from None
    _expect_change(adapter.delete(target.external_id))


def _expect_change(outcome: ChangeOutcome) -> None:
    match outcome:
        case Changed():
            return
        case Rejected(error):
            raise DeliveryError(error.message, permanent=True)
        case NotSent(error, retry_at):
            raise DeliveryError(error.message, retry_at=retry_at)
        case Unknown(error):
            raise DeliveryError(f"it may be down or not: {error.message}")
