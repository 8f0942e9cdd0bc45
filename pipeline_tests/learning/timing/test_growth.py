"""Young publications, completed by how others grew."""

import numpy as np

from pipeline.learning.timing.growth import complete


def grown(rng, count, factor):
    """Engagements at a younger age and at the full age, which is `factor` times as much."""
    full = np.exp(rng.normal(5, 1, count))
    return np.column_stack([full / factor, full])


def test_a_young_publication_is_completed_by_its_platforms_growth():
    rng = np.random.default_rng(1)
    figures = np.vstack([grown(rng, 400, 4), grown(rng, 400, 1.2), [[100, np.nan], [100, np.nan]]])
    platforms = np.array([0] * 400 + [1] * 400 + [0, 1])
    slow, quick = complete(figures, platforms).log_engagement[-2:]
    assert np.isclose(np.exp(slow), 400, rtol=0.1)
    assert np.isclose(np.exp(quick), 120, rtol=0.1)


def test_what_was_completed_is_less_sure_and_what_is_whole_stays_as_it_is():
    rng = np.random.default_rng(2)
    figures = np.vstack([grown(rng, 100, 2) * np.exp(rng.normal(0, 0.3, (100, 1)) * [1, 0]), [[50, np.nan]]])
    found = complete(figures, np.zeros(101, np.intp))
    assert np.allclose(found.log_engagement[:100], np.log1p(figures[:100, 1]))
    assert (found.variance[:100] == 0).all()
    assert 0.03 < found.variance[-1] < 0.3


def test_without_known_growth_a_young_publication_stays_unknown():
    found = complete(np.array([[10.0, np.nan], [5.0, 20.0], [np.nan, np.nan]]), np.zeros(3, np.intp))
    assert np.isnan(found.log_engagement[[0, 2]]).all()
    assert np.isclose(found.log_engagement[1], np.log(21))


def test_no_engagement_at_all_is_a_figure():
    found = complete(np.array([[0.0, 0.0]]), np.zeros(1, np.intp))
    assert found.log_engagement.tolist() == [0.0]


def test_the_oldest_known_figure_counts():
    rng = np.random.default_rng(3)
    full = np.exp(rng.normal(5, 1, 200))
    figures = np.column_stack([full / 10, full / 2, full])
    young = np.array([[1.0, 100.0, np.nan]])
    found = complete(np.vstack([figures, young]), np.zeros(201, np.intp))
    assert np.isclose(np.exp(found.log_engagement[-1]), 200, rtol=0.1)
