"""The command's root: which commands there are."""

import typer

from pipeline import logs
from pipeline.cli import (
    accounts,
    alerts,
    distributions,
    ingest,
    media,
    outbox,
    posts,
    preview,
    report,
    review,
    sandbox,
    secrets,
    site,
    up,
    users,
    warnings,
    watch,
    worker,
)
from pipeline.cli.demo import demo

app = typer.Typer(
    name="pressroom",
    help="From scraped source to measured result.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals may hold credentials
    rich_markup_mode="markdown",
)
app.command()(up.up)
app.command()(up.down)
app.command()(up.reset)
app.command()(demo)
app.command()(ingest.ingest)
app.command()(preview.preview)
app.command()(report.report)
app.command()(warnings.warnings)
app.command()(watch.watch)
app.command()(worker.worker)
app.add_typer(accounts.app, name="accounts")
app.add_typer(alerts.app, name="alerts")
app.add_typer(media.app, name="media")
app.add_typer(users.app, name="users")
app.add_typer(distributions.app, name="distributions")
app.add_typer(outbox.app, name="outbox")
app.add_typer(posts.app, name="posts")
app.add_typer(review.app, name="review")
app.add_typer(sandbox.app, name="sandbox")
app.add_typer(secrets.app, name="secrets")
app.add_typer(site.app, name="site")


def main() -> None:
    logs.configure()
    app()
