"""What became of a look at a handover, written down: its row, the distribution, the account, the alert.

Each returns a word for what was written, "lease lost" where the token held no more and nothing was.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from pipeline.distribution.engine import EngineConfig
from pipeline.distribution.settling import heed, tell_published, tell_trouble
from pipeline.platforms.base import NotSent, Published, Scheduled
from pipeline.store import accounts, alerts, handovers
from pipeline.store.accounts import AccountRow
from pipeline.store.database import transaction
from pipeline.store.handovers import Handover, Live
from pipeline.vocabulary import AlertKind, DistributionStatus, HandoverEnd

FIRST_QUESTION: Final = timedelta(seconds=15)
"""After a call of which nobody knows what it did, when the platform is first asked."""
ANOTHER_TRY: Final = timedelta(minutes=5)
_LONGEST_REST: Final = timedelta(minutes=5)
_ASK_AFTER: Final = timedelta(seconds=5)
"""After its time, when the platform is first asked whether it is live: the post's other versions wait for its home."""
_LOST: Final = "lease lost"


@dataclass(frozen=True, slots=True)
class Books:
    engine: sa.Engine
    config: EngineConfig
    worker: str
    account: AccountRow

    def held(self, item: Handover, held: Scheduled, verdict: str) -> str:
        with self._writing() as connection:
            kept = handovers.confirm(
                connection, item, held.external_id, held.external_url, settle=self.config.settle, ask_after=_ASK_AFTER
            )
        return verdict if kept else _LOST

    def unchanged(self, item: Handover) -> str:
        with self._writing() as connection:
            return "unchanged" if handovers.seen(connection, item) else _LOST

    def ended(self, item: Handover, how: HandoverEnd, reason: str | None, *, again_in: timedelta | None) -> str:
        """It is ours alone again: see `handovers.end`."""
        with self._writing() as connection:
            kept = handovers.end(connection, item, how, reason, again_in=again_in)
            if kept:
                alerts.resolve(connection, AlertKind.NOT_TAKEN_BACK, alerts.about(item.id))
        return how.replace("_", " ") if kept else _LOST

    def not_sent(self, item: Handover, outcome: NotSent) -> str:
        """The platform can't be given anything just now, and what that says of the account holds."""
        with self._writing() as connection:
            heed(connection, self.account, outcome, self.config)
            message = outcome.error.message
            kept = handovers.end(connection, item, HandoverEnd.NOT_SENT, message, again_in=ANOTHER_TRY)
        return "not sent" if kept else _LOST

    def unknown(self, item: Handover, reason: str) -> str:
        """A call has just gone out that may have had an effect."""
        with self._writing() as connection:
            kept = handovers.put_off(connection, item, after=FIRST_QUESTION, reason=reason, settle=self.config.settle)
        return "unknown" if kept else _LOST

    def waiting(self, item: Handover) -> str:
        """Until an absence is evidence."""
        with self._writing() as connection:
            kept = handovers.put_off(connection, item, after=None, reason="not found on the platform yet")
        return "waiting" if kept else _LOST

    def undecided(self, item: Handover, reason: str) -> str:
        """The platform is asked again; after a while a person is asked besides."""
        with self._writing() as connection:
            kept = handovers.put_off(connection, item, after=_rest(item), reason=reason)
            if kept and item.past > self.config.ask_person_after:
                what = (
                    f"was to be published by its platform, and may or may not be live: {reason}. Look; if it is, hold "
                    "it, and mark it as published"
                )
                tell_trouble(connection, self.account, item, DistributionStatus.UNKNOWN, what)
        return "inconclusive" if kept else _LOST

    def published(self, item: Handover, found: Published, *, wanted: bool) -> str:
        live = Live(found.external_id, found.external_url, found.published_at)
        try:
            with self._writing() as connection:
                if not handovers.published(connection, item, live, worker=self.worker):
                    return _LOST
                tell_published(connection, [(self.account, item.id)], self.config)
                if not wanted and item.status != DistributionStatus.PUBLISHED:
                    self._tell_overtaken(connection, item, found.published_at)
        except sa.exc.IntegrityError as error:
            why = str(error.orig).partition("\n")[0]
            return self.undecided(item, f"the platform's answer can't be true of it ({why})")
        return "published"

    def not_taken_back(self, item: Handover, reason: str) -> str:
        """It would go out against somebody's will: told at once, however soon it may be mended."""
        what = (
            f"is held by its platform for {item.held_for:%Y-%m-%d %H:%M} UTC, and could not be taken back: {reason}. "
            "That is tried again; or take it back there by hand"
        )
        with self._writing() as connection:
            kept = handovers.put_off(connection, item, after=_rest(item), reason=reason)
            if kept:
                self._alert(connection, item, what)
        return "not taken back" if kept else _LOST

    def _tell_overtaken(self, connection: sa.Connection, item: Handover, at: datetime) -> None:
        """It is over, yet who moved, held or cancelled it must know."""
        self._alert(
            connection,
            item,
            f"went out at {at:%Y-%m-%d %H:%M:%S} UTC: its platform was quicker than the taking back",
        )
        alerts.resolve(connection, AlertKind.NOT_TAKEN_BACK, alerts.about(item.id))

    def _alert(self, connection: sa.Connection, item: Handover, what: str) -> None:
        title, short = item.title or item.body[:60], str(item.id)[:8]
        message = f"“{title}” on {self.account.account_key} {what}. pressroom distributions show {short}"
        alerts.raise_alert(connection, AlertKind.NOT_TAKEN_BACK, alerts.about(item.id), message)

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """A transaction that has locked the account, as everybody does before a distribution."""
        with transaction(self.engine, self.worker) as connection:
            accounts.lock(connection, self.account.id)
            yield connection


def _rest(item: Handover) -> timedelta:
    """After how many failures, how long until the next look."""
    rest: timedelta = min(_LONGEST_REST, FIRST_QUESTION * 2 ** min(item.failures, 10))
    return rest
