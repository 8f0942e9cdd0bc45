"""A worker killed with -9 between any two steps of native scheduling: nothing goes out twice, and nothing is lost."""

import signal
from datetime import timedelta

import pytest
import sqlalchemy as sa

from pipeline.distribution.handover import tend
from pipeline.distribution.publish import publish_due
from pipeline.store import interventions
from pipeline_tests import factories
from pipeline_tests.distribution.far_platform import FarPlatform, let_pass
from pipeline_tests.distribution.platform import NO_LOOK_AHEAD
from pipeline_tests.torture.native import Look

CONFIG = NO_LOOK_AHEAD
AN_HOUR = timedelta(hours=1)
_ROUND = CONFIG.lease + CONFIG.settle + timedelta(minutes=1)
_RECOVERY = (timedelta(0), _ROUND, _ROUND, AN_HOUR, _ROUND, 3 * AN_HOUR, _ROUND, _ROUND)
"""Beyond the lease and the settle time, then beyond the times for which anything was to go out."""


def move(engine, id_, by):
    with engine.begin() as connection:
        moved = sa.text(
            "update distributions set scheduled_for = scheduled_for + :by, next_attempt_at = scheduled_for + :by,"
            " lease_token = lease_token + 1 where id = :id"
        )
        connection.execute(moved, {"by": by, "id": id_})


def cancel(engine, id_):
    with engine.begin() as connection:
        interventions.cancel(connection, id_, reason="never")


def hand_and_wait(engine, far):
    hand(engine, far)
    let_pass(engine, AN_HOUR + timedelta(seconds=6))


# What has happened before the worker looks, and what the distribution comes to.
SITUATIONS = {
    "handing over": (lambda engine, far, id_: None, "published"),
    "taking back and handing over anew": (
        lambda engine, far, id_: (hand(engine, far), move(engine, id_, 2 * AN_HOUR)),
        "published",
    ),
    "taking back for good": (lambda engine, far, id_: (hand(engine, far), cancel(engine, id_)), "cancelled"),
    "following up": (
        lambda engine, far, id_: hand_and_wait(engine, far),
        "published",
    ),
}


def hand(engine, far):
    tend(engine, far.open, CONFIG, worker="w")


def set_up(engine, far, situation):
    with engine.begin() as connection:
        account = factories.account(connection, name="far", hand_over_ahead_minutes=1440, max_lateness_minutes=100_000)
        id_ = factories.distribution(connection, account, due_in=AN_HOUR)
    SITUATIONS[situation][0](engine, far, id_)
    return id_


@pytest.mark.parametrize("situation", SITUATIONS)
def test_killed_between_any_two_steps_it_has_one_effect_at_most_and_none_is_lost(
    engine, database_url, tmp_path, situation
):
    far = FarPlatform(engine)
    url = database_url.render_as_string(hide_password=False)
    set_up(engine, far, situation)
    unharmed = Look(url, tmp_path / "unharmed.log")
    assert unharmed.run() == 0, unharmed.log.read_text()
    points = unharmed.passed()
    assert any(point.name.startswith("far: ") for point in points), points
    tried = []
    for number, point in enumerate(points):
        tried.append((point, set_up(engine, far, situation)))
        look = Look(url, tmp_path / f"{number}.log", point)
        assert look.run() == -signal.SIGKILL, look.log.read_text()
        if situation == "handing over" and number % 2:
            move(engine, tried[-1][1], -2 * AN_HOUR)  # somebody wants it now
    for time_ in _RECOVERY:
        let_pass(engine, time_)
        publish_due(engine, far.open, CONFIG, worker="w")
        hand(engine, far)
    ends = {str(point): (factories.row_of(engine, id_).status, far.effects(id_)) for point, id_ in tried}
    expected = SITUATIONS[situation][1]
    assert ends == dict.fromkeys(map(str, points), (expected, 1 if expected == "published" else 0))
    assert all(factories.row_of(engine, id_).handed_over_for is None for _, id_ in tried)
