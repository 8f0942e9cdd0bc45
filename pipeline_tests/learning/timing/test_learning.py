"""Learned hours, from figures in the database to what planning goes by."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa

from pipeline.learning.timing.learning import learn_hours
from pipeline.scheduling import materialise, values
from pipeline.scheduling.outlook import load
from pipeline.store import posting_hours, tables, timing_figures
from pipeline.store.database import transaction
from pipeline.store.posting_hours import LearnedWeek, PostingHoursError
from pipeline.timing import PostingHour
from pipeline_tests import factories
from pipeline_tests.learning.timing import figures

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def of_evenings(days=60):
    """Two publications a day; those from 17 to 22 by New York's clock do five times as well."""
    rng = np.random.default_rng(1)
    for day in range(3, days):
        for hour in rng.choice(24, 2, replace=False):
            # New York is five hours behind in November, and four until 1 November.
            local = datetime(2026, 11, 23) - timedelta(days=day) + timedelta(hours=int(hour))
            behind = 5 if local >= datetime(2026, 11, 1, 2) else 4
            reached = int(np.exp(rng.normal(5, 0.7))) * (5 if 17 <= hour <= 22 else 1)
            yield (local + timedelta(hours=behind)).replace(tzinfo=UTC), {24: reached // 2, 48: reached}


@pytest.fixture
def account_id(engine):
    with transaction(engine, "test") as connection:
        id_ = factories.account(connection, name="x", account_key="x-main", timezone="America/New_York")
        figures.add(connection, id_, of_evenings())
    return id_


def learned_by(engine, now=NOW):
    return {each.account.key: each for each in learn_hours(engine, "test", now=now, exploring=0.1)}


def test_what_is_learned_is_in_the_accounts_own_time_and_planning_goes_by_it(engine, account_id):
    learned = learned_by(engine)["x-main"]
    assert learned.is_kept
    best = max(learned.week.hours, key=lambda hour: hour.value)
    assert 17 <= best.hour <= 22
    materialise.keep_up(engine, now=NOW)
    with engine.connect() as connection:
        calendar = load(connection, now=NOW).calendars[account_id]
    assert calendar.values[PostingHour(best.day_of_week, best.hour)] == best.value
    assert calendar.drawn[PostingHour(best.day_of_week, best.hour)] == best.drawn
    assert calendar.exploring == 0.1
    assert min(calendar.values.values()) < 0.6


def test_learning_again_from_the_same_figures_gives_the_same_hours(engine, account_id):
    one, two = learned_by(engine), learned_by(engine, NOW + timedelta(seconds=1))
    assert [hour.drawn for hour in one["x-main"].week.hours] == pytest.approx(
        [hour.drawn for hour in two["x-main"].week.hours], abs=2e-3
    )
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.platform_patterns)) == 1


def test_an_account_without_enough_data_says_so_and_keeps_its_platforms_hours(engine, account_id):
    with transaction(engine, "test") as connection:
        new = factories.account(connection, name="linkedin", account_key="linkedin-new")
        figures.add(connection, new, [(NOW - timedelta(days=5), {48: 100})])
    week = learned_by(engine)["linkedin-new"].week
    assert (week.publications, week.hours) == (1, [])
    with engine.connect() as connection:
        assert new not in posting_hours.learned(connection, [new])
        assert load(connection, now=NOW).calendars[new].values == values.default_hours("linkedin")


def test_unknown_figures_are_left_out_zeros_count_and_young_publications_are_completed(engine, account_id):
    before = learned_by(engine)["x-main"].week.publications
    with transaction(engine, "test") as connection:
        unknown = (NOW - timedelta(days=4), {48: None})
        none_at_all = (NOW - timedelta(days=4, hours=1), {48: 0})
        young = (NOW - timedelta(hours=30), {24: 40})
        # Eight hours before its mark: what stands there may still grow.
        too_young = (NOW - timedelta(hours=40), {48: 5})
        # Nothing is known of it at an age at which publications are compared.
        old = (NOW - timedelta(days=40), {720: 100_000})
        figures.add(connection, account_id, [unknown, none_at_all, young, too_young, old])
    assert learned_by(engine)["x-main"].week.publications == before + 2


def test_what_is_older_than_a_year_is_not_read(engine, account_id):
    before = learned_by(engine)["x-main"].week.publications
    with transaction(engine, "test") as connection:
        figures.add(connection, account_id, [(NOW - timedelta(days=366), {48: 10})])
    assert learned_by(engine)["x-main"].week.publications == before


def test_hours_that_somebody_stated_stay_until_there_is_enough_to_go_by(engine, account_id):
    with transaction(engine, "test") as connection:
        other = factories.account(connection, name="bluesky", account_key="bluesky-main")
        connection.execute(
            tables.platform_patterns.insert(),
            [
                {
                    "platform_id": id_,
                    "pattern_type": posting_hours.PATTERN_TYPE,
                    "pattern_name": posting_hours.PATTERN_NAME,
                    "pattern_template": [{"day_of_week": 1, "hour": 9}],
                }
                for id_ in (other, account_id)
            ],
        )
    learned = learned_by(engine)
    assert not learned["bluesky-main"].is_kept
    with engine.connect() as connection:
        hours = posting_hours.learned(connection, [other, account_id])
    assert hours[other].values == {PostingHour(1, 9): values.GOOD_HOUR}
    assert (hours[other].drawn, hours[other].exploring) == ({}, 0.0)
    assert len(hours[account_id].values) == 168


def test_a_learned_week_that_holds_nonsense_is_refused_by_its_accounts_name(engine, account_id):
    learned_by(engine)
    with engine.connect() as connection:
        week = posting_hours.week_of(connection, "x-main")
    assert isinstance(week, LearnedWeek)
    template = week.model_dump(mode="json")
    for nonsense in ({"value": -1.0}, {"value": "nan"}, {"hour": 24}, {"n": -1}):
        hours = [{**template["hours"][0], **nonsense}, *template["hours"][1:]]
        with transaction(engine, "test") as connection:
            connection.execute(tables.platform_patterns.update().values(pattern_template={**template, "hours": hours}))
        with engine.connect() as connection, pytest.raises(PostingHoursError, match="x-main"):
            posting_hours.learned(connection, [account_id])


def test_figures_come_in_portions_and_none_is_lost_between_them(engine, account_id, monkeypatch):
    whole = learned_by(engine)["x-main"].week.publications
    monkeypatch.setattr(timing_figures, "_AT_ONCE", 7)
    assert learned_by(engine)["x-main"].week.publications == whole == 114
