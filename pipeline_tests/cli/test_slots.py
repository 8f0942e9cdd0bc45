"""`pressroom slots`, `campaigns`, `lifetime` and `verticals manners` as they are typed."""

from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa

from pipeline import clock
from pipeline.store import calendar, calendar_slots, posting_rules, tables
from pipeline.store.calendar import Booking
from pipeline.store.database import transaction
from pipeline_tests import factories

BERLIN = "Europe/Berlin"


@pytest.fixture
def account(engine):
    with transaction(engine, "test") as connection:
        return factories.account(connection, account_key="site", name="site", is_home=True, timezone=BERLIN)


@pytest.fixture
def post(engine):
    with transaction(engine, "test") as connection:
        factories.user(connection, full_name="Ada", roles=["publisher"])
        garden = factories.vertical(connection, slug="garden", timezone=BERLIN)
        factories.post(connection, garden, factories.user(connection), canonical_id="garden-0123456789")
    return "garden-0123456789"


def entries(engine, account_id, days=56):
    now = datetime.now(UTC)
    with engine.connect() as connection:
        return calendar_slots.entries(connection, account_id, now, now + timedelta(days=days))


def local(entry):
    return clock.local(entry.at, BERLIN)


def identifier_of(output, line):
    return next(row.split()[0] for row in output.splitlines() if line in row)


def test_rules_are_added_listed_shown_and_removed(pressroom, engine, account):
    assert "every day 07:00-22:00 hourly · the default: your first rule replaces it" in pressroom("slots").output
    added = pressroom("slots", "add", "site", "tue,thu", "09:00,17:30", "--type", "prime")
    assert "Added: Tue, Thu 09:00, 17:30 · prime" in added.output
    assert added.output.count("09:00") + added.output.count("17:30") >= 5  # the rule, and its next three
    assert {(local(each).weekday() in (1, 3), f"{local(each):%H:%M}") for each in entries(engine, account)} == {
        (True, "09:00"),
        (True, "17:30"),
    }
    listed = pressroom("slots").output
    assert "hourly" not in listed
    assert "09:00 prime, 17:30 prime" in pressroom("slots", "site").output
    assert pressroom("slots", "remove", identifier_of(listed, "Tue, Thu")).exit_code == 0
    assert "07:00-22:00 hourly" in pressroom("slots").output


def test_a_rule_is_kept_as_it_was_meant(pressroom, engine, account):
    for words, rrule, times in [
        (("mon-fri 9:00", "--every", "2 weeks"), "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU,WE,TH,FR", [time(9)]),
        (("09:00,12:00", "--rrule", "FREQ=MONTHLY;BYDAY=2TU"), "FREQ=MONTHLY;BYDAY=2TU", [time(9), time(12)]),
        (("--rrule", "FREQ=DAILY;BYHOUR=8,20"), "FREQ=DAILY;BYHOUR=8,20", []),
    ]:
        assert pressroom("slots", "add", "site", *words).exit_code == 0
        with engine.connect() as connection:
            rule = posting_rules.of(connection, [account])[-1]
        assert (rule.rrule, list(rule.times)) == (rrule, times)


@pytest.mark.usefixtures("account")
def test_a_rule_that_can_not_be_is_refused_and_nothing_is_kept(pressroom, engine):
    for words, reason in [
        (("nowhere", "9:00"), "No account is called 'nowhere'"),
        (("site", "tue"), "says no times"),
        (("site", "9:00", "--rrule", "FREQ=DAILY", "--every", "day"), "leave --every away"),
        (("site", "9:00", "--rrule", "FREQ=DAILY;INTERVAL=0"), "INTERVAL must be"),
        (("site", "9:00", "--until", "2020-01-01"), "Its last day, 2020-01-01, is before its first"),
        (("site", "9:00", "--from", "2019-01-01", "--until", "2020-01-01"), "Its last day, 2020-01-01, is over"),
        (("site", "9:00", "--campaign", "advent"), "There is no campaign 'advent'; there are: none"),
    ]:
        result = pressroom("slots", "add", *words)
        assert (result.exit_code, reason in " ".join(result.output.split())) == (1, True), result.output
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.posting_rules)) == 0


@pytest.mark.usefixtures("account")
def test_a_rule_that_is_there_already_is_not_kept_twice(pressroom):
    pressroom("slots", "add", "site", "9:00")
    assert "site has that rule already" in pressroom("slots", "add", "site", "09:00").output


def test_a_slot_is_locked_and_unlocked_by_somebody(pressroom, engine, account, post):
    pressroom("slots", "add", "site", "9:00")
    at = f"{local(entries(engine, account)[2]):%Y-%m-%dT%H:%M}"
    assert "Say who you are" in pressroom("slots", "lock", "site", at).output
    assert "is locked now" in pressroom("slots", "lock", "site", at, "--as", "Ada").output
    assert "09:00 locked by Ada" in pressroom("slots", "site").output
    pressroom("slots", "sync")
    assert [entry.lock_set_by for entry in entries(engine, account) if entry.is_locked] == ["Ada"]
    assert "is not locked now" in pressroom("slots", "unlock", "site", at, "--as", "Ada").output
    assert not [entry for entry in entries(engine, account) if entry.is_locked]
    nowhere = pressroom("slots", "lock", "site", at.replace("09:00", "09:01"), "--as", "Ada")
    assert (nowhere.exit_code, "site has no slot at" in nowhere.output) == (1, True)
    assert "is not a time" in pressroom("slots", "lock", "site", "noon", "--as", "Ada").output


def test_what_closes_an_account_takes_its_free_slots_and_tells_which_post_stays(pressroom, engine, account):
    pressroom("slots", "add", "site", "9:00,15:00")
    nine = next(entry.at for entry in entries(engine, account)[2:] if local(entry).hour == 9)
    with transaction(engine, "test") as connection:
        post_id, review_id = factories.approved_post(connection, canonical_id="garden-0000000001")
        held = factories.distribution(
            connection, account, post_id=post_id, review_id=review_id, scheduled_for=nine, next_attempt_at=nine
        )
        calendar.book(connection, [Booking(held, account, nine, BERLIN)])
    closed = pressroom("slots", "quiet", "all", "08:00-10:00", "--days", "mon-sun")
    assert f"garden-0000000001 stays on site at {clock.local(nine, BERLIN):%Y-%m-%d} 09:00" in closed.output
    assert [local(entry).hour for entry in entries(engine, account)].count(9) == 1
    shown = pressroom("slots", "site").output
    assert "09:00 garden-0000000001 · quiet hours 08:00-10:00" in " ".join(shown.split())
    assert "That stands already" in pressroom("slots", "quiet", "all", "08:00-10:00").output
    listed = pressroom("slots").output
    assert "quiet 08:00-10:00, every day (every account)" in listed
    assert pressroom("slots", "remove", identifier_of(listed, "quiet")).exit_code == 0
    assert [local(entry).hour for entry in entries(engine, account)].count(9) > 50


def test_blackouts_and_holidays_are_listed_as_they_close(pressroom, engine, account):
    day = clock.local(datetime.now(UTC), BERLIN).date() + timedelta(days=3)
    pressroom("slots", "add", "site", "9:00")
    assert (
        pressroom("slots", "blackout", "site", day, day + timedelta(days=1), "--reason", "stock[bold]").exit_code == 0
    )
    assert pressroom("slots", "holidays", "site", "de", "BY").exit_code == 0
    listed = pressroom("slots").output
    assert f"closed {day} 00:00 until {day + timedelta(days=2)} 00:00: stock[bold]" in listed
    assert "closed on the holidays of DE, BY" in listed
    shown = {local(entry).date() for entry in entries(engine, account)}
    assert not shown & {day, day + timedelta(days=1)}


@pytest.mark.usefixtures("account")
def test_what_can_not_be_meant_is_refused(pressroom):
    for words, reason in [
        (("quiet", "site", "22:00"), "has no end"),
        (("quiet", "site", "22:00-25:00"), "no time of day"),
        (("quiet", "site", "22:00-07:00", "--days", "someday"), "is no day of the week"),
        (("blackout", "site", "2026-12-24", "2026-12-23", "--reason", "x"), "is not after"),
        (("blackout", "site", "2026-12-24", "--reason", " "), "Say the reason"),
        (("holidays", "site", "XX"), "No holidays are known of 'XX'"),
        (("remove", "zzzz"), "is none of those"),
        (("remove", ""), "is none of those"),
        (("show", "nowhere"), "No account is called"),
    ]:
        result = pressroom("slots", *words)
        assert (result.exit_code, reason in " ".join(result.output.split())) == (1, True), result.output


def test_the_default_rule_is_replaced_and_not_removed(pressroom, account):
    result = pressroom("slots", "remove", identifier_of(pressroom("slots").output, "hourly"))
    assert (result.exit_code, "the first that you add replaces it" in result.output) == (1, True)


def test_a_campaign_keeps_slots_for_its_posts_within_its_time(pressroom, engine, account, post):
    day = clock.local(datetime.now(UTC), BERLIN).date() + timedelta(days=3)
    assert "There are none yet" in pressroom("campaigns").output
    assert pressroom("campaigns", "add", "advent", "garden", day, day).exit_code == 0
    assert f"advent, {day} 00:00 until" not in pressroom("campaigns").output
    pressroom("slots", "add", "site", "12:30", "--campaign", "advent")
    kept = [local(entry) for entry in entries(engine, account) if entry.campaign == "advent"]
    assert kept == [datetime.combine(day, time(12, 30))]
    assert f"{post} is in advent" in pressroom("campaigns", "put", "advent", "garden-01").output
    assert "posts: 1" in pressroom("campaigns").output
    later = day + timedelta(days=1)
    assert pressroom("campaigns", "move", "advent", later, later).exit_code == 0
    kept = [local(entry).date() for entry in entries(engine, account) if entry.campaign == "advent"]
    assert kept == [later]
    assert f"{post} is out of advent" in pressroom("campaigns", "drop", post).output
    assert "is in no campaign" in pressroom("campaigns", "drop", post).output
    pressroom("campaigns", "put", "advent", post)
    assert "its posts (1) are in no campaign now" in pressroom("campaigns", "remove", "advent").output
    assert not [entry for entry in entries(engine, account) if entry.campaign or local(entry).minute == 30]
    with engine.connect() as connection:
        assert connection.scalar(sa.select(tables.publisher_posts.c.campaign_id)) is None


def test_a_campaign_that_can_not_be_is_refused(pressroom, engine, post):
    with transaction(engine, "test") as connection:
        factories.vertical(connection, slug="kitchen")
    pressroom("campaigns", "add", "easter", "kitchen", "2027-03-01", "2027-04-01")
    for words, reason in [
        (("add", "easter", "garden", "2027-03-01", "2027-04-01"), "There is a campaign easter already"),
        (("add", "Not A Name", "garden", "2027-03-01", "2027-04-01"), "can't be its name"),
        (("add", "x", "garden", "2027-03-02", "2027-03-01"), "is not after"),
        (("add", "x", "cellar", "2027-03-01", "2027-04-01"), "There is no vertical 'cellar'"),
        (("put", "easter", post), "is not kitchen's"),
        (("put", "none", post), "There is no campaign 'none'; there are: easter"),
    ]:
        result = pressroom("campaigns", *words)
        assert (result.exit_code, reason in " ".join(result.output.split())) == (1, True), result.output


def test_a_posts_lifetime_is_shown_and_set_and_is_never_both(pressroom, engine, post):
    assert "best soon, and never too late" in pressroom("lifetime", post).output
    day = clock.local(datetime.now(UTC), BERLIN).date() + timedelta(days=30)
    assert f"of no use from {day} 18:00 {BERLIN} on" in pressroom("lifetime", post, "--expires", f"{day}T18:00").output
    with engine.connect() as connection:
        expires_at = connection.scalar(sa.select(tables.publisher_posts.c.expires_at))
    assert expires_at == clock.instant(datetime.combine(day, time(18)), BERLIN)
    assert "is evergreen" in pressroom("lifetime", post, "--evergreen").output
    assert "best soon" in pressroom("lifetime", post, "--ordinary").output
    assert "One of --expires" in pressroom("lifetime", post, "--evergreen", "--ordinary").output
    assert "is past" in pressroom("lifetime", post, "--expires", "2020-01-01").output
    assert "is not a time" in pressroom("lifetime", post, "--expires", "soon").output


@pytest.mark.usefixtures("post")
def test_how_far_a_verticals_posts_keep_apart_is_shown_and_set(pressroom):
    assert "60 minutes between two posts on the home" in pressroom("verticals", "manners", "garden").output
    told = pressroom("verticals", "manners", "garden", "--site-buffer", "0", "--topic-gap", "48").output
    assert "0 minutes between two posts on the home" in told
    assert "30 minutes between two accounts" in told
    assert "48 hours between two posts" in told
    assert pressroom("verticals", "manners", "garden", "--site-buffer", "-1").exit_code == 2
