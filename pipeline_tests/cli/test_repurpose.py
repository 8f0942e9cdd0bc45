"""`pressroom repurpose` and `pressroom curate` as they are typed."""

import pytest
import sqlalchemy as sa

from pipeline.store import tables
from pipeline.store.database import transaction
from pipeline_tests import factories
from pipeline_tests.editorial.pages import article, html
from pipeline_tests.web import serve

TEXT = """# How to prune a rose

Cut above a bud, on a dry day. The cut is slanted. Rain runs off it.

Clean the blades first. Spirit is enough for that, and it costs little.

Burn what was ill. Compost the rest, and the beds will thank you.
"""


@pytest.fixture(autouse=True)
def _newsroom(engine, monkeypatch):
    monkeypatch.setenv("PRESSROOM_USER", "walter@example.com")
    monkeypatch.setenv("PRESSROOM_ALLOW_PRIVATE_SOURCES", "true")
    with transaction(engine, "test") as connection:
        factories.user(connection, email="walter@example.com", full_name="Walter", roles=["writer"])
        factories.user(connection, email="rita@example.com", full_name="Rita", roles=["reviewer"])
        factories.account(connection, name="x", account_key="x")
        factories.account(connection, name="tiktok", account_key="tiktok")


@pytest.fixture
def rose(engine):
    """A published article with its page."""
    with transaction(engine, "test") as connection:
        factories.published_article(connection, "garden-rose", TEXT)
    return "garden-rose"


def told(engine):
    with engine.connect() as connection:
        p = tables.publisher_posts
        return connection.execute(sa.select(p).where(p.c.repurposed_as.is_not(None)).order_by(p.c.created_at)).all()


def test_several_forms_at_once_and_what_one_lacks_stops_no_other(engine, pressroom, rose):
    result = pressroom("repurpose", "garden-r", "--into", "newsletter", "--into", "script", "--into", "thread")
    assert result.exit_code == 1
    assert "newsletter: No account of Garden is on mailchimp" in result.output
    assert "garden-rose-script is there as a draft, without a version." in result.output
    assert "no video" in result.output
    assert "Added: garden-rose-thread, 1 versions." in result.output
    assert "left out  bluesky: No account takes posts of Garden." in result.output
    script, thread = told(engine)
    assert (script.repurposed_as, script.status) == ("script", "draft")
    assert (thread.repurposed_as, thread.status, thread.platforms) == ("thread", "review", ["x", "bluesky", "mastodon"])
    assert thread.canonical_url == "http://127.0.0.1:9/rose/"
    assert thread.content.count("\n---\n") == 2
    again = pressroom("repurpose", rose, "--into", "thread")
    assert (again.exit_code, len(told(engine))) == (0, 2)
    assert "Was there already" in again.output


def test_an_edited_thread_is_sent_as_it_was_edited(engine, pressroom, rose, tmp_path):
    pressroom("repurpose", rose, "--into", "thread")
    edited = tmp_path / "thread.md"
    edited.write_text("Only *one* thing:\n\n---\n\nCut on a dry day.\n", encoding="utf-8")
    changed = pressroom("review", "edit", "garden-rose-thread", "--file", edited, "--as", "rita@example.com")
    assert changed.exit_code == 0, changed.output
    with engine.connect() as connection:
        version = connection.execute(
            sa.select(tables.distributions).where(tables.distributions.c.status == "draft")
        ).one()
    assert version.body == "Only one thing:\n\n1/2"
    assert version.link_url.startswith("http://127.0.0.1:9/rose/?utm_source=x&")
    assert version.platform_specific["thread"] == [f"Cut on a dry day.\n\n{version.link_url}\n\n2/2"]


def test_the_form_is_checked_in_place_of_a_page(engine, pressroom, rose):
    pressroom("repurpose", rose, "--into", "thread")
    with engine.connect() as connection:
        findings = connection.scalar(sa.select(tables.seo_reports.c.findings))
    assert [(finding["check"], finding["severity"]) for finding in findings] == [("form", "good")]


def test_no_form_and_an_unknown_one_are_mistakes_of_typing(pressroom, rose):
    assert pressroom("repurpose", rose).exit_code == 2
    assert pressroom("repurpose", rose, "--into", "poem").exit_code == 2


def test_a_page_is_curated_and_the_way_on_is_told(engine, pressroom, tmp_path):
    with transaction(engine, "test") as connection:
        factories.vertical(connection, slug="garden")
    note = tmp_path / "note.md"
    note.write_text("They **measured** it.", encoding="utf-8")
    with serve(lambda _: html(article())) as address:
        result = pressroom("curate", f"{address}/chains", "--file", note, "--title", "Chains, weighed")
        again = pressroom("curate", f"{address}/chains", "--file", note)
    assert result.exit_code == 0, result.output
    with engine.connect() as connection:
        post = connection.execute(sa.select(tables.publisher_posts)).one()
    assert (post.title, post.status, post.content_type) == ("Chains, weighed", "review", "curated")
    assert "They **measured** it." in post.content
    assert f"pressroom review show {post.canonical_id}" in result.output
    assert f"Was there already: {post.canonical_id}" in again.output


def test_why_a_page_is_not_curated_is_told_in_a_sentence(engine, pressroom):
    with transaction(engine, "test") as connection:
        factories.vertical(connection, slug="garden")
    with serve(lambda _: html("<p>Subscribe.</p>")) as address:
        without_comment = pressroom("curate", f"{address}/x", "--comment", "Look.", "--file", "pyproject.toml")
        empty = pressroom("curate", f"{address}/x", "--comment", "Look.")
    assert "Give the comment once" in without_comment.output
    assert (empty.exit_code, "holds no article" in empty.output) == (1, True)


def test_an_article_is_not_mistaken_for_what_tells_it_again(pressroom, rose):
    assert pressroom("repurpose", rose, "--into", "thread").exit_code == 0
    for words in (rose, "garden-r"):
        log = pressroom("review", "log", words)
        assert log.exit_code == 0, log.output
        assert "thread" not in log.output
    assert pressroom("review", "log", "garden-rose-t").exit_code == 0
