"""How an article reads: sentences as they end, the passive as it is formed, and a language only by its own rules."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.editorial.seo.document import words
from pipeline.editorial.seo.language import Reading, language_of
from pipeline.editorial.seo.passive import is_passive
from pipeline.editorial.seo.readability import _syllables, has_transition
from pipeline.editorial.seo.sentences import split
from pipeline_tests.editorial.seo.articles import checks, finding

ENGLISH = language_of("en")


def reading() -> Reading:
    assert ENGLISH.reading is not None
    return ENGLISH.reading


@pytest.mark.parametrize(
    "sentences",
    [
        ["One.", "Two!", "Three?", "Four"],
        ["Dr. Smith met Mr. J. R. Jones at 5 p.m. on Monday."],
        ["He lives in the U.S.", "The house is big."],
        ["It costs 3.50 in Fig. 2, see p. 4 and No. 7."],
        ["It happened on Feb. 2 at noon."],
        ["“Really?” he asked.", "“Yes.”", "They went."],
        ["She said: “It is over.”", "Nobody answered."],
        ["Wait...", "What?"],
        ["Wait… there is more."],
        ["Apples, pears, etc. are fruit."],
        ["We did it in 2020.", "5 people came."],
        ["It rained.", "(It always does.)", "We left."],
        ["Use e.g. a wedge, i.e. a short club."],
        ["That is plan B.", "The other is plan C."],
        ["東京です。", "明日は？", "はい"],
        ["Visit example.com or node.js today."],
    ],
)
def test_a_sentence_ends_where_a_reader_would_end_it(sentences):
    text = (
        " ".join(sentences)
        if sentences[0].isascii() or "“" in sentences[0] or "…" in sentences[0]
        else "".join(sentences)
    )
    assert list(split(text, ENGLISH)) == sentences


@given(
    st.text()
    | st.lists(st.sampled_from(["a", "Dr", ".", "...", "!", " ", "e.g.", "5", "“", "”", "。", "A"])).map("".join)
)
def test_nothing_is_lost_between_sentences(text):
    assert "".join("".join(split(text, ENGLISH)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("sentence", "passive"),
    [
        ("The ball was hit by the player.", True),
        ("It has often been shown.", True),
        ("The house is being built.", True),
        ("It was very carefully and quickly closed.", False),  # “and” begins another thought
        ("It was very carefully closed.", True),
        ("He got fired.", True),
        ("They weren't told.", True),
        ("It's known.", True),
        ("She was interested.", False),
        ("There are a hundred.", False),
        ("The ball is red.", False),
        ("He is tired and hungry.", False),
        ("The player hit the ball.", False),
        ("He was happy when she closed it.", False),
        ("I have closed it.", False),
        ("It is a need.", False),
    ],
)
def test_a_passive_is_an_auxiliary_with_a_participle_close_behind_it(sentence, passive):
    assert is_passive(words(sentence), reading()) is passive


@pytest.mark.parametrize(
    ("sentence", "has"),
    [
        ("However, it rained.", True),
        ("It rained, for example, in May.", True),
        ("It rained for an example.", False),
        ("It rained so that nobody came.", True),
        ("The end of the other hand.", False),
        ("What\u2019s more, it rained.", True),
        ("It rained.", False),
        ("Otherwiseness rained.", False),
    ],
)
def test_a_transition_is_whole_words(sentence, has):
    assert has_transition(words(sentence), reading()) is has


SHORT, LONG = "It is a short one. ", "It " + "really " * 19 + "is. "


@pytest.mark.parametrize(
    ("long", "severity"), [(1, "good"), (2, "improvement"), (0, "good")]
)  # fmt: skip
def test_a_quarter_of_the_sentences_may_be_long(long, severity):
    assert finding("sentence length", content=LONG * long + SHORT * (4 - long)).severity == severity


@pytest.mark.parametrize(
    ("content", "severity"),
    [
        ("Cats sleep. Cats eat. Dogs bark.", "good"),
        ("Cats sleep. Cats eat. Cats purr.", "improvement"),
        ("Cats sleep. Cats eat.\n\nCats purr.", "improvement"),
        ("Cats sleep. Cats eat.\n\n## Cats\n\nCats purr.", "good"),  # a heading ends the run
        ("- Cats sleep.\n- Cats eat.\n- Cats purr.", "good"),  # a list may
        ("The cat. The dog. The bird.", "good"),  # an article says little
        ("The cat sleeps. The cat eats. The cat purrs.", "improvement"),
        ("> Cats sleep. Cats eat. Cats purr.", "good"),  # not ours to change
    ],
)
def test_no_three_sentences_in_a_row_begin_alike(content, severity):
    assert finding("sentence openings", content=f"{content}\n\nEnd.").severity == severity


@pytest.mark.parametrize(("count", "severity"), [(150, "good"), (151, "improvement"), (201, "improvement")])
def test_a_paragraph_has_at_most_150_words(count, severity):
    found = finding("paragraph length", content="word " * count)
    assert found.severity == severity
    assert ("Far too long" in found.what_to_do) == (count > 200)


@pytest.mark.parametrize(
    ("content", "severity", "place"),
    [
        ("word " * 301, "improvement", "before the first subheading"),
        ("# T\n\n" + "word " * 301, "improvement", "before the first subheading"),
        ("# T\n\n" + "word " * 300, "good", "content"),
        ("# T\n\n" + "word " * 200 + "\n\n## A\n\n" + "word " * 200, "good", "content"),
        ("# T\n\nx\n\n## A\n\ny\n\n## B\n\n" + "word " * 160 + "\n\n" + "word " * 160, "improvement", "line 9: “B”"),
    ],
)
def test_no_part_is_longer_than_300_words_without_a_subheading(content, severity, place):
    found = finding("subheading distribution", content=content)
    assert (found.severity, found.place) == (severity, place)


def test_a_tenth_of_the_sentences_may_be_passive():
    active, passive = "He hit it. ", "It was hit. "
    assert finding("passive voice", content=active * 9 + passive).severity == "good"
    assert finding("passive voice", content=active * 8 + passive).severity == "improvement"


def test_transitions_are_asked_of_texts_of_some_length_only():
    assert "transition words" not in checks(content="It rained. " * 100)
    assert finding("transition words", content="It rained. " * 101).severity == "improvement"
    assert finding("transition words", content="It rained. But it did. It did too. " * 40).severity == "good"


@pytest.mark.parametrize(
    ("word", "count"),
    [("made", 1), ("table", 2), ("jumped", 1), ("needed", 2), ("horses", 2), ("cakes", 1), ("the", 1), ("hmm", 1)],
)
def test_syllables_are_counted_by_vowels_without_silent_ones(word, count):
    assert _syllables(word) == count


def test_the_reading_ease_is_flesch_s():
    # 6 words, 1 sentence, 6 syllables: 206.835 - 1.015 * 6 - 84.6
    assert finding("reading ease", content="The cat sat on the mat.").message.startswith(
        "Flesch reading ease 100 of 100"
    )
    hard = "Extraordinary organisational responsibilities necessitate considerable administrative capabilities."
    assert finding("reading ease", content=hard).message.startswith("Flesch reading ease 0 of 100")
    assert finding("reading ease", content="word " * 5000).message.startswith("Flesch reading ease 0 of 100")


@pytest.mark.parametrize(
    ("code", "name"),
    [("pl", "Polish"), ("de-AT", "German"), ("und", "a language that could not be told"), ("xx", "the language “xx”"),
     (None, "a language that could not be told"), ("../en", "the language “../en”")],
)  # fmt: skip
def test_a_language_without_rules_says_so_once_and_is_not_judged(code, name):
    content = "The ball was hit. " * 10 + "\n\n" + "word " * 151
    found = checks(language=code, content=content)
    assert finding("readability", language=code, content=content).message.startswith(
        f"Readability: no rules for {name} yet"
    )
    assert found["paragraph length"] == "improvement"  # that holds in any language
    assert {"passive voice", "sentence length", "sentence openings", "reading ease"}.isdisjoint(found)


def test_the_rules_are_the_languages_whatever_the_region():
    assert language_of("en-GB") is ENGLISH
    assert language_of("EN_us") is ENGLISH


def test_word_forms_are_right_from_many_threads_at_once():
    stems = {"en": (["drivers", "baking"], ["driver", "bake"]), "de": (["häuser"], ["haus"]), "xx": (["a"], ["a"])}

    def check(at: int) -> bool:
        code = ["en", "de", "xx"][at % 3]
        said, meant = stems[code]
        return list(language_of(code).stems(said)) == meant

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(check, range(600)))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("well-known don\u2019t 3.5 a/b snake_case", 7),
        ("Über Äpfel", 2),
        ("e\u0301te\u0301", 1),  # accents of their own
        ("東京です", 4),
        ("🙂 — …", 0),
        ("привет мир", 2),
    ],
)
def test_words_are_counted_in_any_script(text, count):
    assert len(words(text)) == count
