"""What must follow something that happened, written in the transaction in which it happened, delivered at least once."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa


def add(connection: sa.Connection, topic: str, idempotency_key: str, payload: Mapping[str, Any]) -> None:
    """Put a delivery into the outbox; one whose key is there already is not put in again."""
    connection.execute(
        sa.text("""
            insert into outbox (topic, idempotency_key, payload) values (:topic, :key, :payload)
            on conflict (idempotency_key) do nothing
        """).bindparams(sa.bindparam("payload", type_=sa.JSON)),
        {"topic": topic, "key": idempotency_key, "payload": dict(payload)},
    )
