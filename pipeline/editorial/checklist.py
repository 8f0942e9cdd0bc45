"""The checklist of a review: for each item what programs found, and who looked at it.

Both parts belong to one text with its files, by their hash: of a changed text nothing is checked.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from pipeline.editorial import desk, linking, quotation
from pipeline.editorial.findings import Finding
from pipeline.editorial.grounding import check_sources
from pipeline.editorial.hashing import content_hash
from pipeline.editorial.permissions import Action
from pipeline.editorial.rights import legal_findings, picture_findings
from pipeline.editorial.seo import check_post, group_of
from pipeline.editorial.voice import voice_findings
from pipeline.store import review_checks
from pipeline.store.database import transaction
from pipeline.store.posts import UnknownPostError
from pipeline.store.review_checks import Confirmation, Subject
from pipeline.store.users import User
from pipeline.vocabulary import PostStatus, ReviewItem
from pipeline.writing.voice import VoiceProfile

ALL_ITEMS: Final = frozenset(ReviewItem)
QUESTIONS: Final[Mapping[ReviewItem, str]] = {
    ReviewItem.FACTUAL_ACCURACY: "Is every number, name and claim right, and does a source say so?",
    ReviewItem.BRAND_VOICE: "Does it sound like us?",
    ReviewItem.SEO: "Will who searches for it find it, and what they hoped for in it?",
    ReviewItem.AFFILIATE_PLACEMENT: "Are the sponsored links of use to the reader, few, and disclosed?",
    ReviewItem.IMAGES: "Are the pictures fitting, ours to use, and described?",
    ReviewItem.LEGAL: "Is it lawful: quotations, credit, claims, disclosure?",
}
ACTOR: Final = "checklist"
_OPEN: Final = {PostStatus.DRAFT, PostStatus.REVIEW}
_PICTURES: Final = "pictures"
"""The group of the SEO report's findings that a picture editor looks at."""


@dataclass(frozen=True, slots=True)
class Item:
    item: ReviewItem
    findings: Sequence[Finding]
    confirmed: Confirmation | None
    """The human part; None where nobody has looked at this text."""

    @property
    def blocking(self) -> Sequence[Finding]:
        return [finding for finding in self.findings if finding.severity == "blocking"]


@dataclass(frozen=True, slots=True)
class Checklist:
    """`checked_hash` is of the text and the files that it is about."""

    canonical_id: str
    checked_hash: str
    items: Sequence[Item]

    @property
    def blocking(self) -> Sequence[Finding]:
        return [finding for item in self.items for finding in item.blocking]

    @property
    def unconfirmed(self) -> Sequence[ReviewItem]:
        return [item.item for item in self.items if item.confirmed is None]


def hash_of(text_hash: str, files: Sequence[Sequence[str]]) -> str:
    """Of a post's content hash and its files: their digests and what they are said to show."""
    return content_hash([text_hash, files])


def run(engine: sa.Engine, canonical_id: str) -> Checklist:
    """Run the automated part on the post as it is now, keep what has changed of it, and return both parts.

    Of a post that was approved or archived, what is kept is returned as it stands: nothing more is decided by it.

    Raises:
        UnknownPostError: there is no such post.
    """
    post = _subject(engine, canonical_id)
    checked_hash = hash_of(post.content_hash, post.files)
    if post.status not in _OPEN:
        with engine.connect() as connection:
            return state(connection, post.canonical_id, post.id, checked_hash)
    found = _automated(engine, post)
    with transaction(engine, ACTOR) as connection:
        for stored in review_checks.state(connection, post.id, checked_hash):
            rows = [finding.as_row() for finding in found[stored.item]]
            if stored.findings != rows:
                review_checks.keep_findings(connection, post.id, checked_hash, stored.item, rows)
        return state(connection, post.canonical_id, post.id, checked_hash)


def state(connection: sa.Connection, canonical_id: str, post_id: UUID, checked_hash: str) -> Checklist:
    """Both parts as they are kept. An item on which no program ran has a finding that says so, and blocks."""
    stored = review_checks.state(connection, post_id, checked_hash)
    items = [
        Item(each.item, [_UNCHECKED] if each.findings is None else _findings(each.findings), each.confirmed)
        for each in stored
    ]
    return Checklist(canonical_id, checked_hash, items)


def confirm(
    engine: sa.Engine,
    canonical_id: str,
    reviewer: User,
    items: Collection[ReviewItem],
    *,
    note: str = "",
    revision: int | None = None,
) -> None:
    """Write down that the reviewer looked at these items of the present text and found them right.

    Raises:
        ReviewError: not in review, not a reviewer, their own draft, or another revision than the one they saw.
    """
    with desk.at_desk(engine, canonical_id, reviewer, Action.CHECK, {PostStatus.REVIEW}) as (connection, post):
        desk.refuse_other_revision(post, revision)
        checked_hash = hash_of(post.content_hash, post.files)
        review_checks.confirm(connection, post.id, checked_hash, items, by=reviewer.id, note=note.strip())


def _subject(engine: sa.Engine, canonical_id: str) -> Subject:
    with engine.connect() as connection:
        post = review_checks.subject(connection, canonical_id)
    if post is None:
        raise UnknownPostError(f"No post is called {canonical_id!r}.")
    return post


def _automated(engine: sa.Engine, post: Subject) -> Mapping[ReviewItem, Sequence[Finding]]:
    seo = check_post(engine, post.canonical_id).findings
    with engine.connect() as connection:
        linked = linking.audit(connection, post.canonical_id, post.content)
    pictures = [finding for finding in seo if group_of(finding.check) == _PICTURES]
    return {
        ReviewItem.FACTUAL_ACCURACY: check_sources(engine, post.canonical_id),
        ReviewItem.BRAND_VOICE: voice_findings(post.content, VoiceProfile.of(post.voice_profile), post.language),
        ReviewItem.SEO: [finding for finding in seo if finding not in pictures],
        ReviewItem.AFFILIATE_PLACEMENT: linked,
        ReviewItem.IMAGES: [*pictures, *picture_findings(post.pictures)],
        ReviewItem.LEGAL: [
            *legal_findings(post.content, None if post.repurposed_as else post.source_url),
            *(quotation.findings(post.content, post.credit) if post.credit else ()),
        ],
    }


def _findings(rows: Sequence[Mapping[str, Any]]) -> list[Finding]:
    return [Finding(**{"place": "", **row}) for row in rows]


_UNCHECKED: Final = Finding(
    "checked", "blocking", "This text was not checked.", "Look at it with pressroom review show, which checks it.", ""
)
