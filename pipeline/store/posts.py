"""Posts, the generated texts they are made from, and the reports on them."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.tables import generated_content, publisher_posts, users
from pipeline.vocabulary import UserRole

WRITER_EMAIL: Final = "writer@pressroom.invalid"
WRITER_NAME: Final = "Pressroom's writer (a program)"


class UnknownPostError(LookupError):
    """No post has that id."""


def id_of(connection: sa.Connection, canonical_id: str) -> UUID | None:
    return connection.scalar(sa.select(publisher_posts.c.id).where(publisher_posts.c.canonical_id == canonical_id))


def create_post(connection: sa.Connection, values: Mapping[str, Any]) -> UUID | None:
    """Insert a post; None where another post of its vertical has the slug."""
    created: UUID | None = connection.scalar(
        insert(publisher_posts)
        .values(**values)
        .on_conflict_do_nothing(index_elements=["vertical_id", "slug"])
        .returning(publisher_posts.c.id)
    )
    return created


def ensure_writer(connection: sa.Connection) -> UUID:
    """The user that stands as the author of what the line wrote."""
    # Two statements: one alone would not see a row that another post's transaction has just added.
    connection.execute(
        sa.text("""
            insert into users (email, full_name, roles, is_person)
            values (:email, :name, cast(:roles as text[]), false)
            on conflict (email) do nothing
        """),
        {"email": WRITER_EMAIL, "name": WRITER_NAME, "roles": [UserRole.WRITER]},
    )
    found: UUID = connection.scalars(sa.select(users.c.id).where(users.c.email == WRITER_EMAIL)).one()
    return found


def keep_generated(connection: sa.Connection, values: Mapping[str, Any]) -> sa.RowMapping:
    """Store a generated text; returns its row, or the one that the same input made before."""
    connection.execute(insert(generated_content).values(**values).on_conflict_do_nothing(index_elements=["input_hash"]))
    found = generated_from(connection, values["input_hash"])
    assert found is not None
    return found


def generated_from(connection: sa.Connection, input_hash: str) -> sa.RowMapping | None:
    """What this very input made before: the columns of `generated_content`."""
    statement = sa.select(generated_content).where(generated_content.c.input_hash == input_hash)
    return connection.execute(statement).mappings().one_or_none()
