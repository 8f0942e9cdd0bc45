"""What an account said before: a text that it said once, in these words or nearly, it does not say again."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from pipeline.editorial.findings import Finding, blocking, good
from pipeline.store.said import ever_said
from pipeline.text.likeness import Pieces, pieces, repeated, said
from pipeline.text.parts import parts_of
from pipeline.text.rendering import readable

CHECK = "repetition"


@dataclass(frozen=True, slots=True)
class Repetition:
    """The account's text that says most of a new one: its post's id, and the part of the new one that it says."""

    name: str
    part: float


def nearest(connection: sa.Connection, account_id: UUID, text: str, *, but: UUID | None = None) -> Repetition | None:
    """Of all that the account ever said, is about to say, or has in review, what says most of a text without markup.

    None where nothing comes near it. Its own post is left out as `but`. It reads every text of the account.
    """
    own, found = _told(text), None
    for earlier in ever_said(connection, account_id, but=but):
        words = said(readable(earlier.body))
        part = max(repeated(told, words) for told in own)
        if part > (found.part if found else 0.0):
            found = Repetition(earlier.name, part)
    return found


def _told(text: str) -> set[Pieces]:
    """All of it, and its longest paragraph: with a title before it, a text is no less a repetition."""
    return {pieces(text), pieces(max(text.split("\n\n"), key=len))}


def findings(connection: sa.Connection, account_id: UUID, post_id: UUID, content: str) -> list[Finding]:
    """What blocks a recycled post, whoever wrote or changed it; that nothing does, where nothing does."""
    found = [each for text in parts_of(content) if (each := nearest(connection, account_id, text, but=post_id))]
    return [
        blocking(
            CHECK,
            f"The account said {each.part:.0%} of it before, in {each.name}.",
            "Say something else of the article, or reject it.",
            "content",
        )
        for each in found
    ] or [good(CHECK, "The account never said this before.", "content")]
