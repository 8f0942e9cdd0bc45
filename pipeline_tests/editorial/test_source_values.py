"""What a stranger may write into a field, and what becomes of it."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.editorial import source_values
from pipeline.editorial.source_items import ColumnMapping, item_of
from pipeline.editorial.source_text import clean, clean_json, plain_text
from pipeline.editorial.source_values import ItemError

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.text(st.characters(categories=["Cs", "Cc", "Lu"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
FIELDS = ["id", "account", "title", "caption", "link", "lang", "media_urls", "posted_at", "reach", "likes", "shares"]
NUMBERS = st.integers(-5, 2**64) | st.integers(0, 99).map(str) | st.just("n/a")
TIMES = st.datetimes().map(str) | st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat())
LIKELY = {"caption": st.text(), "likes": NUMBERS, "shares": NUMBERS, "reach": NUMBERS, "posted_at": TIMES}
RECORDS = st.fixed_dictionaries({}, optional=LIKELY) | st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON))


@given(RECORDS, st.sampled_from([None, "Europe/Berlin"]))
@example({"caption": "x", "posted_at": "0001-01-01T00:00:00+14:00"}, None)
@example({"caption": "x", "posted_at": "0001-01-01T00:00:00"}, "Europe/Berlin")
@example({"caption": "x", "posted_at": 1e300, "likes": 1e300}, None)
def test_any_record_is_an_item_that_can_be_stored_or_is_refused(record, zone):
    try:
        item = item_of(record, ColumnMapping({}, zone))
    except ItemError:
        return
    assert item.caption
    assert item.external_id
    for text in (item.external_id, item.caption, item.title or "", item.account or "", *item.media_urls):
        assert text == clean(text)
        text.encode()
    for figure in (item.reach, item.engagements, item.likes, item.shares):
        assert figure is None or 0 <= figure < 2**64
    assert item.posted_at is None or item.posted_at.tzinfo is UTC
    assert item.engagement_rate is None or 0 <= item.engagement_rate <= 1


@given(JSON)
def test_any_json_value_is_made_fit_for_jsonb(value):
    text = json.dumps(clean_json(value), allow_nan=False)
    assert "\\u0000" not in text
    assert clean_json(clean_json(value)) == clean_json(value)
    json.dumps(clean_json(value), ensure_ascii=False).encode()


@given(st.text(st.characters(codec="utf-8")).filter(lambda text: "<" not in text and "&" not in text))
def test_text_without_markup_keeps_its_words(text: str):
    assert plain_text(text).split() == clean(text).split()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<p>Hello &amp; <b>good</b>bye.</p><p>Next</p>", "Hello & goodbye.\n\nNext"),
        ("<ul><li>one</li><li>two</li></ul>after", "one\ntwo\n\nafter"),
        ("line<br/>break\nsame line", "line\nbreak same line"),
        ("<script>alert(1)</script><style>p{}</style>text", "text"),
        ("<!-- hidden -->text", "text"),
        ("if a < b and I <3 you", "if a < b and I <3 you"),
        ("R&amp;D &#8212; caf&eacute;", "R&D — café"),
        ("https://a.example/?a=1&copy=2&lt=3", "https://a.example/?a=1&copy=2&lt=3"),
        ("&lt;b&gt; is bold", "<b> is bold"),
        ("&#0;&#xD800;x", "\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}x"),
        ("a\r\n\r\n\r\n\r\nb\t\xa0 c", "a\n\nb c"),
        ("generic Foo<Bar> and <think>", "generic Foo<Bar> and <think>"),
    ],
)
def test_what_a_person_would_read(written: str, read: str):
    assert plain_text(written) == read


@pytest.mark.parametrize(
    "hostile", ["<a " * 50_000, "<div>" * 50_000 + "x", "<p>x</p>" * 20_000, "&" * 100_000, "<!--" * 50_000]
)
def test_hostile_markup_is_survived(hostile: str):
    assert isinstance(plain_text(hostile), str)


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-10-05T08:00:00+02:00", datetime(2026, 10, 5, 6, tzinfo=UTC)),
        ("2017-07-14T14:30:59+0000", datetime(2017, 7, 14, 14, 30, 59, tzinfo=UTC)),
        ("Mon, 05 Oct 2026 08:00:00 +0200", datetime(2026, 10, 5, 6, tzinfo=UTC)),
        ("Mon, 05 Oct 2026 08:00:00 GMT", datetime(2026, 10, 5, 8, tzinfo=UTC)),
        ("Mon, 05 Oct 2026 08:00:00 -0000", datetime(2026, 10, 5, 8, tzinfo=UTC)),
        (1791187200, datetime(2026, 10, 5, 8, tzinfo=UTC)),
        ("1791187200000", datetime(2026, 10, 5, 8, tzinfo=UTC)),
        ("", None),
        ("n/a", None),
    ],
)
def test_a_time_with_a_zone_is_an_instant(written, instant):
    assert source_values.instant(written, None) == instant


def test_a_time_without_a_zone_is_refused_unless_the_source_has_one():
    with pytest.raises(ItemError, match="has no time zone"):
        source_values.instant("2026-10-05", None)
    assert source_values.instant("2026-10-05", "America/New_York") == datetime(2026, 10, 5, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "written", ["yesterday", "2026-13-01T00:00:00Z", True, [1], {}, float("nan"), float("inf"), -1e20]
)
def test_what_is_no_time_is_refused(written):
    with pytest.raises(ItemError, match="not a time"):
        source_values.instant(written, "Europe/Berlin")


@pytest.mark.parametrize(
    ("written", "figure"),
    [("7", 7), ("7.0", 7), (7.0, 7), ("+7", 7), (" 7 ", 7), ("", None), ("-", None), ("NaN", None), (0, 0)],
)
def test_a_whole_count_is_a_figure_and_a_blank_is_unknown(written, figure):
    assert source_values.figure("likes", written) == figure


@pytest.mark.parametrize(
    "written", ["1,234", "1.5", "7 likes", "١٢", True, 1.5, [], "-1", -1, 2**63, "9" * 19, "9" * 5000]
)
def test_what_is_no_whole_count_is_refused(written):
    with pytest.raises(ItemError, match="likes is"):
        source_values.figure("likes", written)


def test_an_id_too_long_for_an_index_is_replaced_by_its_hash():
    one, other = (source_values.identifier("x" * 5000 + end) for end in "ab")
    assert one is not None
    assert one != other
    assert len(one) == 71


def test_media_are_those_that_are_web_addresses():
    written = ["https://a.example/1.jpg", "data:image/png;base64,x", 7, "https://a.example/1.jpg"]
    assert source_values.urls(written) == ["https://a.example/1.jpg"]
    assert source_values.urls("https://a.example/1.jpg, https://a.example/2.jpg") == [
        "https://a.example/1.jpg",
        "https://a.example/2.jpg",
    ]
