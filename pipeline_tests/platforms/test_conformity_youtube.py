"""What the YouTube adapter sends is what Google's discovery documents describe: routes, parameters, parts and bodies.

The documents come with google-api-python-client, of which nothing else is used.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from pipeline.platforms.base import Changed, Scheduled
from pipeline.sandbox.client import Sandbox
from pipeline_tests.platforms.recording import Exchange, recording
from pipeline_tests.platforms.rehearsal import Notebook, platform_of, publish

_PACKAGE = find_spec("googleapiclient")
pytestmark = pytest.mark.skipif(
    _PACKAGE is None, reason="Google's discovery documents are not here: google-api-python-client is not installed"
)
_BASE = "/youtube/api/"
_NOT_DESCRIBED = "oauth2/v1/tokeninfo"
"""https://cloud.google.com/docs/authentication/token-types has it; no discovery document does any more."""


@cache
def document(name: str) -> dict[str, Any]:
    assert _PACKAGE is not None
    assert _PACKAGE.submodule_search_locations is not None
    folder = Path(_PACKAGE.submodule_search_locations[0]) / "discovery_cache" / "documents"
    found: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
    return found


@pytest.fixture
def sent(sandbox: Sandbox, library: str) -> list[Exchange]:
    """Every request of an adapter that does all it can."""
    youtube = platform_of("youtube", sandbox, library)
    with recording(sandbox) as (url, exchanges):
        adapter = youtube.adapter(publish_config={**youtube.elsewhere(url), "synthetic_media": True})
        content, notebook = youtube.whole_content(), Notebook()
        youtube.fail("drop_before")
        adapter.publish(content, notebook.journal())
        published = publish(adapter, content, notebook)
        adapter.reconcile(content, notebook.journal())
        adapter.reconcile(content, Notebook().journal())
        assert isinstance(adapter.update(published.external_id, content), Changed)
        later = datetime.now(UTC) + timedelta(days=1)
        scheduled = adapter.schedule(youtube.whole_content(), later, Notebook().journal())
        assert isinstance(scheduled, Scheduled)
        assert isinstance(adapter.unschedule(scheduled.external_id), Changed)
        adapter.metrics([published.external_id, "nosuchvideo"])
        adapter.whoami()
        adapter.audience()
        assert isinstance(adapter.delete(published.external_id), Changed)
    return exchanges


def test_every_request_is_as_the_discovery_documents_describe_it(sent: list[Exchange]):
    used = set()
    for request in sent:
        if route(request) == _NOT_DESCRIBED:
            continue
        if "upload_id" in request.query:
            assert request.method == "PUT"
            assert request.headers["content-range"].startswith("bytes ")
            continue
        api, method = described(request)
        used.add(method["id"])
        check_parameters(request, method["parameters"] | api["parameters"])
        check_parts(request, api, method)
        if "request" in method:
            assert request.content_type == "application/json"
            check_value(request.body, api["schemas"][method["request"]["$ref"]], api, route(request))
        else:
            assert request.said == b"", request
    assert used == {
        *("youtube.videos.insert", "youtube.videos.list", "youtube.videos.update", "youtube.videos.delete"),
        *("youtube.videos.batchGetStats", "youtube.channels.list", "youtube.playlistItems.list"),
        "youtubeAnalytics.reports.query",
    }


def test_the_addresses_are_those_of_the_discovery_documents():
    from pipeline.platforms.youtube import api

    assert document("youtube.v3")["rootUrl"] == f"{api.DATA}/"
    assert document("youtubeAnalytics.v2")["rootUrl"] == f"{api.ANALYTICS}/"


def test_an_upload_session_is_announced_as_the_document_has_it(sent: list[Exchange]):
    upload = document("youtube.v3")["resources"]["videos"]["methods"]["insert"]["mediaUpload"]
    opened = [request for request in sent if request.method == "POST" and "upload" in request.path]
    assert opened
    for request in opened:
        assert request.query["uploadType"] == "resumable"
        assert any(fnmatch(request.headers["x-upload-content-type"], kind) for kind in upload["accept"])
        assert 0 < int(request.headers["x-upload-content-length"]) <= int(upload["maxSize"])


def route(request: Exchange) -> str:
    return request.path.removeprefix(_BASE)


def described(request: Exchange) -> tuple[dict[str, Any], dict[str, Any]]:
    """The document, and the method in it, that a request calls."""
    for name in ("youtube.v3", "youtubeAnalytics.v2"):
        api = document(name)
        for method in methods(api["resources"]):
            uploads = method.get("mediaUpload", {}).get("protocols", {})
            path = uploads["resumable"]["path"].strip("/") if uploads else method["path"]
            if (method["httpMethod"], path) == (request.method, route(request)):
                return api, method
    raise AssertionError(f"{request} is not described")


def methods(resources: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in resources.values():
        yield from resource.get("methods", {}).values()
        yield from methods(resource.get("resources", {}))


def check_parameters(request: Exchange, described: dict[str, Any]) -> None:
    for name, value in request.query.items():
        assert name in described, f"{request} has {name}"
        check_text(value, described[name], f"{request}: {name}")
    missing = [name for name, each in described.items() if each.get("required") and name not in request.query]
    assert missing == [], request


def check_parts(request: Exchange, api: dict[str, Any], method: dict[str, Any]) -> None:
    """`part` names properties of what is sent or answered."""
    if "part" not in request.query:
        return
    schema = api["schemas"][method["response"]["$ref"]]
    if "items" in schema["properties"]:
        schema = api["schemas"][schema["properties"]["items"]["items"]["$ref"]]
    parts = request.query["part"].split(",")
    assert set(parts) <= schema["properties"].keys(), request
    if request.said:
        assert request.body.keys() - {"id"} == set(parts), request


def check_text(value: str, schema: dict[str, Any], where: str) -> None:
    match schema["type"]:
        case "integer":
            assert int(schema.get("minimum", 0)) <= int(value) <= int(schema.get("maximum", 2**32)), where
        case "boolean":
            assert value in ("true", "false"), where
    if "enum" in schema:
        assert value in schema["enum"], where


def check_value(value: Any, schema: dict[str, Any], api: dict[str, Any], where: str) -> None:
    schema = api["schemas"][schema["$ref"]] if "$ref" in schema else schema
    match schema["type"]:
        case "object":
            assert isinstance(value, dict), where
            for name, each in value.items():
                assert name in schema["properties"], f"{where} has {name}"
                check_value(each, schema["properties"][name], api, f"{where}: {name}")
        case "array":
            assert isinstance(value, list), where
            for each in value:
                check_value(each, schema["items"], api, where)
        case "boolean":
            assert isinstance(value, bool), where
        case "string":
            assert isinstance(value, str), where
            assert value in schema.get("enum", [value]), where
            if schema.get("format") == "date-time":
                assert datetime.fromisoformat(value).tzinfo, where
