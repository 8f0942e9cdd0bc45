"""What is said to X, and what its stand-in answers, against X's own description of its API.

The description is PyPI's `xdk`: models and calls that X generates from its OpenAPI document.
"""

import inspect
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from pipeline.platforms.base import Changed, Unknown
from pipeline.sandbox.client import Sandbox
from pipeline_tests.platforms.recording import Exchange, recording
from pipeline_tests.platforms.rehearsal import Notebook, platform_of, publish
from pipeline_tests.platforms.test_x_thread import thread_of

pytest.importorskip("xdk", reason="X's own description of its API, PyPI's xdk, is not installed")

_ADDRESS = re.compile(r'self\.client\.base_url \+ "(/2/[^"]+)"')
_VERB = re.compile(r"self\.client\.session\.(get|post|put|delete)\(")


@dataclass(frozen=True)
class Route:
    """One call as X describes it."""

    method: str
    path: re.Pattern[str]
    parameters: Mapping[str, set[str] | None]
    """With the values that may be asked for, None where any may."""
    request: type[BaseModel] | None
    response: type[BaseModel]


def routes() -> Iterator[Route]:
    for module, client in (("posts", "PostsClient"), ("users", "UsersClient"), ("media", "MediaClient")):
        described = getattr(import_module(f"xdk.{module}.client"), client)
        for _, call in inspect.getmembers(described, inspect.isfunction):
            source = inspect.getsource(call)
            if (address := _ADDRESS.search(source)) and (verb := _VERB.search(source)):
                yield route_of(call, address[1], verb[1])


def route_of(call: Callable[..., Any], address: str, verb: str) -> Route:
    hints = typing.get_type_hints(call, localns={"Literal": Literal})  # which xdk forgets to import
    answers = hints.pop("return")
    return Route(
        verb.upper(),
        re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(address))),
        {name.replace("_fields", ".fields"): choices(hint) for name, hint in hints.items()},
        hints.get("body"),
        (typing.get_args(answers) or (answers,))[0],
    )


def choices(hint: Any) -> set[str] | None:
    if typing.get_origin(hint) is Literal:
        return set(typing.get_args(hint))
    found = [allowed for each in typing.get_args(hint) if (allowed := choices(each))]
    return set().union(*found) if found else None


def unknown_fields(model: Any, where: str = "") -> list[str]:
    """Those of a body that its model does not have."""
    if isinstance(model, list):
        return [name for each in model for name in unknown_fields(each, where)]
    if not isinstance(model, BaseModel):
        return []
    found = [f"{where}.{name}" for name in model.model_extra or {}]
    for name in type(model).model_fields:
        found += unknown_fields(getattr(model, name), f"{where}.{name}")
    return found


@pytest.fixture(scope="module")
def described() -> list[Route]:
    return list(routes())


def exchanges_of(sandbox: Sandbox, library: str) -> list[Exchange]:
    """Everything the adapter ever asks of X."""
    settings = {"thread": True, "non_public_metrics": True}
    with recording(sandbox) as (url, exchanges):
        x = platform_of("x", sandbox, library)
        config = {**x.elsewhere(url), **settings}
        adapter = x.adapter(publish_config=config)
        posts = [
            publish(adapter, x.content(media=x.media("picture"))),
            publish(adapter, x.content(media=x.media("video"))),
        ]
        first = publish(adapter, thread_of(x))
        lost, notebook = x.content(), Notebook()
        x.fail("drop_after")
        assert isinstance(adapter.publish(lost, notebook.journal()), Unknown)
        adapter.reconcile(lost, notebook.journal())
        ids = [*(publish(adapter, x.content()).external_id for _ in range(25)), *(post.external_id for post in posts)]
        adapter.metrics(ids)
        x.adapter(publish_config={**config, "metrics_from_timeline": True}).metrics(ids)
        assert adapter.delete(first.external_id) == Changed(first.external_id)
        adapter.whoami()
        adapter.audience()
    return [exchange for exchange in exchanges if exchange.status < 300]


@pytest.fixture(scope="module")
def exchanges(_served_sandbox: Sandbox, library: str) -> list[Exchange]:
    _served_sandbox.clear()
    return exchanges_of(_served_sandbox, library)


def route_for(exchange: Exchange, described: list[Route]) -> Route:
    path = exchange.path.removeprefix("/x")
    found = [route for route in described if route.method == exchange.method and route.path.fullmatch(path)]
    plain = [route for route in found if "[^/]+" not in route.path.pattern]
    assert found, f"X describes no {exchange.method} {path}"
    return (plain or found)[0]


def test_every_way_of_asking_x_was_taken(exchanges: list[Exchange]):
    taken = {(each.method, re.sub(r"\d{10,}", "{id}", each.path.removeprefix("/x"))) for each in exchanges}
    assert taken == {
        ("POST", "/2/tweets"),
        ("DELETE", "/2/tweets/{id}"),
        ("GET", "/2/tweets"),
        ("GET", "/2/users/me"),
        ("GET", "/2/users/{id}/tweets"),
        ("POST", "/2/media/upload/initialize"),
        ("POST", "/2/media/upload/{id}/append"),
        ("POST", "/2/media/upload/{id}/finalize"),
        ("GET", "/2/media/upload"),
        ("POST", "/2/media/metadata"),
    }


def test_every_request_is_one_that_x_describes(exchanges: list[Exchange], described: list[Route]):
    for exchange in exchanges:
        route = route_for(exchange, described)
        for name, value in exchange.query.items():
            assert name in route.parameters, f"{exchange.path}?{name}"
            allowed = route.parameters[name]
            if allowed is not None:
                assert set(value.split(",")) <= allowed, f"{exchange.path}?{name}={value}"
        if exchange.content_type == "application/json":
            assert route.request is not None
            assert unknown_fields(route.request.model_validate(exchange.body)) == []
        elif exchange.said:  # a segment is sent as a form of the fields that its JSON would have
            assert route.request is not None
            names = {name.decode() for name in re.findall(rb'form-data; name="(\w+)"', exchange.said)}
            assert names == set(route.request.model_fields)


def test_every_answer_of_the_stand_in_is_one_that_x_describes(exchanges: list[Exchange], described: list[Route]):
    for exchange in exchanges:
        route = route_for(exchange, described)
        assert unknown_fields(route.response.model_validate(exchange.answer), exchange.path) == []


def test_an_unknown_field_would_be_found_out(described: list[Route]):
    (route,) = [each for each in described if (each.method, each.path.pattern) == ("POST", "/2/tweets")]
    assert route.request is not None
    body = {"text": "x", "colour": "red", "media": {"media_ids": ["1"], "alt": "x"}}
    assert unknown_fields(route.request.model_validate(body)) == [".colour", ".media.alt"]
