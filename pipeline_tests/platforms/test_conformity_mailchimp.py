"""What is said to Mailchimp, and what its stand-in knows, against the calls of Mailchimp's own client.

PyPI's `mailchimp-marketing` is generated from Mailchimp's description of its API, which is in no package itself: it has
the routes and their parameters, but not the fields of bodies.
"""

import inspect
import pkgutil
import re
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module

import mailchimp_marketing.api
import pytest

from pipeline.platforms.base import Unknown
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.mailchimp import STAND_IN
from pipeline_tests.platforms.recording import Exchange, recording
from pipeline_tests.platforms.rehearsal import Notebook, platform_of, publish

_CALL = re.compile(r"call_api\(\s*'([^']+)', '([A-Z]+)'")
_PARAMETER = re.compile(r"query_params\.append\(\('([^']+)'")

FAR = datetime(2099, 1, 1, tzinfo=UTC)
SPLIT = {
    "variate": {
        "varies": "subject",
        "arms": [{"name": "control", "value": "One"}, {"name": "b", "value": "Two"}],
        "test_percent": 50,
        "winner": "opens",
        "wait_minutes": 60,
    }
}

Routes = dict[tuple[str, str], set[str]]
"""By method and path, whose parameters are `{}`: the names that a query may have."""


def bare(path: str) -> str:
    return re.sub(r"{[^}]*}", "{}", path)


@pytest.fixture(scope="module")
def described() -> Routes:
    found: Routes = {}
    for module in pkgutil.iter_modules(mailchimp_marketing.api.__path__):
        for _, kind in inspect.getmembers(import_module(f"mailchimp_marketing.api.{module.name}"), inspect.isclass):
            for _, call in inspect.getmembers(kind, inspect.isfunction):
                source = inspect.getsource(call)
                if route := _CALL.search(source):
                    found[route[2], bare(route[1])] = set(_PARAMETER.findall(source))
    assert len(found) > 200
    return found


@pytest.fixture(scope="module")
def exchanges(_served_sandbox: Sandbox, library: str) -> list[Exchange]:
    """Everything the adapter ever asks of Mailchimp."""
    _served_sandbox.clear()
    with recording(_served_sandbox) as (url, exchanges):
        mailchimp = platform_of("mailchimp", _served_sandbox, library)
        adapter = mailchimp.adapter(publish_config=mailchimp.elsewhere(url))
        content, notebook = mailchimp.content(), Notebook()
        mailchimp.fail("server_error")
        assert isinstance(adapter.publish(content, notebook.journal()), Unknown)
        ids = [publish(adapter, content, notebook).external_id]
        ids += [publish(adapter, mailchimp.content()).external_id for _ in range(3)]
        adapter.metrics(ids)
        adapter.metrics([*ids, "gone"])
        adapter.metrics([*ids, *"wxyz"])
        later, other = mailchimp.content(), Notebook()
        adapter.schedule(later, FAR, other.journal())
        adapter.unschedule(other.handles["campaign"])
        adapter.whoami()
        adapter.audience()
        changed = mailchimp.content(platform_specific=SPLIT)
        adapter.schedule(replace(changed, distribution_id=later.distribution_id), FAR, other.journal())
        adapter.metrics([publish(adapter, mailchimp.content(platform_specific=SPLIT)).external_id])
    return exchanges


def route_of(exchange: Exchange) -> tuple[str, str]:
    path = exchange.path.removeprefix("/mailchimp/3.0")
    return exchange.method, re.sub(r"^/(campaigns|reports|lists)/[^/]+", r"/\1/{}", path)


def test_every_way_of_asking_mailchimp_was_taken(exchanges: list[Exchange]):
    assert {route_of(exchange) for exchange in exchanges} == {
        ("GET", "/"),
        ("GET", "/campaigns"),
        ("POST", "/campaigns"),
        ("GET", "/campaigns/{}"),
        ("PATCH", "/campaigns/{}"),
        ("DELETE", "/campaigns/{}"),
        ("PUT", "/campaigns/{}/content"),
        ("GET", "/campaigns/{}/send-checklist"),
        ("POST", "/campaigns/{}/actions/send"),
        ("POST", "/campaigns/{}/actions/schedule"),
        ("POST", "/campaigns/{}/actions/unschedule"),
        ("GET", "/reports"),
        ("GET", "/reports/{}"),
        ("GET", "/reports/{}/sub-reports"),
        ("GET", "/lists/{}"),
        ("GET", "/lists/{}/activity"),
    }


def test_every_request_is_one_that_mailchimp_describes(exchanges: list[Exchange], described: Routes):
    for exchange in exchanges:
        route = route_of(exchange)
        assert route in described
        assert exchange.query.keys() <= described[route], route
        assert exchange.content_type == "application/json"


def test_the_stand_in_has_no_route_that_mailchimp_has_not(described: Routes):
    ours = {
        (endpoint.method, bare(endpoint.path.removeprefix("/3.0")))
        for endpoint in STAND_IN.endpoints
        if endpoint.path.startswith("/3.0")
    }
    assert ours - described.keys() == set()
