"""Experiments: their design, their arms, the words of single posts, and what became of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.tables import experiment_arms, experiment_words, experiments
from pipeline.timing import PostingHour
from pipeline.vocabulary import ExperimentMethod, ExperimentStatus, Varied, Verdict

_e = experiments.c
_DAYS = 7


class UnknownExperimentError(LookupError):
    """No experiment is called so."""


class ExperimentError(Exception):
    """What was asked can't be done with the experiment as it is; the message says why."""


@dataclass(frozen=True, slots=True)
class ArmRow:
    """`treatment`: what it changes; None where the words are given post by post. The first has place 0."""

    id: UUID
    name: str
    treatment: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ExperimentRow:
    """An experiment. `split` is an email's: how the platform splits its readers; None where each post has one arm.

    `spread`, `prior_successes`, `prior_failures` and `overdispersion` are what earlier posts told; None where nothing.
    """

    id: UUID
    name: str
    platform_id: UUID
    account_key: str
    platform: str
    varies: Varied
    hypothesis: str
    metric: str
    horizon_hours: int
    method: ExperimentMethod
    error_level: float
    margin: float
    most_posts: int
    spread: float | None
    prior_successes: float | None
    prior_failures: float | None
    overdispersion: float | None
    seed: int
    split: Mapping[str, Any] | None
    applies_winner: bool
    status: ExperimentStatus
    created_by: str
    started_at: datetime | None
    ended_at: datetime | None
    verdict: Verdict | None
    winner_id: UUID | None
    reason: str | None
    applied_at: datetime | None
    arms: Sequence[ArmRow]


@dataclass(frozen=True, slots=True)
class NewExperiment:
    """What is fixed before the start; `arms` are (name, treatment), the control first, which changes nothing."""

    name: str
    platform_id: UUID
    varies: Varied
    hypothesis: str
    metric: str
    horizon_hours: int
    method: ExperimentMethod
    error_level: float
    margin: float
    most_posts: int
    spread: float | None
    prior_successes: float | None
    prior_failures: float | None
    overdispersion: float | None
    split: Mapping[str, Any] | None
    applies_winner: bool
    arms: Sequence[tuple[str, Mapping[str, Any] | None]]


@dataclass(frozen=True, slots=True)
class AllowedHours:
    """The hours of its week that an account's versions are limited to, and those of single distributions, which go
    before; what may go out at any hour is in neither.
    """

    of_accounts: Mapping[UUID, frozenset[PostingHour]]
    of_distributions: Mapping[UUID, frozenset[PostingHour]]


def add(connection: sa.Connection, new: NewExperiment) -> UUID:
    """Raises: ExperimentError: the name is taken."""
    values = {name: getattr(new, name) for name in NewExperiment.__dataclass_fields__ if name != "arms"}
    # JSON's null is not SQL's.
    values["split"] = sa.null() if new.split is None else dict(new.split)
    id_ = connection.scalar(
        insert(experiments).values(values).on_conflict_do_nothing(index_elements=["name"]).returning(_e.id)
    )
    if id_ is None:
        raise ExperimentError(f"There is an experiment {new.name} already.")
    for place, (name, treatment) in enumerate(new.arms):
        given = sa.null() if treatment is None else dict(treatment)
        connection.execute(experiment_arms.insert().values(experiment_id=id_, name=name, place=place, treatment=given))
    return UUID(str(id_))


def all_experiments(connection: sa.Connection, *, running: bool = False) -> list[ExperimentRow]:
    """Those that run first, then the latest."""
    where = "where e.status = 'running'" if running else ""
    return _read(connection, where, {})


def get(connection: sa.Connection, name: str) -> ExperimentRow:
    """Raises: UnknownExperimentError, which names those there are."""
    found = _read(connection, "where e.name = :name", {"name": name})
    if not found:
        known = ", ".join(connection.scalars(sa.select(_e.name).order_by(_e.name))) or "none"
        raise UnknownExperimentError(f"There is no experiment {name!r}; there are: {known}.")
    return found[0]


def running_on(connection: sa.Connection, platform_ids: Collection[UUID]) -> list[ExperimentRow]:
    """The running experiments of the accounts, locked until the transaction ends: one at a time draws a lot."""
    connection.execute(
        sa.text("""
            select from experiments where status = 'running' and platform_id = any (:ids) order by id for update
        """),
        {"ids": list(platform_ids)},
    )
    where = "where e.status = 'running' and e.platform_id = any (:ids)"
    return _read(connection, where, {"ids": list(platform_ids)})


def having(connection: sa.Connection, post_id: UUID) -> list[ExperimentRow]:
    """The experiments in which the post has drawn a lot, be they over or not."""
    where = "where exists (select from experiment_units u where u.experiment_id = e.id and u.post_id = :id)"
    return _read(connection, where, {"id": post_id})


def applied(connection: sa.Connection, platform_ids: Collection[UUID]) -> list[ExperimentRow]:
    """The experiments by whose winners the accounts' versions are written."""
    where = "where e.applied_at is not null and e.platform_id = any (:ids)"
    return _read(connection, where, {"ids": list(platform_ids)})


def lock(connection: sa.Connection, name: str) -> ExperimentRow:
    """The experiment, its row locked until the transaction ends. Raises: UnknownExperimentError."""
    connection.execute(sa.select(_e.id).where(_e.name == name).with_for_update())
    return get(connection, name)


def start(connection: sa.Connection, experiment: ExperimentRow) -> None:
    """Raises: ExperimentError: it has begun before, or another one runs on its account."""
    if experiment.status != ExperimentStatus.DRAFT:
        raise ExperimentError(f"{experiment.name} is {experiment.status}; only a draft is started.")
    other = connection.scalar(
        sa.select(_e.name).where(_e.platform_id == experiment.platform_id, _e.status == ExperimentStatus.RUNNING)
    )
    if other is not None:
        raise ExperimentError(f"{other} runs on {experiment.account_key}: one experiment at a time on an account.")
    _set(connection, experiment.id, status=ExperimentStatus.RUNNING, started_at=sa.func.now())


def stop(connection: sa.Connection, experiment: ExperimentRow, reason: str) -> None:
    """End it without a verdict. Raises: ExperimentError: it does not run."""
    if experiment.status != ExperimentStatus.RUNNING:
        raise ExperimentError(f"{experiment.name} is {experiment.status}; only one that runs is stopped.")
    _set(connection, experiment.id, status=ExperimentStatus.STOPPED, ended_at=sa.func.now(), reason=reason)


def decide(
    connection: sa.Connection, experiment: ExperimentRow, verdict: Verdict, winner_id: UUID | None, reason: str
) -> None:
    _set(
        connection,
        experiment.id,
        status=ExperimentStatus.DECIDED,
        ended_at=sa.func.now(),
        verdict=verdict,
        winner_id=winner_id,
        reason=reason,
    )


def apply(connection: sa.Connection, experiment: ExperimentRow) -> None:
    """From now on the account's versions are written as its winner has it, in place of an earlier experiment's."""
    connection.execute(
        experiments.update()
        .where(_e.platform_id == experiment.platform_id, _e.varies == experiment.varies, _e.applied_at.is_not(None))
        .values(applied_at=None)
    )
    _set(connection, experiment.id, applied_at=sa.func.now())


def unapply(connection: sa.Connection, experiment: ExperimentRow) -> bool:
    """Versions are written as they were before; whether its winner was applied."""
    _set(connection, experiment.id, applied_at=None)
    return experiment.applied_at is not None


def remove(connection: sa.Connection, experiment: ExperimentRow) -> None:
    """Raises: ExperimentError: it has begun, and what it found stays."""
    if experiment.status != ExperimentStatus.DRAFT:
        raise ExperimentError(f"{experiment.name} has begun; `pressroom experiments stop` ends it, and it is kept.")
    connection.execute(experiments.delete().where(_e.id == experiment.id))


def set_words(connection: sa.Connection, experiment_id: UUID, post_id: UUID, words: Mapping[UUID, str]) -> None:
    """What arms say of a post, by their ids, in place of what was given before."""
    statement = insert(experiment_words).values(
        [
            {"experiment_id": experiment_id, "post_id": post_id, "arm_id": arm_id, "words": said}
            for arm_id, said in words.items()
        ]
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["experiment_id", "post_id", "arm_id"], set_={"words": statement.excluded.words}
        )
    )


def words_of(connection: sa.Connection, experiment_id: UUID, post_id: UUID) -> dict[UUID, str]:
    """What arms say of a post, by their ids."""
    w = experiment_words.c
    rows = connection.execute(
        sa.select(w.arm_id, w.words).where(w.experiment_id == experiment_id, w.post_id == post_id)
    )
    return {row.arm_id: row.words for row in rows}


def allowed_hours(connection: sa.Connection, platform_ids: Collection[UUID]) -> AllowedHours:
    """What experiments with times say of the accounts and of what they are still to publish."""
    rows = connection.execute(
        sa.text("""
            select d.platform_id, d.id, a.treatment
            from experiments e
            join experiment_units u on u.experiment_id = e.id
            join experiment_arms a on a.id = u.arm_id
            join distributions d on d.post_id = u.post_id and d.platform_id = e.platform_id
            where e.varies = 'time' and e.platform_id = any (:ids) and d.status in ('draft', 'held', 'scheduled')
                and a.treatment ? 'hours'
            union all
            select e.platform_id, null, a.treatment
            from experiments e join experiment_arms a on a.id = e.winner_id
            where e.varies = 'time' and e.platform_id = any (:ids) and e.applied_at is not null
                and a.treatment ? 'hours'
        """),
        {"ids": list(platform_ids)},
    ).all()
    return AllowedHours(
        of_accounts={row.platform_id: _hours(row.treatment) for row in rows if row.id is None},
        of_distributions={row.id: _hours(row.treatment) for row in rows if row.id is not None},
    )


def _hours(treatment: Mapping[str, Any]) -> frozenset[PostingHour]:
    days = treatment.get("days", range(_DAYS))
    return frozenset(PostingHour(day, hour) for day in days for hour in treatment["hours"])


def _set(connection: sa.Connection, id_: UUID, **values: Any) -> None:
    connection.execute(experiments.update().where(_e.id == id_).values(values))


def _read(connection: sa.Connection, where: str, parameters: Mapping[str, Any]) -> list[ExperimentRow]:
    rows = connection.execute(
        sa.text(f"""
            select e.*, p.account_key, p.name as platform, (
                select jsonb_agg(jsonb_build_array(a.id, a.name, a.treatment) order by a.place)
                from experiment_arms a where a.experiment_id = e.id
            ) as arms
            from experiments e join platforms p on p.id = e.platform_id
            {where}
            order by e.status <> 'running', e.created_at desc, e.name
        """),  # noqa: S608 - our own text
        parameters,
    )
    return [_experiment(row) for row in rows.mappings()]


def _experiment(row: sa.RowMapping) -> ExperimentRow:
    told = {name: row[name] for name in ExperimentRow.__dataclass_fields__}
    numbers = ("error_level", "margin", "spread", "prior_successes", "prior_failures", "overdispersion")
    told |= {name: None if row[name] is None else float(row[name]) for name in numbers}
    return ExperimentRow(
        **{
            **told,
            "varies": Varied(row["varies"]),
            "method": ExperimentMethod(row["method"]),
            "status": ExperimentStatus(row["status"]),
            "verdict": Verdict(row["verdict"]) if row["verdict"] else None,
            "arms": [ArmRow(UUID(id_), name, treatment) for id_, name, treatment in row["arms"]],
        }
    )
