"""One post from its source to its profit, told for a terminal."""

from decimal import Decimal
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import harmless, out
from pipeline.cli.cost_tables import usd
from pipeline.cli.layout import grid, print_grid

if TYPE_CHECKING:
    from pipeline.store.profit import Origin, Trace


def print_trace(found: "Trace", model: str) -> None:
    origin = found.origin
    out.print(f"[bold]{escape(harmless(origin.title))}[/]", highlight=False)
    out.print(
        f"{escape(origin.canonical_id)} · {escape(harmless(origin.vertical))} · {origin.status}\n", highlight=False
    )
    table = grid(narrow=1)
    for name, told in _origins(origin):
        table.add_row(f"[dim]{name}[/]", escape(harmless(told)))
    print_grid(table)
    out.print("\n[bold]What it cost[/]")
    _print_costs(found)
    out.print("\n[bold]Where it went[/]")
    _print_publications(found)
    out.print(f"\n[bold]What it brought in[/], by {model.replace('_', ' ')}")
    _print_earned(found)
    _print_profit(found)


def _origins(origin: "Origin") -> list[tuple[str, str]]:
    items = f" and {origin.story_items - 1} more of the same story" if origin.story_items > 1 else ""
    source = " · ".join(each for each in (origin.source, origin.source_title, origin.source_url) if each)
    brief = " · ".join(each for each in (origin.topic, origin.target_keyword) if each)
    review = f"{origin.reviewed_by}, {origin.reviewed_at:%Y-%m-%d}" if origin.reviewed_by and origin.reviewed_at else ""
    words = f", {origin.word_count:,} words" if origin.word_count else ""
    told = [
        ("source", f"{source}{items}"),
        ("retells", origin.retells or ""),
        ("analysed", origin.analysed_by or ""),
        ("brief", brief),
        ("draft", f"{origin.written_by}{words}" if origin.written_by else ""),
        ("approved", review),
        ("published", f"{origin.published_at:%Y-%m-%d %H:%M} UTC" if origin.published_at else ""),
    ]
    return [(name, what) for name, what in told if what]


def _print_costs(found: "Trace") -> None:
    if not found.costs:
        out.print("Nothing is known of any cost.")
        return
    table = _table("", "entries", "cost")
    for line in found.costs:
        unknown = f"+{line.unknown}?" if line.unknown else ""
        table.add_row(line.kind, str(line.entries), f"{'' if line.usd is None else usd(line.usd)}{unknown}")
    out.print(table)


def _print_publications(found: "Trace") -> None:
    if not found.publications:
        out.print("It is not published anywhere.")
        return
    table = _table("account", "published", "shown", "clicks", "visits", "conv.", "revenue")
    for each in found.publications:
        table.add_row(
            escape(harmless(each.account_key)),
            f"{each.published_at:%Y-%m-%d}",
            _count(each.impressions),
            _count(each.platform_clicks),
            f"{each.visits:,}",
            f"{each.conversions:,.1f}",
            _money(each.usd, unvalued=bool(each.unvalued)),
        )
    out.print(table)
    followed = sum(each.link_clicks for each in found.publications)
    if followed:
        out.print(f"Short links followed: {followed:,}.", highlight=False)


def _print_earned(found: "Trace") -> None:
    if not found.earned:
        out.print("No conversion is credited to it.")
        return
    table = _table("channel", "conv.", "pending", "revenue")
    for each in found.earned:
        table.add_row(
            escape(harmless(each.channel)),
            f"{each.conversions:,.1f}",
            f"{each.pending:,.1f}" if each.pending else "",
            _money(each.usd, unvalued=bool(each.unvalued)),
        )
    out.print(table)


def _print_profit(found: "Trace") -> None:
    out.print(f"\nRevenue {_signed(found.revenue_usd)}, cost {_signed(found.cost_usd)}: ", end="", highlight=False)
    if found.profit_usd is not None:
        out.print(f"[bold]profit {_signed(found.profit_usd)}[/]", highlight=False)
        return
    why = [
        f"{found.unknown_costs} costs nobody knows" if found.unknown_costs else "",
        f"{found.unvalued.normalize():f} conversions without known dollars" if found.unvalued else "",
    ]
    out.print(f"[bold]profit unknown[/], for there are {' and '.join(each for each in why if each)}.", highlight=False)


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left", overflow="fold", no_wrap=bool(place))
    return table


def _count(figure: int | None) -> str:
    return "?" if figure is None else f"{figure:,}"


def _money(amount: Decimal | None, *, unvalued: bool) -> str:
    return ("" if amount is None else _signed(amount)) + ("+?" if unvalued else "") or "$0.00"


def _signed(amount: Decimal) -> str:
    """To the cent; below a dollar to the hundredth of a cent."""
    return usd(amount) if amount else "$0.00"
