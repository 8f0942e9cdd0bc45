"""Rehearsed readers: what they do over HTTP counts as what real ones do."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from pipeline.measurement.collector import create_app
from pipeline.sandbox.ledger import Effect
from pipeline.sandbox.readers import ReadersError, Visits, send
from pipeline.store import tables
from pipeline.store.database import transaction
from pipeline_tests import factories
from pipeline_tests.web import serve_app

SECRET = "whsec_" + base64.b64encode(b"rehearsal" * 4).decode()


def effect(text: str) -> Effect:
    return Effect(1, "x", "published", "1", datetime.now(UTC), None, text, None, "POST /2/tweets")


@contextmanager
def site(engine, *, script: bool = True) -> Iterator[str]:
    """A page, /away/ that leads to another machine, and the collector that the page's script tells."""
    with serve_app(create_app(engine, secret=SecretStr(SECRET))) as collector:
        tag = f'<script defer src="b.js" data-to="{collector}/v/garden"></script>' if script else ""
        page = f"<!doctype html><html><head>{tag}</head><body>Roses</body></html>"
        routes = [
            Route("/roses/", lambda _: HTMLResponse(page)),
            Route("/away/", lambda _: RedirectResponse("https://elsewhere.example/")),
        ]
        with serve_app(Starlette(routes=routes)) as url, transaction(engine, "test") as connection:
            factories.account(
                connection, account_key="garden", name="site", is_home=True, publish_config={"base_url": url}
            )
            connection.commit()
            yield url


def count(engine, table) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


def test_readers_are_counted_as_different_people_and_some_buy(engine):
    with site(engine) as url:
        link = f"{url}/roses/?utm_source=x&utm_medium=social&utm_content=0123456789ab"
        visits = send([effect(f"Roses: {link}.")], count=12, buying=0.5, secret=SECRET, seed=7)
    assert (visits.came, visits.counted) == (12, 12)
    assert 0 < visits.bought < 12
    assert count(engine, tables.page_views) == 12
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count(tables.page_views.c.visitor.distinct()))) > 1
        assert connection.scalar(sa.select(sa.func.min(tables.page_views.c.seconds))) > 0
        codes = connection.scalars(sa.select(tables.conversions.c.click_code)).all()
    assert codes == ["0123456789ab"] * visits.bought


def test_nobody_buys_without_the_shops_secret_and_nothing_is_counted_without_the_script(engine):
    with site(engine, script=False) as url:
        assert send([effect(f"{url}/roses/")], count=3, buying=1, secret=SECRET, seed=1) == Visits(came=3)
    assert count(engine, tables.page_views) == 0


def test_readers_go_to_this_machine_alone(engine):
    with pytest.raises(ReadersError, match="Nothing that was published here links to a page on this machine"):
        send([effect("See https://garden.example/roses/")], count=1, buying=0)
    with site(engine) as url:
        assert send([effect(f"{url}/away/")], count=2, buying=0, seed=1) == Visits()


def test_a_site_that_does_not_answer_is_named():
    with pytest.raises(ReadersError, match=r"127\.0\.0\.1:9/roses/ does not answer"):
        send([effect("http://127.0.0.1:9/roses/")], count=1, buying=0)
