"""What LinkedIn is sent of a text, and which text an article becomes there."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.platforms.article import AdaptableArticle, AdaptedContent
from pipeline.platforms.base import Account
from pipeline.platforms.content import Content
from pipeline.platforms.linkedin import LinkedInAdapter, little
from pipeline.sandbox.linkedin import little as as_linkedin_reads_it
from pipeline.text.rendering import clean

LINK = "https://example.com/posts/how_to_read/"
ARTICLE = AdaptableArticle(
    title="How to read a label",
    markdown="# How to read a label\n\nLabels hide *more* than they show.",
    excerpt="Labels **hide** more than they show.",
    keywords=("food labels", "sugar", "health", "shopping"),
    canonical_url=LINK,
    vertical="Food",
)
TEXT = st.text(
    st.sampled_from("\\|{}@[]()<>#*_~ab1 \n") | st.characters(exclude_categories=["Cs"]), max_size=60
) | st.lists(
    st.sampled_from(
        [
            "#tag",
            "#Tag",
            "{hashtag|\\#|tag}",
            "@[A b](urn:li:person:x_1)",
            "@[",
            "](",
            "\\",
            "\\\\",
            "\\#",
            " ",
            "C#",
            "👩‍🚀",
        ]
    ),
    max_size=12,
).map("".join)
TAGS = st.lists(st.sampled_from(["#tag", "#ta", "#a_b", "#", "tag", "#日本"]), max_size=3)


def adapted(article: AdaptableArticle = ARTICLE, **limits: Any) -> AdaptedContent:
    class Target:
        name = "linkedin"
        publish_config: dict[str, Any] = {}  # noqa: RUF012 - nobody changes it
        max_content_length = limits.get("max_content_length")
        max_title_length = limits.get("max_title_length")
        is_home = False

    return LinkedInAdapter.adapt(article, Target())


@settings(max_examples=300, deadline=None)
@given(TEXT, TAGS)
def test_what_is_encoded_is_read_back_the_same(text: str, tags: list[str]):
    assert little.decode(little.encode(text, tags)) == text


@settings(max_examples=300, deadline=None)
@given(TEXT.filter(lambda text: "](urn:li:" not in text), TAGS)
@example("a #tag, a # and a \\", ["#tag"])
def test_linkedin_shows_all_of_what_is_encoded_and_cuts_nothing_off(text: str, tags: list[str]):
    assert as_linkedin_reads_it.shown(little.encode(text, tags)) == text


@settings(max_examples=200, deadline=None)
@given(TEXT, TAGS)
def test_what_linkedin_gives_back_says_what_was_sent(text: str, tags: list[str]):
    assert little.says(as_linkedin_reads_it.kept(little.encode(text, tags)), text)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        (r"\ | { } @ [ ] ( ) < > # * _ ~", r"\\ \| \{ \} \@ \[ \] \( \) \< \> \# \* \_ \~"),
        ("On #AI, #AIM and ##AI; C# is #1", r"On #AI, \#AIM and \#\#AI; C\# is \#1"),
        ("x#AI #a_b", r"x\#AI \#a\_b"),
        (
            "With @[Acme (EU)](urn:li:organization:12_3) and @me",
            r"With @[Acme \(EU\)](urn:li:organization:12_3) and \@me",
        ),
        ("@[x](urn:li:share:1)", r"\@\[x\]\(urn:li:share:1\)"),
    ],
)
def test_everything_reserved_is_escaped_but_the_elements_that_are_meant(text: str, sent: str):
    assert little.encode(text, ["#AI", "#a_b"]) == sent


def test_a_text_is_as_long_as_what_is_sent_of_it():
    assert little.length("a_b") == 4
    assert little.length("👩") == 2
    assert little.length("#AI", ["#AI"]) == 3


@pytest.mark.parametrize(
    ("shown", "same"),
    [
        ("See https://example.com/a now", True),
        ("See  https://lnkd.in/abc\nnow", True),
        ("See https://lnkd.in/abc", False),
        ("Saw https://example.com/a now", False),
        ("https://lnkd.in/abc https://lnkd.in/abd now", False),
    ],
)
def test_links_that_linkedin_shortened_are_the_same_and_words_are_not(shown: str, same: bool):
    assert little.says(shown, "See https://example.com/a now") is same


def test_a_post_has_the_title_the_excerpt_the_link_and_three_hashtags():
    content = adapted()
    assert content.title == "How to read a label"
    assert content.body == (
        f"How to read a label\n\nLabels hide more than they show.\n\n{LINK}\n\n#FoodLabels #sugar #health"
    )
    assert content.link_url == LINK
    assert content.platform_specific == {"hashtags": ["#FoodLabels", "#sugar", "#health"]}


def test_a_disclosure_comes_first_and_an_article_without_words_says_its_title_once():
    assert adapted(replace(ARTICLE, disclosure="We earn from links.")).body.startswith("We earn from links.\n\nHow to")
    bare = adapted(replace(ARTICLE, excerpt="", markdown="", keywords=()))
    assert bare.body == f"How to read a label\n\n{LINK}"


def test_a_small_limit_takes_the_hashtags_then_the_title_and_leaves_the_words_with_the_link():
    whole = adapted().body
    without_tags = whole.partition("\n\n#")[0]
    used = little.length(without_tags)
    assert adapted(max_content_length=used).body == without_tags
    assert adapted(max_content_length=used).platform_specific == {"hashtags": []}
    assert adapted(max_content_length=used - 1).body.startswith(f"Labels hide more than they show.\n\n{LINK}")


@settings(max_examples=60, deadline=None)
@given(TEXT, TEXT, st.lists(TEXT, max_size=4), st.none() | TEXT, st.integers(120, 3000))
def test_any_article_fits_as_it_is_sent(
    title: str, excerpt: str, keywords: list[str], disclosure: str | None, limit: int
):
    article = replace(ARTICLE, title=title, excerpt=excerpt * 80, keywords=keywords, disclosure=disclosure)
    content = adapted(article, max_content_length=limit)
    assert little.length(content.body, content.platform_specific["hashtags"]) <= limit
    assert LINK in content.body.split("\n")
    assert content.body == clean(content.body)
    sent = Content("id", content.body, content.title, content.link_url, (), content.platform_specific)
    assert LinkedInAdapter(Account("k", "linkedin", {})).validate(sent) == []
