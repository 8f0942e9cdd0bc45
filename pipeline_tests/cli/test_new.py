"""`pressroom new` as it is typed: a person's own post on its way to review."""

import pytest
import sqlalchemy as sa

from pipeline.store import tables
from pipeline.store.database import transaction
from pipeline_tests import factories

TEXT = "# How to prune a rose\n\nCut above a bud, on a dry day.\n"


@pytest.fixture(autouse=True)
def _newsroom(engine, tmp_path):
    with transaction(engine, "test") as connection:
        factories.vertical(connection, slug="garden")
        for email, roles in (("walter", ["writer"]), ("ada", ["reviewer"]), ("peter", ["publisher"])):
            factories.user(connection, email=f"{email}@example.com", full_name=email.title(), roles=roles)
        factories.account(
            connection,
            name="site",
            account_key="site",
            is_home=True,
            publish_config={"folder": str(tmp_path / "site"), "base_url": "http://127.0.0.1:9", "name": "Garden"},
        )
        factories.account(connection, name="x", account_key="x", publish_config={"max_weighted_length": 10})


@pytest.fixture
def rose(tmp_path):
    path = tmp_path / "rose.md"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def add(pressroom):
    def typed(path, *options, who="walter@example.com"):
        return pressroom("new", path, "--vertical", "garden", "--as", who, *options)

    return typed


def only_post(engine):
    with engine.connect() as connection:
        return connection.execute(sa.select(tables.publisher_posts)).one()


def test_a_post_goes_to_review_under_its_heading_with_its_author_and_its_versions(engine, add, rose):
    result = add(rose, "--keyword", "Prune a rose", "--description", "When and where to cut.")
    post = only_post(engine)
    assert result.exit_code == 0, result.output
    assert post.canonical_id in result.output
    assert "x: body: The post counts" in result.output
    assert (post.title, post.slug, post.content) == ("How to prune a rose", "how-to-prune-a-rose", TEXT)
    assert (post.status, post.content_type, post.ai_generated) == ("review", "manual", False)
    assert (post.target_keyword, post.meta_description) == ("prune a rose", "When and where to cut.")
    with engine.connect() as connection:
        author = connection.scalar(sa.select(tables.users.c.email).where(tables.users.c.id == post.author_id))
        versions = connection.execute(sa.select(tables.distributions)).all()
        checked = connection.scalars(sa.select(tables.seo_reports.c.content_hash)).all()
    assert author == "walter@example.com"
    assert {version.vertical_id for version in versions} == {post.vertical_id}
    assert {version.content_type for version in versions} == {"manual"}
    assert sorted(version.status for version in versions) == ["draft", "held"]
    assert checked == [post.content_hash]


def test_an_account_that_gets_no_version_is_named_with_the_reason(engine, add, rose):
    with transaction(engine, "test") as connection:
        factories.account(connection, name="pigeon", account_key="loft")
    result = add(rose)
    assert result.exit_code == 0, result.output
    assert "left out  loft: No adapter for the platform 'pigeon'" in result.output


def test_a_text_whose_markup_no_page_can_hold_is_told_in_a_sentence_and_kept_as_a_draft(engine, pressroom, add, rose):
    rose.write_text("# Deep\n\n" + "<div>" * 20_000 + "\n", encoding="utf-8")
    result = add(rose)
    assert result.exit_code == 1
    assert "can't be rendered: its elements stand hundreds deep" in " ".join(result.output.split())
    post = only_post(engine)
    assert post.status == "draft"
    assert "Its text can't be rendered" in pressroom("preview", post.canonical_id).output


def test_the_same_file_again_changes_nothing(engine, add, rose):
    add(rose)
    before = only_post(engine)
    again = add(rose)
    assert again.exit_code == 0
    assert "Was there already" in again.output
    assert only_post(engine).content_hash == before.content_hash
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.distributions)) == 2
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.cross_post_groups)) == 1


def test_another_text_under_the_same_title_is_refused_with_the_way_on(engine, add, rose):
    add(rose)
    rose.write_text(TEXT + "\nAnd clean the shears.\n", encoding="utf-8")
    refused = add(rose)
    assert refused.exit_code == 1
    assert "differs in: text" in refused.output
    assert f"pressroom review edit {only_post(engine).canonical_id}" in refused.output
    assert only_post(engine).content == TEXT


def test_what_stopped_before_its_plan_goes_on_when_it_is_typed_again(engine, add, rose):
    with transaction(engine, "test") as connection:
        elsewhere = factories.vertical(connection)
        connection.execute(tables.platforms.update().values(vertical_id=elsewhere))
    stopped = add(rose)
    assert stopped.exit_code == 1
    assert "No account takes posts of" in stopped.output
    assert only_post(engine).status == "draft"
    with transaction(engine, "test") as connection:
        connection.execute(tables.platforms.update().values(vertical_id=None))
    assert add(rose).exit_code == 0
    assert only_post(engine).status == "review"


def test_two_posts_whose_titles_make_one_slug_get_two(engine, add, rose):
    add(rose, "--title", "How to prune?")
    add(rose, "--title", "How to prune!")
    with engine.connect() as connection:
        slugs = set(connection.scalars(sa.select(tables.publisher_posts.c.slug)))
    assert slugs == {"how-to-prune", "how-to-prune-2"}


def test_its_author_can_not_approve_it_and_somebody_else_can(engine, pressroom, add, rose):
    add(rose, who="ada@example.com")
    post = only_post(engine).canonical_id
    refused = pressroom("review", "approve", post, "--as", "ada@example.com")
    assert refused.exit_code == 1
    assert "somebody else must" in refused.output
    with transaction(engine, "test") as connection:
        factories.user(connection, email="grace@example.com", full_name="Grace", roles=["reviewer"])
    assert pressroom("review", "approve", post, "--as", "grace@example.com", "--checked", "all").exit_code == 0
    again = add(rose, who="ada@example.com")
    assert (again.exit_code, only_post(engine).status) == (0, "scheduled")
    assert "and scheduled" in again.output


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (b"", (), "The text is empty"),
        (b"No heading at all.", (), "--title"),
        (b"\xff\xfe\x00", (), "not UTF-8"),
        (TEXT.encode(), ("--vertical", "kitchen"), "there are: garden"),
        (TEXT.encode(), ("--as", "peter@example.com"), "Peter may not bring in posts"),
        (TEXT.encode(), ("--as", "nobody@example.com"), "Nobody is known as"),
    ],
)
def test_what_can_not_be_brought_in_is_told_in_a_sentence_and_leaves_nothing(
    engine, add, rose, *, content, options, said
):
    rose.write_bytes(content)
    result = add(rose, *options)
    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.publisher_posts)) == 0


FULL = """---
title: Roses in winter
vertical: garden
keyword: Winter roses
description: What a rose needs before the frost.
excerpt: Before the frost.
tags: [Roses, " winter  care "]
platforms: x
language: de
---

Cut nothing. ![A rose](rose.jpg) ![Another](https://example.com/rose.jpg)
"""


def test_the_fields_above_the_text_are_the_posts_and_an_option_takes_precedence(engine, pressroom, tmp_path):
    path = tmp_path / "winter.md"
    path.write_text(FULL, encoding="utf-8")
    result = pressroom("new", path, "--as", "walter@example.com", "--description", "Said in the command.")
    assert result.exit_code == 0, result.output
    post = only_post(engine)
    assert (post.title, post.content) == ("Roses in winter", FULL.rpartition("---\n\n")[2])
    assert (post.meta_description, post.excerpt) == ("Said in the command.", "Before the frost.")
    assert (post.target_keyword, post.keywords) == ("winter roses", ["winter roses", "roses", "winter care"])
    assert (post.platforms, post.language) == (["x"], "de")


def test_a_post_for_chosen_platforms_goes_to_its_page_and_to_those(engine, pressroom, tmp_path):
    with transaction(engine, "test") as connection:
        factories.account(connection, name="linkedin", account_key="linkedin")
    path = tmp_path / "winter.md"
    path.write_text(FULL.replace("platforms: x", "platforms: x, mastodon"), encoding="utf-8")
    result = pressroom("new", path, "--as", "walter@example.com")
    assert "left out  mastodon: No account takes posts of Garden." in result.output
    with engine.connect() as connection:
        accounts = connection.scalars(
            sa.text("select p.account_key from distributions d join platforms p on p.id = d.platform_id order by 1")
        ).all()
    assert accounts == ["site", "x"]
    shown = pressroom("preview", only_post(engine).canonical_id)
    assert "linkedin" in shown.output


def test_a_picture_that_is_a_file_here_is_told_with_the_command_that_brings_it_in(engine, pressroom, tmp_path):
    path = tmp_path / "winter.md"
    path.write_text(FULL, encoding="utf-8")
    result = pressroom("new", path, "--as", "walter@example.com")
    assert f"pressroom media add {only_post(engine).canonical_id} rose.jpg --alt TEXT" in result.output
    assert "example.com/rose.jpg" not in result.output


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("tag: roses", "tag: there is no such field; did you mean tags?"),
        ("colour: red", "colour: there is no such field; there are: title, vertical,"),
        ("title: 2026-01-01", "title: must be text."),
        ("language: no", "language: must be text. YAML takes yes, no"),
        ("language: Deutsch, bitte", "not a code such as en"),
        ("platforms: twitter", "there is no platform 'twitter'; there are: bluesky"),
        ("title: [", "is not YAML"),
        ("content: here", "content: the text stands below"),
        ("author: nobody@example.com", "author: Nobody is known as"),
        ("author: peter@example.com", "Peter may not bring in posts"),
    ],
)
def test_a_field_that_is_wrong_is_named_and_nothing_is_stored(engine, add, tmp_path, *, fields, said):
    path = tmp_path / "wrong.md"
    path.write_text(f"---\n{fields}\n---\n\n{TEXT}", encoding="utf-8")
    result = add(path)
    assert result.exit_code == 1
    assert said in result.output
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.publisher_posts)) == 0


def test_who_may_approve_brings_in_nothing_in_another_name_and_a_writer_may(engine, add, tmp_path):
    with transaction(engine, "test") as connection:
        factories.user(connection, email="wanda@example.com", full_name="Wanda", roles=["writer"])
    path = tmp_path / "hers.md"
    path.write_text(f"---\nauthor: wanda@example.com\n---\n\n{TEXT}", encoding="utf-8")
    refused = add(path, who="ada@example.com")
    assert refused.exit_code == 1
    assert "there must be two" in refused.output
    assert add(path, who="walter@example.com").exit_code == 0
    with engine.connect() as connection:
        author = connection.scalar(
            sa.select(tables.users.c.email).where(tables.users.c.id == only_post(engine).author_id)
        )
    assert author == "wanda@example.com"


def test_another_tag_or_platform_is_a_difference_that_is_named(engine, pressroom, tmp_path):
    path = tmp_path / "winter.md"
    path.write_text(FULL, encoding="utf-8")
    pressroom("new", path, "--as", "walter@example.com")
    path.write_text(FULL.replace("platforms: x\n", "").replace("Roses,", "Tulips,"), encoding="utf-8")
    refused = pressroom("new", path, "--as", "walter@example.com")
    assert "differs in: keywords, platforms." in refused.output


def editor(tmp_path, script):
    path = tmp_path / "editor.sh"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_without_a_file_the_editor_opens_and_no_mistake_loses_the_text(engine, pressroom, tmp_path, monkeypatch):
    monkeypatch.setenv("PRESSROOM_HOME", str(tmp_path))
    monkeypatch.setenv("PRESSROOM_USER", "walter@example.com")
    monkeypatch.setenv("VISUAL", editor(tmp_path, 'echo "No heading." >> "$1"'))
    refused = pressroom("new")
    assert refused.exit_code == 1
    (kept,) = (tmp_path / "drafts").iterdir()
    assert f"pressroom new {kept}" in refused.output.replace("\n", "")
    assert kept.read_text(encoding="utf-8").endswith("No heading.\n")
    kept.unlink()
    monkeypatch.setenv("VISUAL", editor(tmp_path, 'printf "# A rose\\n\\nIs a rose.\\n" >> "$1"'))
    written = pressroom("new")
    assert written.exit_code == 0, written.output
    assert (only_post(engine).title, only_post(engine).content) == ("A rose", "# A rose\n\nIs a rose.\n")
    assert list((tmp_path / "drafts").iterdir()) == []


def test_an_editor_that_is_left_without_a_word_brings_in_nothing(engine, pressroom, tmp_path, monkeypatch):
    monkeypatch.setenv("PRESSROOM_HOME", str(tmp_path))
    monkeypatch.setenv("PRESSROOM_USER", "walter@example.com")
    monkeypatch.setenv("VISUAL", "true")
    assert "Nothing was written." in pressroom("new").output
    monkeypatch.setenv("VISUAL", "there-is-no-such-editor")
    assert "EDITOR=nano" in pressroom("new").output
    assert list((tmp_path / "drafts").iterdir()) == []
