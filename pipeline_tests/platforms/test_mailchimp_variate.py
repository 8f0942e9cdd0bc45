"""An email in arms: sent once to parts that Mailchimp draws, and told apart in its figures."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from pipeline.platforms.base import Gone, Journal, Metrics, NotSent, Published, Rejected, Scheduled
from pipeline.platforms.mailchimp.report import of_arms
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.mailchimp.audience import MEMBERS
from pipeline.sandbox.mailchimp.credentials import ACCOUNT
from pipeline.sandbox.server import running
from pipeline_tests.platforms.conftest import answering, reply
from pipeline_tests.platforms.rehearsal import Notebook, Platform, platform_of, publish
from pipeline_tests.platforms.rehearsals.mailchimp import EMAIL

LATER = (datetime.now(UTC) + timedelta(days=2)).replace(minute=15, second=0, microsecond=0)


@pytest.fixture(scope="module")
def sandbox_at_speed() -> Iterator[Sandbox]:
    """Where a moment is years: every figure has grown to its end."""
    with running(speed=1e9) as sandbox:
        yield sandbox


@pytest.fixture
def mailchimp(sandbox: Sandbox, library: str) -> Platform:
    return platform_of("mailchimp", sandbox, library)


def split(varies: str = "subject", values: tuple[Any, ...] = ("One", "Two"), **changes: Any) -> dict[str, Any]:
    arms = [{"name": name, "value": value} for name, value in zip(("control", "b", "c"), values, strict=False)]
    return {"variate": {"varies": varies, "arms": arms, "test_percent": 100, "winner": "manual", **changes}}


def asked(mailchimp: Platform, method: str, path: str, **request: Any) -> Any:
    answer = httpx.request(method, f"{mailchimp.config['base_url']}{path}", auth=("any", ACCOUNT["api_key"]), **request)
    return answer.raise_for_status().json() if answer.content else None


def kinds(mailchimp: Platform) -> list[str]:
    return [effect.kind for effect in mailchimp.sandbox.effects("mailchimp")]


def figures(mailchimp: Platform, id_: str) -> Metrics:
    found = mailchimp.adapter().metrics([id_])[id_]
    assert isinstance(found, Metrics)
    return found


@pytest.mark.parametrize(
    ("variate", "made"),
    [
        (split(), {"subject_lines": ["One", "Two"]}),
        (split("from_name", ("Ann", "Ben", "Cy")), {"from_names": ["Ann", "Ben", "Cy"]}),
        (
            split("body", ({"html": EMAIL, "plain_text": "a"}, {"html": f"{EMAIL} b", "plain_text": "b"})),
            {"contents": ["control", "b"]},
        ),
        (
            split("send_time", (LATER.isoformat(), (LATER + timedelta(hours=6)).isoformat())),
            {"test_size": 100},
        ),
    ],
    ids=["subject", "from_name", "body", "send_time"],
)
def test_each_thing_that_can_be_varied_is_sent_in_its_arms_once(mailchimp: Platform, variate: Any, made: Any):
    content = mailchimp.content(platform_specific=variate)
    assert mailchimp.adapter().validate(content) == []
    published = publish(mailchimp.adapter(), content)
    campaign = asked(mailchimp, "GET", f"/campaigns/{published.external_id}")
    assert campaign["type"] == "variate"
    told = campaign["variate_settings"]
    assert {name: told[name] for name in made} == made
    assert sum(each["recipients"] for each in told["combinations"]) == MEMBERS
    assert len(told["combinations"]) == len(variate["variate"]["arms"])
    assert len(mailchimp.effects()) == 1


def test_bodies_that_do_not_vary_are_one_content(mailchimp: Platform):
    published = publish(mailchimp.adapter(), mailchimp.content(platform_specific=split()))
    content = asked(mailchimp, "GET", f"/campaigns/{published.external_id}/content")
    assert [each["html"] for each in content["variate_contents"]] == [EMAIL]


def test_the_figures_tell_the_arms_in_their_order_and_add_up_to_the_whole(sandbox_at_speed, library: str):
    mailchimp = platform_of("mailchimp", sandbox_at_speed, library)
    published = publish(mailchimp.adapter(), mailchimp.content(platform_specific=split(values=("A", "B", "C"))))
    whole = figures(mailchimp, published.external_id)
    assert whole.engagements
    assert whole.clicks
    arms = whole.platform_metrics["arms"]
    assert [arm["recipients"] for arm in arms] == [MEMBERS // 3] * 3
    assert sum(arm["unique_opens"] for arm in arms) == whole.engagements
    assert sum(arm["unique_clicks"] for arm in arms) == whole.clicks
    assert sum(arm["delivered"] for arm in arms) == whole.reach
    assert "winning_arm" not in whole.platform_metrics
    assert "rest" not in whole.platform_metrics


def test_what_the_rest_was_sent_is_no_arm_s(sandbox_at_speed, library: str):
    mailchimp = platform_of("mailchimp", sandbox_at_speed, library)
    variate = split(test_percent=20, winner="opens", wait_minutes=60)
    published = publish(mailchimp.adapter(), mailchimp.content(platform_specific=variate))
    told = figures(mailchimp, published.external_id).platform_metrics
    assert [arm["recipients"] for arm in told["arms"]] == [MEMBERS // 10] * 2
    assert told["rest"]["recipients"] == MEMBERS - MEMBERS // 5
    assert told["winning_arm"] in (0, 1)
    campaign = asked(mailchimp, "GET", f"/campaigns/{published.external_id}")["variate_settings"]
    assert campaign["winning_combination_id"] == campaign["combinations"][told["winning_arm"]]["id"]


def test_many_campaigns_are_still_read_from_the_list_those_in_arms_with_theirs(mailchimp: Platform):
    adapter = mailchimp.adapter()
    plain = [publish(adapter, mailchimp.content()).external_id for _ in range(4)]
    in_arms = publish(adapter, mailchimp.content(platform_specific=split())).external_id
    found = adapter.metrics([*plain, in_arms, "gone"])
    assert isinstance(found["gone"], Gone)
    told = {id_: each.platform_metrics for id_, each in found.items() if isinstance(each, Metrics)}
    assert [id_ for id_ in told if "arms" in told[id_]] == [in_arms]


def test_combinations_that_mailchimp_shuffles_are_put_in_order():
    combinations = [{"id": "y", "subject_line": 1, "recipients": 6}, {"id": "x", "subject_line": 0, "recipients": 5}]
    reports = [{"id": "x", "opens": {"unique_opens": 2}}, {"id": "y", "opens": {"unique_opens": 3}}]
    told = of_arms({"combinations": combinations, "winning_combination_id": "y"}, reports)
    assert told == {
        "arms": [{"recipients": 5, "unique_opens": 2}, {"recipients": 6, "unique_opens": 3}],
        "winning_arm": 1,
    }


@pytest.mark.parametrize("combinations", [None, [], [{"id": "x"}, {"id": "y"}]])
def test_where_mailchimp_does_not_tell_which_arm_is_which_nothing_is_said_of_them(combinations: Any):
    assert of_arms({"combinations": combinations}, [{"id": "x"}]) == {}


@pytest.mark.parametrize(
    ("variate", "fault"),
    [
        (split(values=("One", "")), "Arm b: its value is a text."),
        (split(values=("One", "x" * 151)), "Arm b: it has 151 characters; 150 are allowed."),
        (split(values=("One", "One")), "Two arms are the same"),
        (split(values=("One",)), "at least 2 items"),
        (split("from_name", ("x" * 101, "y")), "Arm control: it has 101"),
        (
            split("body", ({"html": EMAIL, "plain_text": ""}, {"html": "<p>b", "plain_text": ""})),
            "Arm b: the email must",
        ),
        (split("body", ("x", "y")), "Arm control: its value is html and plain_text."),
        (split("send_time", ("soon", LATER.isoformat())), "Arm control: its value is no time"),
        (split("send_time", ("2099-01-01T00:00:00", LATER.isoformat())), "Arm control: its time has no zone."),
        (split("send_time", ("2099-01-01T00:07:00Z", LATER.isoformat())), "Arm control: Mailchimp sends at"),
        (split(test_percent=50), "it takes a winner"),
        (split(test_percent=50, winner="opens"), "wait_minutes"),
        (split(test_percent=50, winner="opens", wait_minutes=90), "whole hours"),
        (split("send_time", ("2099-01-01T00:00Z", LATER.isoformat()), test_percent=50), "all of the readers"),
        (split("weather"), "varies"),
        ({"variate": None}, "variate"),
    ],
)
def test_arms_that_can_t_be_sent_are_told_by_their_name(mailchimp: Platform, variate: Any, fault: str):
    problems = mailchimp.adapter().validate(mailchimp.content(platform_specific=variate))
    assert {problem.field for problem in problems} == {"variate"}
    assert fault in " ".join(problem.message for problem in problems) or fault == "variate"


def test_a_split_that_can_t_be_read_is_never_one_email_for_all(mailchimp: Platform):
    outcome = mailchimp.adapter().publish(mailchimp.content(platform_specific={"variate": {}}), Notebook().journal())
    assert isinstance(outcome, Rejected)
    assert kinds(mailchimp) == []


def test_a_split_is_scheduled_as_any_email_is(mailchimp: Platform):
    notebook = Notebook()
    outcome = mailchimp.adapter().schedule(mailchimp.content(platform_specific=split()), LATER, notebook.journal())
    assert isinstance(outcome, Scheduled)


def test_arms_with_times_of_their_own_are_not_scheduled(mailchimp: Platform):
    variate = split("send_time", (LATER.isoformat(), (LATER + timedelta(hours=1)).isoformat()))
    content = mailchimp.content(platform_specific=variate)
    outcome = mailchimp.adapter().schedule(content, LATER, Notebook().journal())
    assert isinstance(outcome, Rejected)
    assert "times of their own" in outcome.error.message


@pytest.mark.parametrize("keep_handle", [True, False])
@pytest.mark.parametrize(("before", "after"), [({}, split()), (split(), {})])
def test_a_draft_of_the_other_kind_is_discarded_so_that_no_earlier_attempt_can_send_it(
    mailchimp: Platform, before: Any, after: Any, keep_handle: bool
):
    adapter, content, notebook = mailchimp.adapter(), mailchimp.content(platform_specific=before), Notebook()
    mailchimp.fail("drop_before")
    adapter.publish(content, notebook.journal())
    draft = notebook.handles["campaign"]
    if not keep_handle:
        notebook.handles.clear()
    changed = mailchimp.content(distribution_id=content.distribution_id, platform_specific=after)
    published = publish(adapter, changed, notebook)
    assert published.external_id == notebook.handles["campaign"] != draft
    assert kinds(mailchimp).count("campaign_created") == 2
    assert kinds(mailchimp).count("campaign_deleted") == kinds(mailchimp).count("campaign_sent") == 1
    again = adapter.publish(changed, notebook.journal())
    assert isinstance(again, Published)
    assert len(mailchimp.effects()) == 1


@pytest.mark.parametrize("fault", ["server_error", "drop_after"])
def test_a_draft_that_is_not_certainly_gone_is_waited_for(mailchimp: Platform, fault: str):
    adapter, content, notebook = mailchimp.adapter(), mailchimp.content(), Notebook()
    mailchimp.fail("drop_before")
    adapter.publish(content, notebook.journal())
    changed = mailchimp.content(distribution_id=content.distribution_id, platform_specific=split())
    mailchimp.sandbox.fault("mailchimp", fault, method="DELETE", path="/campaigns/")
    assert isinstance(adapter.publish(changed, notebook.journal()), NotSent)
    assert mailchimp.effects() == []
    publish(adapter, changed, notebook)
    assert len(mailchimp.effects()) == 1


def test_a_draft_that_another_attempt_is_just_sending_is_found_sent_by_the_next(mailchimp: Platform):
    adapter, content, notebook = mailchimp.adapter(), mailchimp.content(), Notebook()
    mailchimp.fail("drop_before")
    adapter.publish(content, notebook.journal())
    draft = notebook.handles["campaign"]
    changed = mailchimp.content(distribution_id=content.distribution_id, platform_specific=split())
    refused = b'{"title": "Bad Request", "detail": "You can\'t delete a campaign while it is sending."}'

    def answer(request: Any) -> None:
        """The campaign is a draft when it is looked at, and being sent when it is to be deleted."""
        if request.command == "DELETE":
            asked(mailchimp, "POST", f"/campaigns/{draft}/actions/send")
            return reply(request, 400, refused, Content_Type="application/json")
        body = f'{{"id": "{draft}", "status": "save", "type": "regular"}}'.encode()
        return reply(request, 200, body, Content_Type="application/json")

    with answering(answer) as url:
        outcome = mailchimp.adapter(publish_config=mailchimp.elsewhere(url)).publish(changed, notebook.journal())
    assert isinstance(outcome, NotSent)
    again = adapter.publish(changed, notebook.journal())
    assert isinstance(again, Published)
    assert again.external_id == draft
    assert len(mailchimp.effects()) == 1


def test_one_of_the_campaigns_that_mailchimp_makes_of_arms_is_never_taken_for_the_publication_s(mailchimp: Platform):
    content = mailchimp.content(platform_specific=split())
    title = f"pressroom {content.distribution_id}"
    body = (
        f'{{"campaigns": [{{"id": "c2", "status": "sent", "parent_campaign_id": "c1", "settings": {{"title": "{title}"}}}},'
        f' {{"id": "c1", "status": "sent", "type": "variate", "settings": {{"title": "{title}"}}}}]}}'
    )
    with answering(lambda request: reply(request, 200, body.encode(), Content_Type="application/json")) as url:
        adapter = mailchimp.adapter(publish_config=mailchimp.elsewhere(url))
        found = adapter.reconcile(content, Journal({}, lambda step, handle: None, datetime.now(UTC)))
    assert isinstance(found, Published)
    assert found.external_id == "c1"
