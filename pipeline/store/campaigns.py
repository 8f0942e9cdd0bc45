"""Campaigns, which posts are in one, and until when a post is of use."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipeline.store import calendar_slots
from pipeline.store.tables import campaigns, posting_rules, publisher_posts, publisher_verticals

_c = campaigns.c
_p = publisher_posts.c


class UnknownCampaignError(LookupError):
    """No campaign is called so."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """From `begins` until, and without, `ends`. `timezone` is its vertical's, in which people say the two."""

    id: UUID
    name: str
    vertical_id: UUID
    vertical: str
    timezone: str
    begins: datetime
    ends: datetime
    posts: int


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Until when a post is of use. `timezone` is its vertical's; `campaign` its campaign's name."""

    title: str
    vertical_id: UUID
    timezone: str
    expires_at: datetime | None
    is_evergreen: bool
    campaign: str | None


def all_campaigns(connection: sa.Connection) -> list[Campaign]:
    """The latest to end first."""
    return [Campaign(*row) for row in connection.execute(_select().order_by(_c.ends.desc(), _c.name))]


def campaign(connection: sa.Connection, name: str) -> Campaign:
    """Raises: UnknownCampaignError, which names those there are."""
    row = connection.execute(_select().where(_c.name == name)).one_or_none()
    if row is None:
        known = ", ".join(connection.scalars(sa.select(_c.name).order_by(_c.name))) or "none"
        raise UnknownCampaignError(f"There is no campaign {name!r}; there are: {known}.")
    return Campaign(*row)


def add(connection: sa.Connection, name: str, vertical_id: UUID, begins: datetime, ends: datetime) -> bool:
    """False: the name is taken."""
    statement = insert(campaigns).values(name=name, vertical_id=vertical_id, begins=begins, ends=ends)
    statement = statement.on_conflict_do_nothing(index_elements=["name"])
    return connection.scalar(statement.returning(_c.id)) is not None


def set_window(connection: sa.Connection, campaign_id: UUID, begins: datetime, ends: datetime) -> None:
    """Its slots are made anew; what is booked stays booked."""
    _call_for_slots(connection, campaign_id)
    connection.execute(campaigns.update().where(_c.id == campaign_id).values(begins=begins, ends=ends))


def remove(connection: sa.Connection, campaign_id: UUID) -> None:
    """Its rules go with it; its posts stay, and are in none."""
    _call_for_slots(connection, campaign_id)
    connection.execute(campaigns.delete().where(_c.id == campaign_id))


def put_in(connection: sa.Connection, canonical_id: str, campaign_id: UUID | None) -> None:
    """The post is in the campaign from now on; None: in none."""
    connection.execute(publisher_posts.update().where(_p.canonical_id == canonical_id).values(campaign_id=campaign_id))


def lifetime(connection: sa.Connection, canonical_id: str) -> Lifetime:
    """Of a post that there is."""
    v = publisher_verticals.c
    row = connection.execute(
        sa.select(_p.title, _p.vertical_id, v.timezone, _p.expires_at, _p.is_evergreen, _c.name)
        .join(publisher_verticals, v.id == _p.vertical_id)
        .outerjoin(campaigns, _c.id == _p.campaign_id)
        .where(_p.canonical_id == canonical_id)
    ).one()
    return Lifetime(*row)


def set_lifetime(
    connection: sa.Connection, canonical_id: str, *, expires_at: datetime | None, is_evergreen: bool
) -> None:
    connection.execute(
        publisher_posts.update()
        .where(_p.canonical_id == canonical_id)
        .values(expires_at=expires_at, is_evergreen=is_evergreen)
    )


def _call_for_slots(connection: sa.Connection, campaign_id: UUID) -> None:
    r = posting_rules.c
    accounts = connection.scalars(
        sa.select(r.platform_id).where(r.campaign_id == campaign_id).distinct().order_by(r.platform_id)
    )
    for account_id in accounts.all():
        calendar_slots.call_for(connection, account_id)


def _select() -> "sa.Select[Any]":
    v = publisher_verticals.c
    posts = sa.select(sa.func.count()).where(_p.campaign_id == _c.id).scalar_subquery()
    return sa.select(_c.id, _c.name, _c.vertical_id, v.slug, v.timezone, _c.begins, _c.ends, posts).join(
        publisher_verticals, v.id == _c.vertical_id
    )
