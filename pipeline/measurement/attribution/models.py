"""The models by rule: how much of a conversion each touch of its path is credited with. Pure, over many paths at once.

A batch of paths is flat: one entry a touch, and where each path begins. A credit is a whole number of billionths of one
conversion. The credits of a path add up to exactly one, so money that is shared by them in decimal arithmetic is
neither lost nor made, to the last digit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.measurement.attribution.paths import Path

WHOLE: Final = 1_000_000_000
"""One conversion, in the units that credits are told in."""
BY_RULE: Final = ("first", "last", "linear", "time_decay", "position")
MODELS: Final = (*BY_RULE, "shapley")
_ENDS: Final = 0.4
"""Of the first and of the last touch by position; the rest is the middle's, as Google Ads had it:
https://developers.google.com/google-ads/api/reference/rpc/v18/AttributionModelEnum.AttributionModel.
"""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Number = TypeVar("Number", np.int64, np.float64)


@dataclass(frozen=True, slots=True)
class Batch:
    """Paths, laid end to end.

    Attributes:
        lengths: touches of each path, at least 1.
        ages: seconds from each touch to its conversion, at least 0.
    """

    lengths: Integers
    ages: Floats

    @property
    def starts(self) -> Integers:
        return np.asarray(np.cumsum(self.lengths) - self.lengths, dtype=np.int64)

    def spread(self, values: NDArray[Number]) -> NDArray[Number]:
        """A value a path, as one a touch."""
        return np.repeat(values, self.lengths)


def batch_of(paths: Sequence[Path]) -> Batch:
    ages = [(path.occurred_at - touch.at).total_seconds() for path in paths for touch in path.touches]
    lengths = np.array([len(path.touches) for path in paths], dtype=np.int64)
    return Batch(lengths, np.maximum(np.array(ages, dtype=np.float64), 0.0))


def credits_by_rule(batch: Batch, *, half_life: timedelta) -> dict[str, Integers]:
    """For each of `BY_RULE` the credits of the touches, in billionths.

    A touch `half_life` older than another weighs half as much by `time_decay`.
    """
    place = np.arange(batch.ages.size) - batch.spread(batch.starts)
    length = batch.spread(batch.lengths)
    is_first, is_last = place == 0, place == length - 1
    weights = {
        "first": is_first.astype(np.float64),
        "last": is_last.astype(np.float64),
        "linear": np.ones_like(batch.ages),
        "time_decay": _decay(batch, half_life.total_seconds()),
        "position": _by_position(length, is_first | is_last),
    }
    return {model: shared(weights[model], batch) for model in BY_RULE}


def _decay(batch: Batch, half_life: float) -> Floats:
    """Relative to the path's newest touch, so that a path of old touches does not vanish in the exponent."""
    if not batch.ages.size:
        return batch.ages
    youngest = np.minimum.reduceat(batch.ages, batch.starts)
    return np.asarray(np.exp2(-(batch.ages - batch.spread(youngest)) / half_life), dtype=np.float64)


def _by_position(length: Integers, is_end: NDArray[np.bool_]) -> Floats:
    middle = np.maximum(length - 2, 1)
    return np.where(is_end, _ENDS, (1 - 2 * _ENDS) / middle)


def shared(weights: Floats, batch: Batch) -> Integers:
    """Whole billionths in proportion to the weights, each path's adding up to `WHOLE`: by the largest remainder.

    A path whose weights are all zero is shared evenly. Of equal remainders the earlier touch gets the more.
    """
    if not weights.size:
        return np.zeros(0, dtype=np.int64)
    starts = batch.starts
    totals = batch.spread(np.add.reduceat(weights, starts))
    even = 1.0 / batch.spread(batch.lengths)
    wanted = WHOLE * np.divide(weights, totals, out=even, where=totals > 0)
    floors = np.floor(wanted).astype(np.int64)
    missing = WHOLE - np.add.reduceat(floors, starts)
    path = np.repeat(np.arange(batch.lengths.size), batch.lengths)
    order = np.lexsort((np.arange(weights.size), floors - wanted, path))
    rank = np.empty_like(order)
    rank[order] = np.arange(weights.size) - batch.spread(starts)
    return np.asarray(floors + (rank < batch.spread(missing)), dtype=np.int64)
