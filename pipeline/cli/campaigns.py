"""`pressroom campaigns`: posts that go out between two times, in slots that may be kept for them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

import sqlalchemy as sa
import typer
from rich.markup import escape

from pipeline import clock
from pipeline.cli.console import canonical_id_of, engine, fail, harmless, out
from pipeline.cli.layout import print_indented
from pipeline.cli.review_desk import Post
from pipeline.cli.slot_desk import keep_up_calendars

if TYPE_CHECKING:
    from pipeline.store.campaigns import Campaign
    from pipeline.store.verticals import Vertical

_ACTOR: Final = "pressroom campaigns"
_INDENT: Final = 4

app = typer.Typer(help="Posts that go out between two times. Without a command: the list.")

Name = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Its name, as the list shows it.")]
From = Annotated[str, typer.Argument(metavar="FROM", help="A day or a time, by the vertical's clock.")]
Until = Annotated[str, typer.Argument(metavar="UNTIL", help="A day, whole, or a time.")]


@app.callback(invoke_without_command=True)
def show(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    from pipeline.store.campaigns import all_campaigns

    with engine().connect() as connection:
        found = all_campaigns(connection)
    for each in found:
        out.print(f"[bold]{each.name}[/]  [dim]{each.vertical}[/]", highlight=False)
        print_indented(f"{_window(each)}; posts: {each.posts}", _INDENT)
    if not found:
        out.print("There are none yet: pressroom campaigns add NAME VERTICAL FROM UNTIL", highlight=False)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits, dashes.")],
    vertical: Annotated[str, typer.Argument(help="Whose posts; its short name.")],
    begins: From,
    ends: Until,
) -> None:
    """Add a campaign. Slots are kept for it by: pressroom slots add ACCOUNT WHEN --campaign NAME"""
    from pipeline.store import campaigns
    from pipeline.store.database import transaction

    of = _vertical(vertical)
    window = _instants(begins, ends, of.timezone)
    try:
        with transaction(engine(), _ACTOR) as connection:
            is_new = campaigns.add(connection, name, of.id, *window)
    except sa.exc.DBAPIError:
        fail(f"{escape(harmless(repr(name)))} can't be its name: lower-case letters, digits and single dashes.")
    if not is_new:
        fail(f"There is a campaign {name} already; to change its time: pressroom campaigns move {name} FROM UNTIL")
    out.print(f"Added: {name}, {_window(_campaign(name))}.", highlight=False)
    print_indented(f"its posts: pressroom campaigns put {name} POST", _INDENT)


@app.command()
def move(name: Name, begins: From, ends: Until) -> None:
    """Change its time. Its slots are made anew; what is booked stays booked."""
    from pipeline.store import campaigns
    from pipeline.store.database import transaction

    found = _campaign(name)
    window = _instants(begins, ends, found.timezone)
    with transaction(engine(), _ACTOR) as connection:
        campaigns.set_window(connection, found.id, *window)
    keep_up_calendars()
    out.print(f"{name}: {_window(_campaign(name))}.", highlight=False)


@app.command()
def remove(name: Name) -> None:
    """Take it away, with the slots that are kept for it; its posts stay."""
    from pipeline.store import campaigns
    from pipeline.store.database import transaction

    found = _campaign(name)
    with transaction(engine(), _ACTOR) as connection:
        campaigns.remove(connection, found.id)
    keep_up_calendars()
    out.print(f"{name} is removed; its posts ({found.posts}) are in no campaign now.", highlight=False)


@app.command()
def put(name: Name, post: Post) -> None:
    """Put a post into it: planning places it within the campaign's time, in the slots kept for it too."""
    from pipeline.store import campaigns
    from pipeline.store.database import transaction

    found, canonical_id = _campaign(name), canonical_id_of(post)
    with transaction(engine(), _ACTOR) as connection:
        of = campaigns.lifetime(connection, canonical_id)
        if of.vertical_id != found.vertical_id:
            fail(f"{canonical_id} is not {found.vertical}'s, whose campaign {name} is.")
        campaigns.put_in(connection, canonical_id, found.id)
    out.print(f"{canonical_id} is in {name}: {_window(found)}.", highlight=False)
    print_indented("a time that it has already stays: pressroom plan shows whether it would move", _INDENT)


@app.command()
def drop(post: Post) -> None:
    """Take a post out of its campaign."""
    from pipeline.store import campaigns
    from pipeline.store.database import transaction

    canonical_id = canonical_id_of(post)
    with transaction(engine(), _ACTOR) as connection:
        of = campaigns.lifetime(connection, canonical_id)
        if of.campaign is None:
            fail(f"{canonical_id} is in no campaign.")
        campaigns.put_in(connection, canonical_id, None)
    out.print(f"{canonical_id} is out of {of.campaign}.", highlight=False)


def _instants(begins: str, ends: str, zone_name: str) -> tuple[datetime, datetime]:
    from pipeline.scheduling.recurrence import RuleError
    from pipeline.scheduling.written import local_window

    try:
        first, last = local_window(begins, ends)
    except RuleError as error:
        fail(escape(harmless(str(error))))
    return clock.instant(first, zone_name), clock.instant(last, zone_name)


def _window(of: "Campaign") -> str:
    begins, ends = clock.local(of.begins, of.timezone), clock.local(of.ends, of.timezone)
    return f"{begins:%Y-%m-%d %H:%M} until {ends:%Y-%m-%d %H:%M} {of.timezone}"


def _campaign(name: str) -> "Campaign":
    from pipeline.store.campaigns import UnknownCampaignError, campaign

    try:
        with engine().connect() as connection:
            return campaign(connection, name)
    except UnknownCampaignError as error:
        fail(escape(harmless(str(error))))


def _vertical(slug: str) -> "Vertical":
    from pipeline.store.verticals import UnknownVerticalError, vertical

    try:
        with engine().connect() as connection:
            return vertical(connection, slug)
    except UnknownVerticalError as error:
        fail(escape(harmless(str(error))))
