"""`pressroom calendar` as it is typed: the coming days, the files, the feed's address."""

import csv
from datetime import UTC, datetime, timedelta

import icalendar
import pytest

from pipeline import clock
from pipeline.settings import settings
from pipeline.store.database import transaction
from pipeline.store.tables import distributions
from pipeline_tests import factories

AT = datetime.now(UTC).replace(minute=30, second=0, microsecond=0) + timedelta(days=2)


@pytest.fixture(autouse=True)
def _newsroom(engine):
    with transaction(engine, "test") as connection:
        account_id = factories.account(connection, account_key="x-main", timezone="Asia/Kolkata")
        factories.account(connection, account_key="x-other", timezone="America/New_York")
        post_id, review_id = factories.approved_post(
            connection, canonical_id="garden-1", title="=How [bold] to\x1b prune"
        )
        identifier = factories.distribution(connection, account_id, post_id=post_id, review_id=review_id)
        connection.execute(
            distributions.update().where(distributions.c.id == identifier).values(scheduled_for=AT, is_pinned=True)
        )


def test_the_coming_days_show_what_goes_out_by_both_clocks_and_what_is_free(pressroom):
    shown = pressroom("calendar", "--days", 4)
    assert shown.exit_code == 0, shown.output
    local = clock.local(AT, "Asia/Kolkata")
    text = " ".join(shown.output.split())
    assert f"{local:%a} {local.day} {local:%b} {local.year} {local:%H:%M} IST" in text
    assert f"{AT:%H:%M} UTC x-main =How [bold] to␛ prune (fixed)" in text
    assert "nothing" in text
    assert "free: x-main 16, x-other 16" in text


def test_only_one_accounts_days_can_be_shown_and_an_unknown_one_is_told(pressroom):
    assert "How" not in pressroom("calendar", "--account", "x-other").output
    refused = pressroom("calendar", "--account", "y")
    assert refused.exit_code == 1
    assert "There is no account y; there is x-main, x-other." in " ".join(refused.output.split())


def test_a_file_for_calendar_programs_and_one_for_spreadsheets(pressroom, tmp_path):
    written = pressroom("calendar", "export", "--format", "ics")
    (event,) = icalendar.Calendar.from_ical(written.stdout_bytes).walk("VEVENT")
    assert event.decoded("dtstart") == AT
    path = tmp_path / "calendar.csv"
    assert "1 entries written to" in pressroom("calendar", "export", "--format", "csv", "--to", path).output
    assert path.read_bytes().startswith("\ufeff".encode())
    with path.open(encoding="utf-8-sig", newline="") as lines:
        (row,) = csv.DictReader(lines)
    assert clock.parse(row["at"], row["timezone"]) == AT
    assert row["title"].startswith("'=")
    assert pressroom("calendar", "export", "--format", "csv", "--days", 1).stdout.splitlines()[1:] == []
    unwritable = pressroom("calendar", "export", "--format", "csv", "--to", tmp_path / "none" / "x.csv")
    assert unwritable.exit_code == 1
    assert "can't be written: No such file or directory" in " ".join(unwritable.output.split())


def test_an_exported_file_imports_as_it_is_and_a_time_changed_in_it_is_moved_exactly_there(pressroom, engine, tmp_path):
    path, again = tmp_path / "calendar.csv", tmp_path / "again.csv"
    with transaction(engine, "test") as connection:
        factories.user(connection, full_name="Ada", email="ada@example.com", roles=["publisher"])
        other = factories.account(connection, account_key="x-third")
        factories.distribution(connection, other, due_in=timedelta(days=1))
        factories.distribution(connection, other, due_in=timedelta(days=2), status="held", hold_reason="ask")
        of_no_post = factories.distribution(connection, other, due_in=timedelta(days=3))
        connection.execute(distributions.update().where(distributions.c.id == of_no_post).values(post_id=None))
    pressroom("calendar", "export", "--format", "csv", "--to", path)
    unchanged = pressroom("schedule", "import", path, "--as", "Ada")
    assert unchanged.exit_code == 0, unchanged.output
    pressroom("calendar", "export", "--format", "csv", "--to", again)
    assert again.read_bytes() == path.read_bytes()

    local, later = clock.local(AT, "Asia/Kolkata"), clock.local(AT, "Asia/Kolkata") + timedelta(hours=30, seconds=7)
    path.write_text(path.read_text(encoding="utf-8").replace(str(local), str(later)), encoding="utf-8")
    moved = pressroom("schedule", "import", path, "--as", "Ada")
    assert moved.exit_code == 0, moved.output
    (event,) = icalendar.Calendar.from_ical(
        pressroom("calendar", "export", "--format", "ics", "--account", "x-main").stdout_bytes
    ).walk("VEVENT")
    assert event.decoded("dtstart") == AT + timedelta(hours=30, seconds=7)
    assert event.decoded("sequence") > 0


def test_the_feeds_address_stays_until_it_is_rotated_and_names_the_proxy_where_there_is_one(pressroom, monkeypatch):
    first = pressroom("calendar", "feed").output.split()[0]
    assert first.startswith("http://127.0.0.1:3004/")
    assert first.endswith("/calendar.ics")
    assert pressroom("calendar", "feed").output.split()[0] == first
    assert pressroom("calendar", "feed", "--rotate").output.split()[0] != first
    monkeypatch.setenv("PRESSROOM_FEED_URL", "https://news.example/feed/")
    settings.cache_clear()
    assert pressroom("calendar", "feed").output.startswith("https://news.example/feed/")
