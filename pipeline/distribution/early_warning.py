"""The look ahead: a day and again an hour before its time, would this distribution go out as it should?

Platforms, pages and media are asked outside any transaction, each account and each address once a look.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
import structlog

from pipeline.distribution.accounts import AccountUnusableError, AdapterFactory
from pipeline.distribution.contents import content_of
from pipeline.distribution.own_pages import own_origins
from pipeline.distribution.reach import Answer, ask, links_in
from pipeline.distribution.warning_signs import AccountAnswer, Outlook, local_time, warnings_of
from pipeline.platforms.base import Adapter, PlatformError, PlatformUnavailableError
from pipeline.platforms.content import Problem
from pipeline.scheduling.pace import Departure, Pace, departures
from pipeline.store import alerts, early_warnings, short_links
from pipeline.store.accounts import AccountRow, all_accounts
from pipeline.store.database import transaction
from pipeline.store.early_warnings import EarlierText, Queue, Upcoming
from pipeline.text.likeness import NEAR_DUPLICATE, Pieces, likeness, pieces
from pipeline.text.rendering import readable
from pipeline.vocabulary import AccountState, AlertKind, ErrorKind, WarningKind, WarningStage

log = structlog.get_logger(__name__)

_BATCH: Final = 100
_COMPARED: Final = 500
"""Texts of an account that a post is compared with: the latest published, and as many that are scheduled."""
_AT_ONCE: Final = 8


@dataclass(slots=True)
class LookReport:
    """How many distributions were looked at, and how many of them have warnings that they had not before."""

    looked_at: int = 0
    newly_warned: int = 0


def look_ahead(
    engine: sa.Engine, open_adapter: AdapterFactory, *, on_time: timedelta, worker: str, again: bool = False
) -> LookReport:
    """Look at every distribution whose time is within 24 hours, and again at those within one hour.

    What is later than `on_time` after its time counts as late. With `again`, what was looked at already is looked at
    too, as for a person who has mended something.
    """
    with transaction(engine, worker) as connection:
        for distribution_id in early_warnings.resolve_outlived(connection):
            _resolve_alerts(connection, distribution_id)
    look, report, after = _Look(engine, open_adapter), LookReport(), None
    while True:
        with engine.connect() as connection:
            batch = early_warnings.upcoming(connection, again=again, after=after, limit=_BATCH)
        if not batch:
            return report
        after = (batch[-1].scheduled_for, batch[-1].id)
        for outlook in look.outlooks(batch):
            found = warnings_of(outlook, on_time)
            with transaction(engine, worker) as connection:
                new = _record(connection, outlook, found)
            report.looked_at += 1
            report.newly_warned += bool(new)


def _record(connection: sa.Connection, outlook: Outlook, found: Mapping[WarningKind, str]) -> bool:
    """Write it down, and tell people what they were not told. True where there was something."""
    item = outlook.item
    change = early_warnings.record(connection, item, found)
    if change.new:
        due = f"“{item.name}” for {outlook.account.account_key}, due {local_time(item, item.scheduled_for)}"
        message = f"{due}: {' '.join(found[kind] for kind in change.new)}"
        subject = alerts.about(item.id, last_hour=item.stage == WarningStage.HOUR)
        alerts.raise_alert(connection, AlertKind.WARNING, subject, message)
    if not change.open:
        _resolve_alerts(connection, item.id)
    return bool(change.new)


def _resolve_alerts(connection: sa.Connection, distribution_id: UUID) -> None:
    for last_hour in (False, True):
        alerts.resolve(connection, AlertKind.WARNING, alerts.about(distribution_id, last_hour=last_hour))


@dataclass(frozen=True, slots=True)
class _Account:
    """What was found out about an account, for all that it will publish. `adapter` is None where it can't be used."""

    row: AccountRow
    adapter: Adapter | None
    answer: AccountAnswer
    departures: Mapping[UUID, Departure]
    said: Sequence[tuple[EarlierText, Pieces]]


class _Look:
    """One look over many distributions: what was asked for one of them is not asked again for the next."""

    def __init__(self, engine: sa.Engine, open_adapter: AdapterFactory) -> None:
        self._engine = engine
        self._open_adapter = open_adapter
        self._accounts: dict[UUID, _Account] = {}
        self._answers: dict[str, Answer] = {}
        self._origins = own_origins(engine)

    def outlooks(self, batch: Sequence[Upcoming]) -> Iterator[Outlook]:
        with self._engine.connect() as connection:
            codes = short_links.codes_of(connection, [item.id for item in batch])
        links = {item.id: links_in(item.body, item.link_url, item.home_urls, codes.get(item.id, ())) for item in batch}
        urls = {url for item in batch for url in (*links[item.id], *item.media_urls)}
        self._answers |= ask(urls - self._answers.keys(), self._origins)
        self._learn({item.platform_id for item in batch} - self._accounts.keys())
        for item in batch:
            account = self._accounts[item.platform_id]
            yield Outlook(
                item=item,
                account=account.row,
                answer=account.answer,
                problems=_problems(account, item),
                departure=account.departures.get(item.id),
                links=links[item.id],
                answers=self._answers,
                alike=_most_alike(account, item),
            )

    def _learn(self, account_ids: AbstractSet[UUID]) -> None:
        with self._engine.connect() as connection:
            rows = [row for row in all_accounts(connection) if row.id in account_ids]
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="whoami") as pool:
            self._accounts |= {account.row.id: account for account in pool.map(self._account, rows)}

    def _account(self, row: AccountRow) -> _Account:
        with self._engine.connect() as connection:
            queue = early_warnings.queue_of(connection, row.id)
            texts = early_warnings.earlier_texts(connection, row.id, _COMPARED)
        adapter = self._adapter(row)
        return _Account(
            row=row,
            adapter=None if isinstance(adapter, AccountUnusableError) else adapter,
            answer=adapter if isinstance(adapter, AccountUnusableError) else _identity(row, adapter),
            departures={} if row.state == AccountState.PAUSED else _forecast(queue),
            said=[(text, pieces(f"{text.title or ''} {readable(text.body)}")) for text in texts],
        )

    def _adapter(self, row: AccountRow) -> Adapter | AccountUnusableError:
        try:
            return self._open_adapter(row)
        except AccountUnusableError as unusable:
            return unusable


def _identity(row: AccountRow, adapter: Adapter) -> AccountAnswer:
    try:
        return adapter.whoami()
    except PlatformUnavailableError as error:
        return error
    except Exception as error:  # an adapter must not raise anything else; one that does must not end the look
        log.exception("adapter_raised", account=row.account_key)
        return PlatformUnavailableError(PlatformError(ErrorKind.PROTOCOL, f"its adapter failed: {error!r}"))


def _forecast(queue: Queue) -> dict[UUID, Departure]:
    pace = Pace(
        min_interval=timedelta(minutes=queue.min_interval_minutes),
        posts_per_hour=queue.posts_per_hour,
        posts_per_day=queue.posts_per_day,
        quota_remaining=queue.quota_remaining,
        quota_reported_at=queue.quota_reported_at,
        quota_resets_at=queue.quota_resets_at,
    )
    leaving = departures(pace, queue.sent, [at for _, at in queue.waiting])
    return dict(zip((id_ for id_, _ in queue.waiting), leaving, strict=True))


def _problems(account: _Account, item: Upcoming) -> list[Problem]:
    if account.adapter is None:
        return []
    try:
        return account.adapter.validate(content_of(item, item.id))
    except Exception as error:
        log.exception("adapter_raised", account=account.row.account_key, distribution=str(item.id))
        return [Problem("account", f"its settings can't be read ({error!r})")]


def _most_alike(account: _Account, item: Upcoming) -> tuple[EarlierText, float] | None:
    """What the account said, or says before, that is nearest to this; the variants of one experiment may be alike."""
    own = next((said for text, said in account.said if text.id == item.id), frozenset())
    before = (
        (text, likeness(own, said))
        for text, said in account.said
        if (text.at, text.id) < (item.scheduled_for, item.id)
        and (item.variant_group is None or text.post_id != item.post_id)
    )
    nearest = max(before, key=lambda each: each[1], default=None)
    return nearest if nearest is not None and nearest[1] >= NEAR_DUPLICATE else None
