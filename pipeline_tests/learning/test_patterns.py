"""Whether a publication followed a pattern."""

from datetime import UTC, datetime

import pytest

from pipeline.learning.patterns import PatternError, Sent, followed

AT = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
"""Monday, 09:30 in New York."""


def sent(body="Cut above a bud.", **values):
    return Sent(
        **{
            "title": None,
            "body": body,
            "media": (),
            "link": None,
            "published_at": AT,
            "timezone": "America/New_York",
            **values,
        }
    )


def conditions(*which, of="all"):
    return {"version": 1, of: list(which)}


def weighed(day, hour, value):
    return {"day_of_week": day, "hour": hour, "value": value, "low": 0.1, "high": 2, "n": 1, "drawn": value}


def week(*hours):
    return {
        "version": 1,
        "learned_at": "2026-11-23T04:00:00Z",
        "publications": 100,
        "weight": 80,
        "age_hours": 48,
        "exploring": 0.1,
        "drawn_for": "2026-W48",
        "hours": list(hours),
    }


@pytest.mark.parametrize(
    ("template", "answer"),
    [
        ([{"day_of_week": 1, "hour": 9}], True),
        ([{"day_of_week": 1, "hour": 14}], False),
        (week(weighed(1, 9, 1.02)), True),
        (week(weighed(1, 9, 0.98), weighed(1, 14, 1.1)), False),
        (week(), None),
        ([], None),
    ],
)
def test_a_timing_pattern_is_followed_in_its_good_hours_by_the_accounts_clock(template, answer):
    assert followed("timing", template, sent()) is answer


@pytest.mark.parametrize(
    ("condition", "body", "answer"),
    [
        ({"feature": "characters", "at_most": 16}, "Cut above a bud.", True),
        ({"feature": "characters", "at_most": 15}, "Cut above a bud.", False),
        ({"feature": "words", "at_least": 3, "at_most": 3}, "Don't cut! https://a.example/one-two", False),
        ({"feature": "words", "at_least": 2, "at_most": 2}, "Don't cut! https://a.example/one-two", True),
        ({"feature": "hashtags", "at_least": 2}, "#roses in #Gärten, https://a.example/#top", True),
        ({"feature": "hashtags", "at_least": 1}, "Number #1 &#39; a#b", False),
        ({"feature": "mentions", "at_least": 1}, "By @ada, not ben@example.com", True),
        ({"feature": "mentions", "at_least": 1}, "Not ben@example.com", False),
        ({"feature": "links", "at_most": 0}, "See https://a.example/", False),
        ({"feature": "lines", "at_least": 2}, "One\n\nTwo", True),
        ({"feature": "hook_words", "at_most": 2}, "\nTwo words\nand many more", True),
        ({"feature": "hook", "is_one_of": ["question"]}, "Why prune? https://a.example/", True),
        ({"feature": "hook", "is_one_of": ["question"]}, "Prune.\nWhy?", False),
        ({"feature": "hook", "is_one_of": ["number", "quotation"]}, "7 ways to prune", True),
        ({"feature": "hook", "is_one_of": ["number", "quotation"]}, "“Prune”, she said", True),
        ({"feature": "hook", "is_one_of": ["statement"]}, "Prune now", True),
    ],
)
def test_other_patterns_are_conditions_on_what_went_out(condition, body, answer):
    assert followed("hook", conditions(condition), sent(body)) is answer


@pytest.mark.parametrize(
    ("media", "kind"),
    [
        ((), "none"),
        (("https://a.example/1.jpg",), "image"),
        (("https://a.example/1.jpg", "https://a.example/2.png"), "images"),
        (("https://a.example/1.MP4?size=3",), "video"),
        (("https://a.example/1.mp3",), "audio"),
    ],
)
def test_the_kind_of_media_is_told_by_what_went_with_it(media, kind):
    assert followed("media", conditions({"feature": "media", "is_one_of": [kind]}), sent(media=media))
    assert not followed("media", conditions({"feature": "media", "is_one_of": ["other"]}), sent(media=media))


def test_all_or_any_of_the_conditions():
    short, tagged = {"feature": "characters", "at_most": 100}, {"feature": "hashtags", "at_least": 1}
    assert not followed("length", conditions(short, tagged), sent())
    assert followed("length", conditions(short, tagged, of="any"), sent())


@pytest.mark.parametrize(
    ("pattern_type", "template", "said"),
    [
        ("timing", {"hour": 9}, "posting hours"),
        ("hook", [], "version|dictionary"),
        ("hook", {"version": 1}, "all"),
        ("hook", conditions(), "all"),
        ("hook", conditions({"feature": "weather", "at_least": 1}), "weather"),
        ("hook", conditions({"feature": "words"}), "at_least"),
        ("hook", conditions({"feature": "words", "at_least": 1, "at_mots": 3}), "at_mots"),
    ],
)
def test_a_template_that_says_something_else_is_told(pattern_type, template, said):
    with pytest.raises(PatternError, match=said):
        followed(pattern_type, template, sent())
