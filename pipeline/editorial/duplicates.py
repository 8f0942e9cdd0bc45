"""Which items tell one story, so that it makes one brief, whoever tells it first.

Two texts of a vertical tell one story where they are at least `SAME_STORY` alike, and so do all that are tied together
by such pairs: the outcome is the same in whatever order items come in. Alike texts are found by the bands of their
MinHash signatures, and then compared as they are. Of two texts that are 0.7 alike the bands miss one pair in a
hundred, of two that are 0.8 alike one in 20,000.

A story that was taken up stays taken: what turns out to tell it too becomes a further source of it.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from pipeline.editorial.items import Item, source_of
from pipeline.store import story_items
from pipeline.store.database import transaction
from pipeline.store.story_items import ItemText, Told
from pipeline.text.likeness import Pieces, likeness, pieces, said

SAME_STORY: Final = 0.7
"""Measured on 10,393 posts of news pages: of the pairs above it all but one in thirty are the same report, told again
with another opening. At 0.65 and below the standing description that a page puts under each of its links ties stories
together that have nothing else in common."""

MOST_A_RUN: Final = 10_000
ACTOR: Final = "duplicates"

_BANDS: Final = 25
_ROWS: Final = 5
_PERMUTATIONS: Final = _BANDS * _ROWS
_SEED: Final = 1


def group_waiting(engine: sa.Engine, limit: int = MOST_A_RUN) -> int:
    """Find out which story each item tells of which that is unknown; returns how many there were, at most `limit`.

    Each item is a transaction of its own, so that others wait for one only.
    """
    with engine.connect() as connection:
        ids = story_items.waiting(connection, limit=limit)
    for content_id in ids:
        with transaction(engine, ACTOR) as connection:
            group(connection, content_id)
    return len(ids)


def group(connection: sa.Connection, content_id: UUID) -> str | None:
    """Find out which story the item tells, unless that is known.

    Returns:
        The id of the claimed story that others of its items tell, or None: the item is none of those, or the first.
    """
    story_items.lock(connection)
    item = story_items.undecided(connection, content_id)
    if item is None:
        return None
    text = text_of(item)
    own = pieces(text)
    digest, signature = _digest(text), bands(own)
    found = story_items.copies(connection, item, digest) if own else []
    # A copy's neighbours are its original's: they are one story already.
    found = found or _same_story(own, story_items.near(connection, item, signature))
    story_id, claimed_as = _settle(connection, item, found)
    story_items.join(connection, item.content_id, story_id, digest=digest, bands=signature)
    return claimed_as


def _same_story(own: Pieces, near: Sequence[Told]) -> list[Told]:
    """Those that are alike enough, the most alike first."""
    measured = [(likeness(own, pieces(text_of(told.text))), told) for told in near]
    alike = [(value, told) for value, told in measured if value >= SAME_STORY]
    return [told for _, told in sorted(alike, key=lambda pair: (-pair[0], str(pair[1].story_id)))]


def _settle(connection: sa.Connection, item: ItemText, found: Sequence[Told]) -> tuple[UUID, str | None]:
    """The one story that the item and those alike tell from now on, and its claim by another item.

    Of several that were claimed before anybody could know, each stays what it is.
    """
    claimed = [told for told in found if told.claimed_as is not None]
    unclaimed = sorted({told.story_id for told in found if told.claimed_as is None})
    if item.canonical_id is not None:
        story_id, claimed_as = story_items.new_story(connection, item.canonical_id), None
    elif claimed:
        story_id, claimed_as = claimed[0].story_id, claimed[0].claimed_as
    elif unclaimed:
        story_id, claimed_as = unclaimed.pop(0), None
    else:
        return story_items.new_story(connection, None), None
    if unclaimed:
        story_items.merge(connection, unclaimed, story_id)
    return story_id, claimed_as or next((told.claimed_as for told in claimed), None)


def text_of(item: Item) -> str:
    """Title and text; a title that the text begins with says nothing more."""
    source = source_of(item)
    title = (source.title or "").strip()
    return source.text if source.text.startswith(title) else f"{title}\n\n{source.text}"


def bands(own: Pieces) -> list[int]:
    """The signature's bands as numbers of 64 bits, kept in the database: they may not depend on a library's defaults.

    None where there is no text, which is like nothing.
    """
    if not own:
        return []
    signature = _empty_signature().copy()
    signature.update_batch([piece.encode("utf-8", "surrogatepass") for piece in own])
    rows = signature.hashvalues.astype("<u8").reshape(_BANDS, _ROWS)
    return [_signed(number.to_bytes(1) + row.tobytes()) for number, row in enumerate(rows)]


@cache
def _empty_signature() -> Any:
    """Its permutations take longer to make than a text's signature."""
    from datasketch import MinHash  # type: ignore[import-untyped]

    return MinHash(num_perm=_PERMUTATIONS, seed=_SEED, scheme="affine32", hashfunc=_hash)


def _hash(piece: bytes) -> int:
    return int.from_bytes(hashlib.sha1(piece, usedforsecurity=False).digest()[:4], "little")


def _signed(band: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(band, digest_size=8).digest(), "little", signed=True)


def _digest(text: str) -> str:
    return hashlib.sha256(said(text).encode("utf-8", "surrogatepass")).hexdigest()
