"""Fields above a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.editorial.front_matter import FrontMatterError, join, split

PRINTABLE = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=40)


@given(st.dictionaries(st.sampled_from(["title", "excerpt", "keyword"]), st.none() | PRINTABLE), PRINTABLE)
def test_what_was_joined_is_split_again(fields, text):
    assert split(join(fields, text)) == (fields, text)


def test_a_text_without_fields_is_a_text():
    assert split("# Chains\n\n---\n\nOil them.") == ({}, "# Chains\n\n---\n\nOil them.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("---\ntitle: a\n", "a line --- is missing"),
        ("---\ntitle: Chains: how to\n---\n", "Line 2"),
        ("---\n- a\n- b\n---\n", "lines of NAME: VALUE"),
        ("---\n1: a\n---\n", "lines of NAME: VALUE"),
        ("---\n!!python/object:os.system {}\n---\n", "Line"),
    ],
)
def test_fields_that_can_not_be_read_are_told_with_their_place(text, said):
    with pytest.raises(FrontMatterError, match=said):
        split(text)
