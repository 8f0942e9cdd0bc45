"""What the tests of attribution need of the world: publications, visits, clicks and conversions."""

import itertools
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.store import tables
from pipeline_tests import factories

_numbers = itertools.count(1)
LOOK_BACK, HALF_LIFE = timedelta(days=30), timedelta(days=7)
NOW = datetime.now(UTC).replace(microsecond=0)


def ago(**units: float) -> datetime:
    return NOW - timedelta(**units)


def publication(connection: sa.Connection, key: str, **values: Any) -> tuple[UUID, UUID]:
    """A publication on the account with this key, and its post; both made where they are missing."""
    account = connection.scalar(sa.select(tables.platforms.c.id).where(tables.platforms.c.account_key == key))
    if account is None:
        account = factories.account(connection, name=values.pop("platform", "bluesky"), account_key=key)
    post_id = values.pop("post_id", None) or post(connection)
    row = {
        "post_id": post_id,
        "content_type": "generated",
        "platform_id": account,
        "body": "Cut above a bud.",
        "content_hash": "any",
        "status": "published",
        "published_at": ago(days=3),
        **values,
    }
    return factories.insert(connection, tables.distributions, **row), post_id


def post(connection: sa.Connection, **values: Any) -> UUID:
    author = factories.user(connection)
    vertical = values.pop("vertical_id", None) or factories.vertical(connection)
    at = values.pop("published_at", ago(days=4))
    return factories.post(
        connection,
        vertical,
        author,
        **{
            "status": "published",
            "human_reviewed": True,
            "reviewed_by": author,
            "reviewed_at": at,
            "published_at": at,
            **values,
        },
    )


def visit(connection: sa.Connection, visitor: str, at: datetime, **values: Any) -> None:
    """A page that was shown; only with a source is it an arrival from outside."""
    home = connection.scalar(sa.select(tables.platforms.c.id).where(tables.platforms.c.is_home))
    if home is None:
        home = factories.account(connection, name="site", account_key="site", is_home=True)
    connection.execute(
        sa.text("select ensure_page_views_partitions(:at, :at)"),
        {"at": at},
    )
    row = {"id": uuid.uuid4(), "at": at, "platform_id": home, "path": "/a/", "visitor": visitor, "source": "beacon"}
    connection.execute(tables.page_views.insert().values(**row, **values))


def click(connection: sa.Connection, visitor: str, at: datetime, distribution_id: UUID) -> None:
    code = f"code{next(_numbers):06d}"
    connection.execute(
        tables.short_links.insert().values(
            code=code, target_url="http://127.0.0.1:9/a/", distribution_id=distribution_id
        )
    )
    connection.execute(tables.link_clicks.insert().values(code=code, at=at, visitor=visitor))


def conversion(
    connection: sa.Connection, visitor: str | None = None, at: datetime = NOW, usd: str | None = "10", **values: Any
) -> UUID:
    amount = None if usd is None else Decimal(usd)
    row = {
        "source": "shop",
        "external_id": str(next(_numbers)),
        "occurred_at": at,
        "kind": "sale",
        "value": amount,
        "currency": None if amount is None else "USD",
        "usd": amount,
        "visitor": visitor,
        **values,
    }
    return factories.insert(connection, tables.conversions, **row)
