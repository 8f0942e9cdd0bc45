"""An article told again: a thread, a newsletter, a carousel's text or a short script, each a post with its own review.

Only a published article is told again: every version links to its page, which must be there. The new post has no page
of its own, so search engines have nothing twice.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from pipeline.editorial import budget
from pipeline.editorial.arrivals import OPEN, Arrival, ArrivalError, seen_of
from pipeline.editorial.links import without_links
from pipeline.editorial.new_post import insert_post
from pipeline.editorial.permissions import Action, PermissionDeniedError, require
from pipeline.editorial.repurposed_form import limits_of
from pipeline.editorial.seo import check_post
from pipeline.store import posts, repurposed
from pipeline.store.database import transaction
from pipeline.store.repurposed import Original, Telling
from pipeline.store.users import User
from pipeline.text.parts import joined, parts_of
from pipeline.vocabulary import ContentType, PostStatus
from pipeline.writing import offline
from pipeline.writing.base import Writer, Written
from pipeline.writing.repurposing import Format, PublishedArticle, Repurposed, RepurposeTask
from pipeline.writing.text import escape_markdown
from pipeline.writing.voice import VoiceProfile

PLATFORMS: Final[Mapping[Format, Sequence[str]]] = {
    "thread": ("x", "bluesky", "mastodon"),
    "newsletter": ("mailchimp",),
    "carousel": ("instagram", "linkedin"),
    "script": ("tiktok", "youtube"),
}


def repurpose(engine: sa.Engine, writer: Writer, person: User, canonical_id: str, form: Format) -> Arrival:
    """Have the article told again in this form, as a draft; its versions are the planner's to write.

    An article has one post a form. The same again changes nothing and calls no writer; after a rejection it is told
    anew, by a model with the reviewer's note.

    Raises:
        ArrivalError: no such post, none that is published on a page, none that can be told again, no account that
            takes the form, or a person who is no writer.
        WriterError: no usable answer; every call made is on the books.
    """
    try:
        require(person, Action.WRITE)
    except PermissionDeniedError as error:
        raise ArrivalError(str(error)) from None
    with engine.connect() as connection:
        article, told = _standing(connection, canonical_id, form, lock=False)
    existing = _existing(told)
    if existing is None:
        book = budget.book(engine, vertical_id=article.vertical_id, canonical_id=canonical_id)
        written = writer.repurpose(_task(article, form, told), book)
        with transaction(engine, person.full_name) as connection:
            article, told = _standing(connection, canonical_id, form, lock=True)
            existing = _existing(told) or _store(connection, article, form, written, len(told))
    if existing.status in OPEN:
        check_post(engine, existing.canonical_id)
    return existing


def _standing(
    connection: sa.Connection, canonical_id: str, form: Format, *, lock: bool
) -> tuple[Original, list[Telling]]:
    """The article, and all that ever told it in this form. Raises: ArrivalError."""
    article = published_article(connection, canonical_id, form, lock=lock)
    if not set(PLATFORMS[form]) & set(article.platforms):
        raise ArrivalError(
            f"No account of {article.vertical} is on {' or '.join(PLATFORMS[form])}, where a {form} goes."
        )
    return article, repurposed.tellings(connection, article.id, form)


def published_article(connection: sa.Connection, canonical_id: str, form: str, *, lock: bool) -> Original:
    """An article that something can link to; `form` is what that would be called. Raises: ArrivalError."""
    article = repurposed.original(connection, canonical_id, lock=lock)
    if article is None:
        raise ArrivalError(f"There is no post {canonical_id}.")
    if article.repurposed_from is not None:
        raise ArrivalError(f"{canonical_id} tells another article again itself; name that article.")
    if article.status != PostStatus.PUBLISHED:
        raise ArrivalError(
            f"{canonical_id} is {article.status}: only a published article is told again, for what tells it links to "
            "its page."
        )
    if article.page is None:
        raise ArrivalError(f"{canonical_id} has no page of ours that a {form} could link to.")
    return article


def _existing(told: Sequence[Telling]) -> Arrival | None:
    standing = (each for each in told if each.status != PostStatus.ARCHIVED)
    return next((Arrival(each.canonical_id, each.status, is_new=False) for each in standing), None)


def _task(article: Original, form: Format, told: Sequence[Telling]) -> RepurposeTask:
    assert article.page is not None
    rejected = next((each for each in reversed(told) if each.note), None)
    return RepurposeTask(
        article=PublishedArticle(article.title, without_links(article.content), article.excerpt or "", article.page),
        format=form,
        limits=limits_of(form),
        vertical=article.vertical,
        language=article.language,
        voice=VoiceProfile.of(article.voice_profile).told(),
        reviewer_note=rejected.note if rejected else "",
        former=parts_of(rejected.content) if rejected else (),
    )


def _store(
    connection: sa.Connection, article: Original, form: Format, written: Written[Repurposed], earlier: int
) -> Arrival:
    """`earlier`: how many told it in this form before."""
    told = written.value
    canonical_id = f"{article.canonical_id}-{form}" + (f"-{earlier + 1}" if earlier else "")
    values = {
        **columns(connection, article, written.model),
        "canonical_id": canonical_id,
        "platforms": list(PLATFORMS[form]),
        "repurposed_as": form,
    }
    insert_post(connection, seen_of(told.title, content_of(told, form), told.excerpt, None), values)
    return Arrival(canonical_id, PostStatus.DRAFT, is_new=True)


def columns(connection: sa.Connection, article: Original, model: str) -> dict[str, Any]:
    """What a post that tells the article again takes from it, whatever its form, and from who wrote it."""
    by_model = model != offline.MODEL
    return {
        "vertical_id": article.vertical_id,
        "author_id": posts.ensure_writer(connection),
        "content_type": ContentType.REPURPOSED,
        "keywords": list(article.keywords),
        "ai_generated": by_model,
        "ai_model": model if by_model else None,
        "language": article.language,
        "canonical_url": article.page,
        "repurposed_from": article.id,
    }


def content_of(told: Repurposed, form: Format) -> str:
    """The parts as the Markdown that an editor reads and changes: a newsletter's points a list, others in parts."""
    if form == "newsletter":
        introduction, *points = [escape_markdown(part) for part in told.parts]
        return "\n\n".join([introduction, "\n".join(f"- {point}" for point in points)]).strip() + "\n"
    return joined(
        ["\n\n".join(escape_markdown(line) for line in part.splitlines() if line.strip()) for part in told.parts]
    )
