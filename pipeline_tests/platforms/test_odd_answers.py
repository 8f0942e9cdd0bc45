"""No adapter is led astray by what a platform, or something that calls itself one, may answer."""

import json
from contextlib import closing
from functools import partial
from http.client import HTTPConnection
from typing import Any

import pytest

from pipeline.platforms.base import (
    Changed,
    Gone,
    Inconclusive,
    Metrics,
    NotSent,
    PlatformUnavailableError,
    Published,
    Unknown,
)
from pipeline.vocabulary import ErrorKind
from pipeline_tests.platforms.conftest import answering, reply
from pipeline_tests.platforms.rehearsal import Notebook, Platform, publish, settled_answer


def test_ten_megabytes_of_garbage_do_no_harm(platform: Platform):
    with answering(lambda request: reply(request, 200, b"\x00garbage" * 1_250_000)) as url:
        adapter, content = platform.adapter(publish_config=platform.elsewhere(url)), platform.content()
        outcome = adapter.publish(content, Notebook().journal())
        assert isinstance(outcome, NotSent if platform.rehearsal.asks_first else Unknown)
        assert outcome.error.kind is ErrorKind.PROTOCOL
        assert isinstance(adapter.reconcile(content, Notebook().journal()), Inconclusive)
        with pytest.raises(PlatformUnavailableError):
            adapter.metrics(["1", "2"])
        with pytest.raises(PlatformUnavailableError):
            adapter.whoami()


@pytest.mark.parametrize("body", [b"[]", b"{}", b"null", b'"text"', b'{"data": [1], "campaigns": [1], "id": {}}'])
def test_json_of_another_shape_raises_nothing_and_claims_nothing(platform: Platform, body: bytes):
    with answering(lambda request: reply(request, 200, body, Content_Type="application/json")) as url:
        adapter, content = platform.adapter(publish_config=platform.elsewhere(url)), platform.content()
        assert isinstance(adapter.publish(content, Notebook().journal()), NotSent | Unknown)
        assert not isinstance(adapter.reconcile(content, Notebook().journal()), Published)
        assert not isinstance(adapter.delete("1"), NotSent)
        try:
            figures = adapter.metrics(["1"])
        except PlatformUnavailableError:
            return
        assert all(value in (Gone(), Metrics()) for value in figures.values())


def test_fields_that_a_platform_adds_to_its_answers_do_no_harm(platform: Platform):
    with answering(partial(pass_on_with_more, platform.sandbox.url)) as url:
        adapter = platform.adapter(publish_config=platform.elsewhere(url))
        content, notebook = platform.whole_content(), Notebook()
        platform.fail("drop_after")
        assert isinstance(adapter.publish(content, notebook.journal()), Unknown)
        found = settled_answer(adapter, content, notebook)
        assert isinstance(found, Published)
        assert [effect.external_id for effect in platform.effects()] == [found.external_id]
        assert publish(adapter, content, notebook).external_id == found.external_id
        assert adapter.whoami() == platform.adapter().whoami()
        assert adapter.metrics([found.external_id]).keys() == platform.adapter().metrics([found.external_id]).keys()
        assert isinstance(adapter.update(found.external_id, content), Changed) is adapter.capabilities.update
        assert isinstance(adapter.delete(found.external_id), Changed) is adapter.capabilities.delete


def pass_on_with_more(sandbox: str, request: Any) -> None:
    """Answer as the sandbox does, with a field more in every object."""
    with closing(HTTPConnection(sandbox.removeprefix("http://"))) as connection:
        connection.request(request.command, request.path, request.said, dict(request.headers))
        answer = connection.getresponse()
        body = answer.read()
    if "json" in answer.headers.get("content-type", ""):
        body = json.dumps(with_more(json.loads(body))).encode()
    passed_on = {name: value for name, value in answer.headers.items() if name.lower() != "content-length"}
    reply(request, answer.status, body, **passed_on)


def with_more(value: Any) -> Any:
    if isinstance(value, list):
        return [with_more(each) for each in value]
    if isinstance(value, dict):
        return {name: with_more(each) for name, each in value.items()} | {"from_the_future": {"new": [1, None]}}
    return value
