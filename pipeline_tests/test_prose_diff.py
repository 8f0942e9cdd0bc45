"""What changed between two texts, as a person reads it."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.prose_diff import Change, compare, compare_words

TEXTS = st.text(alphabet=st.sampled_from("ab .\n\t—ü"), max_size=80)


def said(paragraphs, *, without):
    return ["".join(text for change, text in each.pieces if change is not without) for each in paragraphs]


def marked(paragraph):
    signs = {Change.SAME: "{}", Change.REMOVED: "[-{}-]", Change.ADDED: "{{+{}+}}"}
    return "".join(signs[change].format(text) for change, text in paragraph.pieces)


def test_a_changed_word_is_marked_and_the_rest_of_the_paragraph_is_not():
    (paragraph,) = compare("Cut above a bud, on a dry day.", "Cut above an outer bud, on a dry day.")
    assert marked(paragraph) == "Cut above [-a-]{+an outer+} bud, on a dry day."


def test_a_new_paragraph_and_a_removed_one_stand_where_they_were():
    before = "One stays.\n\nThis goes away.\n\nThree stays."
    after = "One stays.\n\nThree stays.\n\nNothing was like this before."
    assert [marked(each) for each in compare(before, after)] == [
        "One stays.",
        "[-This goes away.-]",
        "Three stays.",
        "{+Nothing was like this before.+}",
    ]


def test_a_changed_paragraph_is_met_by_its_own_new_text_though_others_were_put_before_it():
    before = "The chain is cleaned once a week, with a dry rag."
    after = "Something else.\n\nThe chain is cleaned twice a week, with a dry rag."
    added, changed = compare(before, after)
    assert marked(added) == "{+Something else.+}"
    assert marked(changed) == "The chain is cleaned [-once-]{+twice+} a week, with a dry rag."


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_the_pieces(before, after):
    words = compare_words(before, after)
    assert said([words], without=Change.ADDED) == [before]
    assert said([words], without=Change.REMOVED) == [after]
    paragraphs = compare(before, after)
    for text, other in ((before, Change.ADDED), (after, Change.REMOVED)):
        kept = [each for each in said(paragraphs, without=other) if each]
        assert "".join("".join(kept).split()) == "".join(text.split())
