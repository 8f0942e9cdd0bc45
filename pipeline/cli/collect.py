"""`pressroom collect`: the service that readers' browsers and shops speak to."""

from typing import Annotated

import typer
from rich.markup import escape

from pipeline.cli.console import engine, fail, out
from pipeline.cli.layout import print_indented
from pipeline.settings import settings

app = typer.Typer(
    help="The collector: short links, the site's beacon, conversions. Without a command: where it is and what it takes."
)


@app.callback(invoke_without_command=True)
def show(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    from pipeline.store.accounts import all_accounts

    with engine().connect() as connection:
        short = [row.account_key for row in all_accounts(connection) if row.short_links]
    base = settings().collect_url
    out.print(f"[bold]{base or f'http://127.0.0.1:{settings().collect_port}'}[/]", highlight=False, soft_wrap=True)
    if base is None:
        print_indented(
            "known to this machine only; put a proxy with TLS before it and set PRESSROOM_COLLECT_URL", 2, "yellow"
        )
    print_indented(f"short links: {', '.join(short) or 'no account; pressroom accounts short-links KEY'}", 2)
    taken = "taken at /conversions" if settings().conversions_secret else "not taken; set PRESSROOM_CONVERSIONS_SECRET"
    print_indented(f"conversions: {taken}", 2)


@app.command()
def serve(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="By default PRESSROOM_COLLECT_PORT.")] = None,
) -> None:
    """Serve the collector to this machine, until interrupted."""
    from pipeline.measurement.collector import run
    from pipeline.measurement.conversion_hook import SecretError

    port = port or settings().collect_port
    out.print(f"The collector on port {port}; what it takes: pressroom collect", highlight=False)
    try:
        run(engine(), secret=settings().conversions_secret, port=port)
    except SecretError as error:
        fail(f"{escape(str(error))}.")
