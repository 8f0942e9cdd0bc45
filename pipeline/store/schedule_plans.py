"""Plans as they are kept: what was proposed, and what became of each move."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.store.tables import schedule_plans


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan. `entries` is everything that was to go out by it, one object each; `open` counts the moves that nobody
    has settled, `moved` and `refused` those that were.
    """

    id: int
    made_at: datetime
    made_by: str
    begins: datetime
    ends: datetime
    entries: Sequence[Mapping[str, Any]]
    applied_at: datetime | None
    applied_by: str | None
    open: int
    moved: int
    refused: int


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A distribution that a plan moves, and what it is now."""

    distribution_id: UUID
    post_id: UUID
    platform_id: UUID
    account_key: str
    timezone: str
    title: str
    from_at: datetime
    to_at: datetime


def add(
    connection: sa.Connection,
    begins: datetime,
    ends: datetime,
    entries: Sequence[Mapping[str, Any]],
    moves: Sequence[tuple[UUID, UUID, datetime, datetime]],
) -> int:
    """Keep a plan; its `moves` are (distribution, post, from, to). Returns its number."""
    plan_id = connection.scalar(
        schedule_plans.insert().values(begins=begins, ends=ends, entries=list(entries)).returning(schedule_plans.c.id)
    )
    assert plan_id is not None
    connection.execute(
        sa.text("""
            insert into schedule_plan_moves (plan_id, distribution_id, post_id, from_at, to_at)
            select :plan_id, * from unnest(
                cast(:ids as uuid[]), cast(:post_ids as uuid[]), cast(:from_ats as timestamptz[]),
                cast(:to_ats as timestamptz[])
            )
        """),
        {
            "plan_id": plan_id,
            "ids": [id_ for id_, _, _, _ in moves],
            "post_ids": [post_id for _, post_id, _, _ in moves],
            "from_ats": [from_at for _, _, from_at, _ in moves],
            "to_ats": [to_at for _, _, _, to_at in moves],
        },
    )
    return int(plan_id)


def prune(connection: sa.Connection) -> int:
    """Forget what was made more than 30 days ago, but for the last that was applied; returns how many plans."""
    return connection.execute(
        sa.text("""
            delete from schedule_plans
            where made_at < now() - interval '30 days'
                and id is distinct from (
                    select id from schedule_plans where applied_at is not null order by applied_at desc limit 1
                )
        """)
    ).rowcount


_PLAN = """
    select p.*, counts.*
    from schedule_plans p
    cross join lateral (
        select count(*) filter (where m.moved_at is null and m.refused_at is null) as open,
            count(m.moved_at) as moved, count(m.refused_at) as refused
        from schedule_plan_moves m where m.plan_id = p.id
    ) as counts
"""


def get(connection: sa.Connection, plan_id: int) -> PlanRow | None:
    return _one(connection, "p.id = :id", id=plan_id)


def latest(connection: sa.Connection) -> PlanRow | None:
    """The plan that was made last."""
    return _one(connection, "p.id = (select max(id) from schedule_plans)")


def last_applied(connection: sa.Connection) -> PlanRow | None:
    return _one(
        connection,
        "p.id = (select id from schedule_plans where applied_at is not null order by applied_at desc limit 1)",
    )


def _one(connection: sa.Connection, condition: str, **parameters: Any) -> PlanRow | None:
    query = f"{_PLAN} where {condition}"
    row = connection.execute(sa.text(query), parameters).mappings().one_or_none()
    return None if row is None else PlanRow(**row)


def open_moves(connection: sa.Connection, plan_id: int) -> list[MoveRow]:
    """What nobody has settled yet, by post and account."""
    return _moves(connection, plan_id, None, "")


def lock_open_moves(connection: sa.Connection, plan_id: int, distribution_ids: Sequence[UUID]) -> list[MoveRow]:
    """Those of these that are still open, locked: of two who apply one plan the second finds them settled."""
    return _moves(connection, plan_id, distribution_ids, "for update of m")


def _moves(
    connection: sa.Connection, plan_id: int, distribution_ids: Sequence[UUID] | None, locking: str
) -> list[MoveRow]:
    rows = connection.execute(
        sa.text(f"""
            select m.distribution_id, m.post_id, d.platform_id, p.account_key, p.timezone, post.title, m.from_at,
                m.to_at
            from schedule_plan_moves m
            join distributions d on d.id = m.distribution_id
            join platforms p on p.id = d.platform_id
            join publisher_posts post on post.id = m.post_id
            where m.plan_id = :plan_id and m.moved_at is null and m.refused_at is null
                and (cast(:ids as uuid[]) is null or m.distribution_id = any (cast(:ids as uuid[])))
            order by m.post_id, m.distribution_id
            {locking}
        """),  # noqa: S608 - our own text
        {"plan_id": plan_id, "ids": None if distribution_ids is None else list(distribution_ids)},
    )
    return [MoveRow(**row) for row in rows.mappings()]


def moved(connection: sa.Connection, plan_id: int, distribution_ids: Sequence[UUID]) -> None:
    connection.execute(
        sa.text("""
            update schedule_plan_moves set moved_at = clock_timestamp()
            where plan_id = :plan_id and distribution_id = any (:ids)
        """),
        {"plan_id": plan_id, "ids": list(distribution_ids)},
    )


def refused(connection: sa.Connection, plan_id: int, reasons: Mapping[UUID, str]) -> None:
    """What is not moved by this plan any more, and why."""
    connection.execute(
        sa.text("""
            update schedule_plan_moves m set refused_at = clock_timestamp(), refusal = given.reason
            from unnest(cast(:ids as uuid[]), cast(:reasons as text[])) as given (id, reason)
            where m.plan_id = :plan_id and m.distribution_id = given.id
        """),
        {"plan_id": plan_id, "ids": list(reasons), "reasons": list(reasons.values())},
    )


def finish(connection: sa.Connection, plan_id: int) -> bool:
    """Note that the plan is applied, by whoever acts, once nothing of it is open; False where something is."""
    return bool(
        connection.execute(
            sa.text("""
                update schedule_plans p set applied_at = coalesce(applied_at, clock_timestamp()),
                    applied_by = coalesce(applied_by, current_actor())
                where p.id = :id and not exists (
                    select from schedule_plan_moves m
                    where m.plan_id = p.id and m.moved_at is null and m.refused_at is null
                )
            """),
            {"id": plan_id},
        ).rowcount
    )
