"""How many follow each account, a row a day."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.tables import account_snapshots, platforms


@dataclass(frozen=True, slots=True)
class Turnover:
    """Who came and who went on a day; None is unknown."""

    day: date
    gained: int | None
    lost: int | None


def is_counted(connection: sa.Connection, account_id: UUID, day: date) -> bool:
    """Whether the account's platform has been asked that day, in UTC."""
    snapshot = account_snapshots.c
    asked = sa.exists().where(snapshot.platform_id == account_id, snapshot.day == day, snapshot.counted_at.is_not(None))
    return bool(connection.scalar(sa.select(asked)))


def store(
    connection: sa.Connection, account_id: UUID, followers: int | None, days: Sequence[Turnover], now: datetime
) -> None:
    """The count as of now, and what the days before were told to be. What is not told this time stays as it was."""
    told = {each.day: asdict(each) for each in days if each.gained is not None or each.lost is not None}
    today = now.astimezone(UTC).date()
    rows = [
        {"platform_id": account_id, "followers": None, "counted_at": None, **each} for day, each in sorted(told.items())
    ]
    counted = {"platform_id": account_id, "day": today, "followers": followers, "counted_at": now}
    for some in (rows, [counted]):
        if some:
            _upsert(connection, some)
    if followers is not None:
        connection.execute(platforms.update().where(platforms.c.id == account_id).values(followers_count=followers))


def _upsert(connection: sa.Connection, rows: list[dict[str, object]]) -> None:
    statement = insert(account_snapshots).values(rows)
    kept = {
        name: sa.func.coalesce(statement.excluded[name], account_snapshots.c[name])
        for name in ("followers", "counted_at", "gained", "lost")
    }
    connection.execute(statement.on_conflict_do_update(index_elements=["platform_id", "day"], set_=kept))
