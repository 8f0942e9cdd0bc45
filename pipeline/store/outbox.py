"""What must follow something that happened, written in the transaction in which it happened, delivered at least once.

A claim counts the try and puts the row off by its lease, so that one whose worker died is due again by itself. A lane
is where a delivery goes to: its topic, and the `account` that its payload names, where it names one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class Delivery:
    """A row that this worker alone tries until its lease ends. `tries` counts this one."""

    id: int
    topic: str
    lane: str
    idempotency_key: str
    payload: Mapping[str, Any]
    tries: int


@dataclass(frozen=True, slots=True)
class Undelivered:
    """What waits for its next try at `available_at`, or was given up."""

    id: int
    topic: str
    lane: str
    idempotency_key: str
    tries: int
    created_at: datetime
    available_at: datetime
    given_up_at: datetime | None
    last_error: str | None


_LANE = "concat_ws(' ', o.topic, o.payload ->> 'account')"
_WAITING = "o.delivered_at is null and o.given_up_at is null"  # the words of the partial index


def add(connection: sa.Connection, topic: str, idempotency_key: str, payload: Mapping[str, Any]) -> None:
    """Put a delivery into the outbox; one whose key is there already is not put in again."""
    connection.execute(
        sa.text("""
            insert into outbox (topic, idempotency_key, payload) values (:topic, :key, :payload)
            on conflict (idempotency_key) do nothing
        """).bindparams(sa.bindparam("payload", type_=sa.JSON)),
        {"topic": topic, "key": idempotency_key, "payload": dict(payload)},
    )


# The oldest of each lane, so that no lane's backlog comes before another's. What another worker took in the meantime
# is no longer due when its lock is free, which is why the condition stands twice.
_CLAIM = sa.text(f"""
    with heads as (
        select distinct on (lane) id
        from (
            select o.id, o.available_at, {_LANE} as lane
            from outbox o
            where {_WAITING} and o.available_at <= now() and o.topic = any (:topics)
        ) as due
        where lane <> all (:busy)
        order by lane, available_at, id
    ),
    claimed as (
        select o.id
        from outbox o join heads on heads.id = o.id
        where {_WAITING} and o.available_at <= now()
        order by o.available_at, o.id
        limit :limit
        for update of o skip locked
    )
    update outbox o
    set attempts = o.attempts + 1, available_at = now() + :lease
    from claimed
    where o.id = claimed.id
    returning o.id, o.topic, {_LANE} as lane, o.idempotency_key, o.payload, o.attempts as tries
""")  # noqa: S608 - our own text


def claim(
    connection: sa.Connection, *, topics: Collection[str], busy: Collection[str], limit: int, lease: timedelta
) -> list[Delivery]:
    """Take the delivery that is due longest of each lane, but for the `busy` ones, and for `lease` alone."""
    rows = connection.execute(_CLAIM, {"topics": list(topics), "busy": list(busy), "limit": limit, "lease": lease})
    return [Delivery(**row) for row in rows.mappings()]


def mark_delivered(connection: sa.Connection, delivery_id: int) -> None:
    """Whatever became of the lease: it has arrived."""
    connection.execute(
        sa.text("""
            update outbox set delivered_at = clock_timestamp(), given_up_at = null, last_error = null
            where id = :id and delivered_at is null
        """),
        {"id": delivery_id},
    )


def put_off(connection: sa.Connection, delivery: Delivery, *, until: datetime, reason: str) -> bool:
    """Due again at `until`; False where a later try, or a person, has the say by now."""
    return _fail(connection, delivery, "available_at = :until", {"until": until, "reason": reason})


def give_up(connection: sa.Connection, delivery: Delivery, *, reason: str) -> bool:
    """Not tried again unless a person asks; False where a later try, or a person, has the say by now."""
    return _fail(connection, delivery, "given_up_at = clock_timestamp()", {"reason": reason})


def ask_again(connection: sa.Connection, delivery_ids: Sequence[int] | None = None) -> list[int]:
    """Make undelivered rows due now with all their tries before them; None: all that were given up. Returns which."""
    which = "o.id = any (:ids)" if delivery_ids is not None else "o.given_up_at is not null"
    statement = sa.text(f"""
        update outbox o set available_at = now(), attempts = 0, given_up_at = null
        where o.delivered_at is null and {which}
        returning o.id
    """)  # noqa: S608 - our own text
    return sorted(connection.scalars(statement, {"ids": delivery_ids} if delivery_ids is not None else {}))


_SHOWN = f"""
    select o.id, o.topic, {_LANE} as lane, o.idempotency_key, o.attempts as tries, o.created_at, o.available_at,
        o.given_up_at, o.last_error
    from outbox o
"""  # noqa: S608 - our own text
# In two parts, because each has its index.
_UNDELIVERED = sa.text(f"""
    (select * from ({_SHOWN} where o.given_up_at is not null) as given_up order by given_up_at desc, id limit :limit)
    union all
    (select * from ({_SHOWN} where {_WAITING}) as waiting order by available_at, id limit :limit)
    order by given_up_at desc nulls last, available_at, id
    limit :limit
""")  # noqa: S608 - our own text


def undelivered(connection: sa.Connection, *, limit: int) -> list[Undelivered]:
    """What was given up, the latest first, then what waits, the next first."""
    return [Undelivered(**row) for row in connection.execute(_UNDELIVERED, {"limit": limit}).mappings()]


def next_due(connection: sa.Connection, topics: Collection[str]) -> timedelta | None:
    """How long until one of the topics has something to deliver; zero or less is now, None never."""
    wait: timedelta | None = connection.scalar(
        sa.text(f"""
            select min(o.available_at) - clock_timestamp() from outbox o where {_WAITING} and o.topic = any (:topics)
        """),  # noqa: S608 - our own text
        {"topics": list(topics)},
    )
    return wait


def of_other_topics(connection: sa.Connection, topics: Collection[str]) -> dict[str, int]:
    """How many wait of each topic that is not among these."""
    statement = sa.text(f"""
        select o.topic, count(*) as waiting from outbox o where {_WAITING} and o.topic <> all (:topics) group by o.topic
    """)  # noqa: S608 - our own text
    return {row.topic: row.waiting for row in connection.execute(statement, {"topics": list(topics)})}


def _fail(connection: sa.Connection, delivery: Delivery, assignment: str, values: Mapping[str, Any]) -> bool:
    statement = sa.text(f"""
        update outbox set {assignment}, last_error = :reason
        where id = :id and attempts = :tries and delivered_at is null and given_up_at is null
    """)  # noqa: S608 - the assignment is this module's own text
    return connection.execute(statement, {"id": delivery.id, "tries": delivery.tries, **values}).rowcount == 1


def prune(connection: sa.Connection) -> int:
    """Forget what was delivered long ago; returns how many rows. What was given up is kept for a person."""
    return connection.execute(sa.text("delete from outbox where delivered_at < now() - interval '30 days'")).rowcount
