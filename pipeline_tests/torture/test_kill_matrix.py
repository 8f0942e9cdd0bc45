"""A worker killed with -9 in any gap between two steps, on any platform, under any fault: nothing twice, nothing lost.

This is the short form; `make torture` goes through the whole matrix.
"""

import random
from dataclasses import replace

import pytest

from pipeline.platforms.registry import platform_names
from pipeline.sandbox.vocabulary import FaultKind
from pipeline_tests.torture.matrix import ALL_PLATFORMS_AND_FAULTS, Case, Result, try_all
from pipeline_tests.torture.newsroom import Newsroom

_SEED = 20261121
_SAMPLED = 1
_UNDER_EVERY_FAULT = ("mailchimp", "wordpress", "x")
"""By a draft's id, by an address, by looking back: the ways to find a lost publication again."""
_ELSEWHERE = (None, FaultKind.DROP_AFTER, FaultKind.SERVER_ERROR)
_TRIED = [case for case in ALL_PLATFORMS_AND_FAULTS if case.platform in _UNDER_EVERY_FAULT or case.fault in _ELSEWHERE]


@pytest.fixture(scope="module")
def unharmed(newsrooms: list[Newsroom]) -> dict[Case, Result]:
    """What happens where nobody is killed: the points are those that its worker passes."""
    return {result.case: result for result in try_all(newsrooms, _TRIED)}


def assert_that_all_end_well(newsrooms: list[Newsroom], cases: list[Case]) -> None:
    results = list(try_all(newsrooms, cases))
    wrong = [result.wrong for result in results if result.wrong]
    assert not wrong, "\n\n".join(wrong)
    missed = [str(result.case) for result in results if not result.killed]
    assert len(missed) <= len(cases) // 10, f"too many workers never came by their points: {missed}"


def test_every_adapter_is_in_the_matrix(newsroom):
    """It is by having a stand-in in the sandbox, or files of its own."""
    assert {case.platform for case in _TRIED} == set(platform_names())
    assert set(newsroom.sendings) == set(platform_names()) - {"site"}


def test_unharmed_workers_publish_once_whatever_the_platform_does(unharmed):
    wrong = [result.wrong for result in unharmed.values() if result.wrong]
    assert not wrong, "\n\n".join(wrong)


def test_the_moment_between_a_sending_and_its_answer_is_a_point_on_every_platform(newsroom, unharmed):
    for platform, call in newsroom.sendings.items():
        names = [point.name for point in unharmed[Case(platform, None)].passed]
        within = [
            name for name in names if name.startswith(f"in {call.method} ") and f"{call.path}, request sent" in name
        ]
        assert within, f"{platform}: {names}"


@pytest.mark.parametrize("fault", [None, FaultKind.DROP_AFTER])
def test_killed_in_any_gap_it_is_published_once(newsrooms, unharmed, fault):
    case = Case("x", fault)
    assert_that_all_end_well(newsrooms, [replace(case, point=point) for point in unharmed[case].passed])


def test_killed_in_a_gap_here_and_there_on_every_platform_it_is_published_once(newsrooms, unharmed):
    chance = random.Random(_SEED)
    cases = [
        replace(case, point=point)
        for case, result in unharmed.items()
        for point in chance.sample(result.passed, _SAMPLED)
    ]
    assert_that_all_end_well(newsrooms, cases)
