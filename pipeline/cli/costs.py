"""`pressroom costs`: what the writer's calls to models have cost, what they may cost, and what models cost."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer
from rich.markup import escape

from pipeline.cli import budgets, cost_tables, fees
from pipeline.cli.console import canonical_id_of, engine, fail, out

if TYPE_CHECKING:
    from pipeline.store.ai_costs import Cost

app = typer.Typer(help="What the writer's calls to models cost. Without a command: the last days.")
app.add_typer(budgets.app, name="budget")
app.add_typer(budgets.prices, name="prices")
app.add_typer(fees.app, name="fees")
app.add_typer(fees.other, name="other")

_MOST_ROWS: Final = 10_000


@app.callback(invoke_without_command=True)
def costs(
    context: typer.Context,
    *,
    by: Annotated[
        Literal["day", "month", "vertical", "task", "model", "post"], typer.Option(help="What each line is of.")
    ] = "day",
    days: Annotated[int, typer.Option(min=1, help="How far back.")] = 30,
    post: Annotated[str | None, typer.Option(help="Every call that was made for this post instead.")] = None,
    rows: Annotated[int, typer.Option(min=1, max=_MOST_ROWS, help="How many lines at most.")] = 31,
    csv_path: Annotated[
        Path | None, typer.Option("--csv", metavar="PATH", help="Write it as CSV instead: US dollars, times in UTC.")
    ] = None,
) -> None:
    """What was spent, with what failed and what was saved."""
    if context.invoked_subcommand is not None:
        return
    if post is not None:
        _post(canonical_id_of(post), csv_path)
        return
    from pipeline.store import ai_costs

    since = datetime.now(UTC) - timedelta(days=days)
    with engine().connect() as connection:
        lines = ai_costs.costs_by(connection, by, since, rows=rows)
        total = ai_costs.total(connection, since)
        published = ai_costs.published_since(connection, since)
    if csv_path is not None:
        _write(csv_path, *cost_tables.cost_rows(by, lines))
        return
    if not lines:
        out.print(f"No call to a model in the last {days} days.", highlight=False)
        return
    out.print(f"The last {days} days by {by}, in US dollars\n", highlight=False)
    out.print(cost_tables.cost_table(by, lines, total))
    out.print()
    _summary(total)
    if published.posts:
        out.print(
            f"Published articles: {published.posts}, at "
            f"{cost_tables.usd(published.cost_usd / published.posts)} each on average.",
            highlight=False,
        )
    out.print("\nOne post's calls: pressroom costs --post POST. Budgets: pressroom costs budget", highlight=False)


def _summary(total: "Cost") -> None:
    usd = cost_tables.usd
    told = [
        (total.failed, f"No usable answer: {total.failed} of {total.calls} calls, which cost {usd(total.failed_usd)}."),
        (
            total.unpriced,
            f"Cost not known: {total.unpriced} of {total.calls} calls; budgets count the most they can have cost.",
        ),
        (total.saved_by_cache_usd, f"Saved by the provider's cache: {usd(total.saved_by_cache_usd)}."),
        (total.saved_by_keeping_usd, f"Saved by answers that were kept: {usd(total.saved_by_keeping_usd)}."),
    ]
    for matters, line in told:
        if matters:
            out.print(line, highlight=False)


def _post(canonical_id: str, csv_path: Path | None) -> None:
    from pipeline.store import ai_costs, templates

    with engine().connect() as connection:
        bills = ai_costs.bills_of(connection, canonical_id)
        cost = ai_costs.cost_of(connection, [canonical_id]).get(canonical_id)
        wrote = templates.wrote(connection, canonical_id)
    if csv_path is not None:
        _write(csv_path, *cost_tables.bill_rows(bills))
        return
    if cost is None:
        out.print(f"No call to a model was made for {canonical_id}.", highlight=False)
        return
    out.print(f"[bold]{canonical_id}[/]  {escape(f'written by {wrote}' if wrote else '')}\n", highlight=False)
    out.print(cost_tables.bill_table(bills))
    said = "not known" if cost.cost_usd is None else cost_tables.usd(cost.cost_usd)
    out.print(f"\nIn all: {said}, calls: {cost.calls}.", highlight=False)
    _summary(cost)


def _write(path: Path, headings: list[str], lines: list[list[object]]) -> None:
    import csv

    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(headings)
            writer.writerows(lines)
    except OSError as error:
        fail(f"{escape(str(path))} can't be written: {error.strerror}.")
    out.print(f"{len(lines):,} rows in {escape(str(path))}", highlight=False)
