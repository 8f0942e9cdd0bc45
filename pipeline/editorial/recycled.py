"""An evergreen article told again on one account, in words that the account never used: a post with its own review.

Only accounts whose posts are a text with a link take part. Where a film or a picture is the post it would be the same
one again, and a page or a newsletter is read as a whole.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from pipeline.editorial import budget
from pipeline.editorial.arrivals import Arrival, ArrivalError, seen_of
from pipeline.editorial.links import without_links
from pipeline.editorial.new_post import insert_post
from pipeline.editorial.permissions import Action, PermissionDeniedError, require
from pipeline.editorial.recyclable import DEFAULT, WEEK, Obstacle, obstacle
from pipeline.editorial.repetition import nearest
from pipeline.editorial.repurposed import columns, content_of, published_article
from pipeline.editorial.repurposed_form import limits_of
from pipeline.editorial.seo import check_post
from pipeline.store import recycling, repurposed, said
from pipeline.store.database import transaction
from pipeline.store.recycling import Account, Pair
from pipeline.store.repurposed import Original
from pipeline.store.said import Heard
from pipeline.store.users import User
from pipeline.text import likeness
from pipeline.text.rendering import plain, readable
from pipeline.vocabulary import PostStatus
from pipeline.writing.base import Writer, Written
from pipeline.writing.repurposing import PublishedArticle, Repurposed, RepurposeTask
from pipeline.writing.voice import VoiceProfile

PLATFORMS: Final = ("x", "bluesky", "mastodon", "linkedin")
_FORM: Final = "again"
_HEARD: Final = 20
"""How many of an account's posts on the article a writer is given; all are compared with what it answers."""


class NothingNewError(ArrivalError):
    """All that the writer made of the article the account has said before."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Who tells: the writer, and whose name stands in the post's log."""

    engine: sa.Engine
    writer: Writer
    actor: str

    def tell(self, canonical_id: str, account: Account, allowed: Callable[[sa.Connection, Pair], None]) -> Arrival:
        """A draft, or what waits there already. `allowed` raises ArrivalError; it is asked before the writer is called
        and, when nobody else can recycle on the account any more, before the text is stored.
        """
        with self.engine.connect() as connection:
            article, pair = _standing(connection, canonical_id, account, lock=False)
            if pair.waiting is not None:
                return _existing(connection, pair.waiting)
            allowed(connection, pair)
            heard = said.of_article(connection, article.id, account.id, _HEARD)
        book = budget.book(self.engine, vertical_id=article.vertical_id, canonical_id=canonical_id)
        written = self.writer.repurpose(_task(article, heard), book)
        with transaction(self.engine, self.actor) as connection:
            recycling.lock_account(connection, account.id)
            text = _unsaid(connection, account, written.value.parts, heard)
            article, pair = _standing(connection, canonical_id, account, lock=True)
            if pair.waiting is not None:
                return _existing(connection, pair.waiting)
            allowed(connection, pair)
            told = _store(connection, article, pair, written, text)
        check_post(self.engine, told.canonical_id)
        return told


def tell_again(engine: sa.Engine, writer: Writer, person: User, canonical_id: str, account_key: str) -> Arrival:
    """Have the article told again on the account now, as a draft, whatever the rules say: a person chose it.

    One that waits there already is returned as it is, and no writer is called.

    Raises:
        ArrivalError: no such post, none that is live on a page, one that has expired, no such account of its vertical,
            or a person who is no writer.
        NothingNewError: the account has said before all that the writer made of it.
        WriterError: no usable answer; every call made is on the books.
    """
    try:
        require(person, Action.WRITE)
    except PermissionDeniedError as error:
        raise ArrivalError(str(error)) from None
    with engine.connect() as connection:
        article = published_article(connection, canonical_id, "post", lock=False)
        chosen = [each for each in accounts_for(connection, article) if each.key == account_key]
    if not chosen:
        raise ArrivalError(
            f"{account_key} is no active account of {article.vertical} on {', '.join(PLATFORMS)}: it can't tell "
            f"{canonical_id} again."
        )
    return Teller(engine, writer, person.full_name).tell(canonical_id, chosen[0], _unexpired)


def accounts_for(connection: sa.Connection, article: Original) -> list[Account]:
    """Those on which the article can be told again, by key."""
    return recycling.accounts(connection, article.vertical_id, PLATFORMS)


def against_the_rule(connection: sa.Connection, article: Original, account: Account, now: datetime) -> Obstacle | None:
    """What its vertical's rule, or the default one, would say to telling the article again there now; None where it is
    content, or a telling waits there already.
    """
    found = recycling.pair(connection, article.id, account.id)
    own = (rule.limits for rule in recycling.rules(connection) if rule.vertical_id == article.vertical_id)
    if found is None or found.waiting is not None:
        return None
    return obstacle(next(own, DEFAULT), found, recycling.lately(connection, account.id, now - WEEK), now)


def _standing(connection: sa.Connection, canonical_id: str, account: Account, *, lock: bool) -> tuple[Original, Pair]:
    article = published_article(connection, canonical_id, "post", lock=lock)
    pair = recycling.pair(connection, article.id, account.id)
    if pair is None:
        raise ArrivalError(f"{canonical_id} was taken off its page just now.")
    return article, pair


def _existing(connection: sa.Connection, canonical_id: str) -> Arrival:
    found = repurposed.original(connection, canonical_id)
    assert found is not None
    return Arrival(canonical_id, found.status, is_new=False)


def _unexpired(connection: sa.Connection, pair: Pair) -> None:
    now: datetime = connection.execute(sa.select(sa.func.now())).scalar_one()
    if pair.expires_at is not None and pair.expires_at <= now:
        raise ArrivalError(f"{pair.canonical_id} has expired on {pair.expires_at:%Y-%m-%d}: it is of no use any more.")


def _task(article: Original, heard: Heard) -> RepurposeTask:
    assert article.page is not None
    turned_down = [plain(text) for text in heard.turned_down]
    return RepurposeTask(
        article=PublishedArticle(article.title, without_links(article.content), article.excerpt or "", article.page),
        format=_FORM,
        limits=limits_of(_FORM),
        vertical=article.vertical,
        language=article.language,
        voice=VoiceProfile.of(article.voice_profile).told(),
        reviewer_note=heard.note,
        former=turned_down[:1] if heard.note else (),
        said=[*(readable(body) for body in heard.bodies), *turned_down],
    )


def _unsaid(connection: sa.Connection, account: Account, texts: Sequence[str], heard: Heard) -> str:
    """The first of the writer's texts that is new to the account's readers and was never turned down.

    Raises: NothingNewError.
    """
    turned_down = [likeness.said(plain(text)) for text in heard.turned_down]
    for text in texts:
        own = likeness.pieces(text)
        if any(likeness.repeated(own, words) for words in turned_down):
            continue
        if nearest(connection, account.id, text) is None:
            return text
    raise NothingNewError(f"{account.key} has said before, in these words or nearly, all that the writer made of it.")


def _store(
    connection: sa.Connection, article: Original, pair: Pair, written: Written[Repurposed], text: str
) -> Arrival:
    earlier = recycling.tellings(connection, article.id)
    canonical_id = f"{article.canonical_id}-{_FORM}" + (f"-{earlier + 1}" if earlier else "")
    told = written.value.model_copy(update={"parts": [text]})
    values = {
        **columns(connection, article, written.model),
        "canonical_id": canonical_id,
        "platforms": [pair.account.platform],
        "account_id": pair.account.id,
        "repurposed_as": _FORM,
        "is_evergreen": pair.is_evergreen,
        "expires_at": pair.expires_at,
    }
    insert_post(connection, seen_of(told.title, content_of(told, _FORM), told.excerpt, None), values)
    return Arrival(canonical_id, PostStatus.DRAFT, is_new=True)
