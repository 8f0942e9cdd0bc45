"""`pressroom costs budget` and `pressroom costs prices`: what may be spent, and what models cost."""

from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import engine, fail, harmless, out
from pipeline.cli.cost_tables import usd
from pipeline.vocabulary import BudgetPeriod

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    import sqlalchemy as sa

app = typer.Typer(help="What the writer may spend. Without a command: the list.")
prices = typer.Typer(help="Prices of models that go before the list's. Without a command: the list.")

Period = Annotated[BudgetPeriod, typer.Argument(help="By UTC's calendar.")]
Vertical = Annotated[str | None, typer.Option(help="For one vertical. Without it: for all together.")]
Model = Annotated[str, typer.Argument(help="The model's name, as the writer asks for it.")]


@app.callback(invoke_without_command=True)
def budgets(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_()


@app.command("list")
def list_() -> None:
    """Each budget, with what is spent of it."""
    from pipeline.editorial.budget import default_budget
    from pipeline.store.ai_calls import all_standings

    with engine().connect() as connection:
        standings = all_standings(connection, default_budget())
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("for", "a", "budget", "spent", "under way", "left", "begins again (UTC)"):
        table.add_column(heading, justify="right" if heading in {"budget", "spent", "under way", "left"} else "left")
    for standing in standings:
        whose = standing.vertical or ("all (default)" if standing.from_settings else "all")
        left = max(standing.left_usd, Decimal(0))
        table.add_row(
            whose,
            standing.period,
            usd(standing.budget_usd),
            usd(standing.spent_usd),
            usd(standing.under_way_usd),
            f"[red]{usd(left)}[/]" if not left else usd(left),
            f"{standing.starts_again_at:%Y-%m-%d}",
        )
    out.print(table)
    out.print("\nCalls of unknown cost count with the most they can have cost.", highlight=False)


@app.command("set")
def set_(
    period: Period, amount: Annotated[float, typer.Argument(min=0, help="US dollars.")], vertical: Vertical = None
) -> None:
    """Set what may be spent a day or a month. A call that no longer fits waits for the next one."""
    from pipeline.store import ai_prices

    with _change(vertical) as (connection, vertical_id):
        ai_prices.set_budget(connection, vertical_id, period, Decimal(str(amount)))
    out.print(f"{vertical or 'All verticals together'}: {usd(Decimal(str(amount)))} a {period}.", highlight=False)


@app.command()
def remove(period: Period, vertical: Vertical = None) -> None:
    """Remove a budget. For all together a day's default stays: PRESSROOM_WRITER_BUDGET_USD_PER_DAY."""
    from pipeline.store import ai_prices

    with _change(vertical) as (connection, vertical_id):
        removed = ai_prices.remove_budget(connection, vertical_id, period)
    if not removed:
        fail(f"There is no such budget for {escape(vertical or 'all verticals')}.")
    out.print("Removed.")


@prices.callback(invoke_without_command=True)
def show_prices(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_prices()


@prices.command("list")
def list_prices() -> None:
    """The prices that were set here, and the present model's."""
    from pipeline.editorial.writers import price_in_use
    from pipeline.settings import settings
    from pipeline.store.ai_prices import all_prices

    with engine().connect() as connection:
        own = all_prices(connection)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("model", "in", "cached", "out", "from"):
        table.add_column(heading, justify="right" if heading in {"in", "cached", "out"} else "left", overflow="fold")
    for price in own:
        amounts = (price.input_usd, price.cached_input_usd, price.output_usd)
        table.add_row(escape(harmless(price.model)), *(f"{amount:f}" for amount in amounts), "set here")
    model = settings().writer_model
    if settings().writer_base_url and all(price.model != model for price in own):
        listed = price_in_use(engine(), model)
        if listed is None:
            table.add_row(escape(model), "?", "?", "?", "[red]not known: it is not called[/]")
        else:
            amounts = (listed.input, listed.cached_input, listed.output)
            table.add_row(escape(model), *(f"{amount:f}" for amount in amounts), listed.source)
    out.print(table if table.row_count else "None is set: the list of genai-prices counts.", highlight=False)


@prices.command("set")
def set_price(
    model: Model,
    *,
    price_in: Annotated[float, typer.Option("--input", min=0, metavar="USD", help="US dollars per million tokens.")],
    price_out: Annotated[float, typer.Option("--output", min=0, metavar="USD", help="The same of what it writes.")],
    cached: Annotated[
        float | None, typer.Option(min=0, metavar="USD", help="The same of tokens from its cache. Default: as --input.")
    ] = None,
) -> None:
    """Set what a model costs, from the next call on. What is billed keeps the price of its time."""
    from pipeline.store import ai_prices
    from pipeline.store.database import transaction

    amounts = [Decimal(str(amount)) for amount in (price_in, price_in if cached is None else cached, price_out)]
    with transaction(engine(), "pressroom costs") as connection:
        ai_prices.set_price(connection, ai_prices.ModelPrice(model, *amounts))
    out.print(
        f"{escape(harmless(model))}: in ${amounts[0]:f}, cached ${amounts[1]:f}, out ${amounts[2]:f} per million "
        "tokens.",
        highlight=False,
        soft_wrap=True,
    )


@prices.command("remove")
def remove_price(model: Model) -> None:
    """Remove a price that was set; the list's counts again."""
    from pipeline.store import ai_prices
    from pipeline.store.database import transaction

    with transaction(engine(), "pressroom costs") as connection:
        removed = ai_prices.remove_price(connection, model)
    if not removed:
        fail(f"No price is set for {escape(harmless(model))}.")
    out.print("Removed.")


@contextmanager
def _change(slug: str | None) -> "Iterator[tuple[sa.Connection, UUID | None]]":
    from pipeline.store import verticals
    from pipeline.store.database import transaction

    try:
        with transaction(engine(), "pressroom costs") as connection:
            yield connection, None if slug is None else verticals.vertical(connection, slug).id
    except verticals.UnknownVerticalError as error:
        fail(escape(str(error)))
