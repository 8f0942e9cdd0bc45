"""Where the keyphrase stands and how often: whole words, in any of their forms, never a part of another word."""

import pytest

from pipeline.editorial.links import DISCLOSURE
from pipeline.editorial.seo import analyse
from pipeline.editorial.seo.document import prepare
from pipeline.editorial.seo.keyphrase import keyphrase_of
from pipeline_tests.editorial.seo.articles import CONTENT, finding, post


def mentions(keyphrase: str, sentence: str, language: str = "en") -> int:
    document = prepare(post(content=sentence, target_keyword=keyphrase, language=language))
    found = keyphrase_of(document)
    assert found is not None
    return sum(found.mentions(sentence.words) for _, sentence in document.sentences())


@pytest.mark.parametrize(
    ("title", "keyword", "severity"),
    [
        ("The GOLF Driver", "golf driver", "good"),
        ("The golf driver", "Golf DRIVER", "good"),
        ("Golf drivers", "golf driver", "improvement"),
        ("Driver for golf", "golf driver", "improvement"),
        ("Carpet care", "car", "improvement"),
        ("Straße und Maß", "STRASSE", "improvement"),
        ("Über Äpfel", "über", "good"),
        ("東京の天気", "東京", "good"),
        ("C++ in a day", "C++", "good"),
        ("ASP.NET", ".NET", "improvement"),
    ],
)
def test_the_keyphrase_in_the_title_is_whole_words_in_any_case(title, keyword, severity):
    assert finding("keyphrase in title", title=title, target_keyword=keyword).severity == severity


@pytest.mark.parametrize(
    ("keyphrase", "sentence", "language", "count"),
    [
        ("golf driver", "Two golfers compared drivers for golf.", "en", 1),
        ("golf driver", "A driver's golf.", "en", 1),
        ("baking a vegan pancake", "We baked pancakes, vegan ones.", "en", 1),
        ("golf driver", "Golf. A driver.", "en", 0),  # not within one sentence
        ("golf driver", "A golf driver is a driver for golf.", "en", 2),
        ("car", "A carpet, a scar, a car-free town.", "en", 0),
        ("wall", "Das Wallfahrtsbuch.", "de", 0),
        ("haus", "Die Häuser am Hause.", "de", 2),
        ("kot", "Koty i koty.", "pl", 2),
        ("casa", "Le case sono belle.", "it", 1),
        ("the who", "The Who played, and who cares.", "en", 1),  # nothing but function words: they are what is meant
    ],
)
def test_a_mention_is_all_words_that_matter_in_any_form_within_one_sentence(keyphrase, sentence, language, count):
    assert mentions(keyphrase, sentence, language) == count


@pytest.mark.parametrize(
    ("content", "severity"),
    [
        ("# Golf driver\n\nSomething else.\n\nA golf driver.", "improvement"),
        ("# Title\n\nA *golf* driver.", "good"),
        ("# Title\n\nA golf\ndriver.", "good"),
        ("# Title\n\nWhich drivers do for golf?", "good"),
        ("# Title\n\nGolf is a game. A driver is a club.", "improvement"),
        (f"# Title\n\n{DISCLOSURE}\n\nA golf driver.", "good"),
        ("# Title\n\n*Source: [golf driver](https://x.example)*\n\nSomething else.", "improvement"),
        ("# Title\n\n![x](/y.png)\n\nA golf driver.", "good"),
        ("# Title\n\n> A golf driver.\n\nSomething else.", "improvement"),
        ("# Golf driver", "improvement"),
        ("", "improvement"),
    ],
)
def test_the_first_paragraph_is_neither_heading_nor_note_nor_picture(content, severity):
    assert finding("keyphrase in first paragraph", content=content).severity == severity


@pytest.mark.parametrize(
    ("title", "severity"),
    [
        ("Golf driver: a guide", "good"),
        ("The best golf driver", "improvement"),
        ("How to use a golf driver", "improvement"),
        ("A golf driver for you", "good"),  # “a” says nothing
    ],
)
def test_the_title_begins_with_the_keyphrase(title, severity):
    assert finding("keyphrase begins title", title=title, meta_title=None).severity == severity


@pytest.mark.parametrize(
    ("slug", "keyphrase", "severity"),
    [
        ("golf-drivers", "golf driver", "good"),
        ("golf-clubs", "golf driver", "improvement"),
        ("cheap-golf-driver", "cheap long golf driver", "good"),  # more than half of many words will do
        ("golf-driver", "cheap long golf driver", "improvement"),
        ("apfel", "Äpfel", "good"),
        ("minigolf-driverless", "golf driver", "improvement"),
    ],
)
def test_the_slug_has_the_keyphrase(slug, keyphrase, severity):
    assert finding("keyphrase in slug", slug=slug, target_keyword=keyphrase).severity == severity


@pytest.mark.parametrize(
    ("description", "severity"),
    [("About clubs.", "improvement"), ("Golf drivers compared.", "good"),
     ("Golf driver? Golf driver.", "good"), ("Golf driver golf driver golf driver.", "improvement")],
)  # fmt: skip
def test_the_meta_description_has_the_keyphrase_once_or_twice(description, severity):
    assert finding("keyphrase in meta description", meta_description=description).severity == severity


@pytest.mark.parametrize(
    ("headings", "severity"),
    [
        (["Golf", "Price", "Care"], "good"),  # half of the words will do
        (["Price", "Care"], "improvement"),
        (["Golf drivers", "Golf", "A driver"], "improvement"),  # all of them is too much
        (["Golf driver"], "good"),
        (["Golf", "Price", "Care", "Age"], "improvement"),  # a quarter
    ],
)
def test_a_third_to_three_quarters_of_the_subheadings_reflect_the_keyphrase(headings, severity):
    content = "\n\n".join(["# T", "Text.", *(f"## {heading}\n\nText." for heading in headings)])
    assert finding("keyphrase in subheadings", content=content).severity == severity


def text(mentions: int, words: int) -> str:
    """Sentences of ten words, of which so many have the keyphrase."""
    sentences = ["A golf driver is what we said one or two."] * mentions
    sentences += ["Nothing in here is about it, not a single word."] * (words // 10 - mentions)
    return "# T\n\n" + " ".join(sentences)


@pytest.mark.parametrize(
    ("count", "words", "severity"),
    [
        (0, 1000, "improvement"),
        (3, 1000, "improvement"),
        (4, 1000, "good"),  # 0.5 % of 1,000, weighed for two words
        (25, 1000, "good"),
        (26, 1000, "improvement"),  # over 3.5 %
        (1, 50, "good"),
        (2, 50, "improvement"),
        (2, 90, "good"),
        (3, 90, "improvement"),
        (0, 50, "improvement"),
    ],
)
def test_the_density_depends_on_the_length_of_the_text(count, words, severity):
    assert finding("keyphrase density", content=text(count, words)).severity == severity


def test_a_subheading_with_the_keyphrase_counts_as_a_mention():
    nothing = "Nothing in here is about it, not a single word. " * 10
    assert finding("keyphrase density", content=f"# Golf driver\n\n{nothing}").severity == "improvement"
    assert finding("keyphrase density", content=f"# T\n\n## Golf drivers\n\n{nothing}").severity == "good"


def test_the_density_of_a_longer_keyphrase_may_be_lower():
    four = {"target_keyword": "cheap long golf driver", "content": "# T\n\n" + "A cheap long golf driver is it here. " * 3
            + "Nothing in here is about it, not a single word. " * 97}  # fmt: skip
    assert finding("keyphrase density", **four).severity == "good"
    assert finding("keyphrase density", **{**four, "target_keyword": "golf"}).severity == "improvement"


def test_a_stretch_that_forgets_the_subject_is_shown():
    about, other = "A golf driver it is. ", "Nothing about that. "
    found = finding(
        "keyphrase distribution", content=f"# T\n\n{about * 8}\n\nHere we digress. {other * 9}\n\n{about * 4}"
    )
    assert found.severity == "improvement"
    assert found.place == "from paragraph 2: “Here we digress.”"
    assert finding("keyphrase distribution", content=f"# T\n\n{(about * 2 + other) * 6}").severity == "good"


@pytest.mark.parametrize(
    ("keyphrase", "language", "severity"),
    [
        ("golf driver", "en", "good"),
        ("how to choose the best golf driver", "en", "good"),  # four that matter
        ("cheap long light golf driver", "en", "improvement"),
        ("how to", "en", "improvement"),
        ("jak wybrać dobry kij do golfa", "pl", "good"),  # six: nobody can tell which matter
        ("jak wybrać dobry kij do golfa dziś", "pl", "improvement"),
    ],
)
def test_a_keyphrase_has_at_most_four_words_that_matter(keyphrase, language, severity):
    assert finding("keyphrase length", target_keyword=keyphrase, language=language).severity == severity


def test_a_keyphrase_in_a_script_without_spaces_is_found():
    content = "# 東京\n\n東京の天気は晴れです。明日も晴れるでしょう。"
    found = finding("keyphrase in first paragraph", content=content, target_keyword="東京の天気", language="ja")
    assert found.severity == "good"


def test_every_finding_about_the_keyphrase_names_it_or_its_place():
    without = CONTENT.replace("golf driver", "club").replace("Golf driver", "Club")
    for found in analyse(post(content=without, title="A", meta_title="B")).findings:
        if found.check.startswith("keyphrase") and found.severity == "improvement":
            assert "golf driver" in found.message, found
