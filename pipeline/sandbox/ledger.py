"""What the sandbox remembers, in one SQLite file: the effects, in order, and the platforms' present state.

Every effect is committed together with the state it changed before the answer leaves, so a kill -9 loses neither.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Document = dict[str, Any]

_SCHEMA = """
create table if not exists effects (
    id integer primary key autoincrement,
    platform text not null,
    kind text not null,
    external_id text not null,
    at text not null,
    title text,
    text text,
    url text,
    request text not null
) strict;
create trigger if not exists effects_are_append_only before update on effects
begin
    select raise(abort, 'effects are append-only');
end;
create table if not exists things (
    sequence integer primary key autoincrement,
    platform text not null,
    kind text not null,
    id text not null,
    lookup text,
    document text not null,
    content blob,
    unique (platform, kind, id)
) strict;
create index if not exists things_in_order on things (platform, kind, sequence);
create index if not exists things_by_lookup on things (platform, kind, lookup);
create table if not exists counters (
    name text primary key,
    last integer not null
) strict;
"""
_SELECT_EFFECTS = "select id, platform, kind, external_id, at, title, text, url, request from effects"


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that a real platform would have shown to the world, changed or taken away.

    `at` is UTC to the millisecond; `url` is the sandbox's page of it; `request` is the call's method and path, or
    says that the clock did it.
    """

    id: int
    platform: str
    kind: str
    external_id: str
    at: datetime
    title: str | None
    text: str | None
    url: str | None
    request: str


class Ledger:
    """Used from one thread. Methods that write belong inside `transaction()`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.executescript(f"pragma journal_mode = wal; pragma synchronous = normal; {_SCHEMA}")

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def record(
        self,
        *,
        platform: str,
        kind: str,
        external_id: str,
        at: datetime,
        request: str,
        title: str | None = None,
        text: str | None = None,
        url: str | None = None,
    ) -> None:
        """Append an effect."""
        self._db.execute(
            "insert into effects (platform, kind, external_id, at, title, text, url, request)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            (platform, kind, external_id, timestamp(at), title, text, url, request),
        )

    def effects(self, *, platform: str | None = None, since: datetime | None = None) -> list[Effect]:
        """The effects at or after `since`, oldest first."""
        rows = self._db.execute(
            f"{_SELECT_EFFECTS} where (?1 is null or platform = ?1) and (?2 is null or at >= ?2) order by id",
            (platform, timestamp(since) if since else None),
        )
        return [_effect(row) for row in rows]

    def latest(self, count: int) -> list[Effect]:
        """The last effects, newest first."""
        return [_effect(row) for row in self._db.execute(f"{_SELECT_EFFECTS} order by id desc limit ?", (count,))]

    def put(
        self,
        platform: str,
        kind: str,
        id_: str,
        document: Document,
        *,
        lookup: str | None = None,
        content: bytes | None = None,
    ) -> None:
        """Keep a thing under its id. One that replaces another takes its place in the order, and its content if it
        has none of its own.
        """
        self._db.execute(
            "insert into things (platform, kind, id, lookup, document, content) values (?, ?, ?, ?, ?, ?)"
            " on conflict (platform, kind, id) do update set lookup = excluded.lookup, document = excluded.document,"
            " content = coalesce(excluded.content, content)",
            (platform, kind, id_, lookup, json.dumps(document), content),
        )

    def get(self, platform: str, kind: str, id_: str) -> Document | None:
        row = self._db.execute(
            "select document from things where platform = ? and kind = ? and id = ?", (platform, kind, id_)
        ).fetchone()
        return json.loads(row[0]) if row else None

    def content(self, platform: str, kind: str, id_: str) -> bytes:
        """The bytes kept with a thing; empty where there are none."""
        row = self._db.execute(
            "select content from things where platform = ? and kind = ? and id = ?", (platform, kind, id_)
        ).fetchone()
        return row[0] if row and row[0] else b""

    def find(self, platform: str, kind: str, lookup: str) -> list[Document]:
        """The things kept under a look-up value, oldest first."""
        rows = self._db.execute(
            "select document from things where platform = ? and kind = ? and lookup = ? order by sequence",
            (platform, kind, lookup),
        )
        return [json.loads(row[0]) for row in rows.fetchall()]

    def newest(self, platform: str, kind: str) -> Iterator[Document]:
        """All things of a kind, newest first, read as they are asked for."""
        rows = self._db.execute(
            "select document from things where platform = ? and kind = ? order by sequence desc", (platform, kind)
        )
        for row in rows:
            yield json.loads(row[0])

    def remove(self, platform: str, kind: str, id_: str) -> None:
        self._db.execute("delete from things where platform = ? and kind = ? and id = ?", (platform, kind, id_))

    def next_id(self, name: str, *, at_least: int = 1) -> int:
        """A number never given before under this name, not even before a `clear`."""
        row = self._db.execute(
            "insert into counters (name, last) values (?1, ?2)"
            " on conflict (name) do update set last = max(last + 1, excluded.last) returning last",
            (name, at_least),
        ).fetchone()
        return int(row[0])

    def clear(self) -> None:
        """Forget every effect and thing; numbers given out stay given."""
        self._db.execute("delete from effects")
        self._db.execute("delete from things")


def _effect(row: tuple[Any, ...]) -> Effect:
    id_, platform, kind, external_id, at, title, text, url, request = row
    return Effect(id_, platform, kind, external_id, datetime.fromisoformat(at), title, text, url, request)


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC to the millisecond, of fixed width, so that it sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
