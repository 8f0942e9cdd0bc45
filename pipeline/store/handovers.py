"""What is handed to platforms beforehand: the journal of it, and the mark on a distribution that goes with an open row.

`distributions.handed_over_for` is set while a row of `handovers` is open, and only here. A worker that looks at a row
holds its fencing token, and every write of it names that. Accounts are locked before distributions, as by everybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from pipeline.store import accounts
from pipeline.store.claims import OURS_TO_SEND, OUTGOING, Outgoing, keep_handle
from pipeline.store.distributions import follow_publication, storable
from pipeline.vocabulary import DistributionStatus, HandoverEnd


@dataclass(frozen=True, slots=True)
class Handover(Outgoing):
    """A distribution that its platform holds, or may hold, and this worker alone may speak of to it now.

    `begins`: this worker is to hand it over; else it is to be looked at. It is, or is to be, held for `held_for`, with
    the content of `handed_hash`. `stands`: that is still what its row asks for, as far as the database can tell; its
    content is to be compared besides. `settled`: from now on, an absence on the platform is evidence. `past` is how
    long ago its time was, below zero before it. `held_as` is the platform's name for what it holds, None where nobody
    knows whether it does. `failures` counts the looks in a row that came to nothing.
    """

    handover_id: int
    token: int
    begins: bool
    status: DistributionStatus
    held_for: datetime
    handed_hash: str
    stands: bool
    settled: bool
    past: timedelta
    held_as: str | None
    failures: int
    seen_at: datetime


# What may be handed over, of the accounts p that want it: what an ordinary claim would send at its time, as long as
# nobody has tried to, and no platform has refused to hold it for that time. To be joined laterally: within an `exists`
# its limit is dropped, and then it may be planned as a join that reads all that is scheduled.
_CANDIDATE: Final = f"""
    select d.id
    from distributions d
    where d.platform_id = p.id and {OURS_TO_SEND}
        and d.next_attempt_at > now() + :at_least
        and d.next_attempt_at <= now() + make_interval(mins => p.hand_over_ahead_minutes)
        and d.scheduled_for = d.next_attempt_at and d.retry_count = 0
        and (p.is_home or coalesce(
            (select bool_and(home.status in ('published', 'cancelled')) from homes_of(d.post_id) home), true
        ))
        and not exists (
            select from publisher_posts post where post.id = d.post_id and post.expires_at <= d.scheduled_for
        )
        and not exists (
            select from handovers h
            where h.distribution_id = d.id and h.held_for = d.scheduled_for
                and (h.again_at is null or h.again_at > now())
        )
    order by d.next_attempt_at, d.id
    limit 1
"""  # noqa: S608 - our own text
_WANTS: Final = "p.state = 'active' and p.supports_scheduling and p.hand_over_ahead_minutes is not null"
_MAY_HAND_OVER: Final = f"""
    {_WANTS} and coalesce(p.held_until <= now(), true)
    and not exists (
        select from handovers h where h.platform_id = p.id and h.ended_as = 'not_sent' and h.again_at > now()
    )
"""

# Whether what the platform holds is still asked for. Paused accounts and verticals, archived articles, moves, holds and
# whatever else anybody writes is seen here, and needs to tell nobody.
_STANDS: Final = f"""(
    {_WANTS} and d.status = 'scheduled' and d.scheduled_for = h.held_for
    and (d.vertical_id = any (array(select v.id from publisher_verticals v where v.paused_at is not null))) is not true
    and coalesce((
        select post.status in ('scheduled', 'published') from publisher_posts post where post.id = d.post_id
    ), true)
    and coalesce((
        select original.status = 'published'
        from publisher_posts post join publisher_posts original on original.id = post.repurposed_from
        where post.id = d.post_id
    ), true)
)"""  # noqa: S608 - our own text
_TO_LOOK_AT: Final = f"""
    from handovers h join distributions d on d.id = h.distribution_id join platforms p on p.id = h.platform_id
    where h.ended_at is null and h.rest_until <= now()
        and (h.look_at <= now() or d.updated_at <> h.seen_at or not {_STANDS})
"""
_COLUMNS: Final = f"""
    {OUTGOING},
    h.id as handover_id, h.token, d.status, h.held_for, h.content_hash as handed_hash, {_STANDS} as stands,
    h.settle_until <= now() as settled, now() - h.held_for as past, h.external_id as held_as,
    h.failures, d.updated_at as seen_at
"""


def something_to_do(connection: sa.Connection, *, at_least: timedelta) -> bool:
    """The sensor's question: is there anything to hand over, to ask about or to take back?"""
    question = sa.text(f"""
        select exists (select {_TO_LOOK_AT})
            or exists (select from platforms p cross join lateral ({_CANDIDATE}) as candidate where {_MAY_HAND_OVER})
    """)  # noqa: S608 - our own text
    return bool(connection.scalar(question, {"at_least": at_least}))


def accounts_concerned(connection: sa.Connection, *, at_least: timedelta) -> list[UUID]:
    """Those of whose distributions there is something to do."""
    concerned = sa.text(f"""
        select p.id from platforms p
        where p.id in (select h.platform_id {_TO_LOOK_AT})
            or p.id in (
                select p.id from platforms p cross join lateral ({_CANDIDATE}) as candidate where {_MAY_HAND_OVER}
            )
        order by p.id
    """)  # noqa: S608 - our own text
    return list(connection.scalars(concerned, {"at_least": at_least}))


def take(
    connection: sa.Connection, account_id: UUID, *, lease: timedelta, settle: timedelta, at_least: timedelta
) -> Handover | None:
    """What is to be done next for the account: first what to look at, then what to hand over; None where nothing is.

    Nobody else takes it until `lease` from now. What is to be handed over gets its mark and its row of the journal in
    this transaction, before anybody has asked the platform; nothing is known of the platform until `settle` after the
    lease. `at_least`: what is nearer to its time is not handed over any more.
    """
    accounts.lock(connection, account_id)
    how = {"account": account_id, "lease": lease, "settle": settle, "at_least": at_least}
    found = connection.scalar(_LOOK, how)
    begins = found is None
    if begins:
        chosen = connection.scalar(_CHOOSE, how)
        if chosen is None:
            return None
        found = connection.scalar(_BEGIN, {**how, "id": chosen})
    row = connection.execute(_READ, {"id": found}).mappings().one()
    return Handover(**{**row, "status": DistributionStatus(row["status"])}, begins=begins)


_LOOK = sa.text(f"""
    with due as (
        select h.id {_TO_LOOK_AT} and h.platform_id = :account
        order by h.held_for, h.id
        limit 1
        for no key update of h skip locked
    )
    update handovers h set token = h.token + 1, rest_until = now() + :lease
    from due
    where h.id = due.id
    returning h.id
""")  # noqa: S608 - our own text

# Locked by a statement of its own, which looks again at what it has locked: the desk's writers lock no account.
_CHOOSE = sa.text(f"""
    select d.id from distributions d
    where d.id = (select next.id from platforms p cross join lateral ({_CANDIDATE}) as next
                  where p.id = :account and {_MAY_HAND_OVER})
        and d.status = 'scheduled' and d.handed_over_for is null and d.scheduled_for > now() + :at_least
    for no key update of d skip locked
""")  # noqa: S608 - our own text

# No token comes twice for a distribution, so that none of an earlier handover fits.
_BEGIN = sa.text("""
    with marked as (
        update distributions set handed_over_for = scheduled_for where id = :id
        returning id, platform_id, scheduled_for, content_hash, updated_at
    )
    insert into handovers
        (distribution_id, platform_id, held_for, content_hash, token, rest_until, look_at, settle_until, seen_at)
    select id, platform_id, scheduled_for, content_hash,
        1 + coalesce((select max(h.token) from handovers h where h.distribution_id = marked.id), 0),
        now() + :lease, now() + :lease, now() + :lease + :settle, updated_at
    from marked
    returning id
""")

_READ = sa.text(f"""
    select {_COLUMNS}
    from handovers h join distributions d on d.id = h.distribution_id join platforms p on p.id = h.platform_id
    where h.id = :id
""")  # noqa: S608 - our own text


def extend(connection: sa.Connection, tokens: Mapping[UUID, int], lease: timedelta, settle: timedelta) -> set[UUID]:
    """The heartbeat, by the distributions' ids; returns those whose token still holds."""
    return set(
        connection.scalars(
            sa.text("""
                update handovers h
                set rest_until = greatest(h.rest_until, now() + :lease),
                    settle_until = greatest(h.settle_until, now() + :lease + :settle)
                from unnest(cast(:ids as uuid[]), cast(:tokens as bigint[])) as held (id, token)
                where h.distribution_id = held.id and h.token = held.token and h.ended_at is null
                returning h.distribution_id
            """),
            {"ids": list(tokens), "tokens": list(tokens.values()), "lease": lease, "settle": settle},
        )
    )


def record_handle(connection: sa.Connection, item: Handover, step: str, handle: str) -> bool:
    """Keep what a step left on the platform; False where the token does not hold (the handle is kept all the same)."""
    keep_handle(connection, item.id, step, handle)
    held = sa.text(
        "select exists (select from handovers where id = :handover_id and token = :token and ended_at is null)"
    )
    return bool(connection.scalar(held, _key(item)))


def confirm(
    connection: sa.Connection,
    item: Handover,
    external_id: str,
    external_url: str | None,
    *,
    settle: timedelta,
    ask_after: timedelta,
) -> bool:
    """The platform said that it holds it, under that name; it is asked again `ask_after` its time."""
    return _write(
        connection,
        item,
        """
            held_since = coalesce(held_since, clock_timestamp()), external_id = :external_id,
            external_url = :external_url, look_at = greatest(held_for, now()) + :ask_after,
            settle_until = greatest(held_for, now()) + :settle, rest_until = now(), seen_at = :seen_at, failures = 0,
            reason = null
        """,
        {
            "external_id": storable(external_id),
            "external_url": storable(external_url),
            "settle": settle,
            "ask_after": ask_after,
            "seen_at": item.seen_at,
        },
    )


def seen(connection: sa.Connection, item: Handover) -> bool:
    """Its row has changed, and still asks for what the platform holds."""
    return _write(connection, item, "seen_at = :seen_at, rest_until = now()", {"seen_at": item.seen_at})


def put_off(
    connection: sa.Connection, item: Handover, *, after: timedelta | None, reason: str, settle: timedelta | None = None
) -> bool:
    """Nobody knows more than before: look again after that, or, where None, when an absence is evidence.

    `settle`: from now on for so long it is none, since a call has just gone out.
    """
    return _write(
        connection,
        item,
        """
            settle_until = greatest(settle_until, now() + :settle),
            rest_until = coalesce(now() + :after, settle_until), look_at = coalesce(now() + :after, settle_until),
            failures = failures + 1, reason = :reason
        """,
        {"after": after, "reason": storable(reason), "settle": settle},
    )


def end(
    connection: sa.Connection, item: Handover, how: HandoverEnd, reason: str | None, *, again_in: timedelta | None
) -> bool:
    """The platform holds it certainly not: it is ours alone. For the same time it is handed over again `again_in` from
    now at the earliest, never where None.
    """
    ended = connection.execute(
        sa.text("""
            with ended as (
                update handovers
                set ended_at = clock_timestamp(), ended_as = :how, reason = :reason,
                    again_at = now() + :again_in
                where id = :handover_id and token = :token and ended_at is null
                returning distribution_id
            )
            update distributions d set handed_over_for = null from ended where d.id = ended.distribution_id
        """),
        {**_key(item), "how": how, "reason": storable(reason), "again_in": again_in},
    )
    return bool(ended.rowcount)


@dataclass(frozen=True, slots=True)
class Live:
    """A publication that the platform brought about by itself, as it tells of it."""

    external_id: str
    external_url: str | None
    published_at: datetime


def published(connection: sa.Connection, item: Handover, live: Live, *, worker: str) -> bool:
    """It is live: the distribution is published whatever state it was in, and counts as sent when it went out.

    Only one that a person has called published keeps what that person wrote down.
    """
    if not _write(connection, item, "reason = null", {}):
        return False
    told = {
        "id": item.id,
        "external_id": storable(live.external_id),
        "external_url": storable(live.external_url),
        "at": live.published_at,
        "worker": worker,
    }
    if connection.execute(_PUBLISH, told).rowcount:
        follow_publication(connection, [item.id])
    return end(connection, item, HandoverEnd.PUBLISHED, None, again_in=None)


# While the mark stands: without it, the database takes nothing for published that was not being sent.
_PUBLISH = sa.text("""
    with live as (
        update distributions
        set status = 'published', published_at = :at, next_metrics_at = :at, external_id = :external_id,
            external_url = :external_url, error_message = null, hold_reason = null, lease_token = lease_token + 1
        where id = :id and status <> 'published'
        returning id, platform_id, lease_token
    )
    insert into publish_attempts (distribution_id, platform_id, lease_token, worker, started_at, finished_at, outcome)
    select id, platform_id, lease_token, :worker, :at, clock_timestamp(), 'published' from live
""")


def _write(connection: sa.Connection, item: Handover, assignments: str, values: Mapping[str, Any]) -> bool:
    """False where somebody else looks after it by now."""
    changed = connection.execute(
        sa.text(f"""
            update handovers set {assignments}
            where id = :handover_id and token = :token and ended_at is null
        """),  # noqa: S608 - the assignments are this module's own text
        {**values, **_key(item)},
    )
    return bool(changed.rowcount)


def _key(item: Handover) -> dict[str, int]:
    return {"handover_id": item.handover_id, "token": item.token}
