"""The report as a whole: what it comes to, that nothing makes it raise, and that it is kept."""

from dataclasses import asdict

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.editorial.findings import blocking, good, improvement
from pipeline.editorial.seo import GROUPS, SeoInput, analyse, check_post, group_of
from pipeline.editorial.seo.report import report_of
from pipeline.store.posts import UnknownPostError
from pipeline.store.seo_reports import to_check
from pipeline_tests import factories
from pipeline_tests.editorial.seo.articles import checks, finding, post


def test_a_good_article_has_only_good_findings():
    report = analyse(post())
    assert [found for found in report.findings if found.severity != "good"] == []
    assert report.score == 100


def test_the_score_is_the_share_of_good_findings_and_what_is_for_information_does_not_count():
    right, wrong = good("title", "", "title"), improvement("picture", "", "", "content")
    told = [good("reading ease", "", "content"), good("readability", "", "content")]
    assert report_of((right, wrong, *told)).score == 50
    assert report_of((right, wrong, blocking("content", "", "", "content"))).score == 0
    assert report_of((*told,)).score == 100


@pytest.mark.parametrize("content", ["", "  \n", "<!-- nothing -->", "![picture](/x.png)", "# \n", None])
def test_an_article_that_says_nothing_blocks(content):
    assert finding("content", content=content).severity == "blocking"
    assert analyse(post(content=content)).score == 0


@pytest.mark.parametrize("content", ["# A heading", "```\ncode\n```", "> Quoted.", "*A note.*", "—"])
def test_an_article_that_says_anything_does_not_block(content):
    assert analyse(post(content=content)).blocking == ()


@pytest.mark.parametrize("title", ["", "  ", None])
def test_an_article_without_a_title_blocks(title):
    assert finding("title", title=title).severity == "blocking"


def test_nothing_else_blocks():
    report = analyse(
        SeoInput("A", "# B\n\n# C\n\nD.\n\n#### E\n\n![](/x.png)", slug="z", base_url="https://golf.example")
    )
    assert report.blocking == ()
    assert report.score > 0


def test_every_check_belongs_to_a_group_also_those_of_older_reports():
    made = {
        found.check
        for values in ({}, {"language": "pl"}, {"content": ""}, {"target_keyword": None})
        for found in analyse(post(**values)).findings
    }
    older = {"meta title length", "keyword in title", "keyword in first paragraph", "single level-1 heading"}
    assert {group_of(check) for check in made | older} == set(GROUPS)
    assert group_of("copied from the source") == "other"


SIGNS = "# |## |\n|\n\n|> |- |1. |[a](|)|![|]|http://[|//|<a|>|*|`|\x00|ß|a| |. |!|…|e.g. |東京。|ก|\u0301|\u200d|🙂|was made |golf "
WILD = st.text() | st.lists(st.sampled_from([*SIGNS.split("|"), "|", "|-|-|"])).map("".join)
MAYBE = st.none() | WILD


@given(
    st.builds(
        SeoInput, MAYBE, MAYBE, MAYBE, MAYBE, MAYBE, MAYBE, MAYBE,
        language=st.none() | st.sampled_from(["en", "en-GB", "de", "ja", "th", "xx", "", "../en"]),
        keyphrase_used_by=st.lists(WILD, max_size=2), other_pages=st.none() | st.integers(0, 3),
        attached_pictures=st.lists(WILD, max_size=6),
    )
)  # fmt: skip
def test_nothing_makes_it_raise(given_post):
    report = analyse(given_post)
    assert 0 <= report.score <= 100
    assert all(found.what_to_do for found in report.findings if found.severity != "good")
    assert all(found.place and found.message and group_of(found.check) in GROUPS for found in report.findings)


def test_the_same_article_has_the_same_report():
    assert analyse(post()) == analyse(post())


@pytest.fixture
def garden(engine):
    with engine.begin() as connection:
        vertical, author = factories.vertical(connection, slug="garden"), factories.user(connection)
        post_id = factories.post(connection, vertical, author, canonical_id="garden-1", target_keyword="prune roses")
    return vertical, author, post_id


def test_a_report_is_kept_for_each_version_of_the_text(engine, garden):
    first = check_post(engine, "garden-1")
    check_post(engine, "garden-1")
    with engine.begin() as connection:
        connection.execute(sa.text("update publisher_posts set content = '<!-- -->', content_hash = 'h2'"))
    second = check_post(engine, "garden-1")
    assert [found.check for found in second.blocking] == ["content"]
    with engine.connect() as connection:
        rows = connection.execute(sa.text("select score, findings from seo_reports order by id")).all()
    assert [row.score for row in rows] == [first.score, 0]
    assert rows[0].findings == [asdict(found) for found in first.findings]


def test_a_keyphrase_that_another_post_of_the_vertical_has_is_named(engine, garden):
    vertical, author, _ = garden
    with engine.begin() as connection:
        other = factories.vertical(connection)
        factories.post(connection, vertical, author, canonical_id="garden-2", target_keyword="Prune Roses")
        factories.post(connection, vertical, author, canonical_id="garden-3", target_keyword="prune roses",
                       status="archived")  # fmt: skip
        factories.post(connection, other, author, target_keyword="prune roses")
    found = next(found for found in check_post(engine, "garden-1").findings if found.check == "keyphrase used before")
    assert found.severity == "improvement"
    assert found.message.endswith("too: garden-2.")


def test_a_report_knows_the_pages_to_link_to_and_the_pictures_beside_the_text(engine, garden):
    vertical, author, post_id = garden
    with engine.begin() as connection:
        reviewed = {"human_reviewed": True, "reviewed_by": author, "reviewed_at": sa.func.now()}
        factories.post(connection, vertical, author, status="published", published_at=sa.func.now(), **reviewed)
        connection.execute(
            sa.text("""
                insert into post_media (post_id, position, kind, mime_type, url, sha256, bytes, alt_text)
                values (:id, 0, 'image', 'image/png', 'https://x.example/a.png', repeat('0', 64), 1, 'A rose'),
                    (:id, 1, 'audio', 'audio/mpeg', 'https://x.example/a.mp3', repeat('1', 64), 1, '')
            """),
            {"id": post_id},
        )
        checked = to_check(connection, "garden-1")
    assert (checked.other_pages, checked.alt_texts) == (1, ["A rose"])
    severities = {found.check: found.severity for found in check_post(engine, "garden-1").findings}
    assert severities["picture"] == severities["alternative texts"] == "good"


GERMAN = (
    "Der Winter ist die Zeit der Scheren. Wer jetzt schneidet, hat im Sommer die schönsten Blüten, und der Stock bleibt "
    "gesund. Danach wird er gedüngt, gewässert und vor dem Frost geschützt, bis die ersten Blätter kommen und es wärmer "
    "wird. Im Frühling freuen sich die Nachbarn über die Farben in unserem Garten."
)


def test_a_text_in_another_language_than_its_verticals_is_not_judged_by_the_verticals_rules(engine, garden):
    with engine.begin() as connection:
        connection.execute(sa.text("update publisher_posts set content = :text"), {"text": f"# Rosen\n\n{GERMAN}"})
    found = {found.check: found for found in check_post(engine, "garden-1").findings}
    assert "German" in found["readability"].message
    assert "passive voice" not in found
    with engine.begin() as connection:
        connection.execute(sa.text("update publisher_posts set language = 'nl'"))
    found = {found.check: found for found in check_post(engine, "garden-1").findings}
    assert "Dutch" in found["readability"].message


def test_a_post_that_tells_another_again_has_no_page_and_is_judged_by_its_form(engine, garden):
    vertical, author, post_id = garden
    with engine.begin() as connection:
        factories.post(
            connection, vertical, author, canonical_id="garden-thread", content="One.\n\n---\n\nTwo.",
            content_type="repurposed", platforms=["x"], canonical_url="https://garden.example/garden-1/",
            repurposed_from=post_id, repurposed_as="thread", target_keyword="prune roses",
        )  # fmt: skip
    assert {found.check for found in check_post(engine, "garden-thread").findings} == {"form"}
    # It is about the same, so that has no bearing on the original.
    first = {found.check: found.severity for found in check_post(engine, "garden-1").findings}
    assert first["keyphrase used before"] == "good"


def test_a_post_that_is_none_has_no_report(engine):
    with pytest.raises(UnknownPostError):
        check_post(engine, "nobody")


def test_without_a_keyphrase_there_is_one_finding_about_it():
    for missing in (None, " ", "\u200b"):
        found = [check for check in checks(target_keyword=missing) if check.startswith("keyphrase")]
        assert found == ["keyphrase"]
