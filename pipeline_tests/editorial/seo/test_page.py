"""Titles, structure, links and pictures: each check on what it is easily got wrong by."""

import pytest

from pipeline.editorial.seo.widths import columns, width
from pipeline.text.marks import SPONSORED
from pipeline_tests.editorial.seo.articles import CONTENT, checks, finding


@pytest.mark.parametrize(
    ("text", "pixels"),
    [
        ("", 0),
        ("i" * 100, 445),  # 0.222 em
        ("W" * 100, 1888),  # 0.944 em
        ("x" * 60, 600),
        ("é" * 10, 112),  # as wide as e
        ("東京", 40),  # an em each
        ("e\u0301" * 10, 112),  # an accent of its own takes no room
        ("\x00\u200d", 0),
    ],
)
def test_a_titles_width_is_arials(text, pixels):
    assert width(text) == pixels


@pytest.mark.parametrize(
    ("meta_title", "severity"),
    [("x" * 60, "good"), ("x" * 61, "improvement"), ("i" * 130, "good"), ("W" * 32, "improvement"), (None, "good")],
)
def test_a_title_is_as_wide_as_search_results_show(meta_title, severity):
    assert finding("title width", meta_title=meta_title).severity == severity


def test_a_title_that_is_too_wide_says_how_much_to_take_away():
    assert finding("title width", meta_title="x" * 66).what_to_do == "Shorten it by about 6 characters."


def test_without_a_meta_title_the_title_is_measured():
    found = finding("title width", meta_title=None, title="W" * 40)
    assert (found.severity, found.place) == ("improvement", "title")


@pytest.mark.parametrize(
    ("description", "severity"),
    [("x" * 120, "improvement"), ("x" * 121, "good"), ("x" * 156, "good"), ("x" * 157, "improvement"),
     (None, "improvement"), ("  ", "improvement"), ("京" * 61, "good"), ("京" * 79, "improvement")],
)  # fmt: skip
def test_a_meta_description_fills_what_search_results_show(description, severity):
    assert finding("meta description length", meta_description=description).severity == severity


def test_wide_characters_count_as_two():
    assert columns("ab京都ﾊ") == 7


@pytest.mark.parametrize(
    ("content", "severity"),
    [("# A\n\nx", "good"), ("A\n===\n\nx", "good"), ("x", "improvement"), ("# A\n\n# B", "improvement"),
     ("# A\n\n```\n# not one\n```", "good")],
)  # fmt: skip
def test_an_article_has_one_level_1_heading(content, severity):
    assert finding("single level-1 heading", content=content).severity == severity


def test_the_second_level_1_heading_is_the_one_that_is_shown():
    assert finding("single level-1 heading", content="# A\n\nx\n\n# B").place == "line 5: “B”"


@pytest.mark.parametrize(
    ("content", "severity", "place"),
    [
        ("# A\n\n## B\n\n### C\n\n## D", "good", "content"),
        ("# A\n\n### C", "improvement", "line 3: “C”"),
        ("# A\n\n## B\n\n#### D", "improvement", "line 5: “D”"),
        ("# A\n\n## \n\nx", "improvement", "line 3"),
        ("# A\n\n## ***\n\nx", "improvement", "line 3: “***”"),
    ],
)
def test_headings_go_down_level_by_level_and_say_something(content, severity, place):
    found = finding("heading order", content=content)
    assert (found.severity, found.place) == (severity, place)


def test_the_length_is_the_bodys_words():
    note = "*Advertising: this article contains affiliate links.*"
    code = "```\n" + "word " * 300 + "\n```"
    assert finding("text length", content="# T\n\n" + "word " * 300).severity == "good"
    assert finding("text length", content=f"# T\n\n{note}\n\n{code}\n\n" + "word " * 299).severity == "improvement"
    assert "has 2 words" in finding("text length", content=f"# T of many words\n\n{note}\n\nTwo words").message


def test_a_text_in_a_script_without_spaces_is_counted_in_characters():
    assert finding("text length", content="# 京\n\n" + "東京" * 299, language="ja").severity == "improvement"
    assert finding("text length", content="# 京\n\n" + "東京" * 300, language="ja").severity == "good"


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
        ("[a](/a) [b](/b) [me](/golf-driver-guide/)", "improvement"),  # a link to itself is none to another page
    ],
)
def test_internal_links_are_links_to_our_own_pages(content, severity):
    assert finding("internal links", content=content).severity == severity


def test_a_vertical_with_few_pages_asks_for_as_many_links_as_there_are_pages():
    assert finding("internal links", content="[a](/a)", other_pages=1).severity == "good"
    assert finding("internal links", content="x", other_pages=0).severity == "good"
    assert finding("internal links", content="[a](/a)", other_pages=2).severity == "improvement"


@pytest.mark.parametrize(
    ("content", "severity"),
    [
        ("[a](https://x.example)", "good"),
        ("[a](//x.example/a)", "good"),
        ("[a](/a)", "improvement"),
        ("[a](https://golf.example/a)", "improvement"),
        ("[a](mailto:a@b.c)", "improvement"),
        (f'[a](https://x.example "{SPONSORED} 3f2a9c1d")', "improvement"),  # not to be followed
        (f'[a](https://x.example "{SPONSORED}") [b](https://y.example)', "good"),
        ("*Source: [a](https://x.example)*", "good"),
    ],
)
def test_an_article_has_an_outbound_link_that_is_followed(content, severity):
    assert finding("outbound links", content=content).severity == severity


@pytest.mark.parametrize(
    ("content", "severity"),
    [
        ("[a](/golf-driver-guide/)", "improvement"),
        ("[a](https://golf.example/golf-driver-guide)", "improvement"),
        ("[a](/golf-driver-guide/#notes)", "good"),
        ("[a](https://other.example/golf-driver-guide)", "good"),
        ("[a](/golf-driver-guide-2/)", "good"),
    ],
)
def test_an_article_does_not_link_to_itself(content, severity):
    assert finding("links to itself", content=content).severity == severity


@pytest.mark.parametrize(
    ("content", "severity"),
    [
        ("[golf driver](/a)", "improvement"),
        ("x\n\n[the *golf* drivers](https://x.example)", "improvement"),
        ("[golf](/a)", "good"),
        ("[golf driver bags](/a)", "good"),
        ("[golf driver](/golf-driver-guide/)", "good"),  # its own page
        ("![golf driver](/a.png)", "good"),
    ],
)
def test_no_link_gives_the_keyphrase_away_to_another_page(content, severity):
    assert finding("competing links", content=content).severity == severity


def test_a_competing_link_is_shown_with_its_line():
    assert finding("competing links", content="x\n\ny\nz [golf driver](/a)").place == "line 4"


def test_without_a_picture_nothing_is_said_about_alternative_texts():
    found = checks(content="# T\n\nText.")
    assert found["picture"] == "improvement"
    assert "alternative texts" not in found


def test_a_picture_says_what_it_shows():
    content = "# T\n\n![A driver](/a.png)\n\nText.\n\n![](/b.png)"
    found = finding("alternative texts", content=content)
    assert (found.severity, found.place) == ("improvement", "line 7: the picture /b.png")
    assert finding("alternative texts", content=content.replace("![]", "![A `bag`]")).severity == "good"


def test_pictures_beside_the_text_count():
    found = checks(content="# T\n\nText.", attached_pictures=["A golf driver", ""])
    assert (found["picture"], found["alternative texts"]) == ("good", "improvement")
    assert found["keyphrase in alternative texts"] == "good"


@pytest.mark.parametrize(
    ("alts", "severity"),
    [
        (["a bag"], "improvement"),
        (["golf drivers"], "good"),
        (["golf"] * 4, "good"),
        (["golf"] * 5, "improvement"),  # of five and more, three quarters is much
        (["golf"] * 3 + ["bag"] * 2, "good"),
        (["golf"] + ["bag"] * 4, "improvement"),  # a fifth
    ],
)
def test_some_of_the_alternative_texts_have_the_keyphrase(alts, severity):
    found = finding("keyphrase in alternative texts", content="# T\n\nText.", attached_pictures=alts)
    assert found.severity == severity


def test_a_place_is_one_that_a_person_can_find():
    found = finding(
        "sentence length", content=CONTENT + "\n\n" + "word " * 21 + "end.\n\n" + ("long " * 30 + "end.\n\n") * 12
    )
    assert found.place == "paragraph 9: “long long long long long long…”"
