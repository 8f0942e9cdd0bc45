"""What links carry: only ours are tagged, once, and nothing else of an address changes."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.bots import is_bot
from pipeline.text.networks import networks
from pipeline.text.rendering import blocks
from pipeline.text.tracking import Tracking, Utm, is_below, tagged, with_sub_id

PAGE = "https://garden.example/blog/how-to-prune/"
UTM = Utm("x", "social", "garden", "0123456789ab")
TAGS = "utm_source=x&utm_medium=social&utm_campaign=garden&utm_content=0123456789ab"
LINKS = Tracking(
    page=PAGE,
    target=f"{PAGE}?{TAGS}",
    link=f"{PAGE}?{TAGS}",
    own=["https://garden.example/blog"],
    utm=UTM,
    code=UTM.content,
)
HOME = Tracking(page=PAGE, target=PAGE, link=PAGE, own=LINKS.own, utm=None, code=UTM.content)


@pytest.mark.parametrize(
    ("address", "leads"),
    [
        (PAGE, f"{PAGE}?{TAGS}"),
        ("https://garden.example/blog/a/?q=1#top", f"https://garden.example/blog/a/?q=1&{TAGS}#top"),
        ("http://GARDEN.example/blog", f"http://GARDEN.example/blog?{TAGS}"),
        ("../other/", f"https://garden.example/blog/other/?{TAGS}"),
        ("/blog/other/", f"https://garden.example/blog/other/?{TAGS}"),
        ("/shop/", "https://garden.example/shop/"),
        ("https://garden.example/blogs/", "https://garden.example/blogs/"),
        ("https://garden.example.evil.example/blog/", "https://garden.example.evil.example/blog/"),
        ("https://garden.example@evil.example/blog/", "https://garden.example@evil.example/blog/"),
        ("https://garden.example/blog/?UTM_source=mine", "https://garden.example/blog/?UTM_source=mine"),
        ("https://other.example/?a=%20b+c", "https://other.example/?a=%20b+c"),
        ("mailto:a@garden.example", "mailto:a@garden.example"),
        ("#top", "#top"),
        ("https://[", "https://["),
        ("", ""),
    ],
)
def test_only_links_to_our_own_pages_are_tagged(address, leads):
    assert LINKS.href(address) == leads


def test_at_home_only_affiliate_links_carry_anything():
    assert HOME.href("/blog/other/") == "/blog/other/"
    assert HOME.href(PAGE) == PAGE
    assert (
        HOME.href("https://www.awin1.com/cread.php?x=1") == "https://www.awin1.com/cread.php?x=1&clickref=0123456789ab"
    )


@pytest.mark.parametrize(
    ("address", "leads"),
    [
        ("https://www.amazon.de/dp/B01?tag=me-21", "https://www.amazon.de/dp/B01?tag=me-21&ascsubtag=c"),
        ("https://www.amazon.de/dp/B01", "https://www.amazon.de/dp/B01"),
        ("https://brand.sjv.io/abc", "https://brand.sjv.io/abc?subId1=c"),
        ("https://www.awin1.com/cread.php?clickref=mine", "https://www.awin1.com/cread.php?clickref=mine"),
        ("https://notawin1.com/", "https://notawin1.com/"),
    ],
)
def test_an_affiliate_link_gets_a_sub_id_where_it_has_none(address, leads):
    assert with_sub_id(address, "c") == leads


def test_links_in_raw_html_and_by_reference_lead_as_others_do_and_pictures_stay():
    (block,) = blocks(
        '<a href="/blog/a/">x</a> [y][1] ![p](/blog/p.png)\n\n[1]: /blog/b/ "pressroom:related ab"', LINKS.href
    )
    assert block.count("utm_content") == 2
    assert 'src="/blog/p.png"' in block
    assert "pressroom" not in block


def test_an_address_in_prose_keeps_the_sentences_punctuation():
    told = LINKS.prose(
        "See https://garden.example/blog/a. (https://garden.example/blog/b)? https://other.example/c_(d)."
    )
    assert told == (
        f"See https://garden.example/blog/a?{TAGS}. (https://garden.example/blog/b?{TAGS})? https://other.example/c_(d)."
    )


def test_behind_an_address_that_is_shown_is_the_same_host_even_where_a_short_link_is_used():
    short = Tracking(
        page=PAGE,
        target=LINKS.target,
        link="https://go.example/r/abcdef2345",
        own=LINKS.own,
        utm=UTM,
        code=UTM.content,
        short_code="abcdef2345",
    )
    assert short.href(PAGE) == "https://go.example/r/abcdef2345"
    assert short.behind(PAGE) == LINKS.target


_query = st.text("abc=&%+;é", max_size=12)


@given(path=st.text("ab/.", max_size=8), query=_query, fragment=st.text("ab?&", max_size=5))
def test_tagging_adds_the_four_and_takes_nothing(path, query, fragment):
    address = f"https://garden.example/blog/{path}?{query}#{fragment}"
    after = tagged(address, UTM)
    assert tagged(after, UTM) == after
    before, now = urlsplit(address), urlsplit(after)
    assert (now.path, now.fragment) == (before.path, before.fragment)
    assert now.query.startswith(before.query)
    own = [pair for pair in parse_qsl(now.query, keep_blank_values=True) if not pair[0].startswith("utm_")]
    assert own == parse_qsl(before.query, keep_blank_values=True)


@given(st.text(max_size=30))
def test_no_text_makes_a_link_fail(text):
    for tracking in (LINKS, HOME):
        tracking.href(text)
        tracking.prose(text)
        tracking.prose(f"https://{text}")
    is_below(text, [text])


def test_every_network_that_is_known_names_its_source_and_what_is_read_of_a_report_by():
    for network in networks().values():
        assert network.source.startswith("https://")
        assert network.links or network.report
        if network.report:
            assert bool(network.report.id) != bool(network.report.identity)
            assert set(network.report.words.values()) <= {"pending", "confirmed", "reversed"}


def test_a_browser_is_no_bot_and_what_names_itself_one_is():
    for reader in (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (Linux; Android 10; CUBOT X30) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126 Mobile Safari/537.36 Instagram 340.0.0.22.109",
    ):
        assert not is_bot(reader)
    for bot in (
        "Googlebot/2.1 (+http://www.google.com/bot.html)",
        "Slackbot-LinkExpanding 1.0",
        "curl/8",
        "-",
        " ",
        "",
        None,
    ):
        assert is_bot(bot)
