"""Emails that Mailchimp holds until their time: handed over once, asked about, taken back."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.platforms.base import Absent, Changed, NotSent, Published, Rejected, Scheduled, Unknown
from pipeline.sandbox.client import Sandbox
from pipeline.vocabulary import ErrorKind
from pipeline_tests.platforms.rehearsal import Notebook, Platform, platform_of, publish
from pipeline_tests.platforms.test_mailchimp import asked, steps

AT = datetime(2099, 1, 1, 9, 15, tzinfo=UTC)


@pytest.fixture
def mailchimp(sandbox: Sandbox, library: str) -> Platform:
    return platform_of("mailchimp", sandbox, library)


def test_a_campaign_is_handed_over_for_its_time_and_taken_back(mailchimp: Platform):
    adapter, content, notebook = mailchimp.adapter(), mailchimp.content(), Notebook()
    scheduled = adapter.schedule(content, AT.astimezone(ZoneInfo("Asia/Kolkata")), notebook.journal())
    assert isinstance(scheduled, Scheduled)
    assert scheduled.at == AT
    campaign = asked(mailchimp, "GET", f"/campaigns/{scheduled.external_id}")
    assert (campaign["status"], campaign["send_time"]) == ("schedule", "2099-01-01T09:15:00+00:00")
    assert adapter.reconcile(content, notebook.journal()) == scheduled
    assert adapter.schedule(content, AT, notebook.journal()) == scheduled
    for _ in range(2):
        assert adapter.unschedule(scheduled.external_id) == Changed(scheduled.external_id)
    assert isinstance(adapter.reconcile(content, notebook.journal()), Absent)
    assert steps(mailchimp)["campaign_scheduled"] == steps(mailchimp)["campaign_unscheduled"] == 1


@pytest.mark.parametrize("at", [AT + timedelta(minutes=1), AT + timedelta(seconds=30), AT + timedelta(microseconds=1)])
def test_a_time_between_the_quarters_is_refused_and_never_rounded(mailchimp: Platform, at: datetime):
    outcome = mailchimp.adapter().schedule(mailchimp.content(), at, Notebook().journal())
    assert isinstance(outcome, Rejected)
    assert outcome.error.kind is ErrorKind.VALIDATION
    assert steps(mailchimp) == Counter()


def test_a_time_that_is_past_is_mailchimp_s_to_refuse(mailchimp: Platform):
    past = AT.replace(year=2020)
    outcome = mailchimp.adapter().schedule(mailchimp.content(), past, Notebook().journal())
    assert isinstance(outcome, Rejected)
    assert "in the future" in outcome.error.message


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        *((kind, Unknown) for kind in ("drop_after", "drop_before", "server_error", "garbage")),
        ("rate_limit", NotSent),
    ],
)
def test_a_hand_over_that_fails_is_asked_about_and_never_repeated_unasked(
    mailchimp: Platform, kind: str, expected: type
):
    adapter, content, notebook = mailchimp.adapter(), mailchimp.content(), Notebook()
    mailchimp.sandbox.fault("mailchimp", kind, path="/actions/schedule")
    assert isinstance(adapter.schedule(content, AT, notebook.journal()), expected)
    done = steps(mailchimp)["campaign_scheduled"] == 1
    assert isinstance(adapter.reconcile(content, notebook.journal()), Scheduled if done else Absent)
    assert isinstance(adapter.schedule(content, AT, notebook.journal()), Scheduled)
    assert steps(mailchimp)["campaign_scheduled"] == 1


def test_what_is_scheduled_for_another_time_or_sent_is_not_scheduled_over(mailchimp: Platform):
    adapter, content, notebook = mailchimp.adapter(), mailchimp.content(), Notebook()
    adapter.schedule(content, AT, notebook.journal())
    assert isinstance(adapter.schedule(content, AT + timedelta(hours=1), notebook.journal()), Unknown)
    sent, other = mailchimp.content(), Notebook()
    published = publish(adapter, sent, other)
    assert isinstance(adapter.schedule(sent, AT, other.journal()), Unknown)
    assert isinstance(adapter.reconcile(sent, other.journal()), Published)
    assert isinstance(adapter.unschedule(published.external_id), Rejected)


def test_taking_back_what_is_gone_or_was_never_scheduled_holds_already(mailchimp: Platform):
    adapter, notebook = mailchimp.adapter(), Notebook()
    mailchimp.fail("drop_before")
    adapter.publish(mailchimp.content(), notebook.journal())
    for id_ in (notebook.handles["campaign"], "0123456789"):
        assert adapter.unschedule(id_) == Changed(id_)
    mailchimp.sandbox.fault("mailchimp", "server_error", path="/campaigns/")
    assert isinstance(adapter.unschedule("0123456789"), Unknown)
