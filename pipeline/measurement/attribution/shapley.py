"""Shapley's model: what each channel adds to the rate at which visitors convert. Pure.

The players are the channels of a path, and what a set of them is worth is how often visitors convert who came by just
those: the counterfactual that visitors who did not convert tell (Shapley, "A value for n-person games", 1953; for
advertising Dalessandro, Perlich, Stitelman and Provost, "Causally motivated attribution for online advertising", 2012).
A game that only counts conversions needs no such model: by Zhao, Mahboobi and Bagheri ("Shapley value methods for
attribution modeling in online advertising", 2018) its values are an even share among a path's channels.

Two things are done to the rates. A set that few came by is drawn towards the rate of all: a prior that is worth one
conversion, (c + 1) / (n + 1 / rate). And a set is worth no less than the best of its parts, so that nothing is ever
credited with less than nothing; a set that nobody came by is worth just that.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import comb, sqrt
from typing import Final

MOST_EXACT: Final = 12
"""Channels of one path up to which all their sets are worked out: 4,096. Above, orders are drawn at random."""
_ORDERS: Final = 2_000
"""Drawn at random: a channel's share is then off by 0.011 of one conversion at most, as the standard error of a mean of
values between 0 and 1 is at most 0.5 / √2,000."""
_SEED: Final = 7


@dataclass(frozen=True, slots=True)
class Shares:
    """How one conversion is shared among a path's channels; they add up to 1 but for a float's rounding.

    `error` is the largest standard error of a share; 0 where they are exact.
    """

    by_channel: Mapping[str, float]
    error: float = 0.0


@dataclass(frozen=True, slots=True)
class Seen:
    """Visitors who came by one set of channels, and how many of them converted."""

    channels: frozenset[str]
    visitors: int
    converted: int


@dataclass(slots=True)
class Game:
    """The worth of sets of channels, as visitors showed it."""

    rates: Mapping[frozenset[str], float]
    _known: dict[frozenset[str], Shares] = field(default_factory=dict)

    def shares(self, channels: Iterable[str]) -> Shares:
        """How a conversion of a visitor who came by these channels is shared among them; at least one channel."""
        players = frozenset(channels)
        if players not in self._known:
            self._known[players] = _shares(self.rates, players)
        return self._known[players]


def learnt(seen: Iterable[Seen]) -> Game:
    """The game that visitors with and without a conversion tell; the same set may be given in several parts."""
    counts: dict[frozenset[str], tuple[int, int]] = {}
    for each in seen:
        visitors, converted = counts.get(each.channels, (0, 0))
        counts[each.channels] = visitors + each.visitors, converted + each.converted
    everybody = sum(visitors for visitors, _ in counts.values())
    overall = sum(converted for _, converted in counts.values()) / everybody if everybody else 0.0
    if not overall:
        return Game({})
    return Game(
        {channels: (converted + 1) / (visitors + 1 / overall) for channels, (visitors, converted) in counts.items()}
    )


def _shares(rates: Mapping[frozenset[str], float], players: frozenset[str]) -> Shares:
    names = sorted(players)
    parts = {_mask(part, names): rate for part, rate in rates.items() if part and part <= players}
    if len(names) == 1 or not parts:
        return Shares(dict.fromkeys(names, 1 / len(names)))
    values, error = _exact(parts, len(names)) if len(names) <= MOST_EXACT else _sampled(parts, len(names))
    return Shares(dict(zip(names, values, strict=True)), error)


def _mask(part: frozenset[str], names: list[str]) -> int:
    return sum(1 << place for place, name in enumerate(names) if name in part)


def _exact(parts: Mapping[int, float], count: int) -> tuple[list[float], float]:
    """By every set, as the definition has it; each value as a share of the whole set's."""
    worth = [parts.get(mask, 0.0) for mask in range(1 << count)]
    for place in range(count):
        bit = 1 << place
        for mask in range(1 << count):
            if mask & bit:
                worth[mask] = max(worth[mask], worth[mask ^ bit])
    weight = [1 / (count * comb(count - 1, size)) for size in range(count)]
    values = [0.0] * count
    for mask in range(1 << count):
        outside = weight[mask.bit_count()] if mask.bit_count() < count else 0.0
        for place in range(count):
            if not mask & (1 << place):
                values[place] += outside * (worth[mask | (1 << place)] - worth[mask])
    return [value / worth[-1] for value in values], 0.0


def _sampled(parts: Mapping[int, float], count: int) -> tuple[list[float], float]:
    """By orders drawn at random, always the same for the same game (Castro, Gómez and Tejada, "Polynomial calculation
    of the Shapley value based on sampling", 2009). Each order shares out the whole, so their mean does.
    """
    chance = random.Random(_SEED)  # noqa: S311 - no secret
    whole = max(parts.values())
    sums, squares = [0.0] * count, [0.0] * count
    for _ in range(_ORDERS):
        order = chance.sample(range(count), count)
        for place, gained in _gains(parts, order, whole):
            sums[place] += gained
            squares[place] += gained * gained
    means = [total / _ORDERS for total in sums]
    variances = [max(square / _ORDERS - mean * mean, 0.0) for square, mean in zip(squares, means, strict=True)]
    return means, sqrt(max(variances) / (_ORDERS - 1))


def _gains(parts: Mapping[int, float], order: list[int], whole: float) -> Iterable[tuple[int, float]]:
    """What each in turn adds to those before, as a share of the whole."""
    position = {place: turn for turn, place in enumerate(order, 1)}
    worth = [0.0] * (len(order) + 1)
    for mask, rate in parts.items():
        complete = max(turn for place, turn in position.items() if mask & (1 << place))
        worth[complete] = max(worth[complete], rate)
    for turn in range(1, len(worth)):
        worth[turn] = max(worth[turn], worth[turn - 1])
    for place, (before, after) in zip(order, pairwise(worth), strict=True):
        yield place, (after - before) / whole
