"""`pressroom experiments`: what is tried against what, what it can find, what it found."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.markup import escape

from pipeline.cli.console import canonical_id_of, engine, fail, harmless, out
from pipeline.cli.experiments_shown import print_list, print_look, print_power
from pipeline.cli.groups import ShowUnlessCommand
from pipeline.vocabulary import ExperimentMethod, Varied

if TYPE_CHECKING:
    from uuid import UUID

    import sqlalchemy as sa

    from pipeline.learning.experiments.founding import Wanted
    from pipeline.store.experiments import ExperimentRow

app = typer.Typer(
    cls=ShowUnlessCommand,
    help="Trying one way of telling posts against another. Without a command: the list; with a name: what it found.",
)
_ACTOR: Final = "pressroom experiments"

Name = Annotated[str, typer.Argument(metavar="NAME", help="The experiment's, as the list has it.")]


@app.callback(invoke_without_command=True)
def experiments(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_experiments()


@app.command("list")
def list_experiments() -> None:
    """All experiments, those that run first."""
    from pipeline.store import experiment_units
    from pipeline.store import experiments as rows

    with engine().connect() as connection:
        found = [(each, experiment_units.how_many(connection, each.id)) for each in rows.all_experiments(connection)]
    if not found:
        out.print("There is no experiment. Plan one: pressroom experiments new --help", highlight=False)
    print_list(found)


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="In small letters, digits and hyphens.")],
    *,
    account: Annotated[str, typer.Option(metavar="ACCOUNT", help="Where it is tried.")],
    vary: Annotated[Varied, typer.Option(help="What the arms differ in.")],
    because: Annotated[str, typer.Option(metavar="TEXT", help="What you expect, and why.")],
    arms: Annotated[
        list[str],
        typer.Option(
            "--arm",
            metavar="NAME=WHAT",
            help="Beside the control, which changes nothing. A template with {title}, {excerpt}, {vertical}, "
            "{keyword}; an image: none or its number; a time: 'mon-fri 9-11'; a sender's name. NAME alone: words for "
            "each post, by vary. May be repeated.",
        ),
    ],
    metric: Annotated[str, typer.Option(help="The one figure that decides; an email's: open_rate, click_rate.")],
    posts: Annotated[int, typer.Option(min=1, help="How many posts are given an arm; of emails, how many are split.")],
    horizon: Annotated[int, typer.Option(metavar="HOURS", help="The age at which figures count.")] = 48,
    level: Annotated[float, typer.Option(min=0.001, max=0.4, help="How often arms alike may be told apart.")] = 0.05,
    margin: Annotated[float, typer.Option(min=0.001, max=0.9, help="What is no difference, as a fraction.")] = 0.05,
    bandit: Annotated[bool, typer.Option("--bandit", help="Give what does better more often; it proves less.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Have nothing changed by itself when it is decided.")] = False,
    test_percent: Annotated[int, typer.Option(min=10, max=100, help="Of an email's readers, who have the test.")] = 100,
    winner: Annotated[str, typer.Option(help="By what the others' email is chosen: opens, clicks.")] = "manual",
    wait: Annotated[int | None, typer.Option(min=1, metavar="HOURS", help="After how long it is.")] = None,
) -> None:
    """Plan an experiment: nothing runs until it is started. What it can find is told at once."""
    from pipeline.learning.experiments.founding import Wanted

    wanted = Wanted(
        name=name,
        varies=vary,
        hypothesis=because,
        metric=metric,
        arms=[_arm(each) for each in arms],
        most_posts=posts,
        horizon_hours=horizon,
        method=ExperimentMethod.BANDIT if bandit else ExperimentMethod.FIXED,
        error_level=level,
        margin=margin,
        applies_winner=not keep,
        test_percent=test_percent,
        winner=winner,
        wait_hours=wait,
    )
    _found(account, wanted)
    power(name)
    out.print(f"Start it: pressroom experiments start {escape(name)}", highlight=False)


@app.command()
def power(name: Name) -> None:
    """What the experiment can find with so many posts, and how many it would take to find more."""
    from pipeline.learning.experiments import founding
    from pipeline.learning.experiments.designs import design_of
    from pipeline.learning.experiments.power import told
    from pipeline.store import accounts

    with engine().connect() as connection:
        experiment = _experiment(connection, name)
        account = accounts.get(connection, experiment.account_key)
        known = founding.expected_of(connection, account, experiment.metric, experiment.horizon_hours)
    try:
        found = told(design_of(experiment), rate=known.rate, readers=known.readers)
    except ValueError:
        out.print(
            f"{experiment.account_key} has sent too few emails ({known.posts} with figures) to tell what can be found.",
            highlight=False,
        )
        return
    print_power(experiment, known, found)


@app.command()
def start(name: Name) -> None:
    """Begin: from now on posts draw their arms while they are written. Its design is fixed from here on."""
    from pipeline.store import experiments as rows

    with _changing() as connection:
        rows.start(connection, _experiment(connection, name))
    out.print("It runs. Each post's version still waits for approval, with its arm's words in it.")


@app.command()
def show(name: Name) -> None:
    """What it is, and what its figures say at present. Looking changes nothing, however often."""
    from pipeline.learning.experiments.running import look_at

    with engine().connect() as connection:
        experiment = _experiment(connection, name)
        look = look_at(connection, experiment)
    print_look(experiment, look)


@app.command()
def settle() -> None:
    """Look at all that run now, and end those that their rule decides, as the schedule does every three hours."""
    from pipeline.learning.experiments.running import settle as settle_all

    found = settle_all(engine())
    for each in found:
        print_look(each.experiment, each.look)
    if not found:
        out.print("No experiment runs.")


@app.command()
def vary(
    name: Name,
    post: Annotated[str, typer.Argument(help="The post's id; its beginning is enough.")],
    words: Annotated[
        list[str], typer.Option("--say", metavar="ARM=WORDS", help="What the arm says of this post. May be repeated.")
    ],
) -> None:
    """Give arms words of their own for a post, and have its versions written anew."""
    from pipeline.distribution.plan import PlanError, plan_post
    from pipeline.store import experiments as rows
    from pipeline.store.plans import read_post

    canonical_id = canonical_id_of(post)
    with _changing() as connection:
        experiment = _experiment(connection, name)
        if experiment.varies not in (Varied.TITLE, Varied.BODY):
            fail(f"Words are for a title or a body; {experiment.name} varies the {experiment.varies}.")
        said = _words(experiment, words)
        rows.set_words(connection, experiment.id, read_post(connection, canonical_id).id, said)
    try:
        plan_post(engine(), canonical_id)
    except PlanError as error:
        fail(escape(harmless(str(error))))
    out.print(f"Its versions are written: pressroom preview {canonical_id}", highlight=False)


@app.command()
def stop(
    name: Name,
    *,
    because: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is kept.")],
) -> None:
    """End an experiment without a verdict. Posts keep the arms that they have."""
    from pipeline.store import experiments as rows

    with _changing() as connection:
        rows.stop(connection, _experiment(connection, name), because)
    out.print("Stopped. What it found is kept.")


@app.command()
def apply(
    name: Name,
    *,
    off: Annotated[bool, typer.Option("--off", help="Write versions again as before.")] = False,
) -> None:
    """Have versions written as the winner has it from now on, where that is not done by itself."""
    from pipeline.learning.experiments.running import apply as apply_winner
    from pipeline.store import experiments as rows

    with _changing() as connection:
        experiment = _experiment(connection, name)
        if off and not rows.unapply(connection, experiment):
            fail(f"{escape(name)} is not applied.")
        if not off:
            apply_winner(connection, experiment)
    out.print("Done. What is approved already stays as it is.")


@app.command()
def remove(name: Name) -> None:
    """Throw away an experiment that has not begun."""
    from pipeline.store import experiments as rows

    with _changing() as connection:
        rows.remove(connection, _experiment(connection, name))
    out.print("Removed.")


def _found(account_key: str, wanted: "Wanted") -> None:
    """Keep the design, or end the command with the reason why it can't be meant so."""
    from pipeline.learning.experiments.founding import founded
    from pipeline.store import accounts
    from pipeline.store import experiments as rows

    with _changing() as connection:
        try:
            account = accounts.get(connection, account_key)
        except accounts.UnknownAccountError as error:
            fail(escape(harmless(str(error))))
        rows.add(connection, founded(connection, account, wanted))
    out.print(f"Planned: {escape(wanted.name)}.", highlight=False)


def _arm(said: str) -> tuple[str, str | None]:
    name, equals, what = said.partition("=")
    return name.strip(), what if equals else None


def _words(experiment: "ExperimentRow", given: list[str]) -> "dict[UUID, str]":
    """What arms say, by their ids; the command ends where one is not an arm, or is the control."""
    ids = {arm.name: arm.id for arm in experiment.arms[1:]}
    said = {}
    for each in given:
        name, _, words = each.partition("=")
        if name not in ids or not words.strip():
            fail(f"--say takes ARM=WORDS, ARM being one of {', '.join(ids)}, and not {escape(harmless(repr(each)))}.")
        said[ids[name]] = words.strip()
    return said


def _experiment(connection: "sa.Connection", name: str) -> "ExperimentRow":
    """The experiment, or the command ends."""
    from pipeline.store.experiments import UnknownExperimentError, get

    try:
        return get(connection, name)
    except UnknownExperimentError as error:
        fail(escape(harmless(str(error))))


@contextmanager
def _changing() -> Iterator["sa.Connection"]:
    """A transaction; what can't be done is told as a sentence."""
    import sqlalchemy as sa

    from pipeline.store.database import transaction
    from pipeline.store.experiments import ExperimentError

    try:
        with transaction(engine(), _ACTOR) as connection:
            yield connection
    except ExperimentError as error:
        fail(escape(harmless(str(error))))
    except sa.exc.IntegrityError as error:
        fail(f"The database refused it: {escape(harmless(str(error.orig).splitlines()[0]))}")
