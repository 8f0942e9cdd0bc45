"""What is live of an archived post comes down, or it is known why not."""

from collections import Counter
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from pipeline.distribution.accounts import AccountUnusableError
from pipeline.distribution.relay import MAX_TRIES, deliver_due
from pipeline.distribution.takedown import takedown
from pipeline.platforms.base import Changed, NotSent, PlatformError, Rejected, Unknown
from pipeline.store import overview, takedowns
from pipeline.store.database import transaction
from pipeline.vocabulary import ErrorKind
from pipeline_tests import factories

GONE = Changed("ext-1")


class Platform:
    """Takes down what it is asked for, and answers in order, the last answer for good."""

    def __init__(self, *answers):
        self.answers = answers
        self.asked = []

    def open(self, account):
        return SimpleNamespace(delete=self.delete)

    def delete(self, external_id):
        self.asked.append(external_id)
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def live(engine):
    """A publication whose post was archived, and whose takedown is in the outbox."""
    with transaction(engine, "test") as connection:
        account = factories.account(connection, account_key="x-main")
        id_ = factories.distribution(
            connection,
            account,
            status="published",
            published_at=datetime.now(UTC),
            external_id="ext-1",
            external_url="https://x.example/1",
            next_metrics_at=datetime.now(UTC),
        )
        connection.execute(sa.text("update publisher_posts set status = 'archived'"))
        takedowns.ask(connection, id_, "x-main")
    return id_


def deliver(engine, platform, *, times=1):
    counts: Counter[str] = Counter()
    for _ in range(times):
        with engine.begin() as connection:
            connection.execute(sa.text("update outbox set available_at = now() where delivered_at is null"))
        handlers = {takedowns.TOPIC: takedown(engine, lambda: platform.open)}
        counts += deliver_due(engine, handlers, worker="test")
    return counts


def told(engine, distribution_id):
    with engine.connect() as connection:
        row = overview.distribution(connection, distribution_id)
    return row.what, row.next_step


def failed(answer, message):
    return answer(PlatformError(ErrorKind.UNAVAILABLE, message))


def test_it_is_deleted_once_and_its_figures_are_asked_for_no_more(engine, live):
    platform = Platform(GONE)
    assert deliver(engine, platform) == {"delivered": 1}
    assert platform.asked == ["ext-1"]
    row = factories.row_of(engine, live)
    assert row.taken_down_at is not None
    assert (row.status, row.takedown_error, row.metrics_state, row.next_metrics_at) == ("published", None, "gone", None)
    what, next_step = told(engine, live)
    assert what.startswith("was taken down")
    assert next_step == ""


def test_a_delivery_that_comes_twice_asks_the_platform_once(engine, live):
    platform = Platform(GONE)
    deliver(engine, platform)
    with engine.begin() as connection:
        connection.execute(sa.text("update outbox set delivered_at = null"))
    deliver(engine, platform)
    assert platform.asked == ["ext-1"]


@pytest.mark.parametrize("answer", [failed(NotSent, "rate limited"), failed(Unknown, "timed out")])
def test_what_may_work_later_is_tried_again_and_says_meanwhile_why_not(engine, live, answer):
    platform = Platform(answer, GONE)
    assert deliver(engine, platform) == {"put off": 1}
    assert answer.error.message in told(engine, live)[0]
    assert deliver(engine, platform) == {"delivered": 1}
    assert factories.row_of(engine, live).takedown_error is None


def test_the_tries_are_bounded_and_the_end_of_them_is_told(engine, live):
    platform = Platform(failed(NotSent, "down for good"))
    counts = deliver(engine, platform, times=MAX_TRIES)
    assert counts == {"put off": MAX_TRIES - 1, "given up": 1}
    deliver(engine, platform)
    assert len(platform.asked) == MAX_TRIES
    what, next_step = told(engine, live)
    assert what.endswith("and is not taken down: down for good")
    assert "by hand" in next_step


def test_what_the_platform_refuses_is_not_tried_again(engine, live):
    platform = Platform(failed(Rejected, "it is older than 30 days"))
    assert deliver(engine, platform) == {"given up": 1}
    assert "it is older than 30 days" in told(engine, live)[0]


def test_an_account_that_can_not_be_used_now_is_waited_for(engine, live):
    def closed():
        def open_(account):
            raise AccountUnusableError("its token has expired")

        return open_

    handlers = {takedowns.TOPIC: takedown(engine, closed)}
    assert deliver_due(engine, handlers, worker="test") == {"put off": 1}
    assert "its token has expired" in told(engine, live)[0]


def test_what_nobody_noted_the_id_of_is_left_to_a_person(engine, live):
    with engine.begin() as connection:
        connection.execute(sa.text("update distributions set external_id = null"))
    platform = Platform(GONE)
    assert deliver(engine, platform) == {"given up": 1}
    assert platform.asked == []
    assert "by hand" in told(engine, live)[0]


def test_each_outcome_is_in_the_log_that_only_grows(engine, live):
    deliver(engine, Platform(failed(NotSent, "rate limited"), GONE), times=2)
    with engine.connect() as connection:
        log = connection.execute(
            sa.text("select actor, what, detail from post_log where kind = 'takedown' order by at")
        ).all()
    assert [tuple(row) for row in log] == [
        ("takedown", "x-main", "not taken down: rate limited"),
        ("takedown", "x-main", "taken down"),
    ]
