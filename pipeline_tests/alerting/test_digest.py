"""The daily digest as people get it."""

import threading
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from pipeline.alerting import digest
from pipeline.alerting.channels import alert_handlers
from pipeline.assembly import build_defs
from pipeline.distribution.relay import deliver_due
from pipeline.settings import settings
from pipeline.store import alerts
from pipeline.store.database import transaction
from pipeline.vocabulary import AlertKind
from pipeline_tests import factories

HOUR = timedelta(hours=1)


@pytest.fixture
def day(engine):
    """One of each: published today and long ago, held, to come soon and later, an account paused, an alert."""
    now = datetime.now(UTC)
    with transaction(engine, "test") as connection:
        account = factories.account(connection, account_key="x-main")
        factories.account(connection, account_key="blog", state="paused", state_reason="the password was refused")

        def one(title, **values):
            return factories.distribution(connection, account, title=title, **values)

        live = {"status": "published", "external_url": "https://x.example/1"}
        one("Out today <b>", published_at=now - HOUR, **live)
        one("Out last week", published_at=now - 168 * HOUR, **live)
        held = one("Held one", status="held", hold_reason="2 hours late")
        one("Soon", due_in=2 * HOUR)
        one("Next week", due_in=168 * HOUR)
        connection.execute(
            sa.text(
                "update publisher_posts set title = d.title from distributions d where d.post_id = publisher_posts.id"
            )
        )
        alerts.raise_alert(connection, AlertKind.MISSED, "account x-main", "3 posts of x-main have missed their time")
    return held


def text_of(engine, current):
    with engine.connect() as connection:
        return digest.as_notice(digest.read(connection, current))


def test_it_says_what_was_what_needs_a_person_and_what_comes(engine, configured, day):
    text = text_of(engine, configured()).text
    assert f"  held: Held one (x-main): 2 hours late\n    pressroom distributions show {str(day)[:8]}" in text
    assert "  x-main: 1 published, 0 attempts failed, 1 to come" in text
    assert "  blog: 0 published" in text
    assert "    paused: the password was refused\n    pressroom accounts check blog" in text
    assert "Out today <b> https://x.example/1" in text
    assert "Soon" in text
    assert "Slot missed, since" in text
    for other in ("Out last week", "Next week", "and 0 more"):
        assert other not in text


def test_its_html_shows_titles_as_they_are_and_links_only_to_the_web(engine, configured, day):
    html = text_of(engine, configured()).html
    assert html is not None
    assert '<a href="https://x.example/1">Out today &lt;b&gt;</a>' in html
    with transaction(engine, "test") as connection:
        connection.execute(sa.text("update distributions set external_url = 'javascript:alert(1)'"))
    assert 'href="javascript' not in (text_of(engine, configured()).html or "")


def test_an_empty_day_is_a_digest_too(engine, configured):
    notice = text_of(engine, configured())
    assert "0 published, 0 waiting for a person" in notice.title
    assert "Needs a person: nothing" in notice.text


def test_its_times_and_its_day_are_the_newsrooms(engine, configured, day):
    with engine.connect() as connection:
        made = digest.read(connection, configured(timezone="Pacific/Kiritimati"))
    soon = (datetime.now(UTC) + 2 * HOUR).astimezone(made.made_at.tzinfo)
    assert f"{soon:%H:%M} x-main: Soon" in digest.as_notice(made).text
    with pytest.raises(ValidationError, match="Mars/Base' is not an IANA time zone"):
        configured(timezone="Mars/Base")


def test_a_long_list_is_cut_and_says_so(engine, configured):
    with transaction(engine, "test") as connection:
        account = factories.account(connection)
        for number in range(23):
            factories.distribution(connection, account, title=f"Held {number}", status="held", hold_reason="late")
    text = text_of(engine, configured()).text
    assert "Needs a person: 23" in text
    assert "… and 3 more" in text


def test_the_job_sends_it_once_a_day_on_every_channel(engine, database_resource, everywhere, slack, mailbox):
    job = build_defs(resources={"database": database_resource}).resolve_job_def("daily_digest")
    with dg.DagsterInstance.ephemeral() as instance:
        for _ in range(2):
            assert job.execute_in_process(instance=instance).success
    for _ in range(2):
        deliver_due(engine, alert_handlers(everywhere), worker="test", stop=threading.Event())
    (said,), (mail,) = slack.texts, mailbox.mails
    assert "0 published" in said
    assert mail.get_content_type() == "multipart/alternative"
    with engine.connect() as connection:
        keys = connection.scalars(sa.text("select idempotency_key from outbox order by id")).all()
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert keys == [f"digest:{today}:{channel}" for channel in ("log", "slack", "email")]


def test_the_schedule_has_the_hour_and_the_zone_of_the_settings():
    schedule = build_defs().resolve_schedule_def("digest_daily")
    assert schedule.cron_schedule == f"0 {settings().digest_hour} * * *"
    assert schedule.execution_timezone == settings().timezone
