"""What holds of links on any Markdown at all: nothing is read differently, nothing nests, all can be taken out."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.editorial.links import DISCLOSURE, Catalogue, Target, add_links, audit, without_links
from pipeline.editorial.markdown import parse
from pipeline.text.marks import RELATED, SPONSORED, links, mark_of
from pipeline.text.rendering import blocks, text_of

PRODUCTS = Catalogue([
    Target("https://a.example/(x)?a=1&copy;=2", ["golf driver", "C++", "نادي", "café"]),
    Target("https://b.example/", ["driver", "İ", "golf\\*", "*", "golf]", "AT&T", "کتاب"]),
    Target("https://empty.example/", ["", " ", "_", "🏌️"]),
])  # fmt: skip
POSTS = Catalogue(
    [Target("https://c.example/ü", ["golf", "漢", "ゴルフ"]), Target("https://d.example/", ["swing", "1,000"])]
)

OURS = add_links("A golf driver.\n\nThe swing.", PRODUCTS, POSTS)
"""Our very bytes: the seals of these links hold."""
LOOK_ALIKES = [
    '[golf driver](https://a.example/ "pressroom:sponsored")',
    '[golf](https://c.example/ü "pressroom:related")',
    '[driver](https://b.example/ "pressroom:sponsored 00000000")',
    "[swing][ours]",
    '\n\n[ours]: https://d.example/ "pressroom:sponsored 00000000"\n\n',
    DISCLOSURE,
    f"\n\n{DISCLOSURE}\n\n",
    DISCLOSURE[:20],
    f"`{DISCLOSURE}`",
]
PIECES = [
    "golf driver", "golf", "driver", "C++", "swing", "AT&amp;T", "AT\\&T", "1,000", "café", "cafe\u0301", "نادي", "کتاب\u200cها",
    "漢", "ゴルフ場", "🏌️", "👨\u200d👩\u200d👧", "ß", "İ", "e\u0301", "\u202e", "\u200f", "\u00ad", "\u2028", "\x00", "\x1f", "\u1fef", "\u037e", "\ufeff", "golf&eacute;",
    "&nbsp;", "&#103;olf", "&amp;", "&", "don't", " ", "  ", "\t", "\n", "\n\n", "\r\n", "\r\n\r\n", "\r", "  \n", "\\\n",
    "\n- ", "\n    - ", "\n1. ", "\n\t- ", "\n  ", "\n   ", "\n> ", "> - ", "# ", "\n## ", "\n===\n", "\n---\n", "    ", "\n\n    ",
    "*", "**", "_", "__", "~~", "`", "``", "[", "](", "](/x)", "](/x 'y')", ")", "!", "![", "]", "[golf]", "[golf][]", "[x][golf]",
    "\n\n[golf]: /ref\n", "\n\n[golf]:\n", "<b>", "</b>", "<a href='q'>", "</a>", "<div>\n", "\n</div>\n", "\n\n<!-- x -->\n",
    "<!-- ", "<script>", "https://a.b/golf", "<https://golf.de>", "www.golf.de", "golf@x.de", "|", "\n|a|b|\n|-|-|\n|golf|c|\n",
    "~~~\n", "```\n", "\\", "\\[", "golf\\*", '"', "'", ":",
]  # fmt: skip
MARKDOWN = st.lists(st.sampled_from(PIECES + LOOK_ALIKES) | st.text(max_size=4), max_size=30).map("".join)


def rendered(markdown: str) -> str:
    """What a reader reads of the page, our disclosure left out wherever it stands."""
    return "\n".join(text for block in blocks(markdown) if (text := text_of(block)) != DISCLOSURE.strip("*"))


def shape(markdown: str) -> list[str]:
    """The page's HTML without its links and disclosures."""
    html = (re.sub(r"</?a(?: [^>]*)?>", "", block) for block in blocks(markdown))
    return [block for block in html if text_of(block) != DISCLOSURE.strip("*")]


@settings(max_examples=300, deadline=None)
@given(MARKDOWN)
@example("a~~golf~~b golf driver~~ ~~x")
@example("golf&eacute; golf driver")
@example("\n\n[golf]:\ngolf\x1f")
@example("\x1f```\n\ngolf driver")
@example("\u1fefgolf driver\u1fef")
@example("\ufeff\x1f- \x0cgolf driver\x1f a\x1fnd golf\r\x1f\nswing")
def test_links_change_nothing_that_is_read_and_can_be_taken_out(markdown):
    article = add_links(markdown, PRODUCTS, POSTS)
    assert rendered(article) == rendered(markdown)
    assert shape(article) == shape(markdown)
    assert without_links(article) == markdown
    assert add_links(article, PRODUCTS, POSTS) == article
    audit(article, ["https://a.example/(x)?a=1&copy;=2"])


@settings(max_examples=100, deadline=None)
@given(MARKDOWN)
def test_links_never_nest_and_none_leads_where_no_phrase_is(markdown):
    article = add_links(markdown, PRODUCTS, POSTS)
    before = {str(link.attrs.get("href")) for link in links(parse(markdown))}
    for token in parse(article):
        depth = 0
        for child in token.children or []:
            if child.type == "link_open":
                assert depth == 0
                assert mark_of(child) is not None or str(child.attrs.get("href")) in before
                assert "empty.example" not in str(child.attrs.get("href"))
            depth += {"link_open": 1, "link_close": -1}.get(child.type, 0)


@settings(max_examples=100, deadline=None)
@given(MARKDOWN, MARKDOWN)
def test_our_links_are_taken_out_whatever_is_written_around_them(before, after):
    text = f"{before}\n\n{OURS.split('driver', 1)[-1]}\n\n{after}"
    plain = without_links(text)
    assert without_links(plain) == plain
    article = add_links(text, PRODUCTS, POSTS)
    assert without_links(article) == plain
    assert add_links(article, PRODUCTS, POSTS) == article


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_whatever_ends_the_lines_a_whole_article_comes_back(newline):
    text = newline.join(
        ["# Golf", "", "A golf", "driver and", "a swing.", "", "- one", "- the", "  driver", "", "Bye."]
    )
    article = add_links(text, PRODUCTS, POSTS)
    assert article.count(SPONSORED) == 2
    assert article.count(RELATED) == 1
    assert without_links(article) == text
    assert rendered(article) == rendered(text)
    if newline == "\r\n":
        assert "\n" not in article.replace("\r\n", "")
