"""`pressroom conversions`: what readers did after they followed our links, and in which currencies it was paid."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TextIO

import typer
from rich.markup import escape

from pipeline import clock
from pipeline.cli.console import canonical_id_of, engine, fail, harmless, out
from pipeline.cli.cost_tables import usd
from pipeline.cli.layout import grid, print_grid, print_indented
from pipeline.settings import settings
from pipeline.vocabulary import ConversionStatus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from pipeline.measurement.conversion_reports import Reading, ReportError
    from pipeline.store.conversions import ConversionRow, Kept, SourceTotal, ToldConversion
    from pipeline.text.networks import Network

app = typer.Typer(help="Sales and sign-ups that our links led to. Without a command: the last days.")

_ACTOR: Final = "pressroom conversions"
_BAD_LINES_SHOWN: Final = 10
_OWN: Final = "csv"
_COLOURS: Final = {
    ConversionStatus.CONFIRMED: "green",
    ConversionStatus.PENDING: "yellow",
    ConversionStatus.REVERSED: "red",
}

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE.csv")]


@app.callback(invoke_without_command=True)
def conversions(
    context: typer.Context,
    *,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How far back.")] = 30,
    source: Annotated[str | None, typer.Option(help="Only of this shop or network.")] = None,
    post: Annotated[str | None, typer.Option(help="Only of this post.")] = None,
    rows: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 20,
) -> None:
    if context.invoked_subcommand is not None:
        return
    from pipeline.store import conversions as store

    since = datetime.now(UTC) - timedelta(days=days)
    chosen = None if post is None else canonical_id_of(post)
    with engine().connect() as connection:
        post_id = None if chosen is None else store.resolve_posts(connection, [chosen])[chosen]
        found = store.latest(connection, since=since, source=source, post_id=post_id, rows=rows)
        totals = [] if chosen else [each for each in store.totals(connection, since) if source in (None, each.source)]
    if not found:
        of = "".join([f" of {escape(harmless(source))}" if source else "", f" for {chosen}" if chosen else ""])
        out.print(f"No conversion{of} in the last {days} days.", highlight=False)
        return
    for total in totals:
        _print_total(total)
    table = grid(narrow=3)
    for row in found:
        table.add_row(f"{row.occurred_at:%m-%d %H:%M}", _worth(row), *_what(row))
    print_grid(table)
    if len(found) == rows:
        out.print(f"[dim]The latest {rows}; more: --rows[/]", highlight=False)


@app.command("import")
def import_file(
    file: File,
    *,
    of: Annotated[str, typer.Option("--from", help="A network (pressroom conversions networks), or csv.")],
    source: Annotated[
        str | None, typer.Option(help="What its conversions are kept under. Default: the network.")
    ] = None,
    currency: Annotated[str | None, typer.Option(help="Of amounts that name none: EUR.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Of times that name none. Default: PRESSROOM_TIMEZONE.")] = None,
    date_format: Annotated[
        str | None, typer.Option(help="Of dates that are not ISO 8601, as strptime has it: %m/%d/%Y.")
    ] = None,
    decimal_comma: Annotated[bool, typer.Option("--decimal-comma", help="Amounts are written 1.234,50.")] = False,
    as_of: Annotated[
        datetime | None, typer.Option(help="When the report was made, in UTC, where a later one was read before it.")
    ] = None,
    columns: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A TOML file that tells of networks, as ours does.")
    ] = None,
) -> None:
    """Keep a file's conversions: all of them, or none. Read again, it changes what has changed since.

    A list of one's own (--from csv) has a heading: id, occurred_at and, as known, kind, value, currency, code, visitor,
    post, status, source.
    """
    from pipeline.measurement.conversion_reports import Reading, ReportError
    from pipeline.store import conversions as store
    from pipeline.store.database import transaction

    try:
        zone = clock.zone(timezone or settings().timezone)
    except ValueError as error:
        fail(escape(str(error)))
    reading = Reading(
        source=source or (file.stem if of == _OWN else of),
        told_at=datetime.now(UTC) if as_of is None else as_of.replace(tzinfo=UTC),
        zone=zone,
        currency=currency.upper() if currency else None,
        date_format=date_format,
        decimal_comma=decimal_comma,
    )
    network = None if of == _OWN else _network(of, columns)
    try:
        with _lines(file) as lines:
            told = _read(lines, network, reading)
    except ReportError as error:
        _print_bad_lines(error)
        fail(escape(harmless(str(error))))
    with transaction(engine(), _ACTOR) as connection:
        kept = store.keep(connection, told)
    _tell(kept)


@app.command()
def networks() -> None:
    """The networks whose links get sub-ids and whose reports can be read."""
    from pipeline.text.networks import networks as known

    for network in known().values():
        can = [
            f"links get {network.links.parameter}" if network.links else "",
            "reports are read" if network.report else "",
        ]
        out.print(f"[bold]{network.name}[/]  {network.title}: {', '.join(filter(None, can))}", highlight=False)


@app.command()
def rates(
    file: Annotated[
        Path | None,
        typer.Argument(
            exists=True,
            dir_okay=False,
            metavar="[FILE.csv]",
            help="The European Central Bank's reference rates, or: currency, date, usd_per_unit.",
        ),
    ] = None,
) -> None:
    """The exchange rates that are known, or those of a file kept and conversions priced by them."""
    from pipeline.measurement.rate_files import RatesError, read_rates
    from pipeline.store import exchange_rates
    from pipeline.store.database import transaction

    if file is None:
        with engine().connect() as connection:
            covered = exchange_rates.coverage(connection)
        for each in covered:
            out.print(f"{each.currency}  {each.first} to {each.last}  {each.days:,} days", highlight=False)
        if not covered:
            out.print("No rate is known: what is not in dollars is worth an unknown number of them.")
        return
    try:
        with _lines(file) as lines:
            found = read_rates(lines, file.name)
    except RatesError as error:
        fail(escape(harmless(str(error))))
    with transaction(engine(), _ACTOR) as connection:
        priced = exchange_rates.put(connection, found)
    out.print(f"{len(found):,} rates kept; {priced:,} conversions are priced anew.", highlight=False)


def _network(name: str, columns: Path | None) -> "Network":
    import tomllib

    from pipeline.text.networks import networks as known
    from pipeline.text.networks import read

    try:
        found = known() if columns is None else {**known(), **read(tomllib.loads(columns.read_text(encoding="utf-8")))}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError) as error:
        fail(f"{escape(str(columns))} can't be read: {escape(harmless(str(error)))}.")
    if name not in found:
        fail(f"No network is called {escape(harmless(repr(name)))}; there are {', '.join(found)}, and csv.")
    return found[name]


def _read(lines: TextIO, network: "Network | None", reading: "Reading") -> "list[ToldConversion]":
    """Raises: ReportError."""
    from pipeline.measurement.conversion_reports import read_network, read_own, with_posts
    from pipeline.store.conversions import resolve_posts

    if network is not None:
        return read_network(lines, network, reading)
    told = read_own(lines, reading)
    with engine().connect() as connection:
        posts = resolve_posts(connection, {post for _, post in told if post is not None})
    return with_posts(told, posts)


@contextmanager
def _lines(file: Path) -> Iterator[TextIO]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            yield lines
    except UnicodeDecodeError as error:
        fail(f"{escape(str(file))} is not UTF-8 ({error.reason} at byte {error.start}); nothing was kept.")


def _tell(kept: "Kept") -> None:
    out.print(f"{kept.added:,} added, {kept.changed:,} changed, {kept.unchanged:,} as they were.", highlight=False)
    if kept.unresolved:
        print_indented(f"{kept.unresolved:,} came with a code that is no link's of ours: nobody is credited.", 2)
    if kept.unpriced:
        print_indented(f"Dollars unknown, for want of a rate: {_counted(kept.unpriced)}. Rates: pressroom", 2, "yellow")
        print_indented("conversions rates FILE.csv", 2, "yellow")


def _counted(by_currency: "Mapping[str, int]") -> str:
    return ", ".join(f"{count:,} in {currency}" for currency, count in by_currency.items())


def _print_bad_lines(error: "ReportError") -> None:
    for bad in error.lines[:_BAD_LINES_SHOWN]:
        out.print(f"  line {bad.line}: {escape(harmless(bad.reason))}", highlight=False, soft_wrap=True)
    if len(error.lines) > _BAD_LINES_SHOWN:
        out.print(f"  … and {len(error.lines) - _BAD_LINES_SHOWN:,} more", highlight=False)


def _print_total(total: "SourceTotal") -> None:
    told = [f"{total.conversions:,} confirmed", _dollars(total.usd)]
    told += [f"{count:,} {what}" for count, what in ((total.pending, "pending"), (total.reversed, "reversed")) if count]
    told += [f"[yellow]{total.unpriced:,} of unknown worth in dollars[/]"] if total.unpriced else []
    out.print(f"[bold]{escape(harmless(total.source))}[/]  {', '.join(told)}", highlight=False, soft_wrap=True)


def _dollars(amount: "Decimal | None") -> str:
    return "worth unknown" if amount is None else usd(amount)


def _worth(row: "ConversionRow") -> str:
    if row.value is None:
        return ""
    return _dollars(row.usd) if row.usd is not None else f"{row.value:,.2f} {row.currency}"


def _what(row: "ConversionRow") -> tuple[str, str]:
    colour = _COLOURS[row.status]
    where = f"{row.canonical_id} on {row.account_key}" if row.account_key else row.canonical_id or "no post known"
    named = escape(harmless(f"{row.source} {row.external_id}"))
    return f"[{colour}]{row.status}[/]", f"{row.kind}  {escape(where)}\n[dim]{named}[/]"
