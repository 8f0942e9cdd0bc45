"""How long an endpoint says to wait."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from pipeline.writing.rate_limits import Waits, told


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2"}, 2),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1.5s"}, 1.5),
        (
            {
                "x-ratelimit-remaining-requests": "9",
                "x-ratelimit-reset-requests": "1h",
                "x-ratelimit-remaining-tokens": "0",
                "x-ratelimit-reset-tokens": "20ms",
            },
            0.02,
        ),
        ({}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e400"}, None),
    ],
)
def test_each_way_of_telling_a_wait_is_read(headers, seconds):
    assert told(headers) == (None if seconds is None else timedelta(seconds=seconds))


def test_a_date_is_counted_from_now_and_one_in_the_past_is_no_wait():
    later = datetime.now(UTC) + timedelta(minutes=5)
    wait = told({"retry-after": format_datetime(later, usegmt=True)})
    assert wait is not None
    assert timedelta(minutes=4) < wait <= timedelta(minutes=5)
    assert told({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == timedelta(0)


def test_only_three_short_pauses_are_made():
    waits = Waits()
    assert waits.next(timedelta(seconds=31)) is None
    assert waits.next(None) is None
    assert [waits.next(timedelta(seconds=1)) for _ in range(4)] == [1, 1, 1, None]
