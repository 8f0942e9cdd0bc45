"""Hours chosen on the first part of real posts, judged on the last: what is claimed of them holds."""

import numpy as np
import pytest

from bench.timing import gains, halves, interval, learned_scores, pooled_scores, real_posts, seed_scores


@pytest.fixture(scope="module")
def posts(social_posts):
    return real_posts(social_posts)


def test_posts_that_were_young_when_they_were_gathered_are_left_out(posts):
    by_day = {day: [post.y for post in posts if post.at.date().isoformat() == day] for day in ("2017-07-12",)}
    assert max(post.at for post in posts).isoformat() < "2017-07-13"
    assert np.mean(by_day["2017-07-12"]) > np.mean([post.y for post in posts]) - 0.3


def test_learned_hours_do_better_than_the_accounts_mean_and_than_the_seeds_rule(posts):
    first, last = halves(posts)
    learned, seeds, pooled = (gains(rule(first), last) for rule in (learned_scores, seed_scores, pooled_scores))
    assert interval(learned)[0] > 0
    assert interval(learned - seeds)[0] > 0
    # The seed's rule finds nothing that lasts; pooled hours are between, and their distance to ours may be chance.
    assert interval(seeds)[1] < interval(learned)[1]
    assert learned.mean() > pooled.mean()
