"""Costs and bills as tables of 80 columns, and as rows for a spreadsheet."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import harmless

if TYPE_CHECKING:
    from pipeline.store.ai_costs import Bill, Cost

_THOUSAND: Final = 1000
_MILLION: Final = 1_000_000


def usd(amount: Decimal) -> str:
    """To the cent above a dollar, to the hundredth of a cent below; a minus goes before the sign."""
    if amount < 0:
        return f"-{usd(-amount)}"
    return f"${amount:,.2f}" if amount >= 1 else f"${amount:.4f}"


def cost_table(by: str, lines: "Sequence[tuple[str, Cost]]", total: "Cost") -> Table:
    table = _table(by, "calls", "failed", "in", "cached", "out", "cost")
    for name, cost in lines:
        table.add_row(escape(harmless(name)) or "[dim]none[/]", *_cells(cost))
    table.add_section()
    table.add_row("[bold]all[/]", *_cells(total))
    return table


def cost_rows(by: str, lines: "Sequence[tuple[str, Cost]]") -> tuple[list[str], list[list[object]]]:
    from pipeline.store.ai_costs import Cost

    names = [field.name for field in fields(Cost)]
    return [by, *names], [[name, *asdict(cost).values()] for name, cost in lines]


def bill_table(bills: "Sequence[Bill]") -> Table:
    table = _table("when (UTC)", "task", "model", "in", "out", "sec", "cost")
    for bill in bills:
        again = f" (attempt {bill.attempt})" if bill.attempt > 1 else ""
        task = f"{bill.task}{again}"
        if bill.outcome != "ok":
            task += f"\n[red]{bill.outcome}[/]: {escape(harmless(bill.error or ''))}"
        table.add_row(
            f"{bill.at:%m-%d %H:%M:%S}",
            task,
            escape(harmless(bill.model)),
            _tokens(bill.input_tokens),
            _tokens(bill.output_tokens),
            f"{bill.latency_ms / _THOUSAND:.1f}",
            "?" if bill.cost_usd is None else usd(bill.cost_usd),
        )
    return table


def bill_rows(bills: "Sequence[Bill]") -> tuple[list[str], list[list[object]]]:
    from pipeline.store.ai_costs import Bill

    return [field.name for field in fields(Bill)], [list(asdict(bill).values()) for bill in bills]


def _table(*headings: str) -> Table:
    """The last four columns are numbers and never broken."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    texts = len(headings) - (6 if headings[1] == "calls" else 4)
    for place, heading in enumerate(headings):
        if place < texts:
            table.add_column(heading, overflow="fold", no_wrap=heading.startswith("when"))
        else:
            table.add_column(heading, justify="right", no_wrap=True)
    return table


def _cells(cost: "Cost") -> list[str]:
    unknown = "+?" if cost.unpriced else ""
    return [
        str(cost.calls),
        str(cost.failed or ""),
        _tokens(cost.input_tokens),
        _tokens(cost.cached_input_tokens),
        _tokens(cost.output_tokens),
        f"{usd(cost.cost_usd or Decimal(0))}{unknown}",
    ]


def _tokens(count: int | None) -> str:
    if count is None:
        return "?"
    if count >= _MILLION:
        return f"{count / _MILLION:.1f}M"
    return f"{count / _THOUSAND:.1f}k" if count >= _THOUSAND else str(count)
