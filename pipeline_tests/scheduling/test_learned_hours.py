"""Times chosen by learned hours, and by the draws of the versions that explore."""

from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest

from pipeline.scheduling import values
from pipeline.scheduling.choose import choose
from pipeline.timing import PostingHour
from pipeline_tests.scheduling.worlds import NOW, account, at, by_id, hours, item


def of_monday(worth):
    return {PostingHour(1, hour): value for hour, value in worth.items()}


def chosen(calendar, *items):
    return {each.canonical_id: each for each in choose(items, by_id(calendar), now=NOW).placements}


def learned(exploring):
    return account(
        1,
        hours(9, 10, 11),
        worth={9: 0.6, 10: 1.0, 11: 0.7},
        drawn=of_monday({9: 0.6, 10: 0.5, 11: 1.3}),
        exploring=exploring,
    )


def test_a_version_goes_by_what_is_known_and_one_that_explores_by_the_draw():
    known = chosen(learned(0.0), item("post", learned(0.0)))["post"]
    tried = chosen(learned(1.0), item("post", learned(1.0)))["post"]
    assert (known.at, tried.at) == (at(10), at(11))
    assert known.why[0] == "one of its account's best hours"
    assert tried.why[0] == "tries an hour, to learn from it"


def test_without_draws_nothing_explores():
    calendar = account(1, hours(9, 10, 11), worth={9: 0.6, 10: 1.0, 11: 0.7}, exploring=1.0)
    assert chosen(calendar, item("post", calendar))["post"].at == at(10)


def test_a_version_whose_experiment_tries_its_hours_does_not_explore_as_well():
    post = item("post", learned(1.0))
    either = frozenset({PostingHour(1, 10), PostingHour(1, 11)})
    calendar = replace(learned(1.0), hours_of={post.versions[0].distribution_id: either})
    assert chosen(calendar, post)["post"].at == at(10)


def test_who_explores_and_who_does_not_are_placed_together_each_by_its_own_worth():
    calendar = learned(0.5)
    posts = [item(f"post-{number}", calendar) for number in range(50)]
    names = {values.explores(post.versions[0].distribution_id, 0.5): post for post in posts}
    tried, known = names[True], names[False]
    placed = chosen(calendar, tried, known)
    assert placed[tried.canonical_id].at == at(11)
    assert placed[known.canonical_id].at == at(10)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_the_share_that_explores_is_as_stated_and_whoever_explores_goes_on_doing_so(share):
    ids = [UUID(int=number) for number in range(4000)]
    exploring = [values.explores(id_, share) for id_ in ids]
    assert np.mean(exploring) == pytest.approx(share, abs=0.02)
    assert exploring == [values.explores(id_, share) for id_ in ids]
