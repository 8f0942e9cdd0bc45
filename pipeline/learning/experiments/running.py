"""What is done with running experiments: outcomes kept, a look taken, the rule followed, the winner applied."""

from dataclasses import asdict, dataclass
from typing import Any, Final

import sqlalchemy as sa

from pipeline.learning.experiments.designs import design_of, figures_of, outcomes_of
from pipeline.learning.experiments.model import Look
from pipeline.store import experiment_units, experiments
from pipeline.store.database import transaction
from pipeline.store.experiments import ExperimentError, ExperimentRow
from pipeline.vocabulary import ExperimentStatus, Varied, Verdict

ACTOR: Final = "experiments"


@dataclass(frozen=True, slots=True)
class Settled:
    """A running experiment after a look at it. `new`: outcomes that were not there before."""

    experiment: ExperimentRow
    look: Look
    new: int
    is_applied: bool


def settle(engine: sa.Engine) -> list[Settled]:
    """Look at each running experiment, and end those that the rule decides. Safe at any time, as often as wanted."""
    with engine.connect() as connection:
        names = [each.name for each in experiments.all_experiments(connection, running=True)]
    return [settled for name in names if (settled := _settle(engine, name)) is not None]


def look_at(connection: sa.Connection, experiment: ExperimentRow) -> Look:
    """What its outcomes say; nothing is changed."""
    from pipeline.learning.experiments.analysis import look

    design = design_of(experiment)
    outcomes = outcomes_of(connection, experiment)
    units = experiment_units.units(connection, experiment.id)
    given = [sum(unit.arm_id in (None, arm.id) for unit in units) for arm in experiment.arms]
    per_post = len(experiment.arms) if design.is_split else 1
    is_over = len(units) >= design.most_posts and len(outcomes) >= per_post * len(units)
    return look(design, given, outcomes, is_over=is_over)


def apply(connection: sa.Connection, experiment: ExperimentRow) -> None:
    """Have the account's versions written as the winner has it from now on.

    Raises:
        ExperimentError: there is no winner that could be applied; the message says what to do instead.
    """
    reason = why_not_applied(experiment)
    if reason is not None:
        raise ExperimentError(reason)
    experiments.apply(connection, experiment)


def why_not_applied(experiment: ExperimentRow) -> str | None:
    """Why a decided experiment changes nothing from now on; None where its winner can be applied."""
    if experiment.verdict != Verdict.WINNER:
        return f"{experiment.name} has no winner: it is {experiment.verdict or experiment.status}."
    if experiment.winner_id == experiment.arms[0].id:
        return f"The control of {experiment.name} won: versions are written as before."
    winner = next(arm for arm in experiment.arms if arm.id == experiment.winner_id)
    if winner.treatment is None:
        return f"{winner.name} of {experiment.name} is words for single posts: nothing follows for others."
    if experiment.varies == Varied.SENDER:
        return f"Whom emails are from is a setting of {experiment.account_key}, its from_name: change it there."
    return None


def as_document(look: Look) -> dict[str, Any]:
    """A look as it is kept."""
    return asdict(look)


def _settle(engine: sa.Engine, name: str) -> Settled | None:
    with transaction(engine, ACTOR) as connection:
        experiment = experiments.lock(connection, name)
        if experiment.status != ExperimentStatus.RUNNING:
            return None
        new = experiment_units.measure(connection, experiment, *figures_of(experiment.metric))
        look = look_at(connection, experiment)
        if new:
            experiment_units.keep_look(connection, experiment.id, look.measured, as_document(look))
        is_applied = False
        if look.verdict is not None:
            winner = None if look.winner is None else experiment.arms[look.winner].id
            experiments.decide(connection, experiment, look.verdict, winner, look.reason)
            experiment = experiments.get(connection, name)
            is_applied = experiment.applies_winner and why_not_applied(experiment) is None
            if is_applied:
                experiments.apply(connection, experiment)
        return Settled(experiment, look, new, is_applied)
