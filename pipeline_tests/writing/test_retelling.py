"""An article told again without a model, and what is wrong with a model's telling."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.platforms.x.text import weighted_length
from pipeline.text.parts import joined, parts_of
from pipeline.text.rendering import plain
from pipeline.writing.base import WriterError
from pipeline.writing.repurposing import FORMATS, LIMITS, PublishedArticle, Repurposed, RepurposeTask, problems
from pipeline.writing.retelling import repurpose_offline
from pipeline.writing.text import count_words

ARTICLE = """# How to clean a bicycle chain

A clean chain lasts 3,000 km, says the workshop's Anna Bell. It also shifts better. Dirt is what wears it.

## Tools

Every kitchen has a brush and a rag. A [chain tool](https://example.com/tool) helps, but it is no must.

- Brush: two pounds in any shop.
- Rag: an old shirt will do.

> Never oil a wet chain, my grandfather said.

| Tool | Price |
| --- | --- |
| Brush | 2 |

## Steps

Wipe the chain first. Then brush the degreaser in, link by link, for five minutes.

*Source: [Bike News](https://bike.example/chains)*

*This text was assembled automatically from sentences of its source, without a language model.*
"""


def task(form, content=ARTICLE, **values):
    article = PublishedArticle(
        "How to clean a bicycle chain", content, "Five minutes are enough.", "https://a.example/b/"
    )
    return replace(RepurposeTask(article, form, LIMITS[form], "Workshop", "en"), **values)


def words_of(parts):
    return " ".join(" ".join(parts).split())


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_is_made_of_whole_sentences_of_the_article_and_fits_its_limits(form):
    asked = task(form)
    told = repurpose_offline(asked)
    assert problems(asked, told) == []
    whole = (
        plain(ARTICLE).replace("• ", "") + " How to clean a bicycle chain Read the whole article: the link is below."
    )
    for part in told.parts:
        assert " ".join(part.split()) in whole
        assert part == plain(asked.article.title) or part.endswith((".", "!", "?"))
    assert repurpose_offline(asked) == told


@pytest.mark.parametrize("form", FORMATS)
def test_credits_notes_headings_quotations_and_tables_are_not_told(form):
    said = words_of(repurpose_offline(task(form)).parts)
    for left_out in ("Bike News", "assembled automatically", "Steps", "grandfather", "Price", "example.com"):
        assert left_out not in said


def test_a_thread_packs_a_paragraphs_sentences_and_never_cuts_one():
    told = repurpose_offline(task("thread"))
    assert told.parts[0] == (
        "A clean chain lasts 3,000 km, says the workshop's Anna Bell. It also shifts better. Dirt is what wears it."
    )
    assert told.parts[-1].startswith("Wipe the chain first.")


def test_a_newsletter_has_a_subject_a_preview_an_introduction_and_points():
    told = repurpose_offline(task("newsletter"))
    assert (told.title, told.excerpt) == ("How to clean a bicycle chain", "Five minutes are enough.")
    assert told.parts[0].startswith("A clean chain lasts")
    assert len(told.parts) >= 3


def test_a_carousel_opens_with_the_title_and_has_ten_slides_at_most():
    long = ARTICLE + "\n".join(f"\nFact number {n} is about chains and brushes." for n in range(30))
    told = repurpose_offline(task("carousel", long))
    assert told.parts[0] == "How to clean a bicycle chain"
    assert len(told.parts) == 10


def test_a_script_is_a_hook_points_for_a_minute_and_the_call_to_read():
    long = ARTICLE + "\n".join(
        f"\nFact number {n} is about chains, brushes, rags and {'very ' * 30}old oil." for n in range(9)
    )
    told = repurpose_offline(task("script", long))
    assert told.parts[0].startswith("A clean chain lasts")
    assert told.parts[-1] == "Read the whole article: the link is below."
    assert count_words(words_of(told.parts)) <= 150


def test_a_language_without_a_call_of_ours_gets_none():
    assert not repurpose_offline(task("script", language="pt")).parts[-1].startswith("Read")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("content", ["# Title\n", "# Title\n\nOne.", "# T\n\n" + "word " * 400 + "end."])
def test_an_article_that_is_too_short_for_a_form_is_refused_with_the_reason(form, content):
    with pytest.raises(WriterError, match=f"for a {form}") as refused:
        repurpose_offline(task(form, content))
    assert not refused.value.retryable


def test_a_part_is_counted_as_its_platform_counts_it():
    content = "# 標題\n\n" + "\n\n".join("這是一個很長的句子，" * 8 + f"第{n}句。" for n in range(5))
    content += f"\n\n{'這是一個很長的句子，' * 13}句。"  # 132 characters, which count 264
    limits = replace(LIMITS["thread"], measure=weighted_length)
    told = repurpose_offline(task("thread", content, language="zh", limits=limits))
    assert len(told.parts) == 5
    assert all(weighted_length(part) <= 240 for part in told.parts)


@pytest.mark.parametrize("form", FORMATS)
def test_a_sentence_that_is_longer_than_a_part_is_left_out_and_not_cut(form):
    told = repurpose_offline(task(form, ARTICLE + "\nLong sentence: " + "word " * 150 + "end.\n\nIt ends. It does.\n"))
    assert problems(task(form), told) == []
    assert "Long sentence" not in words_of(told.parts)


def test_what_a_model_did_wrong_is_said_in_words_that_it_can_mend_it_by():
    answer = Repurposed(title="t" * 91, excerpt="e", parts=["a" * 241, "See https://example.com"])
    assert problems(task("thread"), answer) == [
        "parts: 2, where 3 to 10 are taken",
        "title: 91 characters, where 90 are taken",
        "parts.0: 241 characters, where 240 are taken",
        "parts.1: holds a link; ours is added to it",
    ]


@given(st.text(max_size=600), st.sampled_from(FORMATS))
@settings(max_examples=60, deadline=None)
def test_any_article_is_told_within_the_limits_or_refused(content, form):
    asked = task(form, content)
    try:
        told = repurpose_offline(asked)
    except WriterError:
        return
    assert not [problem for problem in problems(asked, told) if "link" not in problem]


def test_parts_survive_being_written_down_as_one_markdown_and_read_again():
    parts = ["First, 1984. A # and a ---.", "Second\n\nin two paragraphs", "Third with [a link](https://e.example/x)"]
    assert parts_of(joined(parts)) == [*parts[:2], "Third with a link (https://e.example/x)"]
    assert parts_of("One\n\n***\n\n\n- - -\n\n> quoted\n> \n> ---\n> on") == ["One", "quoted\non"]
    assert parts_of("# Title\n\nOne\n\n---\n\n```\n---\n```") == ["One", "---"]
