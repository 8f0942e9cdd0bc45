"""The engine's native scheduling with the real adapters: what the platforms of the sandbox hold is what is asked for."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from pipeline.distribution.accounts import adapter_factory
from pipeline.distribution.contents import content_of, stored
from pipeline.distribution.credentials import Keepers
from pipeline.distribution.handover import tend
from pipeline.distribution.publish import publish_due
from pipeline.platforms.article import AdaptableArticle
from pipeline.platforms.base import Journal, Published, ReconcileOutcome, Scheduled
from pipeline.platforms.registry import adapter_class, platform_names
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.registry import find_stand_in
from pipeline.store import accounts, interventions, tables
from pipeline_tests import factories
from pipeline_tests.distribution.platform import NO_LOOK_AHEAD
from pipeline_tests.platforms.rehearsal import rehearsal_of, sample_media

PLATFORMS = [name for name in platform_names() if adapter_class(name).capabilities.schedule]


class Desk:
    """One approved distribution on a platform of the sandbox, due on a quarter of an hour, and the worker's steps."""

    def __init__(self, engine: sa.Engine, sandbox: Sandbox, library: str, platform: str) -> None:
        self.engine = engine
        self.sandbox = sandbox
        self.platform = platform
        self.open = adapter_factory(Keepers(engine), timeout_seconds=10)
        now = datetime.now(UTC)
        self.at = now.replace(minute=15 * (now.minute // 15), second=0, microsecond=0) + timedelta(hours=2)
        stand_in = find_stand_in(platform)
        assert stand_in is not None
        with engine.begin() as connection:
            factories.vertical(connection, base_url=library)
            factories.account(
                connection,
                name=platform,
                account_key=platform,
                publish_config=dict(stand_in.publish_config(sandbox.url)),
                credentials_secret_id=f"sandbox:{platform}",
                hand_over_ahead_minutes=1440,
            )
            self.account = accounts.get(connection, platform)
            version = adapter_class(platform).adapt(self._article(library), self.account)
            self.id: UUID = factories.distribution(
                connection, self.account.id, **{**stored(version), "scheduled_for": self.at, "next_attempt_at": self.at}
            )

    def _article(self, library: str) -> AdaptableArticle:
        return AdaptableArticle(
            title="How to prune",
            markdown="Cut above a bud.\n\nThen wait.",
            excerpt="Cut above a bud.",
            keywords=["pruning"],
            canonical_url=f"{library}/how-to-prune/",
            vertical="garden",
            topics=["gardens"],
            media=[sample_media(name, library) for name in rehearsal_of(self.platform).media],
        )

    def work(self) -> dict[str, int]:
        publish_due(self.engine, self.open, NO_LOOK_AHEAD, worker="w")
        return dict(tend(self.engine, self.open, NO_LOOK_AHEAD, worker="w"))

    def move(self, at: datetime) -> None:
        times = {"scheduled_for": at, "next_attempt_at": at}
        table = tables.distributions
        with self.engine.begin() as connection:
            connection.execute(table.update().where(table.c.id == self.id).values(times))

    def row(self) -> Any:
        return factories.row_of(self.engine, self.id)

    def told(self) -> ReconcileOutcome:
        """What the platform says of it."""
        table = tables.publish_handles
        with self.engine.connect() as connection:
            handles = {
                row.step: row.handle
                for row in connection.execute(sa.select(table).where(table.c.distribution_id == self.id))
            }
        journal = Journal(handles, lambda step, handle: None, datetime.now(UTC) - timedelta(minutes=1))
        return self.open(self.account).reconcile(content_of(self.row(), self.id), journal)

    def seen(self) -> int:
        """How many times readers see it."""
        effect = rehearsal_of(self.platform).effect
        return sum(1 for each in self.sandbox.effects(self.platform) if each.kind == effect)


@pytest.fixture(params=PLATFORMS)
def desk(request: pytest.FixtureRequest, engine: sa.Engine, sandbox: Sandbox, library: str) -> Desk:
    return Desk(engine, sandbox, library, request.param)


def test_what_is_scheduled_is_held_there_moves_with_our_calendar_and_is_given_back(desk: Desk):
    assert desk.work() == {"handed over": 1}
    held = desk.told()
    assert isinstance(held, Scheduled)
    assert (held.at, desk.row().handed_over_for) == (desk.at, desk.at)

    later = desk.at + timedelta(hours=1)
    desk.move(later)
    assert desk.work() == {"taken back": 1, "handed over": 1}
    moved = desk.told()
    assert isinstance(moved, Scheduled)
    assert moved.at == later

    with desk.engine.begin() as connection:
        interventions.cancel(connection, desk.id, reason="never")
    assert desk.work() == {"taken back": 1}
    assert not isinstance(desk.told(), Scheduled | Published)
    assert desk.row().handed_over_for is None


def test_wanted_now_it_is_given_back_and_published_once(desk: Desk):
    desk.work()
    desk.move(datetime.now(UTC) - timedelta(seconds=1))
    desk.work()
    assert desk.work() == {}
    assert (desk.row().status, desk.row().error_message) == ("published", None)
    assert isinstance(desk.told(), Published)
    assert desk.seen() == 1
