"""SEO findings: the checks, each on what it used to get wrong."""

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.editorial.links import DISCLOSURE
from pipeline.editorial.seo import Finding, SeoInput, analyse, check_post
from pipeline.store.posts import UnknownPostError
from pipeline_tests import factories

CONTENT = "# Golf drivers\n\nA golf driver is long. [a](/a) [b](/b/) [c](https://golf.example/c)\n"


def finding(check: str, **values: str | None) -> Finding:
    post = {
        "title": "Golf driver guide",
        "content": CONTENT,
        "meta_title": "Golf driver guide",
        "meta_description": "All about drivers.",
        "target_keyword": "golf driver",
        "base_url": "https://golf.example",
        **values,
    }
    return next(found for found in analyse(SeoInput(**post)).findings if found.check == check)  # type: ignore[arg-type]


def test_a_good_article_has_only_good_findings():
    report = analyse(SeoInput("Golf driver", CONTENT, "Golf driver", "About.", "golf driver", "https://golf.example"))
    assert {found.severity for found in report.findings} == {"good"}
    assert report.score == 100


@pytest.mark.parametrize("content", ["", "  \n", "<!-- nothing -->", "![picture](/x.png)", "# \n"])
def test_an_article_that_says_nothing_blocks(content):
    assert finding("content", content=content).severity == "blocking"
    assert analyse(SeoInput("Title", content)).score == 0


@pytest.mark.parametrize(
    ("check", "field", "limit"),
    [("meta title length", "meta_title", 60), ("meta description length", "meta_description", 155)],
)
def test_meta_texts_may_be_as_long_as_search_results_show(check, field, limit):
    assert finding(check, **{field: "x" * limit}).severity == "good"
    assert finding(check, **{field: "x" * (limit + 1)}).severity == "improvement"
    assert finding(check, **{field: None}).severity == "improvement"
    assert finding(check, **{field: "  "}).severity == "improvement"


@pytest.mark.parametrize(
    ("title", "keyword", "severity"),
    [
        ("The GOLF Driver", "golf driver", "good"),
        ("The golf driver", "Golf DRIVER", "good"),
        ("Golf drivers", "golf driver", "improvement"),
        ("Carpet care", "car", "improvement"),
        ("Straße und Maß", "STRASSE", "improvement"),
        ("Über Äpfel", "über", "good"),
        ("東京の天気", "東京", "good"),
        ("C++ in a day", "C++", "good"),
        ("ASP.NET", ".NET", "improvement"),
        ("Anything", None, "improvement"),
        ("Anything", " ", "improvement"),
    ],
)
def test_the_keyword_in_the_title_is_whole_words_in_any_case(title, keyword, severity):
    assert finding("keyword in title", title=title, target_keyword=keyword).severity == severity


@pytest.mark.parametrize(
    ("content", "severity"),
    [
        ("# Golf driver\n\nSomething else.\n\nA golf driver.", "improvement"),
        ("# Title\n\nA *golf* driver.", "good"),
        ("# Title\n\nA golf\ndriver.", "good"),
        (f"# Title\n\n{DISCLOSURE}\n\nA golf driver.", "good"),
        ("# Title\n\n![x](/y.png)\n\nA golf driver.", "good"),
        ("# Golf driver", "improvement"),
        ("", "improvement"),
    ],
)
def test_the_first_paragraph_is_neither_heading_nor_disclosure_nor_picture(content, severity):
    assert finding("keyword in first paragraph", content=content).severity == severity


@pytest.mark.parametrize(
    ("content", "severity"),
    [
        ("[a](/a) [b](/b) [c](/c)", "good"),
        ("[a](/a) [a](/a) [a](/a)", "improvement"),
        ("![a](/a) ![b](/b) ![c](/c)", "improvement"),
        ("[a](//x/a) [b](https://x/b) [c](#c) [d](mailto:a@b.c)", "improvement"),
        ("`[a](/a)` `[b](/b)` `[c](/c)`", "improvement"),
        ("[a](https://golf.example/a) [b](https://golf.example) [c](https://golf.example.evil/c)", "improvement"),
        ("[a](http://[::z]/) [b](/b) [c](/c)", "improvement"),
        ("[a][1] [b](/b) [c](/c 'title')\n\n[1]: /a", "good"),
    ],
)
def test_internal_links_are_links_to_our_own_pages(content, severity):
    assert finding("internal links", content=content).severity == severity


@pytest.mark.parametrize(
    ("content", "severity"),
    [("# A\n\nx", "good"), ("A\n===\n\nx", "good"), ("x", "improvement"), ("# A\n\n# B", "improvement"),
     ("# A\n\n```\n# not one\n```", "good")],
)  # fmt: skip
def test_an_article_has_one_level_1_heading(content, severity):
    assert finding("single level-1 heading", content=content).severity == severity


WILD = st.text() | st.lists(
    st.sampled_from(["# ", "\n", "[a](", ")", "![", "]", "http://[", "<a", ">", "*", "`", "|", "\x00", "ß", "a", " "])
).map("".join)


MAYBE = st.none() | WILD


@given(st.builds(SeoInput, WILD, WILD, MAYBE, MAYBE, MAYBE, MAYBE))
def test_nothing_makes_it_raise(post):
    report = analyse(post)
    assert 0 <= report.score <= 100
    assert all(found.what_to_do for found in report.findings if found.severity != "good")


def test_a_report_is_kept_for_each_version_of_the_text(engine):
    with engine.begin() as connection:
        post_id = factories.post(
            connection, factories.vertical(connection), factories.user(connection), canonical_id="garden-1"
        )
    first = check_post(engine, "garden-1")
    check_post(engine, "garden-1")
    with engine.begin() as connection:
        connection.execute(
            sa.text("update publisher_posts set content = '<!-- -->', content_hash = 'h2' where id = :id"),
            {"id": post_id},
        )
    second = check_post(engine, "garden-1")
    assert [found.check for found in second.blocking] == ["content"]
    with engine.connect() as connection:
        rows = connection.execute(sa.text("select score, findings from seo_reports order by id")).all()
    assert [row.score for row in rows] == [first.score, 0]
    assert rows[1].findings[0]["severity"] == "blocking"


def test_a_post_that_is_none_has_no_report(engine):
    with pytest.raises(UnknownPostError):
        check_post(engine, "nobody")
