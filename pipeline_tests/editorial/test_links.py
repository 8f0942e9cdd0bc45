"""Links put into an article and taken out again."""

import re

import pytest

from pipeline.editorial.links import DISCLOSURE, MOST_AFFILIATE_LINKS, Catalogue, Target, add_links, without_links
from pipeline.editorial.markdown import parse
from pipeline.platforms.site.sanitise import body_html
from pipeline.text.rendering import blocks

DRIVER = Target("https://shop.example/driver?a=1&b=2", ["golf driver"])
GOLF = Target("https://shop.example/golf", ["golf", "C++", "東京", "ก"])
GUIDE = Target("https://golf.example/guide/", ["swing"])
SEAL = re.compile(r' [0-9a-f]{8}"')


def linked(text: str, *products: Target) -> str:
    """The article with product links, its title and the disclosure left out."""
    return (
        SEAL.sub('"', add_links(f"# Title\n\n{text}", products or [DRIVER], []))
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
    "text",
    [
        "Learn C++ now.",
        "今日の東京の天気",
        "**golf**",
        "- a\n  golf\n- b",
        "golf",
        "(golf)",
        "“golf”",
        "golf's",
        "l'golf",
        "~~golf~~",
        "a ~~b~~ golf",
        "GOLF",
        "go&#108;f",
        "&nbsp;golf&nbsp;",
    ],
)
def test_boundaries_hold_in_any_script_and_any_place_of_a_paragraph(text):
    assert "pressroom:sponsored" in linked(text, GOLF)


@pytest.mark.parametrize(
    "text",
    [
        "golfer", "minigolf", "golf-free", "golf'd", "golf\u2019ll", "golf\u200cer", "golf\u00ader", "golf&eacute;", "golf\\-free", "golfé", "golf\u0301", "ก็", "C++11", "golf.example", "x/golf",
        "https://x.example/?q=golf", "www.golf.example/golf", "<https://golf.example>", "## golf", "golf\n===",
        "`golf`", "    golf", "```\ngolf\n```", "[golf](/x)", "[my golf day](/x)", "![golf](/x.png)", "> golf",
        "> - golf", "<b>golf</b>", "<div>\n\ngolf\n\n</div>", "<a href='/x'>golf</a>", "[ref]: /golf 'golf'", "*golf*", "_golf_", "~~~\ngolf\n~~~", "<!-- golf -->",
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


def test_on_the_page_the_relations_are_there_and_the_mark_is_not():
    article = add_links("# Title\n\nA golf driver.\n\nThe swing.", [DRIVER], [GUIDE])
    page = body_html("\n".join(blocks(article)))
    assert '<a href="https://shop.example/driver?a=1&amp;b=2" rel="nofollow sponsored">golf driver</a>' in page
    assert "pressroom:" not in page


def test_a_link_that_a_person_marks_as_sponsored_is_rendered_so_and_counts():
    own = "\n\n".join(f'[x](https://a.example/{n} "pressroom:sponsored")' for n in range(MOST_AFFILIATE_LINKS))
    assert "\n".join(blocks(own)).count('rel="sponsored nofollow"') == MOST_AFFILIATE_LINKS
    text = f"{own}\n\nA golf driver."
    assert add_links(text, [DRIVER], []) == text


def test_a_link_whose_words_a_person_changed_is_that_persons():
    article = add_links("A golf driver.", [DRIVER], [])
    edited = article.replace("[golf driver]", "[best golf driver]")
    assert without_links(edited) == edited
    assert add_links(edited, [DRIVER], []) == edited


def test_a_disclosure_after_the_link_is_none():
    article = add_links(f"A golf driver.\n\n{DISCLOSURE}", [DRIVER], [])
    assert article.count(DISCLOSURE) == 2
    assert article.startswith(DISCLOSURE)
    assert without_links(article) == f"A golf driver.\n\n{DISCLOSURE}"


def test_the_authors_own_disclosure_serves_and_stays():
    text = f"# Title\n\n{DISCLOSURE}\n\nA golf driver."
    article = add_links(text, [DRIVER], [])
    assert article.count(DISCLOSURE) == 1
    assert without_links(article) == text


def test_a_copy_of_our_link_in_code_is_text():
    article = add_links("A golf driver.", [DRIVER], [])
    link = article.split("A ")[-1].rstrip(".")
    text = f"`{link}` and\n\n    {link}\n"
    assert without_links(text) == text
    assert without_links(f"{link} {text}") == f"golf driver {text}"


def test_a_paragraph_that_was_copied_with_its_link_loses_both():
    article = add_links("A golf driver.", [DRIVER], [])
    twice = f"{article} {article.split(DISCLOSURE)[-1].strip()}"
    assert without_links(twice) == "A golf driver. A golf driver."


def test_thousands_of_keywords_are_one_pass():
    targets = Catalogue(Target(f"https://shop.example/{n}", [f"word{n}", f"word{n} more"]) for n in range(20_000))
    article = add_links("The word17 more, and word19999.\n\nAnd word19999.", targets, [])
    assert "[word17 more](https://shop.example/17 " in article
    assert "[word19999](https://shop.example/19999 " in article


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
