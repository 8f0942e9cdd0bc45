"""`pressroom analytics`: who reads the articles, and what counts them."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import canonical_id_of, engine, fail, harmless, keepers, name_values, out
from pipeline.cli.groups import ShowUnlessCommand
from pipeline.cli.layout import print_indented
from pipeline.settings import settings

if TYPE_CHECKING:
    from pipeline.measurement.site_analytics.registry import SourceFactory
    from pipeline.measurement.site_analytics.sync import SyncReport
    from pipeline.measurement.site_analytics.views import Site
    from pipeline.store.site_analytics import SourceRow

app = typer.Typer(
    cls=ShowUnlessCommand,
    help="Who reads the articles, day by day. Without a command: what counts them. `analytics POST`: that one's days.",
)

_INDENT = 4
_CHECKED = 50
_ACTOR = "pressroom analytics"

Key = Annotated[str, typer.Argument(metavar="SOURCE", help="The source's key, as the list shows it.")]
AccountKey = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The site, or WordPress, whose pages are read.")]


@app.callback(invoke_without_command=True)
def list_sources(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    from pipeline.store.site_analytics import sources

    with engine().connect() as connection:
        found = sources(connection)
    for row in found:
        _print_source(row)
    if not found:
        out.print("Nothing counts readers yet. Without anybody else's service:")
        out.print("    pressroom analytics add readers first-party ACCOUNT", highlight=False)
        out.print("With one: plausible, ga4 or matomo in place of first-party.")


@app.command()
def add(
    key: Annotated[str, typer.Argument(help="Your name for it: lower-case letters, digits, dashes.")],
    kind: Annotated[str, typer.Argument(help="plausible, ga4, matomo or first-party.")],
    account: AccountKey,
    *,
    credentials: Annotated[
        str | None, typer.Option(help="Where the secret is: env:NAME, file:PATH, db:NAME or vault:PATH, a JSON object.")
    ] = None,
    config: Annotated[list[str] | None, typer.Option(help="A setting, NAME=VALUE; may be repeated.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Its first whole day, such as 2026-01-31; default today. Earlier is unknown.")
    ] = None,
) -> None:
    """Add what counts an account's readers. The secret itself stays where it is; only the reference is kept."""
    import sqlalchemy as sa

    from pipeline.measurement.site_analytics.first_party import BEACON, COUNTED
    from pipeline.store.database import transaction
    from pipeline.store.site_analytics import add_source

    kind = kind.replace("-", "_")
    given = {name: str(value) for name, value in name_values(config or []).items()}
    _require_fitting(kind, given, credentials)
    if kind == "first_party" and given.get("counts", BEACON) not in COUNTED:
        fail(f"counts is one of {', '.join(COUNTED)}.")
    site = _site(account)
    values = {
        "source_key": key,
        "kind": kind,
        "platform_id": site.id,
        "config": given,
        "credentials_secret_id": credentials,
        "counts_since": _day(since) if since else datetime.now(UTC).date(),
    }
    try:
        with transaction(engine(), _ACTOR) as connection:
            add_source(connection, values)
    except sa.exc.IntegrityError as error:
        if "analytics_sources_account" in str(error.orig):
            fail(f"The readers of {account} are counted already; remove that source first: pressroom analytics")
        fail(f"The database refused the source: {escape(str(error.orig).splitlines()[0])}")
    out.print(f"Added. Does it work? pressroom analytics check {key}", highlight=False)
    if kind == "first_party" and given.get("counts", BEACON) == "beacon":
        out.print(f"The pages need the script as well: pressroom analytics script {account}", highlight=False)
    elif kind == "first_party":
        out.print(f"Read the log now and then: pressroom analytics read-log FILE {account}", highlight=False)


@app.command()
def remove(key: Key) -> None:
    """Ask it no more. What it told stays, and another can count the account's readers from now on."""
    from pipeline.store.database import transaction
    from pipeline.store.site_analytics import retire_source

    row = _source(key)
    with transaction(engine(), _ACTOR) as connection:
        retire_source(connection, row.id)
    out.print(f"{key} is not asked any more.", highlight=False)


@app.command()
def check(key: Key) -> None:
    """Ask what it tells of yesterday, and keep nothing of it."""
    from pipeline import clock
    from pipeline.distribution.credentials import CredentialsAwayError, CredentialsError
    from pipeline.measurement.site_analytics.source import in_one_spelling, plain_path
    from pipeline.platforms.base import PlatformUnavailableError
    from pipeline.store.site_analytics import pages

    row = _source(key)
    yesterday = clock.local(datetime.now(UTC), row.timezone).date() - timedelta(days=1)
    with engine().connect() as connection:
        addresses = [page.address for page in pages(connection, row.platform_id, yesterday)][:_CHECKED]
    try:
        reading = _open()(row).read(addresses, yesterday, yesterday)
    except (PlatformUnavailableError, CredentialsError, CredentialsAwayError, ValueError) as error:
        fail(escape(harmless(str(error))))
    told = in_one_spelling(reading.days)
    ours = sum((plain_path(address), yesterday) in told for address in addresses)
    out.print(f"{key} works: of {len(addresses)} pages asked for, {ours} had readers on {yesterday}.", highlight=False)
    if told and addresses and not ours:
        print_indented(f"It knows other pages, such as {harmless(next(iter(told))[0])}: is it the right site?", _INDENT)
    if reading.incomplete:
        print_indented("It keeps rows to itself, so a page without one is not one without readers.", _INDENT)


@app.command()
def sync(
    keys: Annotated[list[str] | None, typer.Argument(metavar="[SOURCE...]", help="Default: all of them.")] = None,
) -> None:
    """Read the days that were not told yet, and the last few again."""
    from pipeline.distribution.credentials import CredentialsAwayError, CredentialsError
    from pipeline.measurement.site_analytics import sync as syncing

    for key in keys or []:
        _source(key)
    unusable = (CredentialsError, CredentialsAwayError)
    reports = syncing.sync(engine(), _open(), now=datetime.now(UTC), keys=keys, unusable=unusable)
    if not reports:
        out.print("Nothing counts readers yet: pressroom analytics add")
    for report in reports:
        _print_report(report)
    if any(report.error for report in reports):
        raise typer.Exit(1)


@app.command()
def show(
    post: Annotated[str, typer.Argument(metavar="POST", help="The post's id; its beginning will do.")],
    days: Annotated[int, typer.Option(min=1, max=3660, help="How many days back.")] = 28,
) -> None:
    """A post's readers, day by day."""
    from pipeline.store.page_views import seen_since
    from pipeline.store.post_readers import post_days
    from pipeline.store.posts import id_of

    canonical_id = canonical_id_of(post)
    since = datetime.now(UTC).date() - timedelta(days=days)
    with engine().connect() as connection:
        post_id = id_of(connection, canonical_id)
        assert post_id is not None
        rows = post_days(connection, post_id, since)
        views, visitors = seen_since(connection, post_id, datetime.now(UTC) - timedelta(hours=24))
    if views:
        out.print(f"By our own count, in the last 24 hours: {views:,} views by {visitors:,} visitors.", highlight=False)
    if not rows:
        out.print(f"No whole day of {canonical_id}'s readers since {since} is known yet.", highlight=False)
        return
    table = Table("day", *(f"{name}" for name in ("views", "visitors", "time", "bounced", "seen", "engaged", "by")))
    for row in rows:
        corrected = " *" if row.corrections else ""
        table.add_row(
            f"{row.date}{corrected}",
            _count(row.views),
            _count(row.unique_visitors),
            "" if row.avg_time_on_page is None else f"{row.avg_time_on_page:.0f} s",
            *(
                "" if rate is None else f"{rate:.0%}"
                for rate in (row.bounce_rate, row.scroll_depth_avg, row.engagement_score)
            ),
            row.source_key or "",
        )
    out.print(f"[bold]{canonical_id}[/]", highlight=False)
    out.print(table)
    if any(row.corrections for row in rows):
        out.print("* corrected since it was first told", highlight=False)


@app.command()
def script(
    account: AccountKey,
    *,
    remember: Annotated[
        bool, typer.Option("--remember", help="Browsers keep an id, so that a reader is known again. Ask your lawyer.")
    ] = False,
    off: Annotated[bool, typer.Option("--off", help="Pages get no script any more.")] = False,
) -> None:
    """The script that counts readers: into the pages of a site, or to be put into a WordPress theme.

    It sets no cookie, is under a kilobyte, and tells nothing of readers who ask not to be tracked.
    """
    from pipeline.store.accounts import get
    from pipeline.store.database import transaction
    from pipeline.store.site_analytics import set_beacon

    site = _site(account)
    collector = (settings().collect_url or f"http://127.0.0.1:{settings().collect_port}").rstrip("/")
    address = f"{collector}/v/{site.key}"
    with engine().connect() as connection:
        is_site = get(connection, account).name == "site"
    if not is_site:
        kept = " data-remember" if remember else ""
        out.print("Put this before </head>:", highlight=False)
        out.print(escape(f'<script defer src="{collector}/b.js" data-to="{address}"{kept}></script>'), soft_wrap=True)
        return
    with transaction(engine(), _ACTOR) as connection:
        set_beacon(connection, account, None if off else address, remembers=remember)
    said = "have no script any more" if off else f"tell {address}"
    out.print(f"New pages of {account} {said}.", highlight=False)
    out.print(f"Those that are out, once they are written again: pressroom site rebuild {account}", highlight=False)


@app.command("read-log")
def read_log(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="An access log, plain or gzip: Combined or JSON lines.")],
    account: AccountKey,
) -> None:
    """Read what is new in a web server's access log. Each line counts once, however often this is run."""
    from pipeline.measurement.site_analytics import read_log as reading
    from pipeline.store.log_readings import ReadMeanwhileError

    site = _site(account)
    report = reading.LogReport()
    try:
        for report in reading.read_log(engine(), site, path):  # noqa: B007 - the last one is told
            pass
    except reading.LogError as error:
        fail(escape(harmless(str(error))))
    except ReadMeanwhileError:
        fail("The same log is being read by somebody else. Start this again when they are done; nothing is lost.")
    if report.began_at:
        out.print(f"Read on from byte {report.began_at:,}.", highlight=False)
    out.print(
        f"{report.lines:,} lines: {report.views:,} page views kept; {report.bots:,} by robots, {report.other:,} no "
        f"pages, {report.unread:,} not understood.",
        highlight=False,
    )


def _print_source(row: "SourceRow") -> None:
    out.print(f"[bold]{row.source_key}[/]  {row.kind.replace('_', '-')}  {row.account_key}", highlight=False)
    told = f"to {row.complete_through}" if row.complete_through else "nothing yet"
    print_indented(f"counts since {row.counts_since}, read {told}", _INDENT)
    if row.last_error:
        print_indented(f"the latest sync failed: {harmless(row.last_error)}", _INDENT)
    if row.not_before and row.not_before > datetime.now(UTC):
        print_indented(f"asks to be left alone until {row.not_before:%Y-%m-%d %H:%M} UTC", _INDENT)
    if row.credentials_secret_id:
        print_indented(f"credentials: {row.credentials_secret_id}", _INDENT)


def _print_report(report: "SyncReport") -> None:
    if report.first and report.last:
        out.print(
            f"[bold]{report.source_key}[/]  {report.first} to {report.last}: {report.pages:,} pages, {report.told:,} "
            f"page-days with readers, {report.changed:,} new or corrected",
            highlight=False,
        )
    for refused in report.refused:
        print_indented(f"not kept: {harmless(refused)}", _INDENT)
    if report.error:
        out.print(f"[red]{report.source_key}[/]: {escape(harmless(report.error))}", highlight=False)


def _open() -> "SourceFactory":
    from pipeline.distribution.credentials import resolve
    from pipeline.measurement.site_analytics.registry import source_factory

    kept = keepers()
    return source_factory(
        engine(), lambda reference: resolve(reference, kept), timeout_seconds=settings().call_timeout_seconds
    )


def _source(key: str) -> "SourceRow":
    """The source, or the command ends."""
    from pipeline.store.site_analytics import UnknownSourceError, get_source

    try:
        with engine().connect() as connection:
            return get_source(connection, key)
    except UnknownSourceError as error:
        fail(escape(harmless(str(error))))


def _site(account: str) -> "Site":
    """The account as one whose pages can be counted, or the command ends."""
    from pipeline.measurement.site_analytics.views import NotCountableError, site_of
    from pipeline.store.accounts import UnknownAccountError

    try:
        with engine().connect() as connection:
            return site_of(connection, account)
    except (UnknownAccountError, NotCountableError) as error:
        fail(escape(harmless(str(error))))


def _require_fitting(kind: str, given: dict[str, str], credentials: str | None) -> None:
    """Ends the command where the kind, a setting or the credentials do not fit, with what there is."""
    from pipeline.measurement.site_analytics.registry import KINDS

    source = KINDS.get(kind)
    if source is None:
        fail(f"A source is one of {', '.join(name.replace('_', '-') for name in KINDS)}.")
    known = {setting.name: setting for setting in source.settings}
    wrong = [f"needs {name}" for name, setting in known.items() if setting.required and name not in given]
    wrong += [f"has no {name}" for name in sorted(given.keys() - known.keys())]
    if source.secrets and credentials is None:
        wrong.append(f"needs --credentials ({', '.join(secret.name for secret in source.secrets)})")
    if not source.secrets and credentials is not None:
        wrong.append("needs no --credentials")
    if wrong:
        lines = [f"  {name}{' (required)' if each.required else ''}: {each.help}" for name, each in known.items()]
        fail(escape("\n".join([f"{source.title} {'; '.join(wrong)}. Its settings:", *lines])))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(escape(f"{text!r} is no day; write it like 2026-01-31."))


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
