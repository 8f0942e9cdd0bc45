"""What an article says that its sources don't, and what it took from them word for word."""

import pytest
import sqlalchemy as sa
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from pipeline.editorial.brief import write_brief
from pipeline.editorial.draft import write_draft
from pipeline.editorial.findings import Finding
from pipeline.editorial.grounding import check_sources, findings, sources_of
from pipeline.editorial.grounding.copying import LONGEST_RUN
from pipeline.editorial.grounding.figures import amounts_of, figures
from pipeline.store import tables
from pipeline.store.posts import UnknownPostError
from pipeline.writing.base import Fact, Source
from pipeline.writing.offline import NOTE, OfflineWriter
from pipeline.writing.text import escape_markdown
from pipeline_tests import factories
from pipeline_tests.editorial.items import CAPTION, claimed_story, item

TEXT = (
    "President Donald Trump met the Canadian prime minister, Justin Trudeau, in Hamburg on July 8, 2017. "
    "“We had a very good talk about lumber,” Trudeau said. The duty on lumber is 26.75%, and 1,251 mills in British "
    "Columbia pay it. Two of them closed, the World Health Organization said nothing, and the United States collected "
    "$1,282,410 in six months. A third of the mills may close, the union warned, and as many as 24,000 people would "
    "lose their work, 'unless somebody moves at last'."
)
SOURCE = Source(TEXT, title="Lumber talks in Hamburg", url="https://example.com/2018/lumber", publisher="Otter News")
WRITER = OfflineWriter()


def problems(article: str, source: Source = SOURCE, *, extractive: bool = True, **options) -> list[Finding]:
    """The findings, copying left out, that are not good."""
    found = findings(article, [source], [], extractive=extractive, **options)
    return [finding for finding in found if finding.severity != "good" and finding.check != "copying"]


@pytest.mark.parametrize(
    "article",
    [
        "# Lumber talks in Hamburg\n\nTrudeau met Donald Trump.",
        "The duty is 26.75 percent, or 26.75 per cent.",
        "About 1,300 mills pay, more than 1,000 of them in Columbia.",
        "It has 1251 mills, 1 251 mills, 1.251 mills.",
        "The US collected $1.28 million, some 1.3 million dollars.",
        "America collected 1,282,410 dollars.",
        "Two mills closed after six months. 2 mills closed after 6 months.",
        "It was July 8, 2017, or 8.7.2017; the address says 2018.",
        "As many as twenty-four thousand people, or 24k, would go.",
        "The WHO said nothing.",
        "Trudeau’s talk with Trump's minister was good.",
        "“We had a very good talk about lumber,” he said.",
        'He spoke of «a very good talk», „a very good talk“ and "a very good talk about lumber".',
        "“We had a … talk about lumber,” and it [the union] warned 'unless somebody moves at last'.",
        "> We had a very good talk about lumber\n",
        "On the one hand, one of them said so.",
        "Yesterday Trudeau said so. However, Trump did not. Reportedly Hamburg was quiet.",
        "Researchers said so. Officials agreed. Zorblax may be any word.",
        'See [the talks](https://example.org/99999/Quentin-Vorhaller "Reza 77").',
        "```\ncode 98765 of Vorhaller\n```\n\n    Vorhaller 98765\n",
        "*Source: [Vorhaller 98765](https://example.com)*",
        "<!-- 98765 Vorhaller -->",
        "## What Justin Trudeau Really Said About Mills and Work\n\nIt was good.",
        "## Two reasons\n\n- Lumber\n- Work\n",
        "The G20 and COVID-19 are names with a number.",
        "## Trudeau met Donald Trump in Ham…",
        "## Million-dollar talks",
        "Thousands of people, hundreds of mills and half of the union.",
    ],
)
def test_what_the_source_has_in_other_words_is_no_finding(article):
    allowed = {"No source has the name “G20”.", "No source has the name “COVID-19”."}
    assert [finding for finding in problems(article) if finding.message not in allowed] == []


@pytest.mark.parametrize(
    ("article", "check", "said"),
    [
        ("The duty is 27.75%.", "numbers", "27.75%"),
        ("It has 1,300 mills.", "numbers", "1,300"),
        ("About 2,000 mills pay.", "numbers", "2,000"),
        ("More than 5,000 mills pay.", "numbers", "5,000"),
        ("The duty is €26.75.", "numbers", "€26.75"),
        ("Some 1,251 percent pay.", "numbers", "1,251 percent"),
        ("The US collected 1.4 million dollars.", "numbers", "1.4 million dollars"),
        ("It was in 2016.", "numbers", "2016"),
        ("It was at 10:45.", "numbers", "10"),
        ("Seventeen mills closed.", "numbers", "Seventeen"),
        ("Two hundred and five mills closed.", "numbers", "Two hundred and five"),
        ("Three quarters of the mills closed.", "numbers", "Three quarters"),
        ("## Seven reasons\n\n- Lumber\n- Work\n", "numbers", "Seven"),
        ("| mills |\n|---|\n| 777 |\n", "numbers", "777"),
        ("He met Angela Merkel there.", "names", "Angela Merkel"),
        ("Melania Trump was there.", "names", "Melania Trump"),
        ("It pleased Dr. Vorhaller.", "names", "Vorhaller"),
        ("It was Trudeau and NAFTA.", "names", "NAFTA"),
        ("“We had a very bad talk about lumber,” he said.", "quotations", "very bad talk"),
        ("He said: 'nobody moves at last'.", "quotations", "nobody moves"),
        ("Er sagte: »Wir reden über Holz und Zoll«.", "quotations", "Wir reden"),
        ("> We shall never talk again\n", "quotations", "never talk again"),
        ('She said "we shall never talk again', "quotations", "never talk"),
    ],
)
def test_what_no_source_has_is_found(article, check, said):
    found = problems(article)
    assert [finding.check for finding in found if said in finding.message] == [check]
    assert all(finding.severity == "improvement" and finding.what_to_do for finding in found)


def test_a_finding_says_where():
    article = "# Talks\n\nIt was good.\n\nIt was in Hamburg. Then came Angela Merkel and said 99 things there.\n"
    places = {finding.check: finding.place for finding in problems(article)}
    assert places == dict.fromkeys(("names", "numbers"), "paragraph 2: “Then came Angela Merkel and said…”")


def test_a_fact_counts_like_a_source():
    facts = [Fact(text="Angela Merkel counted 99 mills.", sentence="Merkel counted 99 mills.")]
    found = findings("It pleased Angela Merkel, who has 99.", [SOURCE], facts, extractive=True)
    assert {finding.severity for finding in found} == {"good"}


@pytest.mark.parametrize("language", ["de", "ja", "und", "xx"])
def test_another_language_says_what_was_not_compared(language):
    source = Source("Der Zoll beträgt 26,75 Prozent, sagte Trudeau in Hamburg.", language=language)
    found = problems("Der Zoll von 99 Prozent erfreut Angela Merkel sehr.", source)
    checks = {finding.check for finding in found}
    assert "numbers" in checks
    if language in ("de", "ja"):
        assert {"names", "numbers in words"} <= checks
        assert all("no rules for" in each.message for each in found if each.check in {"names", "numbers in words"})


class TestCopying:
    RUN = " ".join(TEXT.split()[: LONGEST_RUN + 3])

    def copying(self, article: str, **options) -> list[Finding]:
        return [each for each in findings(article, [SOURCE], [], **options) if each.check == "copying"]

    def test_a_models_text_that_copies_is_blocked_where_it_does(self):
        [found] = self.copying(f"It was so.\n\nThe news: {self.RUN.lower()}, we hear.")
        assert found.severity == "blocking"
        assert found.place.startswith("paragraph 2: “The news:")

    def test_a_dozen_words_in_a_row_are_no_copy(self):
        assert [each.severity for each in self.copying(" ".join(TEXT.split()[:LONGEST_RUN]))] == ["good"]

    def test_what_is_quoted_is_not_copied(self):
        plain = self.RUN.replace("“", "")
        for article in (f"He wrote: “{plain}”.", f"> {plain}\n", f"Er schrieb: „{plain}“."):
            assert [each.severity for each in self.copying(article)] == ["good"], article

    def test_a_text_that_changes_a_word_here_and_there_is_a_copy_too(self):
        words = TEXT.split()
        article = " ".join("lamp" if number % 11 == 10 else word for number, word in enumerate(words))
        [found] = self.copying(article)
        assert (found.severity, found.place) == ("blocking", "content")

    def test_the_offline_writers_text_says_so_itself(self):
        assert [each.severity for each in self.copying(TEXT, extractive=True)] == ["improvement"]

    def test_our_own_article_may_be_used_again(self):
        assert self.copying(TEXT, may_copy=True) == []


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=40)
ANYTHING = st.lists(
    st.sampled_from(["“", "”", "„", "«", "»", '"', "'", "‘", "’", "1,2", "3.", "$", "%", "two", "and", "Trump", "\n\n"])
    | WORDS,
    max_size=12,
).map(" ".join)


@given(ANYTHING, ANYTHING, st.booleans(), st.sampled_from([None, "en", "de", "zh", "", "en-GB"]))
@settings(max_examples=150, deadline=None)
def test_it_never_raises_and_every_check_answers(article, source, extractive, language):
    found = findings(article, [Source(source, language=language)], [], extractive=extractive)
    assert {"copying", "numbers", "quotations", "names"} <= {finding.check for finding in found}


@given(st.lists(ANYTHING, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
@example(['He said "we have 5', "million of them\" and 'that"])
@example(["Two", "Hundred five"])
def test_an_article_of_the_facts_themselves_is_never_flagged_for_what_it_says(texts):
    facts = [Fact(text=text, sentence=text) for text in (" ".join(text.split()) for text in texts) if text]
    assume(facts)
    article = "\n\n".join(escape_markdown(fact.text) for fact in facts)
    found = findings(article, [Source("", language="en")], facts, extractive=True)
    assert [each for each in found if each.severity != "good" and each.check != "copying"] == []


PARAGRAPHS = st.lists(
    st.sampled_from(
        ["The duty on lumber is 26.75%.", "Two mills closed.", "Trudeau said so in Hamburg.", "**The union** warned."]
    ),
    min_size=1,
    max_size=4,
)


@given(PARAGRAPHS, st.integers(0, 3), st.data())
@settings(max_examples=100, deadline=None)
def test_what_is_put_in_is_always_found_where_it_stands(paragraphs, at, data):
    at = min(at, len(paragraphs) - 1)
    number = data.draw(st.integers(3_000_000, 9_999_999))
    check, sentence = data.draw(
        st.sampled_from(
            [
                ("numbers", f"They counted {number:,} of them."),
                ("numbers", f"They counted {number} of them."),
                ("numbers", f"It cost ${number / 1000:.3f} then."),
                ("names", "It was Quentin Vorhaller who knew."),
                ("names", "They trust Vorhaller-Reza."),
                ("quotations", "They say “the moon is a lantern” there."),
                ("quotations", "They say 'the moon is a lantern' there."),
            ]
        )
    )
    changed = [*paragraphs[:at], f"{paragraphs[at]} {sentence}", *paragraphs[at + 1 :]]
    [found] = problems("\n\n".join(changed))
    assert found.check == check
    assert found.place.startswith(f"paragraph {at + 1}: “{' '.join(sentence.split()[:3])}")


@given(st.decimals(0, 10**9, places=2), st.sampled_from(["{:,.2f}", "{:.2f}"]))
def test_a_number_is_the_same_however_its_thousands_are_set_apart(value, form):
    text = form.format(value)
    [figure] = figures(text.replace(",", " "), in_words=False)
    assert figure.stands_in(amounts_of([text], in_words=False))


def test_a_post_is_checked_as_it_is_and_the_report_is_kept(engine):
    story = claimed_story(engine)
    write_brief(engine, WRITER, story.canonical_id)
    write_draft(engine, WRITER, story.canonical_id)
    found = check_sources(engine, story.canonical_id)
    assert {each.check: each.severity for each in found} == {
        "copying": "improvement",
        "numbers": "good",
        "quotations": "good",
        "names": "good",
    }
    with engine.connect() as connection:
        kept = connection.scalars(sa.select(tables.source_checks.c.findings)).one()
    assert kept == [each.as_row() for each in found]
    resting = sources_of(engine, story.canonical_id)
    assert len(resting) == 3
    assert all(each.rests_on and each.rests_on[0].sentence in CAPTION for each in resting)
    assert check_sources(engine, story.canonical_id) == found


def test_a_text_is_not_the_offline_writers_because_it_says_so(engine):
    story = claimed_story(engine)
    with engine.begin() as connection:
        factories.post(
            connection,
            story.vertical_id,
            factories.user(connection),
            canonical_id=story.canonical_id,
            source_content_id=story.content_id,
            content=f"{CAPTION}\n\n{NOTE}\n",
        )
    assert {each.severity for each in check_sources(engine, story.canonical_id) if each.check == "copying"} == {
        "blocking"
    }


def test_a_further_source_of_the_story_counts_too(engine):
    story = claimed_story(engine)
    with engine.begin() as connection:
        source_id = connection.exec_driver_sql("select source_id from raw_content").scalar()
        twin = item(connection, source_id, caption=f"{CAPTION} Some 98,765 live there.")
        factories.post(
            connection,
            story.vertical_id,
            factories.user(connection),
            canonical_id=story.canonical_id,
            source_content_id=story.content_id,
            content="Some 98,765 live there.",
        )
    assert [each.check for each in check_sources(engine, story.canonical_id) if each.severity != "good"] == ["numbers"]
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "insert into story_items select %s, story_id, digest, bands from story_items", (str(twin),)
        )
    found = check_sources(engine, story.canonical_id)
    assert {each.check for each in found if each.severity != "good"} <= {"copying"}


def test_a_repurposed_post_is_compared_with_our_own_article(engine):
    with engine.begin() as connection:
        vertical_id, author = factories.vertical(connection), factories.user(connection)
        original = factories.post(connection, vertical_id, author, content="Cut 14 shoots above a bud.")
        factories.post(
            connection,
            vertical_id,
            author,
            canonical_id="thread",
            content="Cut 15 shoots above a bud.",
            repurposed_from=original,
            repurposed_as="thread",
            content_type="repurposed",
            platforms=["x"],
            canonical_url="https://example.com/original",
        )
    assert [each.check for each in check_sources(engine, "thread") if each.severity != "good"] == ["numbers"]


def test_a_post_without_a_source_has_nothing_to_be_compared_with(engine):
    with engine.begin() as connection:
        factories.post(connection, factories.vertical(connection), factories.user(connection), canonical_id="own")
    assert [each.severity for each in check_sources(engine, "own")] == ["good"]
    assert sources_of(engine, "own") == []
    with pytest.raises(UnknownPostError):
        check_sources(engine, "nobody")
