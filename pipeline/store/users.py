"""The people, and the scripted actors, whose names stand in the log."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from pipeline.store.tables import users
from pipeline.vocabulary import UserRole


@dataclass(frozen=True, slots=True)
class User:
    id: UUID
    full_name: str
    email: str
    roles: frozenset[UserRole]
    is_person: bool


class UnknownUserError(LookupError):
    """Nobody is known under that name or address."""


def find(connection: sa.Connection, who: str) -> User:
    """By email address, or by full name where only one person bears it.

    Raises:
        UnknownUserError: nobody, or several.
    """
    rows = connection.execute(
        sa.select(users).where(sa.or_(users.c.email == who.lower(), sa.func.lower(users.c.full_name) == who.lower()))
    ).all()
    if len(rows) == 1:
        row = rows[0]
        return User(row.id, row.full_name, row.email, frozenset(map(UserRole, row.roles)), row.is_person)
    if rows:
        raise UnknownUserError(f"{len(rows)} people are called {who!r}; use an email address.")
    raise UnknownUserError(
        f'Nobody is known as {who!r}. Add them: pressroom users add "FULL NAME" EMAIL --role reviewer'
    )


def everyone(connection: sa.Connection) -> list[User]:
    rows = connection.execute(sa.select(users).order_by(users.c.full_name))
    return [User(r.id, r.full_name, r.email, frozenset(map(UserRole, r.roles)), r.is_person) for r in rows]


def add(
    connection: sa.Connection, full_name: str, email: str, roles: Iterable[UserRole], *, is_person: bool = True
) -> None:
    """Add somebody, or give somebody who is there these roles as well."""
    connection.execute(
        sa.text("""
            insert into users (email, full_name, roles, is_person)
            values (lower(:email), :full_name, cast(:roles as text[]), :is_person)
            on conflict (email) do update
            set roles = array(select distinct role from unnest(users.roles || excluded.roles) as role order by role)
        """),
        {"email": email, "full_name": full_name, "roles": sorted(roles), "is_person": is_person},
    )


def set_roles(connection: sa.Connection, user_id: UUID, roles: Iterable[UserRole]) -> None:
    """These, and no others."""
    connection.execute(users.update().where(users.c.id == user_id).values(roles=sorted(set(roles))))
