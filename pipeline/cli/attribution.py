"""`pressroom attribution`: what conversions are owed to, and one post from its source to its profit."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import canonical_id_of, engine, harmless, out
from pipeline.settings import settings

if TYPE_CHECKING:
    from pipeline.store.profit import Earned

app = typer.Typer(help="What conversions are owed to. Without a command: what each model credits the channels with.")


class Model(StrEnum):
    """How a conversion is shared among what led to it."""

    FIRST = "first"
    LAST = "last"
    LINEAR = "linear"
    TIME_DECAY = "time_decay"
    POSITION = "position"
    SHAPLEY = "shapley"


@app.callback(invoke_without_command=True)
def attribution(
    context: typer.Context,
    *,
    months: Annotated[int, typer.Option(min=1, max=240, help="Calendar months (UTC), this one included.")] = 3,
    count: Annotated[bool, typer.Option("--count", help="Conversions instead of dollars.")] = False,
) -> None:
    if context.invoked_subcommand is not None:
        return
    from pipeline.store.profit import channels

    now = datetime.now(UTC).date()
    first = now.replace(year=now.year + (now.month - months) // 12, month=(now.month - months) % 12 + 1, day=1)
    with engine().connect() as connection:
        credited = channels(connection, first)
    if not credited:
        out.print(f"No conversion since {first} is credited yet: pressroom attribution run", highlight=False)
        return
    out.print(f"{'Conversions' if count else 'US dollars'} since {first}, by model\n", highlight=False)
    out.print(_channels_table(credited, count=count))
    unvalued = sum((each.unvalued for each in credited["linear"]), Decimal(0))
    pending = sum((each.pending for each in credited["linear"]), Decimal(0))
    if pending:
        out.print(f"\nNot in it: {pending.normalize():f} conversions that may still be refused.", highlight=False)
    if unvalued:
        out.print(
            f"\nOf {unvalued.normalize():f} conversions nobody knows the dollars: pressroom conversions",
            highlight=False,
        )
    out.print("\nOne post, from source to profit: pressroom attribution trace POST", highlight=False)


@app.command()
def run(
    *,
    anew: Annotated[bool, typer.Option("--anew", help="All conversions, not only what is new or has changed.")] = False,
) -> None:
    """Credit what is new or has changed, and book what publications cost; Dagster does so each morning."""
    from pipeline.measurement.attribution.booking import book_costs
    from pipeline.measurement.attribution.crediting import ACTOR, credit
    from pipeline.store.attribution import all_due
    from pipeline.store.database import transaction

    if anew:
        with transaction(engine(), ACTOR) as connection:
            all_due(connection)
    report = credit(
        engine(),
        look_back=timedelta(days=settings().attribution_look_back_days),
        half_life=timedelta(days=settings().attribution_half_life_days),
    )
    booked = book_costs(engine())
    if report.began_anew:
        out.print("The settings had changed: everything was worked out anew.")
    out.print(
        f"{report.conversions:,} conversions credited to {report.touches:,} touches; {booked:,} publications booked.",
        highlight=False,
    )
    if report.error:
        out.print(
            f"Some paths have too many channels for Shapley's exact values: their shares are estimates with a standard "
            f"error of {report.error:.3f} at most.",
            highlight=False,
        )


@app.command()
def trace(
    post: Annotated[str, typer.Argument(help="The post's id; its beginning is enough.")],
    *,
    model: Annotated[Model, typer.Option(help="How a conversion is shared among what led to it.")] = Model.LINEAR,
) -> None:
    """Follow a post: source, brief, draft, publications, clicks, conversions, profit."""
    from pipeline.cli.attribution_trace import print_trace
    from pipeline.store.profit import trace as traced

    canonical_id = canonical_id_of(post)
    with engine().connect() as connection:
        found = traced(connection, canonical_id, model)
    print_trace(found, model)


def _channels_table(credited: "dict[str, list[Earned]]", *, count: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("channel", overflow="fold")
    for model in Model:
        table.add_column(model.replace("_", " "), justify="right", no_wrap=model is not Model.TIME_DECAY)
    by_channel = {
        each.channel: {model: {e.channel: e for e in credited.get(model, ())}.get(each.channel) for model in Model}
        for earned in credited.values()
        for each in earned
    }
    for channel in sorted(by_channel, key=lambda name: (-_size(by_channel[name][Model.LINEAR], count=count), name)):
        cells = [_cell(by_channel[channel][model], count=count) for model in Model]
        table.add_row(escape(harmless(channel)), *cells)
    return table


def _size(earned: "Earned | None", *, count: bool) -> Decimal:
    if earned is None:
        return Decimal(0)
    return earned.conversions if count else earned.usd or Decimal(0)


def _cell(earned: "Earned | None", *, count: bool) -> str:
    if earned is not None and not count and earned.usd is None and earned.unvalued:
        return "?"
    size = _size(earned, count=count)
    return f"{size:,.1f}" if count else f"{size:,.2f}"
