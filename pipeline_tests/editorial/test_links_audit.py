"""What a reviewer is told about an article's links."""

import pytest

from pipeline.editorial.links import DISCLOSURE, MOST_AFFILIATE_LINKS, MOST_INTERNAL_LINKS, Target, add_links, audit

SHOP = "https://shop.example/spade?a=1"
AD = f'[spade]({SHOP} "pressroom:sponsored")'


def told(markdown, urls=()):
    return {
        (finding.check, finding.severity, finding.place)
        for finding in audit(markdown, urls)
        if finding.severity != "good"
    }


def test_what_the_program_links_is_in_order():
    article = add_links(
        "# T\n\nA spade.\n\nA rose.", [Target(SHOP, ["spade"])], [Target("https://own.example/", ["rose"])]
    )
    assert told(article, [SHOP]) == set()
    assert {finding.severity for finding in audit("Nothing here.")} == {"good"}


@pytest.mark.parametrize("markdown", [f"# T\n\nA {AD} here.", f"# T\n\nA {AD} here.\n\n{DISCLOSURE}"])
def test_a_sponsored_link_without_a_disclosure_before_it_blocks(markdown):
    assert ("affiliate disclosure", "blocking", "paragraph 1: “A spade here.”") in told(markdown)


def test_a_disclosure_counts_however_it_is_set():
    said = DISCLOSURE.strip("*")
    for disclosure in (DISCLOSURE, said, f"**{said}**", f"> {said}"):
        assert told(f"# T\n\n{disclosure}\n\nA {AD}.") == set()


def test_a_disclosure_of_nothing_is_told():
    assert told(f"# T\n\n{DISCLOSURE}\n\nA spade.") == {
        ("affiliate disclosure", "improvement", "paragraph 1: “Advertising: this article contains affiliate links.…”")
    }


@pytest.mark.parametrize(
    "markdown", [f"[x]({SHOP})", f"[x]({SHOP} 'Buy')", f"<{SHOP}>", f"<a href='{SHOP}'>x</a>", f"<div>{SHOP}</div>"]
)
def test_a_product_that_is_linked_without_the_mark_blocks(markdown):
    assert any(
        check == "affiliate links marked" and severity == "blocking" for check, severity, _ in told(markdown, [SHOP])
    )
    assert told(markdown, ["https://shop.example/"]) == set()


def test_links_past_the_stated_numbers_are_told():
    ads = "\n\n".join(f"{n} {AD}" for n in range(MOST_AFFILIATE_LINKS + 1))
    assert told(f"{DISCLOSURE}\n\n{ads}") == {("number of affiliate links", "improvement", "content")}
    related = "\n\n".join(f'[{n}](/{n} "pressroom:related")' for n in range(MOST_INTERNAL_LINKS + 1))
    assert told(related) == {("number of internal links we set", "improvement", "content")}
    assert told(f"{DISCLOSURE}\n\nA {AD} and a {AD}.") == {
        ("affiliate links in a paragraph", "improvement", "paragraph 2: “A spade and a spade.”")
    }


@pytest.mark.parametrize(
    ("markdown", "place"),
    [
        (f"## A {AD}", "heading: “A spade”"),
        (f"> A {AD}", "quotation: “A spade”"),
        (f"> - A {AD}", "quotation: “A spade”"),
        (f"|a|\n|-|\n|{AD}|", "table: “spade”"),
    ],
)
def test_a_sponsored_link_out_of_place_is_told(markdown, place):
    assert told(f"{DISCLOSURE}\n\n{markdown}") == {("place of affiliate links", "improvement", place)}


def test_a_mark_that_is_only_written_about_is_no_link():
    assert told(f"`{AD}`\n\n    {AD}") == set()
