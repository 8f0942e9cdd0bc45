"""Encrypted credentials, by name. What they say is known to whoever has the key, which is not in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

_LOCK: Final = "hashtext('secrets'), hashtext(:name)"


@dataclass(frozen=True, slots=True)
class SecretRow:
    """`used_by` are the keys of the accounts whose credentials it is."""

    name: str
    ciphertext: bytes
    updated_at: datetime
    used_by: Sequence[str]


class SecretInUseError(Exception):
    """Accounts depend on it; the message names them."""


def put(connection: sa.Connection, name: str, ciphertext: bytes) -> None:
    """Keep it under this name, in the place of what was there."""
    connection.execute(
        sa.text("""
            insert into secrets (name, ciphertext) values (:name, :ciphertext)
            on conflict (name) do update set ciphertext = excluded.ciphertext
        """),
        {"name": name, "ciphertext": ciphertext},
    )


def get(connection: sa.Connection, name: str) -> bytes | None:
    """The ciphertext; None where there is none of this name."""
    found: bytes | None = connection.scalar(
        sa.text("select ciphertext from secrets where name = :name"), {"name": name}
    )
    return found


def all_secrets(connection: sa.Connection, *, lock: bool = False) -> list[SecretRow]:
    """By name. `lock`: so that nobody changes one until the caller's transaction ends."""
    rows = connection.execute(
        sa.text(f"""
            select s.name, s.ciphertext, s.updated_at, array(
                select p.account_key::text from platforms p where p.credentials_secret_id = 'db:' || s.name
                order by p.account_key
            ) as used_by
            from secrets s order by s.name {"for update" if lock else ""}
        """)  # noqa: S608 - our own text
    )
    return [SecretRow(**row) for row in rows.mappings()]


def remove(connection: sa.Connection, name: str) -> bool:
    """Forget it; False where there was none.

    Raises:
        SecretInUseError: an account refers to it.
    """
    users = connection.scalars(
        sa.text("select account_key from platforms where credentials_secret_id = 'db:' || :name order by account_key"),
        {"name": name},
    ).all()
    if users:
        raise SecretInUseError(f"{name} holds the credentials of {', '.join(users)}.")
    return bool(connection.execute(sa.text("delete from secrets where name = :name"), {"name": name}).rowcount)


def lock(connection: sa.Connection, name: str, *, wait: bool) -> bool:
    """Be the only session that renews it, until `unlock`; False where another is and we don't wait for it."""
    if not wait:
        return bool(connection.scalar(sa.text(f"select pg_try_advisory_lock({_LOCK})"), {"name": name}))
    connection.execute(sa.text(f"select pg_advisory_lock({_LOCK})"), {"name": name})
    return True


def unlock(connection: sa.Connection, name: str) -> None:
    connection.execute(sa.text(f"select pg_advisory_unlock({_LOCK})"), {"name": name})
