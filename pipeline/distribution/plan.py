"""What each account would publish of a post: its versions, adapted, checked, hashed, waiting for approval."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from pipeline.distribution.accounts import without_credentials
from pipeline.distribution.contents import content_of, stored
from pipeline.distribution.hashing import version_hash
from pipeline.distribution.tracking import keep_short_link, tracked
from pipeline.learning.experiments.giving import Given, given
from pipeline.platforms.adaptation import needed
from pipeline.platforms.article import AdaptableArticle
from pipeline.platforms.base import Adapter
from pipeline.platforms.content import Problem
from pipeline.platforms.media.facts import Media
from pipeline.platforms.registry import UnknownPlatformError, adapter_class
from pipeline.store import accounts, plans
from pipeline.store.accounts import AccountRow
from pipeline.store.database import transaction
from pipeline.store.own_addresses import own_addresses
from pipeline.store.plans import PlannablePost, StoredVersion
from pipeline.text.parts import parts_of
from pipeline.text.well_formed import TooDeepError
from pipeline.vocabulary import DistributionStatus, PostStatus

_IN_PARTS: Final = frozenset({"thread", "carousel", "script", "again"})
"""What a post can be repurposed as whose text is sent whole, in parts where thematic breaks divide it."""
_AS_IT_IS: Final = Given()


class PlanError(Exception):
    """The post can't be planned; the message says why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The post's versions, its home's first, and why an account has none, by the key of each that was left out."""

    versions: Sequence[StoredVersion]
    left_out: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Version:
    platform_id: UUID
    title: str | None
    body: str
    link_url: str | None
    media_urls: Sequence[str]
    platform_specific: Mapping[str, Any]


def plan_post(engine: sa.Engine, canonical_id: str) -> Plan:
    """Write a version of the post for each account of its vertical, and send the post to review.

    A version that its platform would refuse is held, with the reason, beside those that are ready: none is dropped.
    Only an account whose platform has no adapter, or takes no post without a film where this has none, is left out, and
    those on other platforms than the post's own choice. Run again before the approval, it rewrites them; afterwards it
    changes nothing.

    Raises:
        PlanError: no account takes posts of the vertical, none of the chosen platforms has one, none of those that do
            can be written for, or the text holds HTML that can't be rendered.
        UnknownPostError: there is no such post.
    """
    left_out: dict[str, str] = {}
    with transaction(engine, "planner") as connection:
        post = plans.lock_post(connection, canonical_id)
        if post.status in (PostStatus.DRAFT, PostStatus.REVIEW):
            rows = [row for row in accounts.of_vertical(connection, post.vertical_id) if goes_to(post, row)]
            if not rows:
                on = f" on {' or '.join(post.platforms)}" if post.platforms else ""
                raise PlanError(f"No account{on} takes posts of {post.vertical}; `pressroom accounts` lists them.")
            article = article_of(post)
            versioned = plans.accounts_with_versions(connection, post.id)
            adapters, left_out = _adapters(rows, article, versioned)
            left_out |= _without_account(post, rows)
            if not adapters:
                raise PlanError(f"No account of {post.vertical} can be written for: {' '.join(left_out.values())}")
            group_id = plans.group_of(connection, post)
            own = own_addresses(connection)
            articles = [tracked(article, post, account, own) for account, _ in adapters]
            takers = [account for account, _ in adapters] if not article.parts else []
            arms = given(connection, post.id, article, takers)
            try:
                versions = [
                    _version(each, account, adapter, arms.get(account.id, _AS_IT_IS))
                    for each, (account, adapter) in zip(articles, adapters, strict=True)
                ]
            except TooDeepError as error:
                raise PlanError(f"The text of {canonical_id} can't be rendered: {error}.") from None
            for each, version in zip(articles, versions, strict=True):
                written = plans.write_version(connection, post, group_id, version)
                if written is not None:
                    keep_short_link(connection, each, written, post.id)
        if post.status == PostStatus.DRAFT:
            plans.send_to_review(connection, post.id)
        return Plan(plans.versions_of(connection, post.id), left_out)


def goes_to(post: PlannablePost, account: AccountRow) -> bool:
    """Whether the post is for the account, or for its platform. One with a page of its own always goes to its home."""
    if post.account_id is not None:
        return account.id == post.account_id
    if post.platforms is None or account.name in post.platforms:
        return True
    return account.is_home and post.canonical_url is None


def _without_account(post: PlannablePost, rows: Sequence[AccountRow]) -> dict[str, str]:
    reached = {row.name for row in rows}
    return {name: f"No account takes posts of {post.vertical}." for name in post.platforms or () if name not in reached}


def unmet(article: AdaptableArticle, adapter: type[Adapter]) -> str | None:
    """Why the platform can have no version of the article, whatever is written; None where it can."""
    missing = needed(article.media, adapter.capabilities)
    return " ".join(problem.message for problem in missing) or None


def _adapters(
    rows: Sequence[AccountRow], article: AdaptableArticle, versioned: Collection[UUID]
) -> tuple[list[tuple[AccountRow, type[Adapter]]], dict[str, str]]:
    """Each account that can have a version, with its platform's adapter; and why another can't, by account."""
    found, left_out = [], {}
    for account in rows:
        try:
            adapter = adapter_class(account.name)
        except UnknownPlatformError as error:
            left_out[account.account_key] = str(error)
            continue
        reason = unmet(article, adapter)
        if reason and account.id not in versioned:  # a version that is there is held, with the same reason
            left_out[account.account_key] = reason
        else:
            found.append((account, adapter))
    return found, left_out


def _version(article: AdaptableArticle, account: AccountRow, adapter: type[Adapter], arm: Given) -> dict[str, Any]:
    version = _Version(platform_id=account.id, **stored(arm.adapted(adapter, article, account)))
    problems = _problems(account, version)
    return {
        **asdict(version),
        **arm.columns,
        "content_hash": version_hash(version),
        "status": DistributionStatus.HELD if problems else DistributionStatus.DRAFT,
        "hold_reason": "; ".join(f"{problem.field}: {problem.message}" for problem in problems) or None,
        "timezone": account.timezone,
    }


def _problems(account: AccountRow, version: _Version) -> list[Problem]:
    # Validation is without I/O, so it needs no credentials.
    try:
        opened = without_credentials(account)
    except ValueError as error:
        return [Problem("account", str(error))]
    return opened.validate(content_of(version))


def article_of(post: PlannablePost) -> AdaptableArticle:
    return AdaptableArticle(
        title=post.title,
        markdown=post.content,
        excerpt=post.excerpt or "",
        keywords=tuple(post.keywords),
        canonical_url=post.canonical_url or f"{post.base_url}/{post.slug}/",
        vertical=post.vertical,
        slug=post.slug,
        language=post.language,
        media=tuple(Media.from_document(each) for each in post.media),
        parts=tuple(parts_of(post.content)) if post.repurposed_as in _IN_PARTS else (),
        credit=post.credit,
    )
