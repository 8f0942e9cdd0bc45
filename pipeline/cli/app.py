"""The command's root: which commands there are."""

import typer

from pipeline import logs
from pipeline.cli import (
    accounts,
    alerts,
    analytics,
    attribution,
    calendar,
    campaigns,
    collect,
    conversions,
    costs,
    curate,
    distributions,
    experiments,
    figures,
    ingest,
    lifetime,
    links,
    media,
    new,
    outbox,
    plan,
    preview,
    products,
    recycle,
    report,
    repurpose,
    review,
    sandbox,
    schedule,
    secrets,
    site,
    slots,
    stories,
    templates,
    timing,
    up,
    users,
    verticals,
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
app.command()(new.new)
app.command()(curate.curate)
app.command()(repurpose.repurpose)
app.command()(preview.preview)
app.command()(lifetime.lifetime)
app.command()(report.report)
app.command()(timing.timing)
app.command()(warnings.warnings)
app.command()(watch.watch)
app.command()(worker.worker)
app.add_typer(accounts.app, name="accounts")
app.add_typer(alerts.app, name="alerts")
app.add_typer(attribution.app, name="attribution")
app.add_typer(analytics.app, name="analytics")
app.add_typer(calendar.app, name="calendar")
app.add_typer(campaigns.app, name="campaigns")
app.add_typer(collect.app, name="collect")
app.add_typer(conversions.app, name="conversions")
app.add_typer(links.app, name="links")
app.add_typer(costs.app, name="costs")
app.add_typer(figures.app, name="figures")
app.add_typer(media.app, name="media")
app.add_typer(users.app, name="users")
app.add_typer(distributions.app, name="distributions")
app.add_typer(experiments.app, name="experiments")
app.add_typer(outbox.app, name="outbox")
app.add_typer(plan.app, name="plan")
app.add_typer(products.app, name="products")
app.add_typer(recycle.app, name="recycle")
app.add_typer(review.app, name="review")
app.add_typer(sandbox.app, name="sandbox")
app.add_typer(schedule.app, name="schedule")
app.add_typer(secrets.app, name="secrets")
app.add_typer(site.app, name="site")
app.add_typer(slots.app, name="slots")
app.add_typer(stories.app, name="stories")
app.add_typer(templates.app, name="templates")
app.add_typer(verticals.app, name="verticals")


def main() -> None:
    logs.configure()
    app()
