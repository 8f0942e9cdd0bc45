"""Processes that stay at work, and say so every few seconds: `pressroom worker`."""

from datetime import timedelta
from typing import Final

import sqlalchemy as sa

ALIVE_WITHIN: Final = timedelta(seconds=60)


def seen(connection: sa.Connection, name: str) -> None:
    connection.execute(
        sa.text("""
            insert into workers (name) values (:name)
            on conflict (name) do update set seen_at = now()
        """),
        {"name": name},
    )


def gone(connection: sa.Connection, name: str) -> None:
    """The worker has stopped of its own accord; and those that died long ago are forgotten."""
    connection.execute(
        sa.text("delete from workers where name = :name or seen_at < now() - interval '7 days'"), {"name": name}
    )


def one_alive(connection: sa.Connection) -> str | None:
    """A worker that is at work, None where there is none."""
    name: str | None = connection.scalar(
        sa.text("select name from workers where seen_at > now() - :within order by seen_at desc limit 1"),
        {"within": ALIVE_WITHIN},
    )
    return name
