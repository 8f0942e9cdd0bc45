"""Mailchimp beyond what every adapter promises."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from pipeline.platforms.base import (
    Absent,
    Gone,
    Inconclusive,
    Metrics,
    NotSent,
    Published,
    Rejected,
    Scheduled,
    Unknown,
)
from pipeline.platforms.content import Content
from pipeline.platforms.mailchimp.preparation import Prepared
from pipeline.platforms.mailchimp.report import metrics_of
from pipeline.platforms.registry import open_adapter
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.mailchimp.audience import SEGMENT_ID
from pipeline.sandbox.mailchimp.credentials import ACCOUNT
from pipeline.vocabulary import ErrorKind
from pipeline_tests.platforms.conftest import answering, reply
from pipeline_tests.platforms.rehearsal import Notebook, Platform, platform_of, publish
from pipeline_tests.platforms.rehearsals.mailchimp import EMAIL


@pytest.fixture
def mailchimp(sandbox: Sandbox, library: str) -> Platform:
    return platform_of("mailchimp", sandbox, library)


def asked(mailchimp: Platform, method: str, path: str, **request: Any) -> Any:
    answer = httpx.request(method, f"{mailchimp.config['base_url']}{path}", auth=("any", ACCOUNT["api_key"]), **request)
    return answer.raise_for_status().json() if answer.content else None


def steps(mailchimp: Platform) -> Counter[str]:
    return Counter(effect.kind for effect in mailchimp.sandbox.effects("mailchimp"))


def test_a_campaign_says_what_was_asked_and_its_tag_is_not_for_readers(mailchimp: Platform):
    content = mailchimp.content(platform_specific={"preview_text": "In short.", "plain_text": "Plain *|UNSUB|*"})
    published = publish(mailchimp.adapter(), content)
    campaign = asked(mailchimp, "GET", f"/campaigns/{published.external_id}")
    assert campaign["settings"] | {"to_name": ""} == {
        "title": f"pressroom {content.distribution_id}",
        "subject_line": content.title,
        "preview_text": "In short.",
        "from_name": "The Editors",
        "reply_to": "editors@example.com",
        "to_name": "",
    }
    body = asked(mailchimp, "GET", f"/campaigns/{published.external_id}/content")
    assert (body["html"], body["plain_text"]) == (EMAIL, "Plain *|UNSUB|*")
    assert "segment_opts" not in campaign["recipients"]


@pytest.mark.parametrize("keep_handle", [True, False])
def test_an_attempt_after_a_failure_goes_on_with_the_same_campaign(mailchimp: Platform, keep_handle: bool):
    adapter, content, notebook = mailchimp.adapter(), mailchimp.content(), Notebook()
    mailchimp.sandbox.fault("mailchimp", "server_error", path="/content", method="PUT")
    assert isinstance(adapter.publish(content, notebook.journal()), NotSent)
    if not keep_handle:  # the worker died before the handle was kept
        notebook.handles.clear()
    assert isinstance(adapter.reconcile(content, notebook.journal()), Absent)
    publish(adapter, content, notebook)
    assert steps(mailchimp)["campaign_created"] == 1
    assert steps(mailchimp)["campaign_sent"] == 1


def test_a_campaign_whose_creation_was_not_answered_is_found_by_its_tag(mailchimp: Platform):
    adapter, content, notebook = mailchimp.adapter(), mailchimp.content(), Notebook()
    mailchimp.sandbox.fault("mailchimp", "drop_after", path="/campaigns", method="POST")
    assert isinstance(adapter.publish(content, notebook.journal()), NotSent)
    assert notebook.handles == {}
    publish(adapter, content, notebook)
    assert steps(mailchimp)["campaign_created"] == 1
    assert list(notebook.handles) == ["campaign"]


def test_what_changed_between_the_attempts_is_what_is_sent(mailchimp: Platform):
    adapter, content, notebook = mailchimp.adapter(), mailchimp.content(), Notebook()
    mailchimp.fail("drop_before")
    adapter.publish(content, notebook.journal())
    corrected = replace(content, title="Corrected", body=f"{EMAIL} better")
    publish(adapter, corrected, notebook)
    (sent,) = mailchimp.effects()
    assert (sent.title, sent.text) == ("Corrected", f"{EMAIL} better")


def test_a_second_attempt_that_was_the_quicker_is_proof_and_not_a_failure(mailchimp: Platform):
    adapter, content, notebook = mailchimp.adapter(), mailchimp.content(), Notebook()
    mailchimp.fail("drop_before")
    adapter.publish(content, notebook.journal())
    campaign = notebook.handles["campaign"]
    journal = notebook.journal()
    asked(mailchimp, "POST", f"/campaigns/{campaign}/actions/send")
    # Frozen between its last look and its sending, this attempt finds the campaign sent.
    outcome = adapter._send(Prepared(campaign, {}))  # type: ignore[attr-defined]
    assert isinstance(outcome, Published)
    assert isinstance(adapter.publish(content, journal), Published)
    assert len(mailchimp.effects()) == 1


def test_a_campaign_that_somebody_scheduled_by_hand_is_left_alone(mailchimp: Platform):
    adapter, content, notebook = mailchimp.adapter(), mailchimp.content(), Notebook()
    mailchimp.fail("drop_before")
    adapter.publish(content, notebook.journal())
    campaign = notebook.handles["campaign"]
    asked(mailchimp, "POST", f"/campaigns/{campaign}/actions/schedule", json={"schedule_time": "2099-01-01T00:00:00Z"})
    outcome = adapter.publish(content, notebook.journal())
    assert isinstance(outcome, Unknown)
    assert "schedule" in outcome.error.message
    asked_again = adapter.reconcile(content, notebook.journal())
    assert isinstance(asked_again, Scheduled)
    assert asked_again.at == datetime(2099, 1, 1, tzinfo=UTC)
    assert mailchimp.effects() == []


def test_a_token_of_oauth_speaks_for_the_account_too(mailchimp: Platform):
    token = {"access_token": ACCOUNT["api_key"], "server_prefix": "us99"}
    publish(mailchimp.adapter(credentials=token), mailchimp.content())
    seen = []

    def note(request) -> None:
        seen.append(request.headers["Authorization"])
        reply(request, 401, b"{}")

    with answering(note) as url:
        adapter = mailchimp.adapter(credentials=token, publish_config=mailchimp.elsewhere(url))
        adapter.publish(mailchimp.content(), Notebook().journal())
    assert seen == [f"Bearer {ACCOUNT['api_key']}"]


def test_a_segment_that_was_asked_for_gets_it_and_nobody_else(mailchimp: Platform):
    for place in ("publish_config", "platform_specific"):
        mailchimp.sandbox.clear()
        wanted = {"segment_id": SEGMENT_ID}
        config = {**mailchimp.config, **(wanted if place == "publish_config" else {})}
        content = mailchimp.content(platform_specific=wanted if place == "platform_specific" else {})
        published = publish(mailchimp.adapter(publish_config=config), content)
        recipients = asked(mailchimp, "GET", f"/campaigns/{published.external_id}")["recipients"]
        assert recipients["segment_opts"]["saved_segment_id"] == SEGMENT_ID


@pytest.mark.parametrize("segment", [None, "", "vip", 4711])
def test_a_segment_that_is_missing_is_an_error_and_never_the_whole_list(mailchimp: Platform, segment: Any):
    adapter = mailchimp.adapter(publish_config={**mailchimp.config, "segment_id": segment})
    outcome = adapter.publish(mailchimp.content(), Notebook().journal())
    assert isinstance(outcome, Rejected)
    assert outcome.error.kind is ErrorKind.VALIDATION
    assert steps(mailchimp) == Counter()
    if segment != 4711:
        assert [problem.field for problem in adapter.validate(mailchimp.content())] == ["segment_id"]


def test_a_campaign_that_would_go_to_others_than_was_asked_is_not_sent(mailchimp: Platform):
    adapter, content, notebook = mailchimp.adapter(), mailchimp.content(), Notebook()
    made = []

    def careless(request) -> None:
        """A Mailchimp that takes the campaign and forgets the segment."""
        made.append(request.path)
        body = b'{"id": "c1", "status": "save", "recipients": {"list_id": "5a0db0c501"}, "campaigns": []}'
        reply(request, 200, body, Content_Type="application/json")

    with answering(careless) as url:
        config = {**mailchimp.elsewhere(url), "segment_id": SEGMENT_ID}
        outcome = mailchimp.adapter(publish_config=config).publish(content, notebook.journal())
    assert isinstance(outcome, Rejected)
    assert "recipients" in outcome.error.message
    assert not [path for path in made if "/actions/send" in path]
    assert isinstance(adapter.reconcile(content, Notebook().journal()), Absent)


def test_a_campaign_that_mailchimp_holds_for_unready_is_rejected_with_the_reasons(mailchimp: Platform):
    outcome = mailchimp.adapter().publish(mailchimp.content(body="<p>No way out</p>"), Notebook().journal())
    assert isinstance(outcome, Rejected)
    assert "Unsubscribe" in outcome.error.message
    assert mailchimp.effects() == []


@pytest.mark.parametrize(("status", "body"), [(502, b""), (503, b"{}")])
def test_a_failure_without_a_body_is_no_success(mailchimp: Platform, status: int, body: bytes):
    with answering(lambda request: reply(request, status, body, Content_Type="application/json")) as url:
        adapter = mailchimp.adapter(publish_config=mailchimp.elsewhere(url))
        assert isinstance(adapter._send(Prepared("c1", {})), Unknown)  # type: ignore[attr-defined]
        assert isinstance(adapter.reconcile(mailchimp.content(), Notebook().journal()), Inconclusive)


def test_a_403_without_json_is_throttling(mailchimp: Platform):
    with answering(lambda request: reply(request, 403, b"<html>")) as url:
        outcome = mailchimp.adapter(publish_config=mailchimp.elsewhere(url)).publish(
            mailchimp.content(), Notebook().journal()
        )
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.RATE_LIMITED


def test_two_accounts_do_not_share_a_client(mailchimp: Platform):
    seen: list[str] = []
    paths: set[str] = set()

    def note(request) -> None:
        seen.append(str(request.headers["Authorization"]))
        paths.add(request.path)
        reply(request, 200, b'{"account_name": "x"}', Content_Type="application/json")

    with answering(note) as url:
        config = mailchimp.elsewhere(f"{url}/server")  # a word that the SDK would replace
        one, two = (
            open_adapter(
                mailchimp.account(
                    publish_config=config, credentials={"api_key": f"key-of-{n}-us1", "server_prefix": "us1"}
                )
            )
            for n in ("one", "two")
        )
        for adapter in (one, two, one):
            adapter.whoami()
    assert seen[0] == seen[2] != seen[1]
    assert paths == {"/server/mailchimp/3.0/"}


@pytest.mark.parametrize(
    ("role", "missing"),
    [("author", ["sending campaigns"]), ("viewer", ["sending campaigns"])]
    + [(role, []) for role in ("manager", "admin", "owner", None)],
)
def test_a_role_that_may_not_send_is_told(mailchimp: Platform, role: str | None, missing: list[str]):
    body = json.dumps({"account_name": "Ann", "role": role}).encode()
    with answering(lambda request: reply(request, 200, body, Content_Type="application/json")) as url:
        identity = mailchimp.adapter(publish_config=mailchimp.elsewhere(url)).whoami()
    assert (identity.name, list(identity.missing_scopes)) == ("Ann", missing)


def test_a_report_is_read_by_email_s_own_definitions():
    report = {
        "emails_sent": 1000,
        "unsubscribed": 3,
        "bounces": {"hard_bounces": 10, "soft_bounces": 15},
        "opens": {"opens_total": 600, "unique_opens": 400, "open_rate": 0.41},
        "clicks": {"clicks_total": 90, "unique_clicks": 80, "unique_subscriber_clicks": 70, "click_rate": 0.07},
        "forwards": {"forwards_count": 2},
    }
    assert metrics_of(report) == Metrics(
        reach=975,
        engagements=400,
        clicks=70,
        shares=2,
        platform_metrics={
            "emails_sent": 1000,
            "unsubscribed": 3,
            "opens_total": 600,
            "unique_opens": 400,
            "open_rate": 0.41,
            "clicks_total": 90,
            "unique_clicks": 80,
            "click_rate": 0.07,
            "hard_bounces": 10,
            "soft_bounces": 15,
        },
    )
    assert metrics_of({}) == Metrics()
    assert metrics_of({"emails_sent": 5, "bounces": {"hard_bounces": 1}}).reach is None


def test_many_reports_come_in_one_call_with_the_fields_that_are_read(mailchimp: Platform):
    adapter = mailchimp.adapter()
    ids = [publish(adapter, mailchimp.content()).external_id for _ in range(5)]
    singly = {id_: adapter.metrics([id_])[id_] for id_ in ids}
    mailchimp.sandbox.fault("mailchimp", "delay", seconds=0, count=100)
    together = adapter.metrics(ids)
    (left,) = mailchimp.sandbox.faults()
    assert left["count"] == 99
    assert {id_: type(each) for id_, each in together.items()} == dict.fromkeys(ids, Metrics)
    assert together.keys() == singly.keys()
    for id_ in ids:
        one, other = together[id_], singly[id_]
        assert isinstance(one, Metrics)
        assert isinstance(other, Metrics)
        assert one.platform_metrics.keys() == other.platform_metrics.keys() >= {"open_rate", "clicks_total"}


def test_reports_are_read_page_by_page_and_older_ones_after_the_young(mailchimp: Platform):
    asked_for = []

    def serve(request) -> None:
        query = parse_qs(request.path.partition("?")[2])
        asked_for.append({name: query[name][0] for name in query if name not in ("fields", "count")})
        if "since_send_time" not in query:
            page, total = [{"id": "old"}], 1
        else:
            start = int(query["offset"][0])
            page, total = [{"id": f"c{start + n}"} for n in range(2)], 4
        body = json.dumps({"reports": page, "total_items": total}).encode()
        reply(request, 200, body, Content_Type="application/json")

    with answering(serve) as url:
        adapter = mailchimp.adapter(publish_config={**mailchimp.elsewhere(url), "reports_days": 10})
        assert set(adapter.metrics(["c0", "c1", "c2", "c3"])) == {"c0", "c1", "c2", "c3"}
        assert [query["offset"] for query in asked_for] == ["0", "2"]
        since = datetime.fromisoformat(asked_for[0]["since_send_time"])
        assert timedelta(days=9) < datetime.now(UTC) - since < timedelta(days=11)
        asked_for.clear()
        adapter.metrics(["old", "x", "y", "z"])
    assert [sorted(query) for query in asked_for[:3]] == [
        ["offset", "since_send_time"],
        ["offset", "since_send_time"],
        ["before_send_time", "offset"],
    ]
    assert len(asked_for) == 3 + 3  # what no list holds is asked for singly


@pytest.mark.parametrize("many", [False, True])
def test_reports_come_singly_or_as_a_list_and_the_deleted_are_gone(mailchimp: Platform, many: bool):
    adapter = mailchimp.adapter()
    ids = [publish(adapter, mailchimp.content()).external_id for _ in range(5 if many else 1)]
    figures = adapter.metrics([*ids, "gone"])
    assert set(figures) == {*ids, "gone"}
    assert figures["gone"] == Gone()
    counted = figures[ids[0]]
    assert isinstance(counted, Metrics)
    assert counted.impressions is None
    assert counted.reach is not None
    assert counted.platform_metrics["emails_sent"] >= counted.reach


def test_what_mailchimp_would_refuse_is_told_beforehand(mailchimp: Platform):
    content = Content("id", title="x" * 151, body="<p>Bare</p>", media=mailchimp.media("picture"))
    assert [problem.field for problem in mailchimp.adapter().validate(content)] == [
        "title",
        "body",
        "body",
        "media",
    ]
    assert [problem.field for problem in mailchimp.adapter().validate(Content("id", title="", body=EMAIL))] == ["title"]
