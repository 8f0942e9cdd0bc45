"""The watchdog's rounds: look, tell what has been wrong for a while, and say when it is over."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa
import structlog

from pipeline.alerting.channels import Deliver
from pipeline.alerting.notices import Notice
from pipeline.alerting.watchdog import DAGSTER_STORAGE, Concern
from pipeline.distribution.relay import DeliveryError
from pipeline.store import alerts, watch
from pipeline.store.database import transaction
from pipeline.vocabulary import AlertKind

log = structlog.get_logger(__name__)

ACTOR: Final = "watchdog"
_OURS: Final = (AlertKind.MISSED, AlertKind.STUCK)
"""Kinds that nobody else raises."""


class Patrol:
    """Rounds over one database. `look` is `watchdog.look` over it.

    What is wrong is told once it has been for `patience`: a start after a night finds everything overdue, and a
    restart of a server is no news.
    """

    def __init__(
        self,
        engine: sa.Engine,
        look: Callable[[], list[Concern]],
        channels: Mapping[str, Deliver],
        *,
        patience: timedelta = timedelta(minutes=2),
    ) -> None:
        self._engine = engine
        self._look = look
        self._outage = Outage(channels)
        self._patience = patience
        self._seen_since: dict[tuple[AlertKind, str], float] = {}

    def round(self) -> list[Concern]:
        """What is wrong now. While the database is away, that is told without it, once."""
        try:
            concerns = self._look()
            self._report(concerns)
        except sa.exc.SQLAlchemyError as error:
            concern = no_database(error)
            if self._lasts(concern):
                self._outage.tell(concern.message)
            return [concern]
        self._outage.end()
        return concerns

    def _report(self, concerns: Sequence[Concern]) -> None:
        lasting = [concern for concern in concerns if self._lasts(concern)]
        keys = {(concern.kind, concern.subject) for concern in concerns}
        self._seen_since = {key: since for key, since in self._seen_since.items() if key in keys}
        for concern in lasting:
            # A transaction each: alerts are locked one at a time, as by everybody.
            with transaction(self._engine, ACTOR) as connection:
                alerts.raise_alert(connection, concern.kind, concern.subject, concern.message)
        with self._engine.connect() as connection:
            ours = [(alert.kind, alert.subject) for alert in alerts.open_alerts(connection) if _is_ours(alert)]
            over = [key for key in ours if key not in keys and not _unread(key[1], concerns)]
            over += watch.outlived_alerts(connection)
        for kind, subject in over:
            with transaction(self._engine, ACTOR) as connection:
                alerts.resolve(connection, kind, subject)

    def _lasts(self, concern: Concern) -> bool:
        now = time.monotonic()
        since = self._seen_since.setdefault((concern.kind, concern.subject), now)
        return now - since >= self._patience.total_seconds()


class Outage:
    """Our own database is away, and the outbox with it: told over the channels directly, on each of them once."""

    def __init__(self, channels: Mapping[str, Deliver]) -> None:
        self._channels = channels
        self._told: set[str] = set()
        self._id = ""

    def tell(self, message: str) -> None:
        """A channel that fails is tried again with the next call."""
        if not self._told:
            self._id = f"outage {datetime.now(UTC).isoformat()}"
        notice = Notice(id=self._id, title="Stuck: the database", text=message)
        for name in self._channels.keys() - self._told:
            if self._delivered(name, notice):
                self._told.add(name)

    def end(self) -> None:
        """Tells those who heard of it that it is over."""
        notice = Notice(
            id=f"{self._id} resolved",
            title="Resolved: Stuck: the database",
            text=f"The database answers again since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC.",
            replies_to=self._id,
        )
        self._told = {name for name in self._told if not self._delivered(name, notice)}

    def _delivered(self, name: str, notice: Notice) -> bool:
        try:
            self._channels[name](notice)
        except DeliveryError as error:
            log.warning("not_told_directly", channel=name, why=str(error))
            return False
        return True


def no_database(error: sa.exc.SQLAlchemyError) -> Concern:
    """The class alone is told: a driver's text may quote the connection's parameters."""
    reason = type(getattr(error, "orig", None) or error).__name__
    return Concern(
        AlertKind.STUCK,
        "database",
        f"Pressroom's database can't be asked ({reason}). Nothing is published, and nothing is lost, until it answers. "
        "Check that PostgreSQL runs and has room; with the embedded one: make run",
    )


def _is_ours(alert: alerts.AlertRow) -> bool:
    return alert.kind in _OURS or (alert.kind, alert.subject) == (AlertKind.UNDELIVERED, "outbox")


def _unread(subject: str, concerns: Sequence[Concern]) -> bool:
    """A storage that can't be read says nothing of its sensors and runs: neither that they are well."""
    return subject.startswith(("sensor ", "run ")) and any(concern.subject == DAGSTER_STORAGE for concern in concerns)
