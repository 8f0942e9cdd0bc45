"""What a person is told of: raised and resolved in the transaction of what happened, told through the outbox.

An alert is one row for as long as it lasts. It is over for people only when it has stayed away for `QUIET`: until then
the notice of its end waits in the outbox, and an alert that comes back withdraws that notice and goes on as the same
one. So something that flaps is told once when it begins and once when it has really ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from pipeline.vocabulary import AlertKind

QUIET: Final = timedelta(minutes=15)

CHANNELS: Final = ("log", "slack", "email")
"""An outbox row for each: a channel that fails is tried again without repeating the others."""

TOPICS: Final = tuple(f"alert.{channel}" for channel in CHANNELS)


@dataclass(frozen=True, slots=True)
class AlertRow:
    id: int
    kind: AlertKind
    subject: str
    message: str
    raised_at: datetime
    last_seen_at: datetime
    times: int
    resolved_at: datetime | None


def raise_alert(connection: sa.Connection, kind: AlertKind, subject: str, message: str) -> bool:
    """Tell a person, once for as long as it lasts; False where it was told already and is only counted again.

    `subject` names what it is about (`account x-main`, `distribution 1f0c…`); with the kind it is the key.
    """
    about = {"kind": kind, "subject": subject, "message": message}
    again = connection.scalar(_SEE_AGAIN, {**about, "quiet": QUIET})
    if again is not None:
        connection.execute(_WITHDRAW_END, {"keys": [_key(again, channel, "resolved") for channel in CHANNELS]})
        return False
    alert = connection.execute(_OPEN, about).one()
    if alert.times > 1:  # somebody else raised it at the same moment
        return False
    _tell(connection, alert, "raised", timedelta(0))
    return True


def resolve(connection: sa.Connection, kind: AlertKind, subject: str) -> bool:
    """It is over; False where nothing was open. That is told after `QUIET`, unless it comes back before."""
    alert = connection.execute(_RESOLVE, {"kind": kind, "subject": subject}).one_or_none()
    if alert is None:
        return False
    _tell(connection, alert, "resolved", QUIET)
    return True


def put_away(connection: sa.Connection, kind: AlertKind, subject: str) -> bool:
    """It concerns nobody any more, though it was never put right: closed without a word. False: nothing was open."""
    return connection.execute(_RESOLVE, {"kind": kind, "subject": subject}).one_or_none() is not None


def about(distribution_id: UUID, *, last_hour: bool = False) -> str:
    """The subject of alerts about a distribution. What is found an hour before its time has a subject of its own: it
    must be told though the day's alert is still open.
    """
    return f"distribution {distribution_id}" + (" in its last hour" if last_hour else "")


def resolve_all_about(connection: sa.Connection, distribution_ids: Sequence[UUID]) -> None:
    """Whatever is open about these distributions is over."""
    subjects = [about(id_, last_hour=last) for id_ in distribution_ids for last in (False, True)]
    is_open = sa.text("select kind, subject from alerts where resolved_at is null and subject = any (:subjects)")
    for alert in connection.execute(is_open, {"subjects": subjects}).all():
        resolve(connection, AlertKind(alert.kind), alert.subject)


def open_alerts(connection: sa.Connection) -> list[AlertRow]:
    """The oldest first."""
    query = sa.text(f"select {_COLUMNS} from alerts where resolved_at is null order by id")  # noqa: S608 - our own text
    return [_row(row) for row in connection.execute(query)]


def recent_alerts(connection: sa.Connection, limit: int) -> list[AlertRow]:
    """Open or over, the latest first."""
    query = sa.text(f"select {_COLUMNS} from alerts order by raised_at desc limit :limit")  # noqa: S608 - our own text
    return [_row(row) for row in connection.execute(query, {"limit": limit})]


_COLUMNS = ", ".join(AlertRow.__dataclass_fields__)

_SEE_AGAIN = sa.text("""
    update alerts
    set times = times + 1, last_seen_at = clock_timestamp(), message = :message, resolved_at = null
    where id = (select max(id) from alerts where kind = :kind and subject = :subject)
        and (resolved_at is null or resolved_at > clock_timestamp() - :quiet)
    returning id
""")
_WITHDRAW_END = sa.text("delete from outbox where idempotency_key = any (:keys) and delivered_at is null")
_OPEN = sa.text(f"""
    insert into alerts as a (kind, subject, message) values (:kind, :subject, :message)
    on conflict (kind, subject) where resolved_at is null
        do update set times = a.times + 1, last_seen_at = clock_timestamp(), message = excluded.message
    returning {_COLUMNS}
""")  # noqa: S608 - our own text
_RESOLVE = sa.text(f"""
    update alerts set resolved_at = clock_timestamp()
    where kind = :kind and subject = :subject and resolved_at is null
    returning {_COLUMNS}
""")  # noqa: S608 - our own text
_NOTICE = sa.text("""
    insert into outbox (topic, idempotency_key, payload, available_at)
    values (:topic, :key, :payload, clock_timestamp() + :delay)
    on conflict (idempotency_key) do nothing
""").bindparams(sa.bindparam("payload", type_=sa.JSON))


def _tell(connection: sa.Connection, alert: sa.Row[Any], event: str, delay: timedelta) -> None:
    at = alert.raised_at if alert.resolved_at is None else alert.resolved_at
    payload = {
        "id": alert.id,
        "kind": alert.kind,
        "subject": alert.subject,
        "message": alert.message,
        "event": event,
        "raised_at": alert.raised_at.isoformat(),
        "at": at.isoformat(),
    }
    connection.execute(
        _NOTICE,
        [
            {"topic": topic, "key": _key(alert.id, channel, event), "payload": payload, "delay": delay}
            for topic, channel in zip(TOPICS, CHANNELS, strict=True)
        ],
    )


def _key(alert_id: int, channel: str, event: str) -> str:
    return f"alert:{alert_id}:{event}:{channel}"


def _row(row: sa.Row[Any]) -> AlertRow:
    return AlertRow(**{**row._mapping, "kind": AlertKind(row.kind)})  # noqa: SLF001 - the public way to a row's names
