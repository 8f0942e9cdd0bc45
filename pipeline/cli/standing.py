"""How a distribution is shown: on a few lines of a list, or whole."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape

from pipeline.cli.console import out
from pipeline.cli.layout import grid, print_grid, print_indented

if TYPE_CHECKING:
    import sqlalchemy as sa

    from pipeline.store.overview import LedgerRow

_COLOURS = {"published": "green", "failed": "red", "unknown": "red", "held": "yellow"}
_INDENT = 10


def print_row(row: "LedgerRow") -> None:
    """Where it is; then its title; then the link or the reason."""
    out.print(
        f"{str(row.id)[:8]}  {_coloured(row.status, 10)} {row.account_key:<24}  {row.at:%Y-%m-%d %H:%M:%S} UTC",
        highlight=False,
        soft_wrap=True,
    )
    print_indented(row.title, _INDENT, "bold")
    if row.what:
        print_indented(row.what, _INDENT)


def print_post(connection: "sa.Connection", rows: "Sequence[LedgerRow]") -> None:
    """All versions of one post, with what happens next to each."""
    from pipeline.store.journal import open_warnings

    out.print(f"[bold]{escape(rows[0].title)}[/]  {rows[0].canonical_id}", highlight=False, soft_wrap=True)
    for row in rows:
        out.print(
            f"\n{str(row.id)[:8]}  {_coloured(row.status)} on {row.account_key}, {row.at:%Y-%m-%d %H:%M:%S} UTC",
            highlight=False,
            soft_wrap=True,
        )
        warnings = [f"Foreseen: {warned.message}" for warned in open_warnings(connection, [row.id])]
        for line in (row.what, row.next_step, *warnings):
            if line:
                print_indented(line, _INDENT)
    out.print("\nEverything that happened to one of them: pressroom distributions show ID", highlight=False)


def print_one(connection: "sa.Connection", row: "LedgerRow") -> None:
    """Where, why, what next; what was intended and what is foreseen; its group; its history."""
    from pipeline.store.journal import intention_of, journal_of, open_warnings
    from pipeline.store.overview import in_group

    intention = intention_of(connection, row.id)
    out.print(f"[bold]{escape(row.title)}[/]", highlight=False, soft_wrap=True)
    out.print(f"{row.account_key} · {row.id} · {row.canonical_id or 'no post'}\n", highlight=False, soft_wrap=True)
    facts = grid(narrow=1)
    facts.add_row("[bold]Where[/]", _coloured(row.status))
    facts.add_row(f"[bold]{'Link' if row.status == 'published' else 'Why'}[/]", escape(row.what))
    if row.next_step:
        facts.add_row("[bold]Next[/]", escape(row.next_step))
    if intention.scheduled_for is not None:
        local = (
            f"{intention.scheduled_local:%Y-%m-%d %H:%M} {intention.timezone} · " if intention.scheduled_local else ""
        )
        facts.add_row("[bold]Intended[/]", f"{local}{intention.scheduled_for:%Y-%m-%d %H:%M:%S} UTC")
    for warned in open_warnings(connection, [row.id]):
        facts.add_row("[bold yellow]Foreseen[/]", escape(f"{warned.message} ({warned.kind})"))
    print_grid(facts)
    if row.group_id is not None:
        _print_group(row, in_group(connection, row.group_id), f"{intention.timing_strategy}, {intention.group_status}")
    out.print("\n[bold]Everything that happened to it[/] (UTC)", highlight=False)
    history = grid(narrow=2)
    for entry in journal_of(connection, row.id):
        what = entry.what if entry.kind == "status" else f"{entry.kind} {entry.what}"
        history.add_row(f"{entry.at:%m-%d %H:%M:%S}", escape(what), f"[dim]{escape(entry.detail)}[/]")
    print_grid(history, indent=2)


def _print_group(shown: "LedgerRow", rows: "Sequence[LedgerRow]", how: str) -> None:
    out.print(f"\n[bold]Its group[/] ({how})", highlight=False)
    for row in rows:
        here = "  (this one)" if row.id == shown.id else ""
        out.print(f"  {str(row.id)[:8]}  {_coloured(row.status, 10)} {row.account_key}{here}", highlight=False)
        if not here and row.what:
            print_indented(row.what, _INDENT + 2)


def _coloured(status: str, width: int = 0) -> str:
    return f"[{_COLOURS.get(status, 'default')}]{status:<{width}}[/]"
