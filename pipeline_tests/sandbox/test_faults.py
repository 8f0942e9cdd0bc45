import concurrent.futures
import json
import time

import httpx
import pytest

from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.mailchimp.credentials import ACCOUNT
from pipeline.sandbox.x.credentials import BEARER_TOKEN


def publish(wordpress: httpx.Client, title: str = "A title") -> httpx.Response:
    return wordpress.post("/posts", json={"title": title, "status": "publish"})


def test_a_connection_dropped_before_has_no_effect_and_no_answer(sandbox: Sandbox, wordpress: httpx.Client):
    sandbox.fault("wordpress", "drop_before")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        publish(wordpress)
    assert sandbox.effects() == []
    assert publish(wordpress).status_code == 201


def test_a_connection_dropped_after_has_the_effect_and_no_answer(sandbox: Sandbox, wordpress: httpx.Client):
    sandbox.fault("wordpress", "drop_after", count=2)
    for title in ("First", "Second"):
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            publish(wordpress, title)
    assert publish(wordpress, "Third").status_code == 201
    assert [effect.title for effect in sandbox.effects()] == ["First", "Second", "Third"]


def test_a_delayed_call_takes_effect_after_its_client_has_given_up(sandbox: Sandbox, wordpress: httpx.Client):
    sandbox.fault("wordpress", "delay", seconds=1)
    with pytest.raises(httpx.ReadTimeout):
        wordpress.post("/posts", json={"title": "Slow", "status": "publish"}, timeout=0.2)
    for _ in range(100):
        if sandbox.effects():
            break
        time.sleep(0.05)
    assert [effect.title for effect in sandbox.effects()] == ["Slow"]


def test_a_delay_holds_up_no_other_call(sandbox: Sandbox, wordpress: httpx.Client):
    sandbox.fault("wordpress", "delay", seconds=1)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        slow = pool.submit(publish, wordpress)
        while sandbox.faults():
            pass
        assert wordpress.get("/posts").status_code == 200
        assert not slow.done()
        assert slow.result().status_code == 201


@pytest.mark.parametrize(("kind", "effects"), [("server_error", 0), ("server_error_after", 1)])
def test_a_server_error_comes_without_or_after_the_effect(
    sandbox: Sandbox, wordpress: httpx.Client, kind: str, effects: int
):
    sandbox.fault("wordpress", kind, status=502)
    assert publish(wordpress).status_code == 502
    assert len(sandbox.effects()) == effects


def test_unavailable_is_503_without_the_effect(sandbox: Sandbox, wordpress: httpx.Client):
    sandbox.fault("wordpress", "unavailable")
    assert publish(wordpress).status_code == 503
    assert sandbox.effects() == []


def test_garbage_is_a_200_that_is_no_json_after_the_effect(sandbox: Sandbox, wordpress: httpx.Client):
    sandbox.fault("wordpress", "garbage")
    answer = publish(wordpress)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert len(sandbox.effects()) == 1


def test_a_rate_limit_says_when_to_come_back_as_each_platform_does(sandbox: Sandbox, wordpress: httpx.Client):
    for platform in ("wordpress", "x", "mailchimp"):
        sandbox.fault(platform, "rate_limit", seconds=90)
    limited = publish(wordpress)
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "90")

    x = httpx.post(f"{sandbox.url}/x/2/tweets", json={"text": "x"}, headers={"Authorization": f"Bearer {BEARER_TOKEN}"})
    assert (x.status_code, x.headers["x-rate-limit-remaining"]) == (429, "0")
    assert int(x.headers["x-rate-limit-reset"]) > 90

    mailchimp = httpx.get(f"{sandbox.url}/mailchimp/3.0/ping", auth=("any", ACCOUNT["api_key"]))
    assert (mailchimp.status_code, mailchimp.json()["title"]) == (429, "Too Many Requests")
    assert sandbox.effects() == []


def test_a_fault_waits_for_the_calls_that_it_concerns(sandbox: Sandbox, wordpress: httpx.Client):
    sandbox.fault("wordpress", "unavailable", method="POST", path="/posts")
    sandbox.fault("x", "unavailable")
    assert wordpress.get("/posts").status_code == 200
    assert wordpress.post("/categories", json={"name": "News"}).status_code == 201
    assert httpx.get(f"{sandbox.url}/wordpress/").status_code == 200
    assert publish(wordpress).status_code == 503
    assert publish(wordpress).status_code == 201
    assert [fault["platform"] for fault in sandbox.faults()] == ["x"]
    sandbox.clear_faults()
    assert sandbox.faults() == []


@pytest.mark.parametrize(
    "asked",
    [
        {"platform": "nowhere", "kind": "delay"},
        {"platform": "x", "kind": "sulk"},
        {"platform": "x", "kind": "delay", "count": 0},
    ],
)
def test_a_fault_that_cannot_be_is_refused(sandbox: Sandbox, asked: dict[str, object]):
    refused = httpx.post(f"{sandbox.url}/sandbox/faults", json=asked)
    assert refused.status_code == 400
    assert refused.json()["errors"]
