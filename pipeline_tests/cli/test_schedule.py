"""`pressroom schedule`: a post's times, and another."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from pipeline.store import tables
from pipeline_tests.editorial.newsdesk import POST, approve, newsdesk, post_of, versions_of
from pipeline_tests.editorial.test_rescheduling import OTHER, scheduled

AT = datetime(2035, 7, 2, 7, tzinfo=UTC)  # 9:00 in Berlin
DAY = timedelta(days=1)


@pytest.fixture
def desk(engine):
    newsdesk(engine)
    approve(engine, at=AT.isoformat())
    return engine


@pytest.fixture
def peter(pressroom):
    return lambda *words: pressroom("schedule", *words, "--as", "peter@example.com")


def test_a_posts_times_are_shown_in_the_accounts_zones_and_in_utc(desk, pressroom):
    with desk.begin() as connection:
        connection.execute(sa.text("update distributions set handed_over_for = scheduled_for where timezone like 'A%'"))
    shown = pressroom("schedule", POST)
    assert shown.exit_code == 0
    assert "site  scheduled, fixed  2035-07-02 09:00 Europe/Berlin (2035-07-02 07:00 UTC)" in shown.output
    assert "x     scheduled, fixed  2035-07-02 03:00 America/New_York (2035-07-02 07:00 UTC)" in shown.output
    assert "x holds it for 2035-07-02 03:00 America/New_York" in shown.output


def test_a_post_is_moved_wholly_or_on_one_account_or_to_its_best(desk, peter):
    assert "was 2035-07-02 09:00" in peter(POST, "--at", "2035-07-03 09:00").output
    assert [version.scheduled_for for version in versions_of(desk)] == [AT + DAY] * 2
    assert peter(POST, "--at", "2035-07-04 09:00", "--on", "x").exit_code == 0
    assert [version.scheduled_for for version in versions_of(desk)] == [AT + DAY, AT + 2 * DAY]
    assert peter(POST, "--at", "best").exit_code == 0
    assert all(version.scheduled_for < datetime.now(UTC) + 60 * DAY for version in versions_of(desk))
    assert peter(POST, "--at", "now", "--on", "site").exit_code == 0
    assert versions_of(desk)[0].scheduled_for <= datetime.now(UTC)


def test_what_cannot_be_moved_is_told_in_a_sentence(desk, peter, pressroom):
    for words, said in (
        ((POST, "--at", "soon"), "'soon' is not a time"),
        ((POST, "--on", "x"), "say when, too"),
        ((POST, "--at", "best", "--on", "letter"), "does not go there"),
        (("nothing", "--at", "best"), "No post is called 'nothing'"),
        (("swap", POST, POST), "Name two posts"),
    ):
        result = peter(*words)
        assert result.exit_code == 1
        assert said in result.output
    assert "may not set another time" in pressroom("schedule", POST, "--at", "best", "--as", "ada@example.com").output


def test_posts_change_places_and_give_way(desk, peter):
    scheduled(desk, OTHER, home=AT + DAY, x=AT + DAY)
    swapped = peter("swap", POST, OTHER)
    assert swapped.output.count("was 2035-07-0") == 4
    bumped = peter("bump", POST, "--at", "2035-07-02 09:00")
    assert bumped.exit_code == 1
    assert "There is no time for garden-2" in bumped.output  # the calendar's slots are of the coming weeks
    soon = (datetime.now(UTC) + DAY).replace(microsecond=0)
    peter(OTHER, "--at", soon.isoformat())
    bumped = peter("bump", POST, "--at", soon.isoformat())
    assert bumped.exit_code == 0
    assert "garden-2" in bumped.output


def test_a_list_is_tried_and_then_brought_in(desk, peter, tmp_path):
    file = tmp_path / "times.csv"
    file.write_text(f"post,account,at,timezone\n{POST},x,2035-07-05 09:00,\n", encoding="utf-8-sig")
    assert "Nothing was changed: this is what would be." in peter("import", file, "--dry-run").output
    assert versions_of(desk)[1].scheduled_for == AT
    assert "x  garden-1  2035-07-05 09:00 America/New_York" in peter("import", file).output
    assert "It is so already" in peter("import", file).output
    file.write_bytes("post,account,at,timezone\nü".encode("latin-1"))
    assert "The file is not UTF-8" in peter("import", file).output


def test_a_vertical_is_paused_with_a_reason_and_goes_on(desk, peter, pressroom):
    with desk.begin() as connection:
        slug = connection.scalar(sa.select(tables.publisher_verticals.c.slug))
        connection.execute(tables.distributions.update().values(vertical_id=post_of(desk).vertical_id))
    paused = peter("pause", slug, "--note", "Storm")
    assert f"Scheduled, and kept back: 2. To go on: pressroom schedule resume {slug}" in paused.output
    with desk.connect() as connection:
        v = tables.publisher_verticals.c
        assert connection.execute(sa.select(v.pause_reason, v.paused_at.is_not(None))).one() == (
            "Storm (Peter Publisher)",
            True,
        )
    assert "is paused since" in peter("pause", slug, "--note", "Storm").output
    assert "may not" in pressroom("schedule", "resume", slug, "--as", "ada@example.com").output
    assert "goes on. Scheduled: 2, of which due by now: 0." in peter("resume", slug).output
    assert "is not paused" in peter("resume", slug).output
    assert "There is no vertical 'cooking'" in peter("pause", "cooking", "--note", "Storm").output
    assert "Say why" in peter("pause", slug, "--note", " ").output
