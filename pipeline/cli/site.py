"""`pressroom site`: the publisher's own sites."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from pipeline.cli import console
from pipeline.cli.console import harmless
from pipeline.cli.layout import grid, print_grid, print_indented
from pipeline.settings import settings

if TYPE_CHECKING:
    from pipeline.platforms.site.article import SiteConfig
    from pipeline.platforms.site.check import Problem
    from pipeline.platforms.site.folder import SiteFolder
    from pipeline.platforms.site.rebuild import Progress

app = typer.Typer(help="The publisher's own sites.", no_args_is_help=True)

_INDENT: Final = 4
_WAIT_SECONDS: Final = 30.0
"""For a publication under way, before a rebuild gives up."""

Key = Annotated[str | None, typer.Argument(metavar="ACCOUNT", help="The site's account; needless where there is one.")]


@app.callback()
def _group() -> None:
    """The publisher's own sites."""


@app.command()
def show(key: Key = None) -> None:
    """How many pages it has, when something was last published, and whether a page is missing."""
    from pipeline.platforms.site.check import glance
    from pipeline.platforms.site.folder import SiteFolder
    from pipeline.platforms.site.storage import RecordError

    key, config = _site(key)
    try:
        seen = glance(SiteFolder(config.folder))
    except (OSError, RecordError) as error:
        _fail(config, error)
    last = f"{seen.last_published_at:%Y-%m-%d %H:%M:%S} UTC" if seen.last_published_at else "never"
    console.out.print(f"[bold]{key}[/]  {escape(harmless(config.name))}", highlight=False)
    print_indented(f"address: {config.url()}", _INDENT)
    print_indented(f"folder: {config.folder}", _INDENT)
    print_indented(
        f"articles: {seen.live:,} live; {seen.half_published:,} half published; {seen.taken_down:,} taken down", _INDENT
    )
    print_indented(f"last published: {last}", _INDENT)
    print_indented(f"problems at a glance: {len(seen.problems) or 'none'}", _INDENT)
    _print_problems(seen.problems)
    console.out.print(f"Look at every file: pressroom site check {key}", highlight=False)


@app.command()
def check(key: Key = None) -> None:
    """Whether every file is what the records say it is; changes nothing."""
    from pipeline.platforms.site import check as checking
    from pipeline.platforms.site.folder import SiteFolder
    from pipeline.platforms.site.storage import RecordError

    key, config = _site(key)
    report = checking.Report()
    try:
        _follow(checking.check(SiteFolder(config.folder), config, report), "Checking")
    except (OSError, RecordError) as error:
        _fail(config, error)
    if report.strays:
        console.out.print("Not of the site, and left alone:")
        for path in report.strays:
            print_indented(harmless(path), _INDENT)
    if not report.problems:
        console.out.print("Every file is what the records say.")
        return
    console.out.print(f"Problems: {len(report.problems)}")
    _print_problems(report.problems)
    console.out.print(f"To mend what can be: pressroom site rebuild {key}", highlight=False)
    raise typer.Exit(1)


@app.command()
def rebuild(key: Key = None) -> None:
    """Write every page once more from what is kept, with the templates and settings of now.

    Publishing goes on meanwhile. Where this is interrupted, start it again: what is done is left alone.
    """
    from pipeline.platforms.site import rebuild as rebuilding
    from pipeline.platforms.site.folder import FolderBusyError, SiteFolder
    from pipeline.platforms.site.storage import RecordError

    key, config = _site(key)
    folder = SiteFolder(config.folder)
    try:
        _follow(rebuilding.rebuild(folder, config, hold=partial(folder.locked, _WAIT_SECONDS)), "Rebuilding")
    except (OSError, RecordError) as error:
        _fail(config, error)
    except FolderBusyError:
        console.fail(f"Somebody has been writing to the site for {_WAIT_SECONDS:.0f} s. Start this again later.")
    _print_changed(folder)


@app.command()
def serve(
    folder: Annotated[
        Path | None, typer.Option(help="The built site; by default the one `make run` publishes to.")
    ] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="By default PRESSROOM_SITE_PORT.")] = None,
) -> None:
    """Serve the built site to this machine, until interrupted."""
    from pipeline.platforms.site import server

    folder = folder or settings().home / "site"
    port = port or settings().site_port
    console.out.print(f"The site: http://127.0.0.1:{port}/ (from {folder})", soft_wrap=True)
    try:
        server.run(folder, port=port)
    except OSError as error:
        console.fail(f"The site's folder can't be served: {error.strerror or error}.")


def _site(key: str | None) -> tuple[str, "SiteConfig"]:
    """A site's account and settings, or the command ends."""
    from pipeline.platforms.site.adapter import SiteAdapter, site_config
    from pipeline.store.accounts import all_accounts

    with console.engine().connect() as connection:
        sites = {row.account_key: row for row in all_accounts(connection) if row.name == SiteAdapter.name}
    if key is None and len(sites) == 1:
        (key,) = sites
    if key is None or key not in sites:
        known = ", ".join(sites) or "there is none; add one with pressroom accounts add KEY site"
        console.fail(escape(f"Name a site's account: {known}."))
    try:
        return key, site_config(key, sites[key].publish_config)
    except ValueError as error:
        console.fail(escape(str(error)))


def _follow(steps: "Iterable[Progress]", what: str) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console.err, transient=True) as bar:
        tasks = {}
        for step in steps:
            if step.what not in tasks:
                tasks[step.what] = bar.add_task(f"{what} {step.what}", total=step.of)
            bar.update(tasks[step.what], completed=step.done)


def _print_problems(problems: "Iterable[Problem]") -> None:
    table = grid(narrow=0)
    for problem in problems:
        table.add_row(escape(harmless(f"{problem.path} {problem.message}")))
    print_grid(table, indent=_INDENT)


def _print_changed(folder: "SiteFolder") -> None:
    changed = folder.writes
    console.out.print(f"Rebuilt; {changed:,} files changed." if changed else "Rebuilt; nothing had to change.")


def _fail(config: "SiteConfig", error: Exception) -> NoReturn:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    console.fail(escape(harmless(f"The site in {config.folder} can't be read or written: {reason}")))
