"""`pressroom distributions`: where every post is, why, and what a person can do about it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.console import engine, err, fail, out
from pipeline.cli.groups import ShowUnlessCommand
from pipeline.cli.layout import print_indented
from pipeline.cli.review_desk import As, acting_user
from pipeline.settings import settings
from pipeline.vocabulary import DistributionStatus

if TYPE_CHECKING:
    from pipeline.distribution.intervene import Result


app = typer.Typer(
    cls=ShowUnlessCommand,
    help="Where every post is, and why. Without a command: the latest of all. `distributions ID`: that one.",
)

Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Distributions' ids; their beginnings will do.")]
At = Annotated[
    str | None, typer.Option(help="When, e.g. 2026-11-23 09:00, in the distribution's own zone. Default: now.")
]
NotThere = Annotated[bool, typer.Option("--not-there", help="You looked: what may be live is not on the platform.")]

_LISTED = 100


@app.callback(invoke_without_command=True)
def show_list(
    context: typer.Context,
    *,
    status: Annotated[list[DistributionStatus] | None, typer.Option(help="Only these; may be repeated.")] = None,
    account: Annotated[str | None, typer.Option(help="Only this account's; its key.")] = None,
    post: Annotated[str | None, typer.Option(help="Only of posts whose id begins so.")] = None,
    group: Annotated[str | None, typer.Option(help="Only of cross-post groups whose name or id begins so.")] = None,
) -> None:
    if context.invoked_subcommand is not None:
        return
    from pipeline.cli.standing import print_row
    from pipeline.store.overview import open_distributions

    with engine().connect() as connection:
        rows = open_distributions(
            connection,
            status or list(DistributionStatus),
            _LISTED + 1,
            account=account,
            post=post,
            group=group,
        )
    for row in rows[:_LISTED]:
        print_row(row)
    if not rows:
        out.print("There are none.")
    elif len(rows) > _LISTED:
        out.print(f"\nThese are the latest {_LISTED}; narrow them with --status, --account, --post or --group.")
    else:
        out.print("\nWhat happens next, and what happened so far: pressroom distributions show ID", highlight=False)


@app.command()
def show(
    what: Annotated[str, typer.Argument(metavar="ID", help="A post's or a distribution's id; its beginning will do.")],
) -> None:
    """Where it is, why, what happens next and when; of a single distribution, everything that happened to it."""
    from pipeline.cli.standing import print_one, print_post, print_row
    from pipeline.store.interventions import is_post
    from pipeline.store.overview import distributions_matching

    with engine().connect() as connection:
        rows = distributions_matching(connection, what)
        if not rows and is_post(connection, what):
            fail(f"The post {what} has no versions yet: Dagster's asset distribution_plan makes them.")
        if not rows:
            fail(f"No post or distribution begins with {what!r}; `pressroom distributions --help` lists the commands.")
        if len(rows) == 1:
            print_one(connection, rows[0])
        elif len({row.canonical_id for row in rows}) == 1 and rows[0].canonical_id is not None:
            print_post(connection, rows)
        else:
            for row in rows:
                print_row(row)
            out.print("\nSeveral begin so; give more of the id.")


@app.command()
def retry(
    ids: Ids,
    at: At = None,
    *,
    not_there: NotThere = False,
    reason: Annotated[str | None, typer.Option(help="Kept in its history.")] = None,
    who: As = None,
) -> None:
    """Send again what failed, or what was unknown and is not on the platform."""
    from pipeline.distribution import intervene

    actor = acting_user(who).full_name
    _tell(intervene.retry(engine(), ids, actor, at=at, not_there=not_there, reason=reason))


@app.command()
def release(
    ids: Ids,
    at: At = None,
    *,
    reason: Annotated[str | None, typer.Option(help="Kept in its history.")] = None,
    who: As = None,
) -> None:
    """Let go out what is held, however late it is."""
    from pipeline.distribution import intervene

    _tell(intervene.release(engine(), ids, acting_user(who).full_name, at=at, reason=reason))


@app.command()
def hold(
    ids: Ids,
    *,
    reason: Annotated[str, typer.Option(help="Shown wherever the post is.")],
    who: As = None,
) -> None:
    """Keep back what is scheduled, until somebody releases it."""
    from pipeline.distribution import intervene

    actor = acting_user(who).full_name
    try:
        results = intervene.hold(engine(), ids, actor, reason=reason)
    except intervene.InterventionError as error:
        fail(str(error))
    _tell(results)


@app.command()
def cancel(
    ids: Ids,
    *,
    reason: Annotated[str, typer.Option(help="Shown wherever the post is.")],
    not_there: NotThere = False,
    who: As = None,
) -> None:
    """Give up, for good, what is not out."""
    from pipeline.distribution import intervene

    actor = acting_user(who).full_name
    try:
        results = intervene.cancel(engine(), ids, actor, reason=reason, not_there=not_there)
    except intervene.InterventionError as error:
        fail(str(error))
    _tell(results)


@app.command()
def mark_published(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The distribution's id; its beginning will do.")],
    url: Annotated[str, typer.Argument(help="Where it is live.")],
    *,
    platform_id: Annotated[
        str | None, typer.Option("--platform-id", help="The platform's id of it, where the address does not tell it.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="Since when, in the distribution's own zone. Default: now; of an unknown one, its last try."),
    ] = None,
    who: As = None,
) -> None:
    """Note that it is live, because you found it there or put it there."""
    from pipeline.distribution import intervene
    from pipeline.store.announcements import Announce

    result = intervene.mark_published(
        engine(),
        id_,
        acting_user(who).full_name,
        url=url,
        platform_id=platform_id,
        at=at,
        announce=Announce.from_settings(settings()),
    )
    _tell([result])


def _tell(results: "Sequence[Result]") -> None:
    for result in results:
        if result.changed:
            print_indented(result.message, 0)
        else:
            err.print("[bold red]Not done:[/] ", end="")
            err.print(result.message, markup=False, highlight=False, soft_wrap=True)
    if not all(result.changed for result in results):
        raise typer.Exit(1)
