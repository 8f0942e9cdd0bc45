"""`pressroom demo`: the whole line once, without waiting for people, told as it goes."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import engine, fail, out
from pipeline.settings import Settings, settings

if TYPE_CHECKING:
    import dagster as dg

    from pipeline.store.reports import Report

REVIEWER = "Demo reviewer (scripted)"
_FIGURES = ("account", "publications", "measured", "impressions", "engagements", "clicks")


def demo(
    articles: Annotated[int, typer.Option(min=1, max=100, help="How many stories to take through.")] = 3,
) -> None:
    """Source to figures in one go: ingest, write, review (by a script, named so), publish to the sandbox, measure."""
    from pipeline.cli.up import prepare

    current = settings()
    with ExitStack() as stack:
        os.environ.update(prepare(current))
        settings.cache_clear()
        stack.enter_context(_sandbox_and_site(current))
        line = stack.enter_context(_line())
        _step("Reading the sources and analysing what is new")
        line.run("take_in")
        _step("Choosing stories, writing and checking the articles")
        posts = line.write(articles)
        if not posts:
            fail("No story that is strong enough is left: `pressroom ingest` takes in more.")
        _step("Giving the first a picture, a film and a sound: some platforms want one")
        _illustrate(posts[0])
        _step(f"Reviewing: {REVIEWER}")
        approved = [post for post in posts if _approve(post)]
        _step("Publishing: the site first, then the platforms")
        line.publish()
        _step("Asking the platforms for figures")
        line.measure()
        missing = _tell(approved)
        if missing or len(approved) < len(posts):
            fail(f"{missing} of the versions are not published; `pressroom distributions` says why.")
    out.print(f"\n[bold green]Done.[/] {len(approved)} articles went the whole way. `make run` shows the lineage.")


class _Line:
    """The project's own jobs, run in this process against Dagster's storage, so that the UI shows them afterwards."""

    def __init__(self, instance: "dg.DagsterInstance") -> None:
        from pipeline.definitions import defs

        self._defs = defs
        self._instance = instance

    def run(self, job: str, tags: dict[str, str] | None = None) -> None:
        result = self._defs.resolve_job_def(job).execute_in_process(
            instance=self._instance,
            tags=tags,
            raise_on_error=False,
            # What goes wrong is told once, below; the rest is in Dagster's own log of the run.
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        if not result.success:
            reasons = [str(e.event_specific_data.error.message) for e in result.get_step_failure_events()]  # type: ignore[union-attr]
            fail(f"The job {job} failed: {' '.join(reasons)}")

    def write(self, count: int) -> list[str]:
        from datetime import timedelta

        from pipeline.partitions import POST, runs_over
        from pipeline.store.database import transaction
        from pipeline.store.stories import claim_stories

        with transaction(engine(), "demo") as connection:
            stories = claim_stories(connection, limit=count, lease=timedelta(minutes=15))
        keys = [story.canonical_id for story in stories]
        known = list(self._instance.get_dynamic_partitions(POST))
        self._instance.add_dynamic_partitions(POST, keys)
        for _, tags in runs_over(known, keys):
            self.run("write_posts", tags)
        return keys

    def publish(self) -> None:
        self._accounts()
        self.run("publish")

    def measure(self) -> None:
        from pipeline.partitions import runs_over

        keys = self._accounts()
        for _, tags in runs_over(keys, keys):
            self.run("sync_metrics", tags)
        self.run("daily_reports")

    def _accounts(self) -> list[str]:
        from pipeline.partitions import ACCOUNT
        from pipeline.store.accounts import all_accounts

        with engine().connect() as connection:
            keys = [account.account_key for account in all_accounts(connection)]
        self._instance.add_dynamic_partitions(ACCOUNT, keys)
        return list(self._instance.get_dynamic_partitions(ACCOUNT))


@contextmanager
def _line() -> Iterator[_Line]:
    import logging
    import warnings

    import dagster as dg
    import structlog

    # Ours by choice: one run over several partitions, and checks that are partitioned as the posts are.
    warnings.simplefilter("ignore", dg.BetaWarning)
    warnings.simplefilter("ignore", dg.PreviewWarning)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with dg.DagsterInstance.get() as instance:
        yield _Line(instance)


@contextmanager
def _sandbox_and_site(current: Settings) -> Iterator[None]:
    """The sandbox and the site's server, where `pressroom up` does not run them already; ended with the database."""
    from pipeline.cli.up import rehearsal, stop_database
    from pipeline.supervisor import AlreadyRunningError, Supervisor

    supervisor = Supervisor(current.home, os.environ, out.print)
    try:
        with supervisor.exclusive():
            supervisor.end_leftovers()
            try:
                supervisor.start(*rehearsal(current))
                yield
            finally:
                supervisor.stop()
                engine().dispose()
                stop_database(current)
    except AlreadyRunningError:
        yield


def _illustrate(canonical_id: str) -> None:
    from pipeline.distribution.plan import plan_post
    from pipeline.editorial.media import add_media
    from pipeline.sample.install import sample_media

    for path, alt_text in sample_media():
        add_media(engine(), canonical_id, str(path), alt_text)
    plan_post(engine(), canonical_id)


def _approve(canonical_id: str) -> bool:
    from pipeline.editorial import review
    from pipeline.editorial.checklist import ALL_ITEMS
    from pipeline.editorial.desk import ReviewError
    from pipeline.store.users import find

    with engine().connect() as connection:
        reviewer = find(connection, REVIEWER)
    try:
        note = "Confirmed and approved by the demo's script; no person looked at it."
        review.approve(engine(), canonical_id, reviewer, checked=ALL_ITEMS, note=note)
    except ReviewError as error:
        out.print(f"  [yellow]not approved:[/] {escape(str(error))}")
        return False
    return True


def _tell(canonical_ids: list[str]) -> int:
    """Print where each version went; returns how many are not published."""
    from pipeline.store.overview import distributions_of
    from pipeline.store.reports import run_report

    missing = 0
    with engine().connect() as connection:
        for canonical_id in canonical_ids:
            rows = distributions_of(connection, canonical_id)
            out.print(f"\n[bold]{escape(rows[0].title)}[/]  {canonical_id}", highlight=False, soft_wrap=True)
            for row in rows:
                missing += row.status != "published"
                colour = "green" if row.status == "published" else "red"
                line = f"  [{colour}]{row.status:<10}[/] {row.account_key:<18} {escape(row.what)}"
                out.print(line, highlight=False, soft_wrap=True)
        _figures(run_report(connection, "performance_so_far"))
    return missing


def _figures(report: "Report") -> None:
    from pipeline.measurement.report_forms import cells

    title = "What the platforms tell so far; empty is unknown, not zero"
    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False, collapse_padding=True)
    for column in _FIGURES:
        table.add_column(column.replace("_", " "), no_wrap=column == "account")
    for row in cells(report):
        values = dict(zip(report.columns, row, strict=True))
        table.add_row(*(escape(values[column]) for column in _FIGURES))
    out.print()
    out.print(table)


def _step(text: str) -> None:
    out.print(f"[bold]▸[/] {text}", highlight=False)
