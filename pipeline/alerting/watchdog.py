"""What is wrong right now, seen from outside Dagster: nothing here needs a daemon, a sensor or a run to be alive."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from pipeline.alerting import dagster_storage
from pipeline.store import watch, workers
from pipeline.vocabulary import AlertKind

SENSORS: Final = ("due_distributions", "unresolved_distributions", "handed_over")
"""Without these nothing is published, nothing unknown is resolved, and nobody follows up what platforms hold, unless a
`pressroom worker` does all three."""

DAGSTER_STORAGE: Final = "Dagster's storage"
_AT_MOST: Final = 20
_PING_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class WatchConfig:
    """How long each thing may take before it is a concern."""

    idle_for: timedelta = timedelta(minutes=5)
    """A post is due, its account may send, and nothing sends. A start of Dagster and of a run fits in."""
    missed_after: timedelta = timedelta(minutes=15)
    unreconciled_for: timedelta = timedelta(minutes=5)
    unknown_for: timedelta = timedelta(hours=25)
    """Longer than the engine's own deadline, after which it asks a person by itself."""
    undelivered_for: timedelta = timedelta(hours=1)
    tick_age: timedelta = timedelta(minutes=3)
    longest_run: timedelta = timedelta(hours=1)
    code_server: str | None = None
    """host:port; None: not asked."""


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that a person should see to. Kind and subject are the key of its alert."""

    kind: AlertKind
    subject: str
    message: str


def look(engine: sa.Engine, dagster: sa.Engine | None, config: WatchConfig) -> list[Concern]:
    """Everything that is wrong. `dagster` is its storage; None: Dagster isn't used.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: our own database can't be asked.
    """
    with engine.connect() as connection:
        concerns = [
            *_idle(connection, config),
            *_unreconciled(connection, config),
            *_undecided(connection, config),
            *_undelivered(connection, config),
        ]
        worker_alive = workers.one_alive(connection) is not None
    if dagster is not None:
        concerns += _dagster(dagster, config, worker_alive=worker_alive)
    elif not worker_alive:
        concerns.append(Concern(AlertKind.STUCK, "worker", "No worker is at work. Start one: pressroom worker"))
    if config.code_server is not None and not code_server_answers(config.code_server):
        concerns.append(
            Concern(
                AlertKind.STUCK,
                "code server",
                f"Dagster's code server at {config.code_server} does not answer: no sensor ticks and no run starts. "
                "`make run` restarts it when it has ended; when it hangs, restart it yourself. "
                "Its log: .pressroom/logs/dagster-code.log",
            )
        )
    return concerns


def _idle(connection: sa.Connection, config: WatchConfig) -> Iterator[Concern]:
    lanes = watch.idle_lanes(connection, idle_for=config.idle_for, missed_after=config.missed_after)
    if not lanes:
        return
    keys = ", ".join(lane.account_key for lane in lanes[:_AT_MOST])
    yield Concern(
        AlertKind.STUCK,
        "publishing",
        f"Posts are due and nothing sends them, for {len(lanes)} accounts ({keys}), the longest since "
        f"{_at(lanes[0].idle_since)}. What else is wrong: pressroom watch --once. "
        "If Dagster is down, this publishes too: pressroom worker",
    )
    for lane in lanes[:_AT_MOST]:
        if lane.oldest_intended is not None and lane.missed:
            yield Concern(
                AlertKind.MISSED,
                f"account {lane.account_key}",
                f"Posts of {lane.account_key} have missed their time: {lane.missed}, the first "
                f"{_at(lane.oldest_intended)}, and nothing that one could see keeps them. "
                f"pressroom distributions --account {lane.account_key} --status scheduled",
            )


def _unreconciled(connection: sa.Connection, config: WatchConfig) -> Iterator[Concern]:
    waiting = watch.unreconciled(connection, older_than=config.unreconciled_for)
    if waiting.since is not None:
        yield Concern(
            AlertKind.STUCK,
            "reconciliation",
            f"Publications whose outcome is unknown wait to be looked up: {waiting.count}, the first since "
            f"{_at(waiting.since)}. Start the jobs reconcile and hand_over in Dagster, or: pressroom worker",
        )


def _undecided(connection: sa.Connection, config: WatchConfig) -> Iterator[Concern]:
    for each in watch.undecided(connection, unknown_for=config.unknown_for, limit=_AT_MOST):
        yield Concern(
            AlertKind.UNKNOWN,
            f"distribution {each.id}",
            f"“{each.title}” on {each.account_key} may or may not be live; a person must look, since "
            f"{_at(each.since)}. pressroom distributions show {str(each.id)[:8]}",
        )


def _undelivered(connection: sa.Connection, config: WatchConfig) -> Iterator[Concern]:
    oldest = watch.oldest_undelivered(connection, older_than=config.undelivered_for)
    if oldest is not None:
        yield Concern(
            AlertKind.UNDELIVERED,
            "outbox",
            f"What should have followed a publication is not delivered since {_at(oldest)}. "
            "What, where to and why: pressroom outbox",
        )


def _dagster(engine: sa.Engine, config: WatchConfig, *, worker_alive: bool) -> list[Concern]:
    try:
        with engine.connect() as connection:
            now = connection.scalar(sa.text("select now()"))
            assert isinstance(now, datetime)
            states = [] if worker_alive else dagster_storage.sensors(connection, SENSORS)
            runs = dagster_storage.runs_longer_than(connection, config.longest_run, limit=_AT_MOST)
    except sa.exc.SQLAlchemyError as error:
        message = f"The storage of Dagster can't be read, so nobody knows whether its sensors tick ({_brief(error)})."
        return [Concern(AlertKind.STUCK, DAGSTER_STORAGE, f"{message} Check DAGSTER_POSTGRES_URL and its server.")]
    concerns = [
        Concern(
            AlertKind.STUCK,
            f"run {run.run_id}",
            f"The run {run.run_id[:8]} of {run.job} goes on since {_at(run.since)}. Look at it in Dagster, and "
            "terminate it when it does nothing: what it had in hand is taken up by the next.",
        )
        for run in runs
    ]
    for state in states:
        trouble = _trouble(state, now, config)
        if trouble is not None:
            concerns.append(
                Concern(
                    AlertKind.STUCK,
                    f"sensor {state.name}",
                    f"{trouble}, and no worker is at work. Look under Automation in Dagster, or start one: "
                    "pressroom worker",
                )
            )
    return concerns


def _trouble(state: dagster_storage.SensorState, now: datetime, config: WatchConfig) -> str | None:
    if not state.switched_on:
        return f"The sensor {state.name} is switched off"
    if state.last_good_tick is not None and now - state.last_good_tick <= config.tick_age:
        return None
    good = "" if state.last_good_tick is None else f", the last good one was {_at(state.last_good_tick)}"
    if state.last_tick is not None and now - state.last_tick <= config.tick_age:
        return f"The ticks of the sensor {state.name} fail{good}"
    return f"The sensor {state.name} does not tick{good}"


def code_server_answers(address: str, *, within_seconds: float = _PING_SECONDS) -> bool:
    """Whether Dagster's code server at host:port does its work.

    Asks as Dagster does, through to the process that holds our code: the server's front takes connections, and passes
    the standard health check, even when that process hangs or is gone.
    """
    import grpc  # type: ignore[import-untyped]

    with grpc.insecure_channel(address) as channel:
        try:
            channel.unary_unary("/api.DagsterApi/Ping")(b"", timeout=within_seconds)
        except grpc.RpcError:
            return False
    return True


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _brief(error: sa.exc.SQLAlchemyError) -> str:
    """The class alone: a driver's text may quote the connection's parameters."""
    return type(getattr(error, "orig", None) or error).__name__
