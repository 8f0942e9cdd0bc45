"""Experiments on the terminal, within 80 columns."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pipeline.cli.console import harmless, out
from pipeline.cli.layout import print_grid, print_indented
from pipeline.vocabulary import ExperimentMethod, ExperimentStatus

if TYPE_CHECKING:
    from pipeline.learning.experiments.history import Expected
    from pipeline.learning.experiments.model import Look, Seen
    from pipeline.learning.experiments.power import Told
    from pipeline.store.experiments import ExperimentRow


def print_list(found: "Sequence[tuple[ExperimentRow, int]]") -> None:
    """Each with how many posts it has."""
    for experiment, posts in found:
        state = experiment.verdict.replace("_", " ") if experiment.verdict else experiment.status
        style = "green" if experiment.status == ExperimentStatus.RUNNING else "dim"
        out.print(f"[bold]{experiment.name}[/]  [{style}]{state}[/]", highlight=False)
        what = f"{experiment.varies} on {experiment.account_key}: {_arms(experiment)}; {posts} of {_size(experiment)}"
        print_indented(what, 4)


def print_look(experiment: "ExperimentRow", look: "Look") -> None:
    """What it is, each arm's figures, and what they say."""
    out.print(f"[bold]{experiment.name}[/]  {experiment.status}", highlight=False)
    print_indented(harmless(experiment.hypothesis), 4)
    rule = f"{experiment.metric} at {experiment.horizon_hours} h, {experiment.varies} on {experiment.account_key}"
    print_indented(f"{rule}; {experiment.method}; {_size(experiment)}", 4, "dim")
    table = Table.grid(padding=(0, 2, 0, 0))
    for heading in ("arm", "measured", "figure", "against control", _interval(experiment)):
        table.add_column(heading, no_wrap=True)
    table.add_row(*(Text(str(column.header), "dim") for column in table.columns))
    for number, arm in enumerate(look.arms):
        table.add_row(*_row(experiment, arm, is_control=number == 0))
    print_grid(table, indent=4)
    print_indented(f"{_verdict(experiment, look)}{_applied(experiment)}", 4, "bold")


def print_power(experiment: "ExperimentRow", known: "Expected", found: "Told") -> None:
    """What it can find, before it starts."""
    of = "campaigns" if experiment.split is not None else "posts"
    if known.spread is None and experiment.split is None:
        out.print(
            f"{experiment.account_key} has {known.posts} posts with figures of that age, too few to tell how they "
            "vary: what is usual on networks is taken.",
            highlight=False,
        )
    if experiment.method == ExperimentMethod.BANDIT:
        out.print("A bandit earns while it learns; what follows is what equal shares would find.", highlight=False)
    least = "nothing that could be expected" if found.smallest is None else f"an effect of {found.smallest:+.0%}"
    out.print(f"With {_size(experiment)}, it finds {least} four times in five.", highlight=False)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_row(*(Text(each, "dim") for each in ("effect", "found", f"{of} for 4 in 5")))
    for effect, chance, posts in found.chance_of:
        table.add_row(f"{effect:+.0%}", f"{chance:.0%}", "beyond reach" if posts is None else f"{posts:,}")
    print_grid(table, indent=4)
    same = found.posts_for_no_difference
    needed = "more than can be had" if same is None else f"about {same:,} {of}"
    out.print(f"To show that there is no difference of {experiment.margin:.0%}: {needed}.", highlight=False)


def _row(experiment: "ExperimentRow", arm: "Seen", *, is_control: bool) -> list[str]:
    measured = f"{arm.measured} of {arm.given}" + (f", {arm.lost} lost" if arm.lost else "")
    figure = "?" if arm.figure is None else f"{arm.figure:.2%}" if "rate" in experiment.metric else f"{arm.figure:,.1f}"
    chance = "" if arm.chance is None else f", best {arm.chance:.0%}"
    if is_control:
        return [arm.name, measured, figure, chance.removeprefix(", "), ""]
    return [arm.name, measured, figure, _told(arm.ratio), f"{_told(arm.low)} to {_told(arm.high)}{chance}"]


def _told(ratio: float | None) -> str:
    return "?" if ratio is None else f"{ratio - 1:+.0%}"


def _interval(experiment: "ExperimentRow") -> str:
    return "90 % of belief" if experiment.method == ExperimentMethod.BANDIT else "at every look"


def _verdict(experiment: "ExperimentRow", look: "Look") -> str:
    if experiment.reason is not None:
        return escape(harmless(experiment.reason))
    return look.reason


def _applied(experiment: "ExperimentRow") -> str:
    return " Versions are written so." if experiment.applied_at else ""


def _arms(experiment: "ExperimentRow") -> str:
    return " / ".join(arm.name for arm in experiment.arms)


def _size(experiment: "ExperimentRow") -> str:
    return f"{experiment.most_posts:,} {'emails' if experiment.split is not None else 'posts'}"
