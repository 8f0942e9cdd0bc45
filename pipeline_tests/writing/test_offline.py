"""The writer without a model: what it takes from a source, and that it adds nothing."""

import gzip
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.editorial.markdown import parse, text_of, word_count
from pipeline.writing.base import Analysis, Article, ArticleTask, Brief, BriefTask, Source, WriterError
from pipeline.writing.offline import NOTE, OfflineWriter
from pipeline.writing.text import count_words, squeeze
from pipeline_tests.writing.books import MemoryBook

WRITER = OfflineWriter()
BOOK = MemoryBook()
OTTERS = Source(
    "Sea otters hold hands while they sleep, researchers in Monterey Bay found in 2016. http://t.co/abc 🦦\r\n\r\n"
    "The habit keeps a raft of up to 100 otters together. Pups are wrapped in kelp instead. Want to see it? "
    "Watch the video: https://example.com/v",
    url="https://example.com/otters?a=(1)",
    publisher="otter_news",
)


def whole_line(source: Source) -> tuple[Analysis, Brief, Article]:
    analysis = WRITER.analyse(source, BOOK).value
    brief = WRITER.write_brief(BriefTask(source, analysis, "Nature"), BOOK).value
    return analysis, brief, WRITER.write_article(ArticleTask(source, brief, analysis.facts, "Nature"), BOOK).value


def test_facts_are_the_statements_each_with_its_sentence():
    analysis = WRITER.analyse(OTTERS, BOOK).value
    assert [fact.text for fact in analysis.facts] == [
        "Sea otters hold hands while they sleep, researchers in Monterey Bay found in 2016.",
        "The habit keeps a raft of up to 100 otters together.",
        "Pups are wrapped in kelp instead.",
    ]
    given_text = squeeze(OTTERS.text)
    assert all(fact.sentence in given_text for fact in analysis.facts)
    assert "Monterey Bay" in analysis.entities
    assert analysis.language == "en"


def test_an_article_is_the_facts_a_credit_and_a_note_and_nothing_else():
    analysis, brief, article = whole_line(OTTERS)
    tokens = parse(article.content)
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h1", "h2"]
    assert NOTE in article.content
    assert "https://example.com/otters?a=%281%29" in article.content
    said = text_of(tokens)
    headings = [section.title for section in brief.structure if section.title]
    for known in [
        article.title,
        *headings,
        *(fact.text for fact in analysis.facts),
        "Source: otter_news",
        NOTE.strip("*"),
    ]:
        assert known in said
        said = said.replace(known, "", 1)
    assert not said.strip()


def test_a_brief_plans_as_many_words_as_the_facts_have():
    analysis, brief, article = whole_line(OTTERS)
    facts = sum(count_words(fact.text) for fact in analysis.facts)
    assert brief.target_word_count == facts == sum(section.word_count for section in brief.structure)
    assert word_count(article.content) < facts + 60


def test_the_target_keyword_is_in_title_and_first_paragraph():
    _, brief, article = whole_line(OTTERS)
    assert brief.target_keyword in article.title.lower()
    assert brief.target_keyword in article.content.split("\n\n")[1].lower()


def test_the_same_source_gives_the_same_article_in_every_process():
    script = (
        "from pipeline_tests.writing.test_offline import OTTERS, whole_line;"
        "print([part.model_dump_json() for part in whole_line(OTTERS)])"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", script], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


def test_threads_do_not_disturb_each_other(social_posts):
    with gzip.open(social_posts, "rt") as lines:
        sources = [Source(json.loads(line)["caption"] or "", None) for line, _ in zip(lines, range(60), strict=False)]
    alone = [WRITER.analyse(source, BOOK).value for source in sources]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda source: WRITER.analyse(source, BOOK).value, sources))
    assert together == alone


@pytest.mark.parametrize(
    "text", ["", "   ", "WOW!!! 😂😂", "https://example.com/x", "Read more: http://t.co/1", "Really?"]
)
def test_a_source_that_states_nothing_makes_no_article(text):
    analysis = WRITER.analyse(Source(text), BOOK).value
    assert analysis.facts == []
    assert analysis.hook_strength <= 30
    with pytest.raises(WriterError, match="no informative sentence") as caught:
        WRITER.write_brief(BriefTask(Source(text), analysis, "Nature"), BOOK)
    assert not caught.value.retryable


def test_a_lead_that_leans_on_a_sentence_before_it_is_not_enough_for_a_strong_hook():
    assert (
        WRITER.analyse(
            Source("He never polled at more than 1% against Senator Lindsey Graham."), BOOK
        ).value.hook_strength
        <= 30
    )


def test_shouting_and_bait_cost_points_and_do_not_reach_the_title():
    calm = Source(
        "Police in Erie arrested the Facebook murder suspect after a tip from a McDonald's worker on Tuesday."
    )
    loud = Source(calm.text.upper())
    assert WRITER.analyse(loud, BOOK).value.hook_strength < WRITER.analyse(calm, BOOK).value.hook_strength
    _, _, article = whole_line(loud)
    assert article.title.startswith("Police In Erie Arrested")
    _, _, article = whole_line(Source(calm.text, title="You won't believe what happened next!!!"))
    assert article.title.startswith("Police in Erie")


def test_a_label_and_an_exclamation_mark_are_not_part_of_the_title():
    _, _, article = whole_line(Source("BREAKING: Fourteen miners were rescued from a flooded shaft in Chile!"))
    assert article.title == "Fourteen miners were rescued from a flooded shaft in Chile"


def test_meta_texts_fit_and_end_on_a_word():
    long = Source(
        "The committee in Brussels approved the plan to rebuild the harbour of Ostend, " * 6 + "officials said."
    )
    _, _, article = whole_line(long)
    assert len(article.meta_title) <= 60
    assert len(article.meta_description) <= 155
    assert article.meta_title.endswith("…")
    assert article.meta_title[:-1] in long.text
    assert long.text[len(article.meta_title) - 1] in " ,"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Los ministros de Exteriores se reunieron ayer en Madrid. Firmaron un acuerdo sobre el comercio.", "es"),
        ("Der Bundestag hat am Freitag über das Gesetz abgestimmt. Die Mehrheit war am Ende knapp.", "de"),
        ("東京で開かれた会議で、各国の代表が新しい協定に署名した。次回の会議は大阪で開かれる予定だ。", "ja"),
        ("Министры встретились вчера в Москве. Они подписали соглашение о торговле между странами.", "ru"),
    ],
)
def test_other_languages_and_scripts_make_articles_too(text, language):
    analysis, brief, article = whole_line(Source(text))
    assert analysis.language == language
    assert len(analysis.facts) == 2
    assert brief.target_keyword in text.lower()
    assert all(fact.text in text_of(parse(article.content)) for fact in analysis.facts)


def test_a_declared_language_is_believed():
    assert WRITER.analyse(Source("Das ist ein Test.", language="nl"), BOOK).value.language == "nl"


def test_a_cut_off_copy_of_a_sentence_is_no_second_fact():
    whole = "One year after the attack in Nice the city is still recovering, residents told reporters."
    analysis = WRITER.analyse(Source(f"{whole}\n\n{whole} And {whole[:50]}..."), BOOK).value
    assert [fact.text for fact in analysis.facts] == [whole]


def test_about_a_third_of_the_posts_that_readers_liked_have_a_strong_hook(social_posts):
    with gzip.open(social_posts, "rt") as lines:
        posts = [json.loads(line) for line in lines]
    posts.sort(key=lambda post: post["shares"] + post["reactions"], reverse=True)
    sources = [Source(f"{post['caption'] or ''}\n{post['description'] or ''}") for post in posts[:2000:10]]
    strong = sum(WRITER.analyse(source, BOOK).value.hook_strength >= 70 for source in sources)
    assert 0.2 <= strong / len(sources) <= 0.5


PIECES = [*"aB .!?\n\"'’()[]*_#-+1.0é漢字。ابЖ😂ß…:;/&<>|~`\\\r\t@$%,", "👩‍👩‍👧", "\u200b", "http://x.y/z?a=(b) ", "WOW ", "the ",
          "New York ", "U.S. ", "1. ", "# ", "The mayor of Bonn resigned on Monday. "]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=60).map("".join)), st.none() | st.text(max_size=40)
)
def test_no_text_breaks_the_line(text, title):
    source = Source(text, title, "https://example.com/", "a_b")
    analysis = WRITER.analyse(source, BOOK).value
    if not analysis.facts:
        return
    _, _, article = whole_line(source)
    tokens = parse(article.content)
    assert [t.tag for t in tokens if t.type == "heading_open"].count("h1") == 1
    assert len(article.meta_title) <= 60
    assert len(article.meta_description) <= 155
