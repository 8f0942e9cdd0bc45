"""`pressroom preview` as it is typed."""

import pytest

from pipeline.cli import console
from pipeline.store.database import transaction
from pipeline_tests import factories

HOSTILE = "[red]a[/] [/nothing] [link=http://evil.example]b[/link] \x1b[2J\x1b]0;owned\x07 \x9b31m \u202egnp.exe"


@pytest.fixture(autouse=True)
def _accounts(engine):
    with transaction(engine, "test") as connection:
        factories.account(connection, account_key="short")
        factories.account(connection, account_key="blog", name="wordpress")


@pytest.fixture
def wide(monkeypatch):
    monkeypatch.setattr(console.out, "width", 160)


def a_post(engine, **values):
    with transaction(engine, "test") as connection:
        vertical_id = factories.vertical(connection)
        author = factories.user(connection)
        factories.post(connection, vertical_id, author, **{"canonical_id": "garden-1", "status": "draft", **values})


def stored_on_x(engine, body, **values):
    with transaction(engine, "test") as connection:
        post_id, review_id = factories.approved_post(connection, canonical_id="garden-1")
        account_id = factories.account(connection, account_key="stored")
        factories.distribution(connection, account_id, post_id=post_id, review_id=review_id, body=body, **values)


def headings(output):
    return [line for line in output.splitlines() if "╭" in line]


def test_at_80_columns_the_versions_stand_below_each_other_and_on_a_wide_screen_side_by_side(
    engine, pressroom, monkeypatch
):
    a_post(engine)
    monkeypatch.setattr(console.out, "width", 80)
    result = pressroom("preview", "garden-1")
    assert result.exit_code == 0, result.output
    assert len(headings(result.output)) == 2
    assert max(map(len, result.output.splitlines())) <= 80
    monkeypatch.setattr(console.out, "width", 160)
    (heading,) = headings(pressroom("preview", "garden-1").output)
    assert "blog · wordpress · not stored" in heading
    assert "short · x · not stored" in heading


def test_a_post_is_found_by_the_beginning_of_its_id_and_one_account_is_picked(engine, pressroom):
    a_post(engine)
    result = pressroom("preview", "gard", "--account", "short")
    assert result.exit_code == 0, result.output
    assert "of 280 weighted characters" in result.output
    assert "blog" not in result.output


def test_a_post_or_an_account_that_there_is_not_ends_the_command_with_1(engine, pressroom):
    result = pressroom("preview", "no[/]such")
    assert (result.exit_code, "No post is called 'no[/]such'" in result.output) == (1, True)
    a_post(engine)
    result = pressroom("preview", "garden-1", "--account", "no[/]body")
    assert (result.exit_code, "No account 'no[/]body' takes posts" in result.output) == (1, True)


def test_a_long_text_is_shortened_and_whole_where_that_is_asked_for(engine, pressroom, wide):
    stored_on_x(engine, "日" * 1400)
    shortened = pressroom("preview", "garden-1").output
    assert "… (1,000 more characters)" in shortened
    assert shortened.count("日") == 400
    assert pressroom("preview", "garden-1", "--text").output.count("日") == 1400


def test_a_text_that_is_too_long_for_x_is_shown_as_such(engine, pressroom, wide):
    stored_on_x(engine, "a" * 281, platform_specific={"hashtags": ["#pruning"]})
    output = pressroom("preview", "garden-1").output
    assert "stored · x · scheduled" in output
    assert "281 of 280 weighted characters, 1 too many" in output
    assert "problem  body: The post counts 281 characters on X; 280 are allowed." in output
    assert "hashtags  #pruning" in output


def test_those_left_out_are_named_with_the_reason(engine, pressroom, wide):
    with transaction(engine, "test") as connection:
        factories.account(connection, account_key="old", name="myspace")
    a_post(engine)
    assert "left out  old: No adapter for the platform 'myspace'" in pressroom("preview", "garden-1").output


def test_hostile_text_is_shown_as_it_is_written_and_no_control_reaches_the_terminal(engine, pressroom, wide):
    stored_on_x(
        engine, HOSTILE, title=HOSTILE, link_url=f"https://example.com/{HOSTILE}", platform_specific={"note": HOSTILE}
    )
    result = pressroom("preview", "garden-1")
    assert result.exit_code == 0, result.output
    assert "[red]a[/] [/nothing] [link=http://evil.example]b[/link] ␛[2J␛]0;owned␇" in result.output
    assert not set(result.output) & set("\x1b\x07\x9b\u202e")


def test_html_is_shown_as_its_readers_see_it(engine, pressroom, wide):
    a_post(engine, content="Cut *above* a bud.\n\nSee [the guide](https://example.com/guide).")
    output = pressroom("preview", "garden-1", "--account", "blog").output
    assert "See the guide (https://example.com/guide)." in output
    assert "<p>" not in output


def test_an_email_is_shown_with_its_subject_and_its_text_and_the_length_of_its_preview(engine, pressroom, wide):
    with transaction(engine, "test") as connection:
        factories.account(connection, account_key="letter", name="mailchimp")
    a_post(engine, title="How to prune", excerpt="Above a bud.")
    output = pressroom("preview", "garden-1", "--account", "letter").output
    assert output.count("How to prune") == 2
    assert "title  12 of 150 characters" in output
    assert "preview text (12 of 150 characters)  Above a bud." in output
