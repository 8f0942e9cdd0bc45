"""The models by rule: what each credits, and that none loses or makes a part of a conversion."""

import uuid
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.measurement.attribution.models import BY_RULE, WHOLE, Batch, batch_of, credits_by_rule, shared
from pipeline.measurement.attribution.paths import Path, Touch

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
ages = st.floats(0, 90 * 86_400, allow_nan=False)
paths = st.lists(st.lists(ages, min_size=1, max_size=12), max_size=20)


def batch(rows: list[list[float]]) -> Batch:
    return Batch(np.array([len(row) for row in rows], dtype=np.int64), np.array([age for row in rows for age in row]))


def credited(*days_before: float) -> dict[str, list[float]]:
    """Of one path, in shares of its conversion."""
    touches = [Touch(NOW - timedelta(days=days), "x") for days in days_before]
    found = credits_by_rule(batch_of([Path(uuid.uuid4(), NOW, touches)]), half_life=WEEK)
    return {model: [credit / WHOLE for credit in found[model]] for model in found}


def test_each_model_credits_what_its_name_says():
    found = credited(14, 7, 7, 0)
    assert found["first"] == [1, 0, 0, 0]
    assert found["last"] == [0, 0, 0, 1]
    assert found["linear"] == [0.25, 0.25, 0.25, 0.25]
    assert found["position"] == [0.4, 0.1, 0.1, 0.4]
    assert found["time_decay"] == pytest.approx([1 / 9, 2 / 9, 2 / 9, 4 / 9], abs=1e-9)


def test_two_touches_are_both_an_end_and_one_is_everything():
    assert credited(2, 1)["position"] == [0.5, 0.5]
    assert all(shares == [1] for shares in credited(3).values())


def test_a_path_of_old_touches_does_not_vanish_in_the_exponent():
    assert credited(20_007, 20_000)["time_decay"] == pytest.approx([1 / 3, 2 / 3], abs=1e-9)


def test_a_touch_after_the_conversion_is_as_good_as_at_it():
    assert credited(0, -1)["time_decay"] == [0.5, 0.5]


@settings(deadline=None)
@given(paths)
def test_whatever_the_paths_each_conversion_is_credited_exactly_once(rows):
    together = batch(rows)
    for model, found in credits_by_rule(together, half_life=WEEK).items():
        assert model in BY_RULE
        assert (found >= 0).all()
        end = 0
        for row in rows:
            start, end = end, end + len(row)
            assert found[start:end].sum() == WHOLE


@settings(deadline=None)
@given(st.lists(st.lists(st.floats(0, 1e12, allow_nan=False), min_size=1, max_size=9), max_size=9))
def test_sharing_conserves_the_whole_and_is_nowhere_off_by_more_than_a_billionth(rows):
    together = batch(rows)
    found = shared(together.ages, together)
    end = 0
    for row in rows:
        start, end = end, end + len(row)
        assert found[start:end].sum() == WHOLE
        if sum(row) > 0:
            for weight, credit in zip(row, found[start:end], strict=True):
                assert abs(credit - WHOLE * weight / sum(row)) < 2


@settings(deadline=None)
@given(paths)
def test_a_path_is_credited_the_same_alone_and_among_others(rows):
    together = credits_by_rule(batch(rows), half_life=WEEK)
    end = 0
    for row in rows:
        start, end = end, end + len(row)
        alone = credits_by_rule(batch([row]), half_life=WEEK)
        for model in BY_RULE:
            assert alone[model].tolist() == together[model][start:end].tolist()
