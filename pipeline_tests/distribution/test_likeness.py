"""How alike two texts are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.likeness import NEAR_DUPLICATE, likeness, pieces

POST = (
    "Cut the shoot just above an outward bud, at a slant, so that rain runs off and the wound dries by evening. "
    "Burn what is sick, and clean the blade before the next tree: mildew travels on steel as well as on the wind."
)


def alike(one: str, other: str) -> float:
    return likeness(pieces(one), pieces(other))


@pytest.mark.parametrize(
    "other", [POST.upper(), POST.replace(" ", "  \n"), f"{POST} https://x.test/2?utm=1", POST.replace(",", " –")]
)
def test_case_blanks_punctuation_and_links_make_no_difference(other: str):
    assert alike(POST, other) == 1


def test_a_word_or_two_changed_is_a_near_duplicate_and_another_text_is_none():
    assert alike(POST, POST.replace("evening", "morning")) > 0.9
    assert alike(POST, POST.replace("evening", "morning").replace("blade", "saw")) > NEAR_DUPLICATE
    assert alike(POST, POST[:100]) < NEAR_DUPLICATE
    assert alike(POST, "Water the roots in the morning and leave the leaves dry: mildew needs a warm night.") < 0.1


def test_a_language_without_blanks_is_compared_as_well():
    assert (
        alike("剪枝要在外芽上方斜着剪让雨水流走伤口晚上就能干", "剪枝要在外芽上方斜着剪让雨水流走伤口早上就能干") > 0.5
    )


def test_what_says_nothing_is_like_nothing():
    assert alike("https://x.test/1", "https://x.test/2") == 0
    assert alike("", "") == 0
    assert alike("Now!", "now") == 1


@given(st.text(), st.text())
def test_likeness_is_a_fraction_the_same_both_ways_and_whole_for_the_same_text(one: str, other: str):
    assert alike(one, other) == alike(other, one)
    assert 0 <= alike(one, other) <= 1
    assert alike(one, one) == (1 if pieces(one) else 0)
