"""Rolling-window limits hold whatever the number of workers; the ledger's times are the measure."""

from datetime import UTC, datetime, timedelta

from pipeline_tests.torture.newsroom import Newsroom, Sent
from pipeline_tests.torture.time_passes import pass_time
from pipeline_tests.torture.verdict import effects_of

_WORKERS = 8
_DUE = 20
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_PAUSES = [timedelta(minutes=minutes) for minutes in (40, 25, 40, 25, 40)]
"""Eight workers are set to it at 0:00, and again at 0:40, 1:05, 1:45, 2:10 and 2:50."""


def set_eight_workers_to_it(room: Newsroom) -> None:
    jobs = [room.job(name=f"worker {number}", rounds=1) for number in range(_WORKERS)]
    for job, process in [(job, job.start()) for job in jobs]:
        process.join(120)
        assert process.exitcode == 0, job.log.read_text()


def most_in_a_window(times: list[datetime], window: timedelta) -> int:
    return max(sum(1 for other in times if at - window < other <= at) for at in times)


def test_limits_hold_over_rolling_windows_under_eight_workers(newsroom: Newsroom):
    room = newsroom
    limited = {
        "5 an hour": room.account("x", posts_per_hour=5),
        "5 an hour and 7 a day": room.account("x", posts_per_hour=5, posts_per_day=7),
        "10 minutes apart": room.account("wordpress", min_interval_minutes=10),
        "no limit": room.account("x"),
    }
    sent: dict[str, list[Sent]] = {name: [] for name in limited}
    for _ in range(_DUE):
        for name, one in zip(limited, room.post(list(limited.values())), strict=True):
            sent[name].append(one)

    set_eight_workers_to_it(room)
    pauses: list[tuple[datetime, timedelta]] = []
    for pause in _PAUSES:
        pauses.append((datetime.now(UTC), pause))
        pass_time(room.engine, pause)
        set_eight_workers_to_it(room)

    def story_time(at: datetime) -> datetime:
        """When it was, had the pauses been real."""
        return at + sum((pause for since, pause in pauses if at >= since), timedelta())

    effects = effects_of(room, [one for each in sent.values() for one in each])
    assert max(map(len, effects.values())) == 1
    times = {
        name: [story_time(effect.at) for one in each for effect in effects[one.id] if effect.at]
        for name, each in sent.items()
    }
    assert {name: len(each) for name, each in times.items()} == {
        "5 an hour": 15,
        "5 an hour and 7 a day": 7,
        "10 minutes apart": 1 + len(_PAUSES),
        "no limit": _DUE,
    }
    assert most_in_a_window(times["5 an hour"], _HOUR) == 5
    assert most_in_a_window(times["5 an hour and 7 a day"], _HOUR) == 5
    assert most_in_a_window(times["5 an hour and 7 a day"], _DAY) == 7
    assert most_in_a_window(times["10 minutes apart"], timedelta(minutes=10)) == 1
