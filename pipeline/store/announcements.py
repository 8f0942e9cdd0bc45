"""Who is told when a publication is live or in trouble: rows of the outbox, written with what they tell of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self
from uuid import UUID

import sqlalchemy as sa
import structlog

from pipeline.settings import Settings
from pipeline.vocabulary import DistributionStatus

log = structlog.get_logger(__name__)

WEBHOOK: Final = "webhook"
INDEXNOW: Final = "indexnow"
WEBSUB: Final = "websub"


@dataclass(frozen=True, slots=True)
class Announce:
    """What is announced of our own site's pages. An account's webhook is its own: `platforms.webhook_url`."""

    indexnow: bool = False
    websub: bool = False

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        return cls(indexnow=settings.indexnow_key is not None, websub=settings.websub_hub is not None)


# What a webhook tells, the outcome's own values apart.
_ABOUT = """
    'distribution_id', d.id, 'post_id', d.post_id, 'account', p.account_key, 'platform', p.name, 'title', d.title,
    'scheduled_for', d.scheduled_for
"""

# A host that the internet can know by its name: search engines and hubs reach no other. The names that RFC 6761, 6762,
# 8375 and ICANN reserve are nobody's there. No look-up: this runs in the publisher's transaction.
_PUBLIC_HOST = r"^https?://([a-z0-9-]+[.])+[a-z][a-z0-9-]*(:[0-9]+)?(/|$)"
_RESERVED_HOST = (
    r"^https?://([^/:]*[.])?(localhost|local|test|invalid|example|internal|onion|home[.]arpa)(:[0-9]+)?(/|$)"
)

# A batch changes a site's feed once; its pages are told apart.
_ANNOUNCE_PUBLISHED = sa.text(f"""
    with live as (
        select d.id, d.external_url as url, d.published_at, p.account_key, p.webhook_url,
            p.is_home and p.name = 'site' as is_page, rtrim(p.publish_config ->> 'base_url', '/') as base_url,
            jsonb_build_object(
                {_ABOUT}, 'url', d.external_url, 'external_id', d.external_id, 'published_at', d.published_at
            ) as about
        from distributions d join platforms p on p.id = d.platform_id
        where d.id = any (:ids) and d.status = 'published'
    ),
    pages as (
        select *, base_url ~* :public and base_url !~* :reserved as is_public
        from live where is_page and (:indexnow or :websub)
    ),
    told as (
        insert into outbox (topic, idempotency_key, payload)
        select '{WEBHOOK}', concat_ws(':', '{WEBHOOK}', id, 'published'), jsonb_build_object(
            'account', account_key, 'type', 'distribution.published', 'timestamp', published_at, 'data', about
        )
        from live where webhook_url is not null
        union all
        select '{INDEXNOW}', concat_ws(':', '{INDEXNOW}', id, 'published'), jsonb_build_object(
            'account', account_key, 'url', url, 'base_url', base_url
        )
        from pages where :indexnow and is_public
        union all
        select * from (
            select distinct on (account_key)
                '{WEBSUB}', concat_ws(':', '{WEBSUB}', id, 'published'), jsonb_build_object(
                    'account', account_key, 'base_url', base_url
                )
            from pages where :websub and is_public
            order by account_key, published_at desc
        ) as feeds
        on conflict (idempotency_key) do nothing
    )
    select url from pages where not is_public
""")  # noqa: S608 - our own text


def announce_published(connection: sa.Connection, distribution_ids: Sequence[UUID], announce: Announce) -> None:
    """Have told what is published by now: each account's webhook, and of the home site's pages, search engines and hub.

    Told once of each publication, however often this is called. A site whose address only this network knows is
    announced to nobody outside.
    """
    unreachable = connection.scalars(
        _ANNOUNCE_PUBLISHED,
        {
            "ids": list(distribution_ids),
            "indexnow": announce.indexnow,
            "websub": announce.websub,
            "public": _PUBLIC_HOST,
            "reserved": _RESERVED_HOST,
        },
    )
    for url in unreachable:
        log.info("not_announced", url=url, why="the site's address is not one of the public internet")


def announce_trouble(connection: sa.Connection, distribution_id: UUID, event: DistributionStatus) -> None:
    """Have the account's webhook told that a distribution is failed, held or unknown, as it stands now.

    Told once for each time that it came into this state; nothing where it is not in it.
    """
    connection.execute(
        sa.text(f"""
            insert into outbox (topic, idempotency_key, payload)
            select '{WEBHOOK}', concat_ws(':', '{WEBHOOK}', d.id, d.status, entered.id), jsonb_build_object(
                'account', p.account_key, 'type', 'distribution.' || d.status, 'timestamp', entered.at,
                'data', jsonb_build_object(
                    {_ABOUT}, 'reason', case d.status when 'held' then d.hold_reason else d.error_message end
                )
            )
            from distributions d
            join platforms p on p.id = d.platform_id
            cross join lateral (
                select e.id, e.at from distribution_events e
                where e.distribution_id = d.id and e.to_status = d.status
                order by e.id desc
                limit 1
            ) as entered
            where d.id = :id and d.status = :event and p.webhook_url is not null
            on conflict (idempotency_key) do nothing
        """),  # noqa: S608 - our own text
        {"id": distribution_id, "event": event},
    )


def webhook_url(connection: sa.Connection, account_key: str) -> str | None:
    """Where the account's events are told today; None where nobody wants them."""
    url: str | None = connection.scalar(
        sa.text("select webhook_url from platforms where account_key = :key"), {"key": account_key}
    )
    return url
