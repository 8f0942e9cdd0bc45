"""Instagram's requests against Meta's own description of the API, as its SDK for Python carries it.

The SDK is generated from that description. It knows no container, so what a container is asked for was compared by
hand (docs/conformity.md).
"""

import json
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pipeline.platforms.instagram import InstagramAdapter
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.instagram import containers, insights
from pipeline.sandbox.instagram.access import ACCOUNT_ID
from pipeline_tests.platforms.conftest import answering, reply
from pipeline_tests.platforms.rehearsal import Notebook, Platform, platform_of, publish

_ABSENT = "facebook-business, Meta's SDK, is not installed: the requests to Instagram are not compared with it"
iguser = pytest.importorskip("facebook_business.adobjects.iguser", reason=_ABSENT)
igmedia = pytest.importorskip("facebook_business.adobjects.igmedia", reason=_ABSENT)
results = pytest.importorskip("facebook_business.adobjects.instagraminsightsresult", reason=_ABSENT)
limits = pytest.importorskip("facebook_business.adobjects.contentpublishinglimitresponse", reason=_ABSENT)

PAGING = {"limit", "after"}
"""Parameters of every list."""


@dataclass(frozen=True)
class Asked:
    """A request: what the node is, its edge, and the parameters beside `fields`."""

    method: str
    node: str
    edge: str | None
    fields: frozenset[str]
    parameters: dict[str, Any]


@pytest.fixture
def asked(sandbox: Sandbox, library: str) -> list[Asked]:
    """Every request of every kind of publication, its figures, a look back, a deletion and the account's own."""
    requests: list[tuple[str, str, bytes]] = []
    instagram = platform_of("instagram", sandbox, library)
    with answering(partial(passed_on, sandbox.url, requests)) as url:
        use_everything(instagram, InstagramAdapter(instagram.account(publish_config=instagram.elsewhere(url))))
    return [as_asked(*request) for request in requests]


def use_everything(instagram: Platform, adapter: InstagramAdapter) -> None:
    for names in (("picture",), ("video",), ("picture", "video")):
        notebook, content = Notebook(), instagram.content(media=instagram.media(*names))
        id_ = publish(adapter, content, notebook).external_id
        adapter.reconcile(content, notebook.journal())
        adapter.metrics([id_])
        adapter.delete(id_)
        adapter.delete(id_)
    adapter.whoami()
    adapter.quota()
    adapter.audience()


def passed_on(sandbox: str, requests: list[tuple[str, str, bytes]], request: Any) -> None:
    requests.append((request.command, request.path, request.said))
    with closing(HTTPConnection(sandbox.removeprefix("http://"))) as connection:
        connection.request(request.command, request.path, request.said, dict(request.headers))
        answer = connection.getresponse()
        reply(request, answer.status, answer.read())


def as_asked(method: str, path: str, body: bytes) -> Asked:
    parts = urlsplit(path)
    id_, _, edge = parts.path.partition("/v25.0/")[2].partition("/")
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    fields = frozenset(query.pop("fields", "").split(",")) - {""}
    thing = "container" if "status_code" in fields else "media"
    node = "account" if id_ == ACCOUNT_ID else thing
    return Asked(method, node, edge or None, fields, query | json.loads(body or b"{}"))


def test_everything_that_is_asked_of_the_api_is_asked(asked: list[Asked]):
    assert {(each.method, each.node, each.edge) for each in asked} == {
        ("POST", "account", "media"),
        ("POST", "account", "media_publish"),
        ("GET", "account", None),
        ("GET", "account", "media"),
        ("GET", "account", "content_publishing_limit"),
        ("GET", "container", None),
        ("GET", "media", None),
        ("GET", "media", "insights"),
        ("DELETE", "media", None),
    }


def test_parameters_are_those_that_meta_describes_and_of_its_types(asked: list[Asked]):
    account, media = iguser.IGUser("1"), igmedia.IGMedia("1")
    described = {
        ("POST", "account", "media"): account.create_media,
        ("POST", "account", "media_publish"): account.create_media_publish,
        ("GET", "account", None): account.api_get,
        ("GET", "account", "media"): account.get_media,
        ("GET", "account", "content_publishing_limit"): account.get_content_publishing_limit,
        ("GET", "media", None): media.api_get,
        ("GET", "media", "insights"): media.get_insights,
        ("DELETE", "media", None): media.api_delete,
    }
    for each in asked:
        if each.node == "container":
            continue
        request = described[each.method, each.node, each.edge](pending=True)
        assert request._method == each.method
        assert request._path == ("1", each.edge or "")
        for name, value in each.parameters.items():
            if name in PAGING:
                continue
            given = value.split(",") if name == "metric" else value
            assert request._param_checker.is_valid_key(name), name
            assert request._param_checker.is_valid_pair(name, given), (name, given)


def test_fields_are_those_that_meta_describes(asked: list[Asked]):
    described = {
        ("account", None): iguser.IGUser,
        ("account", "media"): igmedia.IGMedia,
        ("account", "content_publishing_limit"): limits.ContentPublishingLimitResponse,
        ("media", None): igmedia.IGMedia,
    }
    for each in asked:
        if each.fields and each.node != "container":
            assert each.fields <= described[each.node, each.edge]._field_types.keys()


def test_the_stand_in_takes_no_parameter_and_has_no_figure_that_meta_does_not_describe():
    described = iguser.IGUser("1").create_media(pending=True)._param_checker
    assert [name for name in containers.PARAMETERS if not described.is_valid_key(name)] == []
    assert [name for name in insights.KNOWN if not hasattr(results.InstagramInsightsResult.Metric, name)] == []
