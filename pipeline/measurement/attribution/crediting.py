"""Credits what led to conversions: those that are new, or of which anything changed, since the last run."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import numpy as np
import sqlalchemy as sa

from pipeline.measurement.attribution.models import BY_RULE, WHOLE, Integers, batch_of, credits_by_rule, shared
from pipeline.measurement.attribution.paths import Evidence, Path, Touch, path_to
from pipeline.measurement.attribution.shapley import Game, Seen, learnt
from pipeline.store import attribution
from pipeline.store.attribution import Credit, DueConversion
from pipeline.store.database import transaction

ACTOR: Final = "attribution"
_BATCH: Final = 20_000
_LEARNT_FROM: Final = timedelta(days=90)
"""Of how long the journeys are from which Shapley's game is learnt."""
_ONE: Final = Decimal(1) / WHOLE


@dataclass(slots=True)
class CreditReport:
    """What a run did: conversions credited, the touches of their paths, months added up anew.

    `began_anew` says that the settings had changed, so that everything was due. `error` is the largest standard error
    of a share by Shapley's model, 0 where all are exact.
    """

    conversions: int = 0
    touches: int = 0
    months: int = 0
    began_anew: bool = False
    error: float = 0.0


def credit(engine: sa.Engine, *, look_back: timedelta, half_life: timedelta) -> CreditReport:
    """Credit what is due, a batch a transaction: a run that dies is gone on with by the next one.

    Only touches within `look_back` (whole days) of the conversion count; in the model `time_decay` one that is older
    by `half_life` weighs half as much.
    """
    report = CreditReport()
    with transaction(engine, ACTOR) as connection:
        report.began_anew = attribution.keep_settings(
            connection, look_back_days=look_back.days, half_life_days=Decimal(str(half_life / timedelta(days=1)))
        )
    with engine.connect() as connection:
        until = attribution.newest_due(connection)
        rules = _Rules(_game(connection) if until else Game({}), look_back, half_life)
    after = 0
    while after < until:
        with transaction(engine, ACTOR) as connection:
            attribution.one_at_a_time(connection)
            due = attribution.due(connection, after=after, until=until, most=_BATCH)
            if not due:
                break
            after = due[-1].due_id
            _credit_batch(connection, due, rules, report)
    _add_up(engine, report)
    return report


@dataclass(frozen=True, slots=True)
class _Rules:
    game: Game
    look_back: timedelta
    half_life: timedelta


def _game(connection: sa.Connection) -> Game:
    sets = attribution.channel_sets(connection, datetime.now(UTC) - _LEARNT_FROM)
    return learnt(Seen(frozenset(each.channels), each.visitors, each.converted) for each in sets)


def _credit_batch(connection: sa.Connection, due: Sequence[DueConversion], rules: _Rules, report: CreditReport) -> None:
    paths = _paths(connection, list({each.id: each for each in due}.values()), rules.look_back)
    batch = batch_of(paths)
    by_model = credits_by_rule(batch, half_life=rules.half_life)
    weights, error = _by_shapley(paths, rules.game)
    columns = np.column_stack([*(by_model[model] for model in BY_RULE), shared(weights, batch)])
    months = [_month(path.occurred_at) for path in paths]
    attribution.replace_credits(connection, due, _credits(paths, months, columns), months)
    report.conversions += len(paths)
    report.touches += len(columns)
    report.error = max(report.error, error)


def _paths(connection: sa.Connection, due: Sequence[DueConversion], look_back: timedelta) -> list[Path]:
    touches: dict[UUID, list[Touch]] = defaultdict(list)
    for known in attribution.touches_before(connection, [each.id for each in due], look_back):
        touches[known.conversion_id].append(Touch(known.at, known.channel, known.distribution_id, known.post_id))
    return [path_to(each.id, each.occurred_at, touches.get(each.id, ()), _evidence(each)) for each in due]


def _evidence(due: DueConversion) -> Evidence:
    if due.channel is None:
        return Evidence(post_id=due.post_id)
    named = Touch(due.occurred_at, due.channel, due.distribution_id, due.distribution_post_id)
    return Evidence(named, is_own_page=due.is_home, post_id=due.post_id)


def _by_shapley(paths: Sequence[Path], game: Game) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], float]:
    """The weights of the touches, a channel's share spread over its touches, and the largest standard error."""
    weights, error = [], 0.0
    for path in paths:
        times = Counter(touch.channel for touch in path.touches)
        shares = game.shares(times)
        error = max(error, shares.error)
        weights += [shares.by_channel[touch.channel] / times[touch.channel] for touch in path.touches]
    return np.array(weights, dtype=np.float64), error


def _credits(paths: Sequence[Path], months: Sequence[date], columns: Integers) -> Iterator[Credit]:
    rows = iter(columns.tolist())
    for path, month in zip(paths, months, strict=True):
        for number, touch in enumerate(path.touches, 1):
            yield Credit(
                path.conversion_id,
                number,
                month,
                touch.at,
                touch.channel,
                touch.distribution_id,
                touch.post_id,
                [credited * _ONE for credited in next(rows)],
            )


def _month(at: datetime) -> date:
    return at.astimezone(UTC).date().replace(day=1)


def _add_up(engine: sa.Engine, report: CreditReport) -> None:
    with engine.connect() as connection:
        stale = attribution.stale_months(connection)
    for month in stale:
        with transaction(engine, ACTOR) as connection:
            attribution.one_at_a_time(connection)
            attribution.add_up(connection, month)
        report.months += 1
