"""`pressroom recycle` as it is typed."""

import pytest
import sqlalchemy as sa

from pipeline.store import tables
from pipeline.store.database import transaction
from pipeline_tests import factories

TEXT = """# How to prune a rose

Cut above a bud, on a dry day in late winter.

Clean the blades first, for which spirit is enough.
"""


@pytest.fixture(autouse=True)
def _newsroom(engine, monkeypatch):
    """An evergreen article, live for 100 days, and two accounts that can tell it again."""
    monkeypatch.setenv("PRESSROOM_USER", "walter@example.com")
    with transaction(engine, "test") as connection:
        factories.user(connection, email="walter@example.com", full_name="Walter", roles=["writer"])
        factories.account(connection, name="x", account_key="x-garden")
        factories.account(connection, name="bluesky", account_key="b-garden")
        factories.account(connection, name="tiktok", account_key="t-garden")
        factories.published_article(connection, "garden-rose", TEXT)
        connection.execute(sa.text("update publisher_verticals set slug = 'garden'"))
        connection.execute(
            sa.text("update publisher_posts set published_at = now() - interval '100 days', is_evergreen = true")
        )


def told(engine):
    with engine.connect() as connection:
        p = tables.publisher_posts
        return connection.execute(sa.select(p).where(p.c.repurposed_as == "again").order_by(p.c.created_at)).all()


def test_a_rule_is_set_changed_shown_and_removed(pressroom):
    assert "There is no rule" in pressroom("recycle").output
    first = pressroom("recycle", "rules", "set", "garden", "--on", "x-garden", "--gap", "30")
    assert "garden: from 90 days on, every 30 days, 4 times at most; 3 a week." in first.output
    pressroom("recycle", "rules", "set", "garden", "--per-week", "1")
    shown = pressroom("recycle").output
    assert "from 90 days on, every 30 days, 4 times at most; 1 a week" in shown
    assert "on x-garden\n" in shown
    pressroom("recycle", "rules", "set", "garden", "--on", "all")
    assert "on all accounts that can" in pressroom("recycle", "rules").output
    assert pressroom("recycle", "rules", "remove", "garden").exit_code == 0
    assert pressroom("recycle", "rules", "remove", "garden").exit_code == 1


def test_a_mistake_in_a_rule_is_told_with_what_there_is(pressroom):
    result = pressroom("recycle", "rules", "set", "garden", "--on", "t-garden")
    assert (result.exit_code, "t-garden. There are: b-garden, x-garden." in result.output) == (1, True)
    assert "There is no vertical 'roses'; there are: garden." in pressroom("recycle", "rules", "set", "roses").output
    assert pressroom("recycle", "candidates").exit_code == 1
    assert pressroom("recycle", "rules", "set", "garden", "--gap", "0").exit_code == 2


def test_candidates_run_and_what_then_keeps_each_back(engine, pressroom):
    pressroom("recycle", "rules", "set", "garden")
    before = pressroom("recycle", "candidates").output
    assert "garden-rose" in before
    assert before.count("now, for the first time") == 2
    result = pressroom("recycle", "run")
    assert result.exit_code == 0, result.output
    assert "Added: garden-rose-again, 1 versions." in result.output
    assert "pressroom review show garden-rose-again-2" in result.output
    assert [post.status for post in told(engine)] == ["review", "review"]
    after = pressroom("recycle", "candidates").output
    assert "x-garden  garden-rose-again-2 tells it already and is not out yet" in after
    assert "Nothing is to be told again now" in pressroom("recycle", "run").output


def test_now_tells_what_the_rule_would_say_and_does_it_all_the_same(engine, pressroom):
    pressroom("recycle", "rules", "set", "garden", "--min-age", "200")
    result = pressroom("recycle", "now", "garden-r", "--on", "x-garden")
    assert result.exit_code == 0, result.output
    assert "against the rule  x-garden: from " in result.output
    assert "it is younger than 200 days" in result.output
    assert "Added: garden-rose-again, 1 versions." in result.output
    again = pressroom("recycle", "now", "garden-rose", "--on", "x-garden")
    assert "Was there already: garden-rose-again" in again.output
    assert len(told(engine)) == 1


def test_now_without_an_account_goes_to_all_that_can_and_one_that_fails_stops_no_other(engine, pressroom):
    with transaction(engine, "test") as connection:
        account = connection.scalar(sa.text("select id from platforms where account_key = 'b-garden'"))
        factories.distribution(connection, account, body=TEXT)
    result = pressroom("recycle", "now", "garden-rose")
    assert result.exit_code == 1
    assert "b-garden: the article has no sentence left" in result.output or "b-garden has said before" in result.output
    assert [list(post.platforms) for post in told(engine)] == [["x"]]
