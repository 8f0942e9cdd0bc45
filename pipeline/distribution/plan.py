"""What each account would publish of a post: its versions, adapted, checked, hashed, waiting for approval."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.distribution.adapt import AdaptableArticle, adapt
from pipeline.distribution.hashing import version_hash
from pipeline.platforms.base import Account, Content, Problem
from pipeline.platforms.registry import adapter_class
from pipeline.store import accounts, plans
from pipeline.store.accounts import AccountRow
from pipeline.store.database import transaction
from pipeline.store.plans import PlannablePost, StoredVersion
from pipeline.vocabulary import DistributionStatus, PostStatus


class PlanError(Exception):
    """The post can't be planned; the message says why."""


@dataclass(frozen=True, slots=True)
class _Version:
    platform_id: UUID
    title: str | None
    body: str
    link_url: str | None
    media_urls: Sequence[str]
    platform_specific: Mapping[str, Any]


def plan_post(engine: sa.Engine, canonical_id: str) -> list[StoredVersion]:
    """Write a version of the post for each account of its vertical, and send the post to review.

    A version that its platform would refuse is held, with the reason, beside those that are ready: none is dropped.
    Run again before the approval, it rewrites them; afterwards it changes nothing.

    Raises:
        PlanError: no account takes posts of the vertical.
        UnknownPostError: there is no such post.
    """
    with transaction(engine, "planner") as connection:
        post = plans.lock_post(connection, canonical_id)
        if post.status in (PostStatus.DRAFT, PostStatus.REVIEW):
            rows = accounts.of_vertical(connection, post.vertical_id)
            if not rows:
                raise PlanError(f"No account takes posts of {post.vertical}; `pressroom accounts` lists them.")
            group_id = plans.group_of(connection, post)
            for account in rows:
                plans.write_version(connection, post, group_id, _version(post, account))
        if post.status == PostStatus.DRAFT:
            plans.send_to_review(connection, post.id)
        return plans.versions_of(connection, post.id)


def _version(post: PlannablePost, account: AccountRow) -> dict[str, Any]:
    adapted = adapt(_article(post), account)
    version = _Version(
        platform_id=account.id,
        title=adapted.title,
        body=adapted.body,
        link_url=adapted.link_url,
        media_urls=list(adapted.media_urls),
        platform_specific=dict(adapted.platform_specific),
    )
    problems = _problems(account, version)
    return {
        **asdict(version),
        "content_hash": version_hash(version),
        "status": DistributionStatus.HELD if problems else DistributionStatus.DRAFT,
        "hold_reason": "; ".join(f"{problem.field}: {problem.message}" for problem in problems) or None,
        "timezone": account.timezone,
    }


def _problems(account: AccountRow, version: _Version) -> list[Problem]:
    # Validation is without I/O, so it needs no credentials.
    try:
        adapter = adapter_class(account.name)(
            Account(account.account_key, account.name, account.publish_config, account.account_id)
        )
    except ValueError as error:
        return [Problem("account", str(error))]
    return adapter.validate(
        Content(
            distribution_id="",
            title=version.title,
            body=version.body,
            link_url=version.link_url,
            media_urls=version.media_urls,
            platform_specific=version.platform_specific,
        )
    )


def _article(post: PlannablePost) -> AdaptableArticle:
    return AdaptableArticle(
        title=post.title,
        markdown=post.content,
        excerpt=post.excerpt or "",
        keywords=tuple(post.keywords),
        canonical_url=f"{post.base_url}/{post.slug}/",
        vertical=post.vertical,
        slug=post.slug,
        language=post.language,
    )
