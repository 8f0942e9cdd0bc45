"""An article told again on an account that told it before: other words each time, by both writers."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.likeness import NEAR_DUPLICATE, pieces, repeated
from pipeline.text.likeness import said as words_of
from pipeline.writing.base import InvalidAnswerError, WriterError
from pipeline.writing.openai_compatible import OpenAICompatibleWriter
from pipeline.writing.prompt import default_templates
from pipeline.writing.rehearsal import template_problems
from pipeline.writing.repurposing import LIMITS, PublishedArticle, RepurposeTask, problems
from pipeline.writing.retelling import repurpose_offline
from pipeline_tests.writing.books import MemoryBook
from pipeline_tests.writing.stand_in import MODEL, Reply, endpoint, obliging

TITLE = "How to clean a bicycle chain"
ARTICLE = f"""# {TITLE}

A clean chain lasts 3,000 km, says the workshop's Anna Bell. It also shifts better. Dirt is what wears it down first.

Every kitchen has a brush and a rag. A chain tool helps with the rest of the work, but it is no must at all.

Wipe the chain first. Then brush the degreaser in, link by link, for five minutes.

*This text was assembled automatically from sentences of its source, without a language model.*
"""


def task(*said, content=ARTICLE):
    article = PublishedArticle(TITLE, content, "Five minutes are enough.", "https://a.example/b/")
    return RepurposeTask(article, "again", LIMITS["again"], "Workshop", "en", said=said)


def tellings(content=ARTICLE):
    """One after the other, each the first that the offline writer offers, until it has nothing left."""
    said: list[str] = []
    for _ in range(20):
        try:
            said.append(repurpose_offline(task(*said, content=content)).parts[0])
        except WriterError as error:
            return said, error
    raise AssertionError("it never comes to an end")


def test_the_offline_writer_tells_another_part_of_the_article_each_time_until_it_has_none_left():
    said, error = tellings()
    assert len(said) == 5
    assert "read on its own, fits a post (200 characters) and was not said before" in str(error)
    assert not error.retryable
    for number, text in enumerate(said):
        assert not any(repeated(pieces(text), words_of(earlier)) for earlier in said[:number])
        assert all(line in f"{ARTICLE} {TITLE}" for line in text.split("\n\n"))


def test_a_sentence_never_follows_one_that_it_does_not_follow_in_the_article():
    said = "It also shifts better."
    posts = repurpose_offline(task(said)).parts
    assert not any(said in post for post in posts)
    assert not any("Bell. Dirt" in post for post in posts)


def test_a_post_of_few_words_has_the_title_before_it_unless_readers_know_that():
    content = "# T\n\nWipe the chain first."
    assert repurpose_offline(task(content=content)).parts == [f"{TITLE}\n\nWipe the chain first."]
    with pytest.raises(WriterError):
        repurpose_offline(task(f"{TITLE}: look!", content=content))


def test_what_the_account_said_is_found_whatever_stands_around_it():
    post = f"{TITLE}\n\nEVERY kitchen has a brush – and a rag!\n\nhttps://a.example/b/\n\n#chains"
    assert not any("kitchen has" in each for each in repurpose_offline(task(post)).parts)


def test_a_model_is_told_what_was_said_as_data_and_repairs_an_answer_that_repeats_it():
    old, new = "Otters rest in kelp beds near the shore.", "Pups sleep while tides turn, and nobody wakes them."
    with endpoint() as server:
        server.replies = [Reply(retold(old)), Reply(retold(new))]
        writer = OpenAICompatibleWriter(base_url=server.base_url, model=MODEL)
        answer = writer.repurpose(task(old), MemoryBook()).value
        first, repair = server.requests
    assert answer.parts == [new]
    assert old in first["messages"][1]["content"]
    assert old not in first["messages"][0]["content"]
    assert "take over no sentence" in first["messages"][0]["content"]
    assert "parts.0: says what was said before" in repair["messages"][-1]["content"]


def test_a_model_that_repeats_itself_twice_has_given_no_valid_answer():
    said = "Otters rest in kelp beds near the shore while pups sleep and tides."
    with endpoint() as server:
        server.replies = [obliging()]
        writer = OpenAICompatibleWriter(base_url=server.base_url, model=MODEL)
        with pytest.raises(InvalidAnswerError):
            writer.repurpose(task(said), MemoryBook())


def test_one_new_post_among_several_is_enough():
    answer = repurpose_offline(task())
    assert problems(task(), answer) == []
    assert problems(task(answer.parts[0]), answer) == []
    assert len(problems(task(*answer.parts), answer)) == len(answer.parts)


def test_the_shipped_prompt_keeps_all_that_comes_from_outside_within_fences():
    assert template_problems(default_templates()["again"]) == []


@given(st.text("abc .", max_size=40), st.text("abc .", max_size=80))
def test_what_is_repeated_is_the_share_of_a_texts_pieces_or_nothing_where_it_is_too_little(new, earlier):
    own = pieces(new)
    share = len(own & pieces(earlier)) / len(own) if own and len(words_of(new)) >= 5 else None
    found = repeated(own, words_of(earlier))
    if share is not None:
        assert found == pytest.approx(share if share >= NEAR_DUPLICATE - 1e-9 else 0.0)
    assert repeated(own, words_of(f"Look: {new} More.")) == (1.0 if own else 0.0)


def retold(*parts):
    return json.dumps({"title": "What is known", "excerpt": "In short.", "parts": parts})
