"""What the rules of recycling allow, and that no week ever sees more than they say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.editorial.recyclable import DEFAULT, WEEK, Obstacle, obstacle
from pipeline.store.recycling import Account, Limits, Pair

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LIMITS = Limits(min_age=90 * DAY, gap=60 * DAY, most_per_week=2, most_times=3)
PAIR = Pair(
    article_id=uuid4(), canonical_id="garden-rose", title="Roses", vertical_id=uuid4(),
    account=Account(uuid4(), "x-garden", "x"), published_at=NOW - 400 * DAY, is_evergreen=True, expires_at=None,
    times=0, last_at=None, waiting=None, refused_at=None, refusal=None,
)  # fmt: skip


def test_an_old_article_of_which_an_account_was_silent_may_be_told():
    assert obstacle(LIMITS, PAIR, 0, NOW) is None
    assert obstacle(DEFAULT, PAIR, 0, NOW) is None


@pytest.mark.parametrize(
    ("values", "lately", "reason", "until"),
    [
        ({"published_at": NOW - 89 * DAY}, 0, "it is younger than 90 days", NOW + DAY),
        ({"last_at": NOW - 59 * DAY}, 0, "it was told there less than 60 days ago", NOW + DAY),
        ({"last_at": NOW + 5 * DAY}, 0, "it was told there less than 60 days ago", NOW + 65 * DAY),
        ({"times": 3}, 0, "it was told again 3 times there, the most is 3", None),
        ({"waiting": "garden-rose-again"}, 0, "garden-rose-again tells it already and is not out yet", None),
        ({"refused_at": NOW - DAY, "refusal": "no"}, 0, "nothing new could be made of it: no", NOW + 6 * DAY),
        ({}, 2, "the account has 2 recycled posts this week, the most is 2", None),
        ({"published_at": NOW - DAY, "last_at": NOW - DAY}, 0, "it is younger than 90 days", NOW + 89 * DAY),
    ],
)
def test_what_keeps_an_article_back_is_said_with_the_day_on_which_it_ends(values, lately, reason, until):
    against = obstacle(LIMITS, replace(PAIR, **values), lately, NOW)
    assert against == Obstacle(reason, until)


def test_the_very_moment_at_which_a_wait_ends_is_free():
    assert obstacle(LIMITS, replace(PAIR, published_at=NOW - 90 * DAY, last_at=NOW - 60 * DAY), 0, NOW) is None


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 400)), max_size=60), st.integers(1, 4))
def test_no_seven_days_see_more_come_out_than_the_rule_allows_however_late_each_is_approved(tries, most):
    limits = replace(LIMITS, most_per_week=most)
    hour = 0
    out: list[datetime] = []  # when each came out, or will; recycling does not know the future
    for wait, review in tries:
        hour += wait
        at = NOW + timedelta(hours=hour)
        lately = len([each for each in out if each > at - WEEK])  # is not out yet, or came out within the week
        if obstacle(limits, PAIR, lately, at) is None:
            out.append(at + timedelta(hours=review))
    for last in out:
        assert len([each for each in out if last - WEEK < each <= last]) <= most
