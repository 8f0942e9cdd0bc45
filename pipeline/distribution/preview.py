"""What each account would get of a post, or got: its text, lengths and warnings. Nothing is written, nothing sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from pipeline.distribution.accounts import without_credentials
from pipeline.distribution.contents import content_of
from pipeline.distribution.plan import article_of, goes_to, unmet
from pipeline.distribution.tracking import tracked
from pipeline.platforms.content import Content, Measure, Problem
from pipeline.platforms.media.facts import Media
from pipeline.platforms.registry import UnknownPlatformError, adapter_class
from pipeline.store import accounts, plans
from pipeline.store.accounts import AccountRow
from pipeline.store.own_addresses import own_addresses
from pipeline.store.plans import PlannablePost
from pipeline.text.well_formed import TooDeepError
from pipeline.vocabulary import AccountState, DistributionStatus, MediaKind, PostStatus

_NO_VERSION: Final = "The post's versions were written without it."


class PreviewError(Exception):
    """There is nothing to be shown; the message says why."""


@dataclass(frozen=True, slots=True)
class VersionPreview:
    """One account's version. `status` is that of the stored version, None where it is only adapted for the preview.

    `problems` make the platform refuse it, `warnings` do not. `details` are the rest of what only this platform takes.
    """

    account_key: str
    platform: str
    status: DistributionStatus | None
    hold_reason: str | None
    title: str | None
    body: str
    link_url: str | None
    media: Sequence[Media]
    hashtags: Sequence[str]
    details: Mapping[str, Any]
    measures: Sequence[Measure]
    problems: Sequence[Problem]
    warnings: Sequence[str]


@dataclass(frozen=True, slots=True)
class Preview:
    """The versions, the home's first, and why an account has none, by the key of each that was left out."""

    canonical_id: str
    status: PostStatus
    versions: Sequence[VersionPreview]
    left_out: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Stored:
    content: Content
    status: DistributionStatus
    hold_reason: str | None


def preview_post(engine: sa.Engine, canonical_id: str, account_key: str | None = None) -> Preview:
    """The post for every account of its vertical, or for one.

    A draft is adapted as the planner would. Later the stored versions are shown, which are what was or will be
    approved; a post in review that has none yet is adapted as well.

    Raises:
        PreviewError: the account takes no posts of the vertical, or no account does.
        UnknownPostError: there is no such post.
    """
    with engine.connect() as connection:
        post = plans.read_post(connection, canonical_id)
        rows = [row for row in accounts.all_accounts(connection) if account_key in (None, row.account_key)]
        stored = {} if post.status == PostStatus.DRAFT else _stored(connection, post)
        own = own_addresses(connection)
    rows = [row for row in rows if row.id in stored or row.vertical_id in (None, post.vertical_id)]
    if not rows:
        who = "No account" if account_key is None else f"No account {account_key!r}"
        raise PreviewError(f"{who} takes posts of {post.vertical}; `pressroom accounts` lists them.")
    to_adapt = not stored and post.status in (PostStatus.DRAFT, PostStatus.REVIEW)
    versions: list[VersionPreview] = []
    left_out: dict[str, str] = {}
    for row in rows:
        found = _adapted(post, row, own) if to_adapt else _kept(post, row, stored, own)
        if isinstance(found, str):
            left_out[row.account_key] = found
        else:
            versions += found
    return Preview(post.canonical_id, post.status, versions, left_out)


def _stored(connection: sa.Connection, post: PlannablePost) -> dict[UUID, list[_Stored]]:
    """The post's versions, by their account's id."""
    found: dict[UUID, list[_Stored]] = {}
    for row in plans.distributions_of(connection, post.id):
        version = _Stored(content_of(row, row.id), DistributionStatus(row.status), row.hold_reason)
        found.setdefault(row.platform_id, []).append(version)
    return found


def _adapted(post: PlannablePost, account: AccountRow, own: Sequence[str]) -> list[VersionPreview] | str:
    """The version as the planner would write it, or why it would write none."""
    if not goes_to(post, account):
        return f"The post goes to {', '.join(post.platforms or ())} only."
    if account.state != AccountState.ACTIVE:
        return f"It is {account.state}: {account.state_reason or 'no reason is given'}."
    try:
        adapter, article = adapter_class(account.name), tracked(article_of(post), post, account, own)
        if reason := unmet(article, adapter):
            return reason
        adapted = adapter.adapt(article, account)
    except UnknownPlatformError as error:
        return str(error)
    except ValueError as error:
        what = "text can't be rendered" if isinstance(error, TooDeepError) else "settings can't be used"
        return f"Its {what}: {error}."
    content = Content(
        distribution_id="",
        title=adapted.title,
        body=adapted.body,
        link_url=adapted.link_url,
        media=adapted.media,
        platform_specific=adapted.platform_specific,
    )
    return [_preview(account, content, None, None)]


def _kept(
    post: PlannablePost, account: AccountRow, stored: Mapping[UUID, Sequence[_Stored]], own: Sequence[str]
) -> list[VersionPreview] | str:
    """The versions as they are stored, or why there is none."""
    versions = stored.get(account.id)
    if not versions:
        reason = _adapted(post, account, own)
        return reason if isinstance(reason, str) else _NO_VERSION
    return [_preview(account, version.content, version.status, version.hold_reason) for version in versions]


def _preview(
    account: AccountRow, content: Content, status: DistributionStatus | None, hold_reason: str | None
) -> VersionPreview:
    measures, problems = _judged(account, content)
    extra = dict(content.platform_specific)
    extra.pop("plain_text", None)  # the body once more
    return VersionPreview(
        account_key=account.account_key,
        platform=account.name,
        status=status,
        hold_reason=hold_reason,
        title=content.title,
        body=content.body,
        link_url=content.link_url,
        media=content.media,
        hashtags=extra.pop("hashtags", ()),
        details=extra,
        measures=measures,
        problems=problems,
        warnings=_warnings(measures, problems, content.media),
    )


def _judged(account: AccountRow, content: Content) -> tuple[list[Measure], list[Problem]]:
    """The version's lengths against the platform's limits and the account's own, and what the platform would refuse."""
    try:
        # Neither question is with I/O, so they need no credentials.
        opened = without_credentials(account)
        measures = [_within(account, measure) for measure in opened.measure(content)]
        return measures, opened.validate(content)
    except (UnknownPlatformError, ValueError) as error:
        return [], [Problem("account", str(error))]


def _within(account: AccountRow, measure: Measure) -> Measure:
    own = {"title": account.max_title_length, "body": account.max_content_length}.get(measure.field)
    limits = [limit for limit in (own, measure.limit) if limit is not None]
    return replace(measure, limit=min(limits, default=None))


def _warnings(measures: Sequence[Measure], problems: Sequence[Problem], media: Sequence[Media]) -> list[str]:
    refused = {problem.field for problem in problems}
    too_long = [
        f"{measure.field}: {measure.used} {measure.unit}, {measure.limit} are taken or shown whole."
        for measure in measures
        if measure.is_over and measure.field not in refused
    ]
    return too_long + [
        f"media: {each.url} has no alternative text."
        for each in media
        if each.kind is not MediaKind.AUDIO and not each.alt_text
    ]
