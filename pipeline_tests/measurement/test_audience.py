"""An account's followers: asked for once a day, and kept as they are told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from pipeline.measurement.audience import snapshot
from pipeline.platforms.audience import Audience, AudienceDay
from pipeline.platforms.base import Account, PlatformError, PlatformUnavailableError
from pipeline.platforms.offer import Capabilities, Guarantee, Prices
from pipeline.store import accounts
from pipeline.store.accounts import AccountRow
from pipeline.vocabulary import ErrorKind
from pipeline_tests import factories
from pipeline_tests.distribution.platform import Platform, _TestAdapter

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
FREE_OF_CHARGE = Capabilities(
    update=False,
    delete=False,
    schedule=False,
    metrics=False,
    metrics_batch=1,
    guarantee=Guarantee.CERTAIN,
    audience=True,
)


class Told(_TestAdapter):
    """A platform that says what the test has it say."""

    def __init__(self, *answers: Audience | PlatformUnavailableError | None, price: Decimal | None = None) -> None:
        super().__init__(Account("press", "mastodon", {}), Platform())
        self.capabilities = FREE_OF_CHARGE
        self.answers = list(answers)
        self.price = price

    def audience(self) -> Audience | None:
        answer = self.answers.pop(0)
        if isinstance(answer, PlatformUnavailableError):
            raise answer
        return answer

    def prices(self) -> Prices | None:
        return Prices(Decimal(0), Decimal(0), self.price) if self.price else None


@pytest.fixture
def account(engine: sa.Engine) -> AccountRow:
    with engine.begin() as connection:
        factories.account(connection, account_key="press")
        return accounts.get(connection, "press")


def rows(engine: sa.Engine) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        found = connection.execute(sa.text("select day, followers, gained, lost from account_snapshots order by day"))
        return [tuple(row) for row in found]


def days(*told: tuple[int, int | None, int | None]) -> Sequence[AudienceDay]:
    return [AudienceDay(date(2026, 11, day), gained, lost) for day, gained, lost in told]


def test_an_account_is_asked_once_a_day_in_utc(engine: sa.Engine, account: AccountRow):
    adapter = Told(Audience(100), Audience(110))
    assert snapshot(engine, account, adapter, NOW) == 0
    assert snapshot(engine, account, adapter, NOW + timedelta(hours=14)) is None
    assert snapshot(engine, account, adapter, NOW + timedelta(hours=15)) == 0
    assert rows(engine) == [(date(2026, 11, 20), 100, None, None), (date(2026, 11, 21), 110, None, None)]


def test_what_the_question_cost_is_told(engine: sa.Engine, account: AccountRow):
    adapter = Told(Audience(100), price=Decimal("0.010"))
    assert snapshot(engine, account, adapter, NOW) == Decimal("0.010")
    assert snapshot(engine, account, adapter, NOW) is None


def test_days_that_are_told_late_or_anew_are_corrected_and_none_is_forgotten(engine: sa.Engine, account: AccountRow):
    first = Audience(100, days((17, 5, 1), (18, 4, None), (20, 1, 0)))
    second = Audience(None, days((17, 6, None), (18, None, None), (19, 0, 0)))
    snapshot(engine, account, Told(first), NOW)
    snapshot(engine, account, Told(second), NOW + timedelta(days=1))
    assert rows(engine) == [
        (date(2026, 11, 17), None, 6, 1),
        (date(2026, 11, 18), None, 4, None),
        (date(2026, 11, 19), None, 0, 0),
        (date(2026, 11, 20), 100, 1, 0),
        (date(2026, 11, 21), None, None, None),
    ]


def test_a_platform_that_does_not_tell_is_not_asked_again_that_day(engine: sa.Engine, account: AccountRow):
    adapter = Told(None)
    assert snapshot(engine, account, adapter, NOW) == 0
    assert snapshot(engine, account, adapter, NOW) is None
    assert rows(engine) == [(date(2026, 11, 20), None, None, None)]


def test_an_account_whose_platform_has_no_followers_is_never_asked(engine: sa.Engine, account: AccountRow):
    adapter = Told()
    adapter.capabilities = replace(FREE_OF_CHARGE, audience=False)
    assert snapshot(engine, account, adapter, NOW) is None
    assert rows(engine) == []


def test_a_question_without_an_answer_is_asked_again(engine: sa.Engine, account: AccountRow):
    unavailable = PlatformUnavailableError(PlatformError(ErrorKind.RATE_LIMITED, "too many calls"))
    adapter = Told(unavailable, Audience(100))
    with pytest.raises(PlatformUnavailableError):
        snapshot(engine, account, adapter, NOW)
    assert rows(engine) == []
    assert snapshot(engine, account, adapter, NOW) == 0
    assert rows(engine) == [(date(2026, 11, 20), 100, None, None)]
