"""A platform of the test's own that publishes by itself at its time.

Its ledger is a table beside ours: so its clock is the database's, which a test can let run, and it is there whoever
dies. Its adapter is a naive one: it resumes nothing and recognises nothing, so that whatever is done twice is there
twice.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import sqlalchemy as sa

from pipeline.platforms.article import AdaptableArticle, AdaptedContent, Destination
from pipeline.platforms.base import (
    Absent,
    Account,
    Adapter,
    Changed,
    ChangeOutcome,
    Gone,
    Identity,
    Journal,
    Metrics,
    PlatformError,
    Published,
    PublishOutcome,
    ReconcileOutcome,
    Rejected,
    Scheduled,
    ScheduleOutcome,
)
from pipeline.platforms.content import Content, Measure, Problem
from pipeline.platforms.offer import Capabilities, Guarantee, Permalink, Setting
from pipeline.store import tables
from pipeline.store.accounts import AccountRow
from pipeline.vocabulary import ErrorKind

Meets = Callable[[str, Content | None], object]
"""What befalls a call, by its step: "schedule", "scheduled" (its effect is there), "publish", "published", "unschedule",
"unscheduled", "reconcile". An outcome is answered in place of its own; None: it goes its way.
"""

_LEDGER = """
    create table if not exists far_away (
        id integer generated always as identity primary key, distribution_id text not null, at timestamptz not null,
        held boolean not null, withdrawn boolean not null default false, stuck boolean not null default false
    )
"""
_MOVED = (tables.distributions, tables.publish_attempts, tables.platforms, tables.handovers)


class FarPlatform:
    def __init__(self, engine: sa.Engine, meets: Meets = lambda step, content: None) -> None:
        self.meets = meets
        self.calls: list[str] = []
        self._ledger = engine.execution_options(isolation_level="AUTOCOMMIT")
        self.ask(_LEDGER)

    def open(self, row: AccountRow) -> Adapter:
        return _FarAdapter(Account(row.account_key, row.name, row.publish_config), self)

    def ask(self, statement: str, **values: object) -> Sequence[sa.Row[tuple[object, ...]]]:
        with self._ledger.connect() as connection:
            result = connection.execute(sa.text(statement), values)
            return result.all() if result.returns_rows else []

    def call(self, step: str, content: Content | None = None) -> object:
        self.calls.append(step)
        return self.meets(step, content)

    def effects(self, distribution_id: object) -> int:
        """How often readers see it."""
        return len(self._rows("at <= now() and not stuck", distribution_id))

    def holds(self, distribution_id: object) -> list[datetime]:
        """The times for which it is held."""
        return [row.at.astimezone(UTC) for row in self._rows("at > now()", distribution_id)]

    def stop_clockwork(self) -> None:
        """What is held now is never published by itself."""
        self.ask("update far_away set stuck = true where held")

    def _rows(self, which: str, distribution_id: object) -> Sequence[sa.Row[tuple[object, ...]]]:
        return self.ask(
            f"select * from far_away where distribution_id = :id and not withdrawn and {which}",
            id=str(distribution_id),
        )


def let_pass(engine: sa.Engine, how_long: timedelta) -> None:
    """Time goes by for us and for the platform: every instant that anybody compares with now moves into the past."""
    with engine.begin() as connection:
        for table in _MOVED:
            instants = [column for column in table.c if column.type is tables.Instant and column.name != "updated_at"]
            connection.execute(table.update().values({column: column - how_long for column in instants}))
        connection.execute(sa.text("update far_away set at = at - :how_long"), {"how_long": how_long})


class _FarAdapter(Adapter):
    name: ClassVar[str] = "far"
    title: ClassVar[str] = "Far"
    settings: ClassVar[Sequence[Setting]] = ()
    secrets: ClassVar[Sequence[Setting]] = ()
    capabilities: Capabilities = Capabilities(
        update=False, delete=False, schedule=True, metrics=False, metrics_batch=1, guarantee=Guarantee.LIKELY
    )
    permalink: ClassVar[Permalink] = Permalink()

    def __init__(self, account: Account, platform: FarPlatform | None = None) -> None:
        assert platform is not None
        self.platform = platform

    @classmethod
    def adapt(cls, article: AdaptableArticle, account: Destination) -> AdaptedContent:
        raise NotImplementedError

    def validate(self, content: Content) -> list[Problem]:
        return []

    def measure(self, content: Content) -> list[Measure]:
        return []

    def publish(self, content: Content, journal: Journal) -> PublishOutcome:
        journal.record("sent", content.distribution_id)
        id_ = self._effect("publish", content, datetime.now(UTC), held=False)
        return id_ if not isinstance(id_, int) else _live(id_, datetime.now(UTC))  # type: ignore[return-value]

    def schedule(self, content: Content, at: datetime, journal: Journal) -> ScheduleOutcome:
        journal.record("handed over", at.isoformat())
        id_ = self._effect("schedule", content, at, held=True)
        return id_ if not isinstance(id_, int) else Scheduled(str(id_), None, at)  # type: ignore[return-value]

    def unschedule(self, external_id: str) -> ChangeOutcome:
        if (outcome := self.platform.call("unschedule")) is not None:
            return outcome  # type: ignore[return-value]
        self.platform.ask(
            "update far_away set withdrawn = true where id = :id and (stuck or at > now())", id=external_id
        )
        live = self.platform.ask("select from far_away where id = :id and not withdrawn", id=external_id)
        if (outcome := self.platform.call("unscheduled")) is not None:
            return outcome  # type: ignore[return-value]
        return Rejected(PlatformError(ErrorKind.POLICY, "it is live by now")) if live else Changed(external_id)

    def reconcile(self, content: Content, journal: Journal) -> ReconcileOutcome:
        if (outcome := self.platform.call("reconcile", content)) is not None:
            return outcome  # type: ignore[return-value]
        found = self.platform.ask(
            """
            select id, at, at <= now() and not stuck as live from far_away
            where distribution_id = :id and not withdrawn order by id desc limit 1
            """,
            id=content.distribution_id,
        )
        if not found:
            return Absent()
        (row,) = found
        return _live(row.id, row.at) if row.live else Scheduled(str(row.id), None, row.at)

    def metrics(self, external_ids: Sequence[str]) -> dict[str, Metrics | Gone]:
        return {}

    def whoami(self) -> Identity:
        return Identity("far")

    def _effect(self, step: str, content: Content, at: datetime, *, held: bool) -> object:
        if (outcome := self.platform.call(step, content)) is not None:
            return outcome
        (row,) = self.platform.ask(
            "insert into far_away (distribution_id, at, held) values (:id, :at, :held) returning id",
            id=content.distribution_id,
            at=at,
            held=held,
        )
        lost = self.platform.call(f"{step}d" if step == "schedule" else "published", content)
        return row.id if lost is None else lost


def _live(id_: int, at: datetime) -> Published:
    return Published(f"far-{id_}", f"http://127.0.0.1:9/far/{id_}", at)
