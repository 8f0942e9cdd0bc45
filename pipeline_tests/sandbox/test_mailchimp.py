import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from mailchimp_marketing import Client
from mailchimp_marketing.api_client import ApiClientError

from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.ledger import Ledger
from pipeline.sandbox.mailchimp.audience import LIST_ID, SEGMENT_ID
from pipeline.sandbox.mailchimp.credentials import ACCOUNT

CONTENT = {"html": "<h1>News</h1><p>Read on.</p><p><a href='*|UNSUB|*'>Unsubscribe</a></p>"}
SETTINGS = {"subject_line": "News", "title": "d-1", "from_name": "Press", "reply_to": "press@example.com"}


def client(sandbox: Sandbox, key: str = ACCOUNT["api_key"]) -> Client:
    made = Client({"api_key": key, "server": ACCOUNT["server_prefix"]})
    made.api_client.host = f"{sandbox.url}/mailchimp/3.0"
    return made


@pytest.fixture
def mailchimp(sandbox: Sandbox) -> Client:
    return client(sandbox)


def create(mailchimp: Client, *, segment: int | None = None, **settings: Any) -> str:
    to: dict[str, Any] = {"list_id": LIST_ID}
    if segment is not None:
        to["segment_opts"] = {"saved_segment_id": segment}
    made = mailchimp.campaigns.create({"type": "regular", "recipients": to, "settings": {**SETTINGS, **settings}})
    return str(made["id"])


def ready(mailchimp: Client, **how: Any) -> str:
    campaign = create(mailchimp, **how)
    mailchimp.campaigns.set_content(campaign, CONTENT)
    return campaign


def problem(error: pytest.ExceptionInfo[ApiClientError]) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(error.value.text)
    assert body.keys() >= {"type", "title", "status", "detail", "instance"}
    assert error.value.status_code == body["status"]
    return body


def test_the_key_is_checked(sandbox: Sandbox, mailchimp: Client):
    assert mailchimp.ping.get()["health_status"] == "Everything's Chimpy!"
    with pytest.raises(ApiClientError) as refused:
        client(sandbox, "another-us99").ping.get()
    assert problem(refused)["title"] == "API Key Invalid"
    missing = httpx.get(f"{sandbox.url}/mailchimp/3.0/ping")
    assert (missing.status_code, missing.json()["title"]) == (401, "API Key Missing")
    assert missing.headers["content-type"] == "application/problem+json"
    bearer = {"Authorization": f"Bearer {ACCOUNT['api_key']}"}
    assert httpx.get(f"{sandbox.url}/mailchimp/3.0/ping", headers=bearer).status_code == 200


def test_a_campaign_goes_from_saved_through_sending_to_sent(mailchimp: Client, sandbox: Sandbox):
    campaign = ready(mailchimp)
    assert mailchimp.campaigns.get(campaign)["status"] == "save"
    assert mailchimp.campaigns.get_send_checklist(campaign)["is_ready"] is True
    assert mailchimp.campaigns.send(campaign).status_code == 204
    seen = [mailchimp.campaigns.get(campaign)["status"]]
    while seen[-1] != "sent":
        seen.append(mailchimp.campaigns.get(campaign)["status"])
    assert list(dict.fromkeys(seen)) == ["sending", "sent"]
    assert mailchimp.campaigns.get(campaign)["emails_sent"] == 1200
    kinds = [effect.kind for effect in sandbox.effects("mailchimp")]
    assert kinds == ["campaign_created", "campaign_content_set", "campaign_sent"]
    assert "News" in httpx.get(mailchimp.campaigns.get(campaign)["archive_url"]).text


def test_a_campaign_is_sent_once(mailchimp: Client, sandbox: Sandbox):
    campaign = ready(mailchimp)
    mailchimp.campaigns.send(campaign)
    for again in (
        lambda: mailchimp.campaigns.send(campaign),
        lambda: mailchimp.campaigns.schedule(campaign, {"schedule_time": "2099-01-01T00:00:00Z"}),
        lambda: mailchimp.campaigns.set_content(campaign, CONTENT),
    ):
        with pytest.raises(ApiClientError) as refused:
            again()
        assert problem(refused)["status"] == 400
    assert [effect.kind for effect in sandbox.effects()].count("campaign_sent") == 1


@pytest.mark.parametrize(
    ("settings", "content"),
    [
        ({}, None),
        ({}, {"html": "<p>No way out</p>"}),
        ({"subject_line": ""}, CONTENT),
        ({"from_name": ""}, CONTENT),
        ({"reply_to": ""}, CONTENT),
    ],
)
def test_what_is_not_ready_is_not_sent(
    mailchimp: Client, sandbox: Sandbox, settings: dict[str, Any], content: dict[str, str] | None
):
    campaign = create(mailchimp, **settings)
    if content:
        mailchimp.campaigns.set_content(campaign, content)
    checklist = mailchimp.campaigns.get_send_checklist(campaign)
    assert not checklist["is_ready"]
    assert "error" in {item["type"] for item in checklist["items"]}
    with pytest.raises(ApiClientError) as refused:
        mailchimp.campaigns.send(campaign)
    assert problem(refused)["detail"] == "Your Campaign is not ready to send."
    with pytest.raises(ApiClientError):
        mailchimp.campaigns.schedule(campaign, {"schedule_time": "2099-01-01T00:00:00Z"})
    assert "campaign_sent" not in {effect.kind for effect in sandbox.effects()}


@pytest.mark.parametrize("time", ["2099-01-01T00:10:00Z", "2099-01-01T00:15:30Z", "2020-01-01T00:15:00Z", "tomorrow"])
def test_a_schedule_is_on_a_quarter_hour_ahead(mailchimp: Client, time: str):
    campaign = ready(mailchimp)
    with pytest.raises(ApiClientError) as refused:
        mailchimp.campaigns.schedule(campaign, {"schedule_time": time})
    assert problem(refused)["status"] == 400
    assert mailchimp.campaigns.get(campaign)["status"] == "save"


def test_a_schedule_can_be_taken_back(mailchimp: Client):
    campaign = ready(mailchimp)
    mailchimp.campaigns.schedule(campaign, {"schedule_time": "2099-01-01T02:15:00+02:00"})
    scheduled = mailchimp.campaigns.get(campaign)
    assert (scheduled["status"], scheduled["send_time"]) == ("schedule", "2099-01-01T00:15:00+00:00")
    mailchimp.campaigns.unschedule(campaign)
    assert mailchimp.campaigns.get(campaign)["status"] == "save"


def test_a_scheduled_campaign_is_sent_at_its_time(tmp_path):
    from pipeline.sandbox.mailchimp.actions import send_due

    ledger = Ledger(tmp_path / "sandbox.sqlite")
    at = datetime(2026, 5, 1, 12, 15, tzinfo=UTC)
    campaign = {"id": "c", "scheduled": at.isoformat(), "sent": None, "html": "x", "settings": {"subject_line": "News"}}
    ledger.put("mailchimp", "campaign", "c", campaign)
    request = "POST /mailchimp/3.0/campaigns/c/actions/schedule"
    ledger.put("mailchimp", "due", "c", {"id": "c", "at": at.isoformat(), "url": "http://here/c", "request": request})
    send_due(ledger, at - timedelta(seconds=1))
    assert ledger.effects() == []
    for _ in range(2):
        send_due(ledger, at + timedelta(hours=1))
    (effect,) = ledger.effects()
    assert (effect.kind, effect.external_id, effect.at, effect.title) == ("campaign_sent", "c", at, "News")
    assert effect.request == request


def test_a_campaign_is_found_by_its_internal_title_after_a_time(mailchimp: Client):
    before = datetime.now(UTC) - timedelta(minutes=1)
    ids = [create(mailchimp, title=f"d-{number}") for number in range(3)]
    found = mailchimp.campaigns.list(
        fields=["campaigns.id", "campaigns.settings.title", "total_items"],
        since_create_time=before.isoformat(),
        list_id=LIST_ID,
        count=2,
        offset=1,
    )
    assert found == {
        "campaigns": [{"id": id_, "settings": {"title": title}} for id_, title in ((ids[1], "d-1"), (ids[0], "d-0"))],
        "total_items": 3,
    }
    after = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    assert mailchimp.campaigns.list(since_create_time=after)["total_items"] == 0
    assert mailchimp.campaigns.list(list_id="another")["total_items"] == 0


def test_a_segment_is_asked_for_by_its_id_and_never_widened(mailchimp: Client):
    campaign = ready(mailchimp, segment=SEGMENT_ID)
    assert mailchimp.campaigns.get(campaign)["recipients"]["recipient_count"] == 400
    for options in ({"saved_segment_id": 1}, {"match": "any", "conditions": []}):
        to = {"list_id": LIST_ID, "segment_opts": options}
        with pytest.raises(ApiClientError) as refused:
            mailchimp.campaigns.create({"type": "regular", "recipients": to})
        (error,) = problem(refused)["errors"]
        assert error["field"] == "recipients.segment_opts.saved_segment_id"


@pytest.mark.parametrize(
    ("campaign", "field"),
    [
        ({}, "type"),
        ({"type": "letter"}, "type"),
        ({"type": "regular", "recipients": {"list_id": "another"}}, "recipients.list_id"),
        ({"type": "regular", "settings": {"subject_line": "x" * 151}}, "settings.subject_line"),
        ({"type": "regular", "settings": {"reply_to": "nobody"}}, "settings.reply_to"),
    ],
)
def test_an_invalid_campaign_is_refused_by_field(mailchimp: Client, campaign: dict[str, Any], field: str):
    with pytest.raises(ApiClientError) as refused:
        mailchimp.campaigns.create(campaign)
    body = problem(refused)
    assert (body["status"], body["title"], body["errors"][0]["field"]) == (400, "Invalid Resource", field)


def test_the_audience_and_its_segments_are_told(mailchimp: Client):
    assert mailchimp.lists.get_list(LIST_ID)["stats"]["member_count"] == 1200
    (segment,) = mailchimp.lists.list_segments(LIST_ID)["segments"]
    assert segment == mailchimp.lists.get_segment(LIST_ID, str(SEGMENT_ID))
    with pytest.raises(ApiClientError) as refused:
        mailchimp.lists.get_list("another")
    assert problem(refused)["status"] == 404


def test_only_what_was_sent_has_a_report(mailchimp: Client):
    draft, sent = ready(mailchimp), ready(mailchimp)
    mailchimp.campaigns.send(sent)
    report = mailchimp.reports.get_campaign_report(sent)
    assert report["emails_sent"] == 1200
    assert {"opens_total", "unique_opens", "open_rate"} <= report["opens"].keys()
    assert {"clicks_total", "unique_clicks", "unique_subscriber_clicks", "click_rate"} <= report["clicks"].keys()
    assert [each["id"] for each in mailchimp.reports.get_all_campaign_reports(count=1000)["reports"]] == [sent]
    with pytest.raises(ApiClientError) as refused:
        mailchimp.reports.get_campaign_report(draft)
    assert problem(refused)["status"] == 404


def test_deleting_a_draft_removes_it(mailchimp: Client):
    campaign = ready(mailchimp)
    mailchimp.campaigns.remove(campaign)
    with pytest.raises(ApiClientError) as refused:
        mailchimp.campaigns.get(campaign)
    assert problem(refused)["title"] == "Resource Not Found"
