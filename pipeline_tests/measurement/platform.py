"""A platform of the test's own that tells figures: what it is asked, and what it answers, is the test's to say."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.platforms.base import Account, Adapter, Gone, Metrics, PlatformError, PlatformUnavailableError
from pipeline.platforms.offer import Capabilities, Guarantee, Prices
from pipeline.store.accounts import AccountRow, all_accounts
from pipeline.vocabulary import ErrorKind
from pipeline_tests import factories
from pipeline_tests.distribution.platform import Platform as PublishingPlatform
from pipeline_tests.distribution.platform import _TestAdapter

Answer = Callable[[AccountRow, Sequence[str]], dict[str, Metrics | Gone]]


def at_price(read: str) -> Prices:
    return Prices(Decimal(read), Decimal(read), Decimal(0))


class Platform:
    """`asked` are the questions, by account, in their order."""

    def __init__(self, answer: Answer | None = None, *, batch: int = 100, prices: Prices | None = None) -> None:
        self.answer: Answer = answer or (lambda _, ids: {id_: Metrics(impressions=100, engagements=4) for id_ in ids})
        self.batch = batch
        self.prices = prices
        self.asked: list[tuple[str, list[str]]] = []
        self._lock = threading.Lock()

    def open(self, row: AccountRow) -> Adapter:
        return _FiguresAdapter(row, self)

    def note(self, account_key: str, ids: Sequence[str]) -> None:
        with self._lock:
            self.asked.append((account_key, list(ids)))

    @property
    def ids(self) -> list[str]:
        return [id_ for _, ids in self.asked for id_ in ids]


class _FiguresAdapter(_TestAdapter):
    def __init__(self, row: AccountRow, platform: Platform) -> None:
        super().__init__(Account(row.account_key, row.name, row.publish_config), PublishingPlatform())
        self._row, self._figures = row, platform
        self.capabilities = Capabilities(
            update=False,
            delete=False,
            schedule=False,
            metrics=True,
            metrics_batch=platform.batch,
            guarantee=Guarantee.LIKELY,
        )

    def metrics(self, external_ids: Sequence[str]) -> dict[str, Metrics | Gone]:
        self._figures.note(self._row.account_key, external_ids)
        return self._figures.answer(self._row, external_ids)

    def prices(self) -> Prices | None:
        return self._figures.prices


def unavailable(kind: ErrorKind, retry_at: datetime | None = None) -> PlatformUnavailableError:
    return PlatformUnavailableError(PlatformError(kind, f"{kind} for the test"), retry_at)


def published(connection: sa.Connection, account_id: UUID, age: timedelta, external_id: str, **values: Any) -> UUID:
    """A publication of that age whose snapshot is due."""
    at = datetime.now(UTC) - age
    due = datetime.now(UTC) - timedelta(seconds=1)
    standard: dict[str, Any] = {"status": "published", "published_at": at, "next_metrics_at": due}
    return factories.distribution(connection, account_id, external_id=external_id, **(standard | values))


def account_rows(engine: sa.Engine) -> dict[str, AccountRow]:
    with engine.connect() as connection:
        return {row.account_key: row for row in all_accounts(connection)}
