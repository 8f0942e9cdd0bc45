"""Shapley's model: the textbook's values, its axioms, and the sampled values beside the exact ones."""

from itertools import permutations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pipeline.measurement.attribution import shapley
from pipeline.measurement.attribution.shapley import Game, Seen, learnt

CHANNELS = "abcdef"
rates = st.dictionaries(
    st.frozensets(st.sampled_from(CHANNELS), min_size=1), st.floats(0.001, 1, allow_nan=False), min_size=1, max_size=20
)


def by_orders(game: dict[frozenset[str], float], players: str) -> dict[str, float]:
    """As the definition has it: the mean over all orders of what each adds to those before."""

    def worth(members: frozenset[str]) -> float:
        return max((rate for part, rate in game.items() if part <= members), default=0.0)

    orders = list(permutations(players))
    added = dict.fromkeys(players, 0.0)
    for order in orders:
        for turn, player in enumerate(order):
            added[player] += worth(frozenset(order[: turn + 1])) - worth(frozenset(order[:turn]))
    whole = worth(frozenset(players))
    return {player: total / len(orders) / whole for player, total in added.items()}


def test_the_glove_game_of_the_textbook():
    """Two left gloves and one right: the right one is worth 2/3 (Osborne and Rubinstein, "A course in game theory")."""
    pairs = {frozenset("ac"): 1.0, frozenset("bc"): 1.0, frozenset("abc"): 1.0}
    assert dict(Game(pairs).shares("abc").by_channel) == pytest.approx({"a": 1 / 6, "b": 1 / 6, "c": 2 / 3})


@settings(max_examples=60, deadline=None)
@given(rates)
def test_the_values_are_the_definitions_and_add_up(game):
    game[frozenset("abcd")] = max(game.values())
    found = Game(game).shares("abcd")
    assert found.error == 0
    assert sum(found.by_channel.values()) == pytest.approx(1)
    assert dict(found.by_channel) == pytest.approx(by_orders(game, "abcd"), abs=1e-9)
    assert min(found.by_channel.values()) >= 0


@settings(max_examples=10, deadline=None, phases=[Phase.generate])  # each draws thousands of orders
@given(rates)
def test_drawn_at_random_the_values_add_up_and_are_within_five_of_the_stated_errors(game):
    game[frozenset(CHANNELS)] = max(game.values())
    exact = Game(game).shares(CHANNELS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shapley, "MOST_EXACT", 1)
        drawn = Game(game).shares(CHANNELS)
    assert sum(drawn.by_channel.values()) == pytest.approx(1)
    assert drawn.error <= 0.0112
    for channel in CHANNELS:
        assert drawn.by_channel[channel] == pytest.approx(exact.by_channel[channel], abs=5 * drawn.error + 1e-9)


def test_a_path_of_many_channels_is_shared_with_its_error_stated():
    many = frozenset(f"channel {number}" for number in range(20))
    found = Game({many: 0.5, frozenset({"channel 3"}): 0.4}).shares(many)
    assert sum(found.by_channel.values()) == pytest.approx(1)
    assert 0 < found.error <= 0.0112
    assert found.by_channel["channel 3"] > 0.7


def test_visitors_who_did_not_convert_tell_which_channel_adds_nothing():
    game = learnt(
        [
            Seen(frozenset({"letter"}), 1_000, 100),
            Seen(frozenset({"x"}), 10_000, 1),
            Seen(frozenset({"letter", "x"}), 1_000, 100),
        ]
    )
    shares = game.shares({"letter", "x"}).by_channel
    assert shares["letter"] > 0.95
    assert shares["x"] < 0.05


def test_one_lucky_visitor_does_not_make_a_channel():
    game = learnt([Seen(frozenset({"letter"}), 1_000, 100), Seen(frozenset({"x"}), 1, 1)])
    assert game.rates[frozenset({"x"})] < 0.2


def test_where_nothing_was_learnt_the_channels_share_evenly():
    assert dict(learnt([]).shares({"a", "b"}).by_channel) == {"a": 0.5, "b": 0.5}
    assert dict(learnt([Seen(frozenset("a"), 9, 0)]).shares({"a", "b"}).by_channel) == {"a": 0.5, "b": 0.5}
