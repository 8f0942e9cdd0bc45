"""A site with published pages, a sandbox of analytics, and ways to ask them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from pipeline.distribution.credentials import CredentialsError, Keepers, resolve
from pipeline.measurement.site_analytics.registry import source_factory
from pipeline.measurement.site_analytics.sync import SyncReport, sync
from pipeline.sandbox.analytics import STAND_INS
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.server import running
from pipeline.store import tables
from pipeline_tests import factories

TODAY = date(2026, 5, 20)
NOW = datetime(2026, 5, 20, 6, 25, tzinfo=UTC)
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture(scope="session")
def server() -> Iterator[Sandbox]:
    with running() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    server.clear()
    return server


def tell(sandbox: Sandbox, path: str, day: date = YESTERDAY, **figures: Any) -> None:
    """Tells the stand-ins how many readers a page had."""
    told = {"views": 10, "visitors": 8, "visits": 8, "entries": 5, "bounces": 2, "seconds": 480, "depth": 60}
    body = [{"path": path, "date": day.isoformat(), **told, **figures}]
    httpx.put(f"{sandbox.url}/plausible/readers", json=body).raise_for_status()


@dataclass
class Desk:
    """A site, its pages, and what was told of them."""

    engine: sa.Engine
    sandbox: Sandbox
    account: UUID
    pages: dict[str, UUID] = field(default_factory=dict)
    """Distributions by path."""
    posts: dict[str, UUID] = field(default_factory=dict)

    def page(self, name: str, published: datetime = NOW - timedelta(days=10), account: UUID | None = None) -> str:
        path = f"/{name}/"
        with self.engine.begin() as connection:
            post_id, review_id = factories.approved_post(connection, content="word " * 476)
            self.posts[path] = post_id
            self.pages[path] = factories.distribution(
                connection,
                account or self.account,
                post_id=post_id,
                review_id=review_id,
                status="published",
                external_id=name,
                external_url=f"http://127.0.0.1{path}",
                published_at=published,
            )
            posts = tables.publisher_posts
            connection.execute(
                posts.update().where(posts.c.id == post_id).values(status="published", published_at=published)
            )
        return path

    def source(self, kind: str, key: str = "readers", *, account: UUID | None = None, **values: Any) -> None:
        config = {} if kind == "first_party" else dict(STAND_INS[kind].publish_config(self.sandbox.url))
        row = {
            "source_key": key,
            "kind": kind,
            "platform_id": account or self.account,
            "config": {**config, **values.pop("config", {})},
            "credentials_secret_id": None if kind == "first_party" else f"sandbox:{kind}",
            "counts_since": YESTERDAY - timedelta(days=2),
            **values,
        }
        with self.engine.begin() as connection:
            connection.execute(tables.analytics_sources.insert().values(**row))

    def readers(self, path: str, day: date = YESTERDAY, **figures: Any) -> None:
        tell(self.sandbox, path, day, **figures)

    def sync(self, now: datetime = NOW) -> list[SyncReport]:
        keepers = Keepers()
        opened = source_factory(self.engine, lambda reference: resolve(reference, keepers), timeout_seconds=5)
        return sync(self.engine, opened, now=now, unusable=(CredentialsError,))

    def days(self, path: str) -> dict[date, Mapping[str, Any]]:
        """What is kept of a post, by day."""
        table = tables.publisher_post_analytics
        return {row["date"]: row for row in self.rows(sa.select(table).where(table.c.post_id == self.posts[path]))}

    def history(self, path: str, day: date = YESTERDAY) -> list[int]:
        """The views that were told of a page's day, one after another."""
        table = tables.page_readings
        rows = self.rows(
            sa.select(table)
            .where(table.c.distribution_id == self.pages[path], table.c.date == day)
            .order_by(table.c.id)
        )
        return [row["views"] for row in rows]

    def rows(self, query: Any) -> Sequence[Mapping[str, Any]]:
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


@pytest.fixture
def desk(engine: sa.Engine, sandbox: Sandbox) -> Desk:
    with engine.begin() as connection:
        account = factories.account(
            connection,
            name="site",
            account_key="garden",
            is_home=True,
            timezone="UTC",
            publish_config={"base_url": "http://127.0.0.1", "folder": "/nowhere", "name": "Garden"},
        )
    return Desk(engine, sandbox, account)


@pytest.fixture
def other_account(desk: Desk) -> Callable[..., UUID]:
    """Makes another account."""

    def make(**values: Any) -> UUID:
        with desk.engine.begin() as connection:
            return factories.account(connection, timezone="UTC", **values)

    return make
