"""What a person is told of: raised and resolved in the transaction of what happened, told through the outbox."""

import sqlalchemy as sa

from pipeline.store import outbox
from pipeline.vocabulary import AlertKind

TOPIC = "alert"


def raise_alert(connection: sa.Connection, kind: AlertKind, subject: str, message: str) -> bool:
    """Tell a person, once for as long as it lasts; False where it was told already and is only counted again.

    `subject` names what it is about (`account x-main`, `distribution 1f0c…`); with the kind it is the key.
    """
    alert = connection.execute(
        sa.text("""
            insert into alerts as a (kind, subject, message) values (:kind, :subject, :message)
            on conflict (kind, subject) where resolved_at is null
                do update set times = a.times + 1, last_seen_at = clock_timestamp(), message = excluded.message
            returning a.id, a.times
        """),
        {"kind": kind, "subject": subject, "message": message},
    ).one()
    if alert.times > 1:
        return False
    outbox.add(
        connection, TOPIC, f"alert:{alert.id}", {"id": alert.id, "kind": kind, "subject": subject, "message": message}
    )
    return True


def resolve(connection: sa.Connection, kind: AlertKind, subject: str) -> bool:
    """It is over; False where nothing was open. The next time it happens it is told again."""
    return bool(
        connection.execute(
            sa.text("""
                update alerts set resolved_at = clock_timestamp()
                where kind = :kind and subject = :subject and resolved_at is null
            """),
            {"kind": kind, "subject": subject},
        ).rowcount
    )
