"""Between experiments as they are kept and as they are reasoned about."""

import sqlalchemy as sa

from pipeline.learning.experiments.model import (
    COUNTS,
    DEFAULT_SPLIT_SPREAD,
    DEFAULT_SPREAD,
    EMAIL_RATES,
    RATES,
    Arm,
    Design,
    Outcome,
    Prior,
)
from pipeline.store import experiment_units
from pipeline.store.experiments import ExperimentRow


def design_of(experiment: ExperimentRow) -> Design:
    prior = None
    if experiment.prior_successes and experiment.prior_failures and experiment.overdispersion:
        prior = Prior(experiment.prior_successes, experiment.prior_failures, experiment.overdispersion)
    return Design(
        metric=experiment.metric,
        horizon_hours=experiment.horizon_hours,
        method=experiment.method,
        arms=[Arm(arm.id, arm.name, arm.treatment) for arm in experiment.arms],
        most_posts=experiment.most_posts,
        error_level=experiment.error_level,
        margin=experiment.margin,
        spread=experiment.spread or (DEFAULT_SPREAD if experiment.split is None else DEFAULT_SPLIT_SPREAD),
        prior=prior,
        seed=experiment.seed,
        is_split=experiment.split is not None,
        varies=experiment.varies,
    )


def outcomes_of(connection: sa.Connection, experiment: ExperimentRow) -> list[Outcome]:
    """In the order in which they came."""
    number = {arm.id: place for place, arm in enumerate(experiment.arms)}
    return [
        Outcome(row.turn, number[row.arm_id], row.amount, row.exposure)
        for row in experiment_units.outcomes(connection, experiment.id)
    ]


def figures_of(metric: str) -> tuple[str, str | None]:
    """What a metric counts, and of what where it is a rate.

    Raises:
        ValueError: it is no metric.
    """
    if metric in COUNTS:
        return metric, None
    if metric in RATES:
        return RATES[metric]
    if metric in EMAIL_RATES:
        return EMAIL_RATES[metric]
    raise ValueError(f"{metric!r} is no metric; there are {', '.join((*COUNTS, *RATES, *EMAIL_RATES))}.")
