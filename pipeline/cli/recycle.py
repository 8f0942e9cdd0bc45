"""`pressroom recycle`: evergreen articles told again, each telling in words that the account never used."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby, islice
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from pipeline.cli.console import canonical_id_of, engine, err, fail, harmless, out
from pipeline.cli.layout import grid, print_grid
from pipeline.cli.new import tell_arrival
from pipeline.cli.review_desk import As, acting_user

if TYPE_CHECKING:
    from uuid import UUID

    import sqlalchemy as sa

    from pipeline.editorial.recyclable import Obstacle
    from pipeline.store.recycling import Limits, Pair
    from pipeline.store.repurposed import Original

app = typer.Typer(help="Evergreen articles, told again on social networks. Without a command: the rules.")
rules = typer.Typer(help="How often verticals tell their evergreen articles again. Without a command: the list.")
app.add_typer(rules, name="rules")

_ALL = "all"

Slug = Annotated[str, typer.Argument(metavar="VERTICAL", help="Its short name, of pressroom verticals.")]


@app.callback(invoke_without_command=True)
def recycle(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_rules()


@rules.callback(invoke_without_command=True)
def show_rules(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_rules()


def list_rules() -> None:
    from pipeline.store import recycling

    with engine().connect() as connection:
        found = recycling.rules(connection)
    for rule in found:
        out.print(f"[bold]{rule.vertical}[/]{'  [yellow]rests[/]' if rule.rests else ''}", highlight=False)
        out.print(f"    {_told(rule.limits)}", highlight=False)
        out.print(f"    on {', '.join(rule.accounts) or 'all accounts that can'}", highlight=False)
    if not found:
        out.print("There is no rule, so nothing is told again by itself.")
        out.print("Make one: pressroom recycle rules set VERTICAL", highlight=False)


@rules.command("set")
def set_rule(
    slug: Slug,
    *,
    min_age: Annotated[
        int | None, typer.Option(min=1, metavar="DAYS", help="How old an article is at least; at first 90.")
    ] = None,
    gap: Annotated[
        int | None,
        typer.Option(min=1, metavar="DAYS", help="Between two posts of one account on one article; at first 60."),
    ] = None,
    per_week: Annotated[
        int | None, typer.Option(min=1, help="Recycled posts of one account in any 7 days; at first 3.")
    ] = None,
    times: Annotated[
        int | None, typer.Option(min=1, help="How often one account tells an article again; at first 4.")
    ] = None,
    accounts: Annotated[
        list[str] | None,
        typer.Option("--on", metavar="ACCOUNT", help="May be repeated; all: every account that can, as at first."),
    ] = None,
) -> None:
    """Have a vertical's evergreen articles told again, or change how often. What is not given stays as it is."""
    from pipeline.editorial.recyclable import DEFAULT
    from pipeline.store import recycling
    from pipeline.store.database import transaction

    given: dict[str, Any] = {
        "min_age": None if min_age is None else timedelta(min_age),
        "gap": None if gap is None else timedelta(gap),
        "most_per_week": per_week,
        "most_times": times,
    }
    with transaction(engine(), "pressroom recycle") as connection:
        vertical_id = _vertical_id(connection, slug)
        present = next((rule for rule in recycling.rules(connection) if rule.vertical_id == vertical_id), None)
        changed = {name: value for name, value in given.items() if value is not None}
        limits = replace(present.limits if present else DEFAULT, **changed)
        chosen = None if accounts is None else _account_ids(connection, vertical_id, accounts)
        recycling.set_rule(connection, vertical_id, limits, chosen)
    out.print(f"{slug}: {_told(limits)}.", highlight=False)
    out.print("What may be told next: pressroom recycle candidates", highlight=False)


@rules.command("remove")
def remove_rule(slug: Slug) -> None:
    """Have nothing of a vertical told again by itself any more. What waits for review stays."""
    from pipeline.store import recycling
    from pipeline.store.database import transaction

    with transaction(engine(), "pressroom recycle") as connection:
        removed = recycling.remove_rule(connection, _vertical_id(connection, slug))
    if not removed:
        fail(f"{escape(slug)} has no rule.")
    out.print("Removed.")


@app.command()
def candidates(
    *,
    vertical: Annotated[str | None, typer.Option(help="Of one vertical only.")] = None,
    most: Annotated[int, typer.Option(min=1, help="How many articles of each.")] = 20,
) -> None:
    """The evergreen articles with each account, the next first, and what keeps one from being told again now.

    Mark an article as evergreen with pressroom lifetime POST --evergreen.
    """
    from pipeline.editorial.recycling_run import candidates as candidates_of
    from pipeline.store import recycling

    now = datetime.now(UTC)
    with engine().connect() as connection:
        found = [rule for rule in recycling.rules(connection) if vertical in (None, rule.vertical)]
        standing = {rule.vertical: candidates_of(connection, rule, now) for rule in found}
    if not found:
        whose = f"{escape(vertical)} has no rule" if vertical else "There is no rule"
        fail(f"{whose}: pressroom recycle rules set {escape(vertical or 'VERTICAL')}")
    for slug, pairs in standing.items():
        out.print(f"[bold]{slug}[/]", highlight=False)
        _print_pairs(pairs, most)


@app.command()
def run() -> None:
    """Tell again now what the rules allow, as the daily job does; each telling waits for review."""
    from pipeline.editorial.arrivals import Arrival
    from pipeline.editorial.recycling_run import run as run_rules
    from pipeline.editorial.writers import writer_in_use
    from pipeline.store.recycling import unplanned
    from pipeline.vocabulary import PostStatus

    report = run_rules(engine(), writer_in_use(engine()))
    with engine().connect() as connection:
        waiting = unplanned(connection)
    without_version = False
    for canonical_id in waiting:
        try:
            tell_arrival(Arrival(canonical_id, PostStatus.DRAFT, is_new=True))
        except typer.Exit:  # it is stored, and why it has no version is told
            without_version = True
    for left in report.left:
        _complain(f"{left.canonical_id} on {left.account_key}", left.reason)
    for slug, reason in report.stopped.items():
        _complain(f"{slug} was left for the next time", reason)
    if not (waiting or report.left or report.stopped):
        out.print("Nothing is to be told again now: pressroom recycle candidates says why.", highlight=False)
    if without_version or report.stopped:
        raise typer.Exit(1)


@app.command()
def now(
    post: Annotated[str, typer.Argument(help="The published article's id; its beginning is enough.")],
    *,
    accounts: Annotated[
        list[str] | None,
        typer.Option("--on", metavar="ACCOUNT", help="May be repeated. Default: all accounts that can."),
    ] = None,
    who: As = None,
) -> None:
    """Tell an article again on an account now, whatever the rules say; what they say is told.

    Each telling is a post of its own that waits for review. It says nothing that the account said before.
    """
    from pipeline.editorial.arrivals import ArrivalError
    from pipeline.editorial.recycled import tell_again
    from pipeline.editorial.writers import writer_in_use
    from pipeline.writing.base import WriterError

    canonical_id, person = canonical_id_of(post), acting_user(who)
    writer = writer_in_use(engine())
    refused = False
    for key in dict.fromkeys(accounts or _able(canonical_id)):
        _tell_rule(canonical_id, key)
        try:
            tell_arrival(tell_again(engine(), writer, person, canonical_id, key))
        except (ArrivalError, WriterError) as error:
            err.print(f"[bold red]Error:[/] {key}: {escape(harmless(str(error)))}", highlight=False, soft_wrap=True)
            refused = True
        except typer.Exit:  # it is stored, and why it has no version is told
            refused = True
    if refused:
        raise typer.Exit(1)


def _able(canonical_id: str) -> list[str]:
    """The keys of the accounts that can tell the article, or the command ends."""
    from pipeline.editorial.recycled import accounts_for

    with engine().connect() as connection:
        able = accounts_for(connection, _article(connection, canonical_id))
    if not able:
        fail(f"No active account on X, Bluesky, Mastodon or LinkedIn takes what {canonical_id} is about.")
    return [account.key for account in able]


def _article(connection: "sa.Connection", canonical_id: str) -> "Original":
    from pipeline.editorial.arrivals import ArrivalError
    from pipeline.editorial.repurposed import published_article

    try:
        return published_article(connection, canonical_id, "post", lock=False)
    except ArrivalError as error:
        fail(escape(harmless(str(error))))


def _tell_rule(canonical_id: str, key: str) -> None:
    """What the rule would say, where it would say no."""
    from pipeline.editorial.recycled import accounts_for, against_the_rule

    with engine().connect() as connection:
        article = _article(connection, canonical_id)
        account = next((each for each in accounts_for(connection, article) if each.key == key), None)
        against = account and against_the_rule(connection, article, account, datetime.now(UTC))
    if against:
        out.print(f"[yellow]against the rule[/]  {key}: {_why(against)}.", highlight=False, soft_wrap=True)


def _print_pairs(pairs: "list[tuple[Pair, Obstacle | None]]", most: int) -> None:
    by_article = {id_: list(of_one) for id_, of_one in groupby(_gathered(pairs), key=lambda each: each[0].canonical_id)}
    for canonical_id, of_one in islice(by_article.items(), most):
        title = escape(harmless(of_one[0][0].title))
        out.print(f"  {canonical_id}  [dim]{title}[/]", highlight=False, no_wrap=True, overflow="ellipsis")
        table = grid(narrow=1)
        for pair, against in of_one:
            table.add_row(pair.account.key, f"[green]now[/], {_times(pair)}" if against is None else _why(against))
        print_grid(table, indent=6)
    if len(by_article) > most:
        out.print(f"  and {len(by_article) - most} more: --most {len(by_article)}", highlight=False)
    if not by_article:
        out.print("  no evergreen article: pressroom lifetime POST --evergreen", highlight=False)


def _gathered(pairs: "list[tuple[Pair, Obstacle | None]]") -> "list[tuple[Pair, Obstacle | None]]":
    """Those of an article together, where its first stands; what may be told now before what may not."""
    ready = sorted(pairs, key=lambda each: each[1] is not None)
    place = {pair.canonical_id: index for index, (pair, _) in reversed(list(enumerate(ready)))}
    return sorted(ready, key=lambda each: place[each[0].canonical_id])


def _why(against: "Obstacle") -> str:
    until = "" if against.until is None else f"from {against.until:%Y-%m-%d} (UTC): "
    return escape(harmless(f"{until}{against.reason}"))


def _times(pair: "Pair") -> str:
    return {0: "for the first time", 1: "told again once"}.get(pair.times, f"told again {pair.times} times")


def _told(limits: "Limits") -> str:
    return (
        f"from {limits.min_age.days} days on, every {limits.gap.days} days, {limits.most_times} times at most; "
        f"{limits.most_per_week} a week"
    )


def _complain(what: str, reason: str) -> None:
    out.print(f"[yellow]{escape(harmless(what))}[/]: {escape(harmless(reason))}", highlight=False, soft_wrap=True)


def _vertical_id(connection: "sa.Connection", slug: str) -> "UUID":
    from pipeline.store.verticals import UnknownVerticalError, vertical

    try:
        return vertical(connection, slug).id
    except UnknownVerticalError as error:
        fail(escape(harmless(str(error))))


def _account_ids(connection: "sa.Connection", vertical_id: "UUID", keys: "list[str]") -> "list[UUID]":
    """Those of the accounts, or the command ends; none for all."""
    from pipeline.editorial.recycled import PLATFORMS
    from pipeline.store import recycling

    if _ALL in keys:
        return []
    able = {account.key: account.id for account in recycling.accounts(connection, vertical_id, PLATFORMS)}
    unknown = [key for key in keys if key not in able]
    if unknown:
        there_are = f"There are: {', '.join(able) or 'none'}."
        fail(escape(harmless(f"No active account that can tell an article again: {', '.join(unknown)}. {there_are}")))
    return [able[key] for key in keys]
