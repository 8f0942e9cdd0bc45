"""The salts that a day's visitors are hashed with, and how soon they are forgotten."""

import secrets
from datetime import date

import sqlalchemy as sa


def salt_of(connection: sa.Connection, day: date) -> bytes:
    """The day's salt, 32 bytes; made when it is first asked for, and then the same for everybody."""
    # Two statements: one alone would not see the row that another process has just added.
    connection.execute(
        sa.text("insert into visitor_salts (day, salt) values (:day, :salt) on conflict (day) do nothing"),
        {"day": day, "salt": secrets.token_bytes(32)},
    )
    found = connection.scalar(sa.text("select salt from visitor_salts where day = :day"), {"day": day})
    return bytes(found)


def forget_salts(connection: sa.Connection) -> int:
    """Drop those that were made more than two days ago; returns how many."""
    forgotten = connection.execute(
        sa.text("delete from visitor_salts where created_at < now() - interval '2 days' and day < current_date - 1")
    )
    return forgotten.rowcount
