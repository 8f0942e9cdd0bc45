"""How the links of a post's version for an account are told from all others."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from pipeline.platforms.article import AdaptableArticle
from pipeline.settings import settings
from pipeline.store import short_links
from pipeline.store.accounts import AccountRow
from pipeline.store.plans import PlannablePost
from pipeline.text.tracking import MEDIA, SOCIAL, Tracking, Utm, is_below, tagged

_SHORT: Final = 10
"""Characters of 5 bits each: among a million short links, two share a code with a chance of 0.04 %. The database
refuses the second of those."""


def link_code(post_id: UUID, account_id: UUID) -> str:
    """What the post on the account is called in links: as the database's `link_code` has it."""
    return hashlib.sha256(post_id.bytes + account_id.bytes).hexdigest()[:12]


def short_code(post_id: UUID, account_id: UUID, target: str) -> str:
    """Of the target too: an approved version leads where it led when it was approved."""
    digest = hashlib.sha256(post_id.bytes + account_id.bytes + target.encode()).digest()
    return base64.b32encode(digest)[:_SHORT].decode().lower()


def tracked(
    article: AdaptableArticle, post: PlannablePost, account: AccountRow, own: Sequence[str]
) -> AdaptableArticle:
    """The article with what its links carry in the version for the account; `own`: see `store.own_addresses`.

    At home, links carry no tags: a reader who follows one there has not come from anywhere. A page that is not ours is
    not tagged either.
    """
    code = link_code(post.id, account.id)
    utm = None
    if not account.is_home:
        utm = Utm(account.name, MEDIA.get(account.name, SOCIAL), post.campaign or post.vertical_slug, code)
    page = article.canonical_url
    target = tagged(page, utm) if utm and is_below(page, own) else page
    tracking = Tracking(page=page, target=target, link=target, own=own, utm=utm, code=code)
    base = settings().collect_url
    if account.short_links and base is not None and target != page:
        short = short_code(post.id, account.id, target)
        tracking = replace(tracking, link=f"{base.rstrip('/')}/r/{short}", short_code=short)
    return replace(article, tracking=tracking)


def keep_short_link(connection: sa.Connection, article: AdaptableArticle, distribution_id: UUID, post_id: UUID) -> None:
    """Keep where the version's short link leads, where it has one."""
    tracking = article.tracking
    if tracking is not None and tracking.short_code is not None:
        short_links.put(
            connection,
            code=tracking.short_code,
            target_url=tracking.target,
            distribution_id=distribution_id,
            post_id=post_id,
        )
