"""How much a worker takes in hand."""

import time
from types import SimpleNamespace

from pipeline.distribution.capacity import Capacity, Over


def after_calls_of(seconds: float, most: int = 100) -> Capacity:
    """Nothing in hand, and a hundred calls behind it that took so long."""
    capacity = Capacity(most)
    capacity.take(100)
    for _ in range(100):
        capacity.give_back(Over(calls=1, seconds=seconds))
    capacity.give_back(Over(outcomes=100))
    return capacity


def test_no_more_is_claimed_than_has_a_thread_while_the_platforms_are_slow():
    capacity = after_calls_of(30)
    assert capacity.room() == 100
    capacity.take(60)
    assert capacity.room() == 40


def test_what_the_threads_will_soon_be_free_for_is_claimed_ahead_while_the_platforms_are_quick():
    capacity = after_calls_of(0.1)
    assert 140 <= capacity.room() <= 150  # the first calls are only guessed at
    capacity.take(100)
    assert capacity.is_full
    assert 40 <= capacity.room() <= 50


def test_a_worker_whose_outcomes_are_not_written_down_takes_no_more_in_hand():
    capacity = after_calls_of(0.0)
    for _ in range(3):
        capacity.take(100)
        capacity.give_back(Over(calls=100, seconds=0.0))
    assert capacity.room() == 0
    assert capacity.is_full
    capacity.give_back(Over(outcomes=30))
    assert capacity.room() == 30


def test_fewer_calls_are_made_at_once_while_the_processor_is_the_limit_and_as_many_as_before_afterwards(monkeypatch):
    clock = SimpleNamespace(wall=0.0, used=0.0)
    monkeypatch.setattr(time, "monotonic", lambda: clock.wall)
    monkeypatch.setattr(time, "process_time", lambda: clock.used)
    capacity = after_calls_of(30)

    def rooms(seconds, busy):
        for _ in range(round(seconds / 0.2)):
            clock.wall += 0.2
            clock.used += 0.2 * busy
            yield capacity.room()

    assert list(rooms(1, busy=0.5)) == [100] * 5
    assert list(rooms(10, busy=0.95))[-1] == 8
    assert list(rooms(10, busy=0.5))[-1] == 100
