"""`pressroom lifetime`: until when a post is of use."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.markup import escape

from pipeline import clock
from pipeline.cli.console import canonical_id_of, engine, fail, harmless, out
from pipeline.cli.review_desk import Post

if TYPE_CHECKING:
    from pipeline.store.campaigns import Lifetime

_ACTOR: Final = "pressroom lifetime"


def lifetime(
    post: Post,
    *,
    expires: Annotated[
        str | None, typer.Option(metavar="TIME", help="From then on nothing of it goes out, e.g. 2026-12-24T18:00.")
    ] = None,
    evergreen: Annotated[bool, typer.Option("--evergreen", help="It is worth as much later as now.")] = False,
    ordinary: Annotated[bool, typer.Option("--ordinary", help="Neither: it is best soon, and never too late.")] = False,
) -> None:
    """Say until when a post is of use; without an option: show it. Times are by its vertical's clock."""
    from pipeline.store import campaigns
    from pipeline.store.database import transaction

    canonical_id = canonical_id_of(post)
    chosen = [expires is not None, evergreen, ordinary].count(True)
    if chosen > 1:
        fail("One of --expires, --evergreen and --ordinary.")
    with transaction(engine(), _ACTOR) as connection:
        of = campaigns.lifetime(connection, canonical_id)
        if chosen:
            expires_at = None if expires is None else _expiry(expires, of.timezone)
            campaigns.set_lifetime(connection, canonical_id, expires_at=expires_at, is_evergreen=evergreen)
            of = campaigns.lifetime(connection, canonical_id)
    out.print(f"{canonical_id} {_told(of)}", highlight=False)


def _expiry(text: str, zone_name: str) -> datetime:
    try:
        found = clock.parse(text, zone_name)
    except clock.TimeError as error:
        fail(escape(harmless(str(error))))
    if found <= datetime.now(UTC):
        fail(f"{clock.told(found, zone_name)} {zone_name} is past.")
    return found


def _told(of: "Lifetime") -> str:
    if of.is_evergreen:
        return "is evergreen: worth as much later as now."
    if of.expires_at is None:
        return "is best soon, and never too late."
    return f"is of no use from {clock.told(of.expires_at, of.timezone)} {of.timezone} on."
