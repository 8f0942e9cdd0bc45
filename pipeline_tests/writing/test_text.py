"""Plain text in any script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.editorial.markdown import parse, text_of
from pipeline.writing.text import clip, count_words, escape_markdown, mentions, sentences, squeeze

MARKUP = st.lists(st.sampled_from([*"*_`[](){}#+-=>|~&;!\\<:. 1ab", "&amp;", "1. ", "---", "http://"]), min_size=1).map(
    "".join
)


@given(MARKUP)
def test_escaped_text_reads_as_it_was_written(text):
    plain = squeeze(text)
    if plain:
        assert text_of(parse(escape_markdown(plain))) == plain


@given(st.text(), st.integers(5, 80))
def test_clipped_text_fits_and_is_a_beginning(text, limit):
    clipped = clip(text, limit)
    assert len(clipped) <= limit
    assert text.startswith(clipped.removesuffix("…"))


def test_clipping_prefers_whole_sentences_and_never_splits_a_grapheme():
    assert clip("One two three. Four five six seven.", 20) == "One two three."
    assert clip("One two three four", 12) == "One two…"
    assert clip("👩‍👩‍👧" * 3, 8) == "👩‍👩‍👧…"


@pytest.mark.parametrize(("text", "count"), [("don't e-mail the U.S.", 4), ("東京都", 3), ("", 0), ("… — !", 0)])
def test_words_are_counted_in_any_script(text, count):
    assert count_words(text) == count


def test_a_mention_is_of_whole_words():
    assert mentions("The Golf Driver's grip", "golf driver's")
    assert not mentions("golfdriver", "golf")


def test_an_abbreviation_does_not_end_a_sentence():
    assert sentences("The actions of the Obama admin. took effect. Dr. Smith left.", "en") == [
        "The actions of the Obama admin. took effect.",
        "Dr. Smith left.",
    ]
