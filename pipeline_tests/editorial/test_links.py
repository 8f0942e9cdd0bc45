"""Links put into an article and taken out again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.editorial.links import DISCLOSURE, MOST_AFFILIATE_LINKS, Target, add_links, without_links
from pipeline.editorial.markdown import parse, text_of
from pipeline.text.rendering import blocks

DRIVER = Target("https://shop.example/driver?a=1&b=2", ["golf driver"])
GOLF = Target("https://shop.example/golf", ["golf", "C++", "東京", "ก"])
GUIDE = Target("https://golf.example/guide/", ["swing"])


def linked(text: str, *products: Target) -> str:
    """The article with product links, its title and the disclosure left out."""
    return (
        add_links(f"# Title\n\n{text}", products or [DRIVER], [])
        .split(DISCLOSURE)[-1]
        .removeprefix("# Title")
        .strip("\n")
    )


def test_the_first_whole_word_occurrence_is_linked_once():
    text = "A golf drivers' test. The Golf Driver is here.\n\nAnother golf driver."
    assert linked(text) == (
        'A golf drivers\' test. The [Golf Driver](https://shop.example/driver?a=1&b=2 "pressroom:sponsored") is here.'
        "\n\nAnother golf driver."
    )


def test_the_longest_phrase_wins():
    assert "[golf driver](https://shop.example/driver" in linked("Buy a golf driver.", GOLF, DRIVER)


def test_where_the_longest_phrase_does_not_fit_a_shorter_one_may():
    assert "[golf](https://shop.example/golf" in linked("Buy golf drivers.", GOLF, DRIVER)


@pytest.mark.parametrize(
    "text", ["Learn C++ now.", "今日の東京の天気", "**golf**", "- a\n  golf\n- b", "golf", "(golf)", "“golf”", "golf's"]
)
def test_boundaries_hold_in_any_script_and_any_place_of_a_paragraph(text):
    assert "pressroom:sponsored" in linked(text, GOLF)


@pytest.mark.parametrize(
    "text",
    [
        "golfer", "minigolf", "golf-free", "golfé", "golf\u0301", "ก็", "C++11", "golf.example", "x/golf",
        "https://x.example/?q=golf", "www.golf.example/golf", "<https://golf.example>", "## golf", "golf\n===",
        "`golf`", "    golf", "```\ngolf\n```", "[golf](/x)", "[my golf day](/x)", "![golf](/x.png)", "> golf",
        "> - golf", "<b>golf</b>", "<div>\n\ngolf\n\n</div>", "<a href='/x'>golf</a>", "[ref]: /golf 'golf'", "*golf*",
        "| golf |\n|---|\n| golf |", "",
    ],
)  # fmt: skip
def test_what_is_no_running_text_stays_as_it_is(text):
    assert linked(text, GOLF) == text


def test_an_empty_phrase_links_nothing():
    assert linked("Some text.", Target("https://shop.example/", ["", " ", "."])) == "Some text."


def test_one_link_a_paragraph_and_a_cap_an_article():
    products = [Target(f"https://shop.example/{name}", [name]) for name in "abcdefgh"]
    assert linked("a b c d", *products).count("pressroom:sponsored") == 1
    paragraphs = "\n\n".join(f"{name} and more" for name in "abcdefgh")
    assert linked(paragraphs, *products).count("pressroom:sponsored") == MOST_AFFILIATE_LINKS


def test_what_the_author_links_already_is_not_linked_again():
    text = "A [club](https://shop.example/golf).\n\nI like golf."
    assert linked(text, GOLF) == text


def test_an_escaped_sign_is_read_as_the_sign():
    target = Target("https://shop.example/", ["AT&T"])
    assert linked(r"Call AT\&T now.", target) == r'Call [AT\&T](https://shop.example/ "pressroom:sponsored") now.'


def test_sponsored_links_are_disclosed_before_the_text_and_carry_their_relations():
    article = add_links("# Title\n\nA golf driver.\n\nThe swing.", [DRIVER], [GUIDE])
    assert article.startswith(f"# Title\n\n{DISCLOSURE}\n\n")
    html = "\n".join(blocks(article))
    assert '<a href="https://shop.example/driver?a=1&amp;b=2" rel="sponsored nofollow">golf driver</a>' in html
    assert '<a href="https://golf.example/guide/">swing</a>' in html
    assert "pressroom:" not in html


def test_without_a_sponsored_link_there_is_nothing_to_disclose():
    assert DISCLOSURE not in add_links("# Title\n\nThe swing.", [DRIVER], [GUIDE])


def test_of_two_posts_with_one_phrase_the_more_relevant_one_has_it():
    other = Target("https://golf.example/other/", ["swing"])
    assert "guide" in add_links("The swing.\n\nThe swing.", [], [GUIDE, other])
    assert "other" not in add_links("The swing.\n\nThe swing.", [], [GUIDE, other])


@pytest.mark.parametrize(
    "url", ["https://x.example/(a)?b=<c>", "https://x.example/?a=1&copy;=2", 'https://x.example/"a b\\']
)
def test_an_address_arrives_as_it_was_meant(url):
    from urllib.parse import unquote

    article = add_links("I like golf.", [Target(url, ["golf"])], [])
    [link] = [child for token in parse(article) for child in token.children or [] if child.type == "link_open"]
    assert unquote(str(link.attrs["href"])) == url
    assert without_links(article) == "I like golf."


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))",
        "<a href='javascript:alert(1)'>x</a>", "<iframe src='https://x'></iframe>", "<p style='position:fixed'>x</p>",
        "[x](data:text/html;base64,AAAA)", "<svg onload=alert(1)>",
    ],
)  # fmt: skip
def test_hostile_content_comes_out_inert(markdown):
    html = "\n".join(blocks(markdown))
    for harm in ("<script", "<img src=x onerror", 'href="javascript', "<iframe", "style=", 'href="data', "<svg"):
        assert harm not in html


PIECES = [
    "golf driver", "golf", "driver", "C++", " ", "  ", "\n", "\n\n", "\n- ", "\n  ", "\n> ", "# ", "## ", "*", "**", "_", "`",
    "[", "](", "](/x)", "](/x 'y')", ")", "!", "![", "<b>", "</b>", "<a href='q'>", "</a>", "<div>\n", "</div>", "<!-- x -->",
    "\\", "&amp;", "&", "https://a.b/golf", "<https://golf.de>", "\n[golf]: /ref\n", "[golf]", "|", "\n---\n", "\t", "\r\n",
    "\r", "1. ", "    ", "~~~\n", "```\n", "漢", "ß", "İ", "golf\\*", "\x00", "\u2028", "\n===\n", "e\u0301", DISCLOSURE[:20],
]  # fmt: skip
PRODUCTS = [
    Target("https://a.example/(x)?a=1&copy;=2", ["golf driver", "C++"]),
    Target("https://b.example/", ["driver", "İ", "golf\\*", "*", "golf]"]),
]
POSTS = [Target("https://c.example/ü", ["golf", "漢"])]


def read(markdown: str) -> str:
    return text_of([token for token in parse(markdown) if not (token.type == "inline" and token.content == DISCLOSURE)])


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_links_change_no_word_never_nest_and_can_be_taken_out(markdown):
    article = add_links(markdown, PRODUCTS, POSTS)
    assert read(article) == read(markdown)
    assert add_links(article, PRODUCTS, POSTS) == article
    assert without_links(article) == markdown
    for token in parse(article):
        depth = 0
        for child in token.children or []:
            if child.type == "link_open":
                assert depth == 0 or not str(child.attrs.get("title")).startswith("pressroom:")
                depth += 1
            depth -= child.type == "link_close"
