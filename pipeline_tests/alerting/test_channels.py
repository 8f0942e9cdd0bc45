"""What arrives on each channel, and what becomes of a channel that fails."""

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from pipeline.alerting.channels import alert_handlers
from pipeline.distribution.relay import DeliveryError, deliver_due
from pipeline.store import alerts
from pipeline.store.database import transaction
from pipeline.vocabulary import AlertKind

MESSAGE = "“Pruning <b>& more</b>” on x-main is failed: 280 is the limit. pressroom distributions show 1f0c2d3e"


def happen(engine, *, over=False):
    """An alert, and its end a while ago."""
    with transaction(engine, "test") as connection:
        alerts.raise_alert(connection, AlertKind.FAILED, "distribution 1f0c2d3e", MESSAGE)
        if over:
            alerts.resolve(connection, AlertKind.FAILED, "distribution 1f0c2d3e")
            connection.execute(sa.text("update outbox set available_at = now()"))


def deliver(engine, settings):
    with capture_logs() as logs:
        deliver_due(engine, alert_handlers(settings), worker="test", stop=threading.Event())
    return [entry for entry in logs if entry["event"] == "alert"]


def undelivered(engine):
    with engine.connect() as connection:
        rows = connection.execute(sa.text("select topic, last_error from outbox where delivered_at is null"))
        return {row.topic: row.last_error for row in rows}


def payload(**values):
    at = "2026-11-21T09:00:00+00:00"
    return {"id": 7, "kind": "failed", "subject": "distribution 1f0c", "message": "no", "event": "raised",
            "raised_at": at, "at": at, **values}  # fmt: skip


def test_an_alert_reaches_the_log_slack_and_the_mailbox_once(engine, everywhere, slack, mailbox):
    happen(engine)
    (logged,) = deliver(engine, everywhere)
    assert deliver(engine, everywhere) == []
    (said,) = slack.texts
    (mail,) = mailbox.mails
    assert logged["title"] == "Not published: distribution 1f0c2d3e"
    for text in (logged["text"], mail.get_content()):
        assert MESSAGE in text
        assert re.search(r"Since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\.", text)
    assert said.startswith("*Not published: distribution 1f0c2d3e*\n“Pruning &lt;b&gt;&amp; more&lt;/b&gt;” on x-main")


def test_its_end_is_told_as_an_answer_to_its_beginning(engine, everywhere, slack, mailbox):
    happen(engine, over=True)
    deliver(engine, everywhere)
    beginning, end = sorted(mailbox.mails, key=lambda mail: "In-Reply-To" in mail)
    assert end["Subject"] == "[Pressroom] Resolved: Not published: distribution 1f0c2d3e"
    assert end["In-Reply-To"] == end["References"] == beginning["Message-ID"]
    assert any(text.startswith("*Resolved: ") for text in slack.texts)


def test_a_channel_that_fails_is_tried_again_without_repeating_the_others(engine, everywhere, slack, mailbox):
    slack.status = 503
    happen(engine)
    deliver(engine, everywhere)
    assert undelivered(engine) == {"alert.slack": "the webhook answered 503"}
    slack.status = 200
    with transaction(engine, "test") as connection:
        connection.execute(sa.text("update outbox set available_at = now() where delivered_at is null"))
    assert deliver(engine, everywhere) == []
    assert undelivered(engine) == {}
    assert (len(slack.texts), len(mailbox.mails)) == (2, 1)


def test_where_no_channel_is_set_up_the_log_has_it_and_nothing_is_left_over(engine, configured):
    happen(engine)
    assert len(deliver(engine, configured())) == 1
    assert undelivered(engine) == {}


def slack_error(settings):
    with pytest.raises(DeliveryError) as caught:
        alert_handlers(settings)["alert.slack"]("key", payload())
    return caught.value


@pytest.mark.parametrize(
    ("status", "permanent"), [(400, True), (403, False), (404, False), (410, False), (500, False), (302, False)]
)
def test_only_a_message_that_slack_will_never_take_is_given_up(everywhere, slack, status, permanent):
    slack.status, slack.headers = status, {"Location": "http://127.0.0.1:9/"}
    error = slack_error(everywhere)
    assert error.permanent == permanent
    assert str(status) in str(error)


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        ("30", 25, 30),
        ("999999", 3595, 3600),
        ("soon", 55, 60),
        ("", 55, 60),
        ("Sat, 01 Jan 2000 00:00:00 GMT", -5, 0),
        ("9" * 400, 55, 3600),
    ],
)
def test_slack_is_left_alone_for_as_long_as_it_asks_within_reason(everywhere, slack, said, least, most):
    slack.status, slack.headers = 429, {"Retry-After": said}
    error = slack_error(everywhere)
    assert error.retry_at is not None
    assert timedelta(seconds=least) <= error.retry_at - datetime.now(UTC) <= timedelta(seconds=most)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/services/secret", "nonsense/secret", "http://[::1/secret"])
def test_a_webhook_that_can_not_be_reached_is_told_without_its_address(configured, url):
    error = slack_error(configured(alert_webhook_url=url))
    assert "secret" not in str(error)
    assert error.__suppress_context__
    assert not error.permanent
