"""Which post was given which arm, what was counted of it at the horizon, and what each look at an experiment said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.experiments import ExperimentRow
from pipeline.store.tables import (
    distribution_age_figures,
    distributions,
    experiment_looks,
    experiment_outcomes,
    experiment_units,
)
from pipeline.vocabulary import DistributionStatus

_u = experiment_units.c
_o = experiment_outcomes.c


@dataclass(frozen=True, slots=True)
class UnitRow:
    """`arm_id`: None where readers have all arms."""

    experiment_id: UUID
    post_id: UUID
    turn: int
    arm_id: UUID | None
    probability: float


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """`amount` is None where it is lost, and `lost` says why; `exposure` is None where the metric is a count."""

    turn: int
    arm_id: UUID
    amount: float | None
    exposure: float | None
    lost: str | None
    measured_at: datetime


@dataclass(frozen=True, slots=True)
class LookRow:
    """`found` is what was told then."""

    measured: int
    at: datetime
    found: Mapping[str, Any]


def units_of_post(connection: sa.Connection, post_id: UUID) -> list[UnitRow]:
    rows = connection.execute(sa.select(experiment_units).where(_u.post_id == post_id))
    return [_unit(row) for row in rows]


def units(connection: sa.Connection, experiment_id: UUID) -> list[UnitRow]:
    """In the order in which their lots were drawn."""
    rows = connection.execute(sa.select(experiment_units).where(_u.experiment_id == experiment_id).order_by(_u.turn))
    return [_unit(row) for row in rows]


def _unit(row: sa.Row[Any]) -> UnitRow:
    return UnitRow(row.experiment_id, row.post_id, row.turn, row.arm_id, float(row.probability))


def how_many(connection: sa.Connection, experiment_id: UUID) -> int:
    """How many posts it has; the next one's turn."""
    return int(connection.scalar(sa.select(sa.func.count()).where(_u.experiment_id == experiment_id)) or 0)


def assign(
    connection: sa.Connection, unit: UnitRow, platform_id: UUID, arm_name: str | None, *, is_control: bool
) -> None:
    """Record the lot, and give the version that may be there already, unapproved, its arm.

    `arm_name`: None where readers have all arms.
    """
    connection.execute(
        experiment_units.insert().values(
            experiment_id=unit.experiment_id,
            post_id=unit.post_id,
            turn=unit.turn,
            arm_id=unit.arm_id,
            probability=unit.probability,
        )
    )
    d = distributions.c
    connection.execute(
        distributions.update()
        .where(
            d.post_id == unit.post_id,
            d.platform_id == platform_id,
            d.variant_group.is_(None),
            d.status.in_([DistributionStatus.DRAFT, DistributionStatus.HELD]),
        )
        .values(variant_group=arm_name, is_control=is_control)
    )


def has_settled_version(connection: sa.Connection, post_id: UUID, platform_id: UUID) -> bool:
    """Whether what the account says of the post is fixed: approved, on its way, or over."""
    d = distributions.c
    settled = d.status.not_in([DistributionStatus.DRAFT, DistributionStatus.HELD])
    found = connection.scalar(sa.select(sa.exists().where(d.post_id == post_id, d.platform_id == platform_id, settled)))
    return bool(found)


def outcomes(connection: sa.Connection, experiment_id: UUID) -> list[OutcomeRow]:
    """In the order in which they came."""
    rows = connection.execute(
        sa.select(_u.turn, _o.arm_id, _o.amount, _o.exposure, _o.lost, _o.measured_at)
        .join(experiment_units, sa.and_(_u.experiment_id == _o.experiment_id, _u.post_id == _o.post_id))
        .where(_o.experiment_id == experiment_id)
        .order_by(_o.measured_at, _u.turn, _o.arm_id)
    )
    return [
        OutcomeRow(
            turn,
            arm_id,
            None if amount is None else float(amount),
            None if exposure is None else float(exposure),
            lost,
            at,
        )
        for turn, arm_id, amount, exposure, lost, at in rows
    ]


_OPEN = """
    with open as materialized (
        select u.experiment_id, u.post_id, u.arm_id, d.id as distribution_id, d.published_at, d.status, d.metrics_state,
            d.published_at + make_interval(hours => e.horizon_hours) as due_at,
            d.published_at + e.horizon_hours * interval '1.05 hours' + interval '2 hours' as settled_at,
            d.published_at + e.horizon_hours * interval '1.25 hours' + interval '2 hours' as over_at,
            e.horizon_hours, p.status as post_status
        from experiment_units u
        join experiments e on e.id = u.experiment_id
        join publisher_posts p on p.id = u.post_id
        left join experiment_arms a on a.id = u.arm_id
        left join distributions d on d.post_id = u.post_id and d.platform_id = e.platform_id
            and d.variant_group is not distinct from a.name
        where u.experiment_id = :id and (
            select count(*) from experiment_outcomes o where o.experiment_id = u.experiment_id and o.post_id = u.post_id
        ) < case
            when u.arm_id is null then (select count(*) from experiment_arms x where x.experiment_id = u.experiment_id)
            else 1
        end
    )
"""
# Given `open` and `figures`.
_OUTCOME = """
    cross join lateral (
        select case when figures.is_known then figures.amount end as amount,
            case when figures.is_known then figures.exposure end as exposure,
            case
                when figures.is_known then null
                when open.status = 'cancelled' then 'it was cancelled'
                when open.published_at is null and open.post_status = 'archived' then 'its post was withdrawn'
                when open.metrics_state = 'gone' then 'it is gone from its platform'
                when now() >= open.over_at then 'its platform told no figure at that age'
            end as lost
    ) as outcome
"""


def measure(connection: sa.Connection, experiment: ExperimentRow, amount: str, exposure: str | None) -> int:
    """Keep what posts had at the horizon, and which have nothing to tell; how many outcomes are new.

    `amount` and `exposure` are columns of `distribution_age_figures`; of an email split, figures of an arm. What is
    kept is final: an experiment compares equal ages, and a figure that is corrected later is another age's.

    Raises:
        ValueError: there is no such figure.
    """
    if experiment.split is not None:
        return _measure_emails(connection, experiment, amount, str(exposure))
    if not {amount, exposure or amount} <= {each.name for each in distribution_age_figures.columns}:
        raise ValueError(f"{amount} / {exposure} is no figure of a publication")
    whole = f"f.{exposure}" if exposure else "cast(null as bigint)"
    is_known = f"f.{amount} is not null" + (f" and f.{exposure} is not null" if exposure else "")
    inserted = connection.execute(
        sa.text(f"""
            {_OPEN}
            insert into experiment_outcomes (experiment_id, post_id, arm_id, amount, exposure, measured_at, lost)
            select open.experiment_id, open.post_id, open.arm_id, outcome.amount, outcome.exposure, now(), outcome.lost
            from open
            left join distribution_age_figures f on f.distribution_id = open.distribution_id
                and f.age_hours = open.horizon_hours and (now() >= open.settled_at or open.metrics_state = 'gone')
            cross join lateral (
                select coalesce({is_known}, false) as is_known, f.{amount} as amount, {whole} as exposure
            ) as figures
            {_OUTCOME}
            where num_nonnulls(outcome.amount, outcome.lost) > 0
            on conflict do nothing
        """),  # noqa: S608 - our own text, and columns' names
        {"id": experiment.id},
    )
    return inserted.rowcount


def _measure_emails(connection: sa.Connection, experiment: ExperimentRow, amount: str, exposure: str) -> int:
    """An arm's figures are in the first snapshot past the horizon that tells them, in the order of the arms."""
    inserted = connection.execute(
        sa.text(f"""
            {_OPEN}
            insert into experiment_outcomes (experiment_id, post_id, arm_id, amount, exposure, measured_at, lost)
            select open.experiment_id, open.post_id, a.id, outcome.amount, outcome.exposure, now(), outcome.lost
            from open
            join experiment_arms a on a.experiment_id = open.experiment_id
            left join lateral (
                select m.platform_metrics -> 'arms' -> a.place as told
                from distribution_metrics m
                where m.distribution_id = open.distribution_id and m.recorded_hour >= date_trunc('hour', open.due_at)
                    and m.recorded_at >= open.due_at and jsonb_typeof(m.platform_metrics -> 'arms') = 'array'
                order by m.recorded_hour limit 1
            ) as arm on true
            cross join lateral (
                select num_nonnulls(arm.told ->> :amount, arm.told ->> :exposure) = 2 as is_known,
                    cast(arm.told ->> :amount as numeric) as amount,
                    cast(arm.told ->> :exposure as numeric) as exposure
            ) as figures
            {_OUTCOME}
            where num_nonnulls(outcome.amount, outcome.lost) > 0
            on conflict do nothing
        """),  # noqa: S608 - our own text
        {"id": experiment.id, "amount": amount, "exposure": exposure},
    )
    return inserted.rowcount


def keep_look(connection: sa.Connection, experiment_id: UUID, measured: int, found: Mapping[str, Any]) -> None:
    """Once for each number of outcomes: the first look at them is the one that is kept."""
    connection.execute(
        insert(experiment_looks)
        .values(experiment_id=experiment_id, measured=measured, found=dict(found))
        .on_conflict_do_nothing(index_elements=["experiment_id", "measured"])
    )


def looks(connection: sa.Connection, experiment_id: UUID) -> Sequence[LookRow]:
    """From the first on."""
    look = experiment_looks.c
    rows = connection.execute(
        sa.select(look.measured, look.at, look.found).where(look.experiment_id == experiment_id).order_by(look.measured)
    )
    return [LookRow(*row) for row in rows]
