"""Plausible, Google Analytics 4 and Matomo are asked over HTTP, and say the same in one unit."""

from datetime import date, timedelta

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from pipeline.measurement.site_analytics.ga4 import GoogleAnalytics
from pipeline.measurement.site_analytics.matomo import Matomo
from pipeline.measurement.site_analytics.plausible import Plausible
from pipeline.measurement.site_analytics.registry import VENDORS
from pipeline.measurement.site_analytics.source import PageDay, Source, in_one_spelling, plain_path, spellings
from pipeline.platforms.base import Account, PlatformUnavailableError
from pipeline.sandbox.analytics import STAND_INS, matomo, plausible
from pipeline.sandbox.client import Sandbox
from pipeline.vocabulary import ErrorKind
from pipeline_tests.measurement.site_analytics.conftest import YESTERDAY, tell
from pipeline_tests.web import serve_app

PAGE = "http://127.0.0.1/roses/"


def source(sandbox: Sandbox, kind: str, credentials: dict[str, str] | None = None, **config: str) -> Source:
    stand_in = STAND_INS[kind]
    given = dict(stand_in.credentials) if credentials is None else credentials
    settings = {**stand_in.publish_config(sandbox.url), **config}
    return VENDORS[kind](Account("readers", kind, settings, credentials=given, timeout_seconds=5))


@pytest.mark.parametrize("kind", VENDORS)
def test_every_vendor_tells_one_days_readers_in_the_same_units(sandbox: Sandbox, kind: str):
    tell(sandbox, "/roses/", views=10, visitors=8, visits=8, entries=5, bounces=2, seconds=480, depth=60)
    reading = source(sandbox, kind).read([PAGE], YESTERDAY, YESTERDAY)
    (day,) = reading.days
    assert (plain_path(day.path), day.date, day.views, day.unique_visitors) == ("/roses", YESTERDAY, 10, 8)
    assert day.bounce_rate == pytest.approx(0.4)
    assert day.avg_time_on_page == pytest.approx(48 if kind == "ga4" else 60)  # GA4's is for each view
    assert day.scroll_depth_avg == (0.6 if kind == "plausible" else None)
    assert not reading.incomplete


@pytest.mark.parametrize("kind", VENDORS)
def test_a_site_without_readers_is_an_answer_and_no_error(sandbox: Sandbox, kind: str):
    reading = source(sandbox, kind).read([PAGE], YESTERDAY - timedelta(days=3), YESTERDAY)
    assert (list(reading.days), reading.incomplete) == ([], frozenset())


@pytest.mark.parametrize(("kind", "module"), [("plausible", "plausible"), ("ga4", "ga4"), ("matomo", "matomo")])
def test_an_answer_in_several_pages_is_read_to_its_end(
    sandbox: Sandbox, kind: str, module: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(f"pipeline.measurement.site_analytics.{module}._ROWS", 2)
    for number in range(5):
        tell(sandbox, f"/page-{number}/", views=number + 1)
    pages = [f"http://127.0.0.1/page-{number}/" for number in range(5)]
    reading = source(sandbox, kind).read(pages, YESTERDAY, YESTERDAY)
    assert {plain_path(day.path): day.views for day in reading.days} == {f"/page-{n}": n + 1 for n in range(5)}


@pytest.mark.parametrize("kind", ["plausible", "ga4"])
def test_few_pages_are_named_and_many_are_one_question_about_the_site(sandbox: Sandbox, kind: str):
    tell(sandbox, "/roses/")
    tell(sandbox, "/not-asked-for/")
    few = source(sandbox, kind).read([PAGE], YESTERDAY, YESTERDAY)
    many = source(sandbox, kind).read([PAGE, *(f"{PAGE}{n}/" for n in range(600))], YESTERDAY, YESTERDAY)
    assert [day.path for day in few.days] == ["/roses/"]
    assert sorted(day.path for day in many.days) == ["/not-asked-for/", "/roses/"]


@pytest.mark.parametrize("kind", ["ga4", "matomo"])
def test_another_host_that_shares_the_property_is_not_counted_as_ours(sandbox: Sandbox, kind: str):
    tell(sandbox, "/roses/", views=500, host="kitchen.example")
    tell(sandbox, "/roses/", views=3, host="127.0.0.1")
    reading = source(sandbox, kind).read([PAGE], YESTERDAY, YESTERDAY)
    assert [day.views for day in reading.days] == [3]


def test_google_keeps_small_rows_to_itself_and_then_no_page_is_said_to_be_without_readers(sandbox: Sandbox):
    tell(sandbox, "/roses/", visitors=1)
    reading = source(sandbox, "ga4").read([PAGE], YESTERDAY, YESTERDAY)
    assert (list(reading.days), reading.incomplete) == ([], frozenset({YESTERDAY}))


def test_matomo_sums_small_pages_up_and_then_no_page_is_said_to_be_without_readers(sandbox: Sandbox):
    for number in range(8):
        tell(sandbox, f"/page-{number}/", views=number + 1)
    before = YESTERDAY - timedelta(days=1)
    reading = source(sandbox, "matomo").read([PAGE], before, YESTERDAY)
    assert len(reading.days) == 6
    assert reading.incomplete == {YESTERDAY}


def test_a_refused_key_says_so_and_a_limit_says_until_when(sandbox: Sandbox):
    for kind, wrong in (("plausible", {"api_key": "wrong-key"}), ("matomo", {"token_auth": "wrong-token"})):
        with pytest.raises(PlatformUnavailableError) as refused:
            source(sandbox, kind, wrong).read([PAGE], YESTERDAY, YESTERDAY)
        assert refused.value.error.kind is ErrorKind.AUTH
        assert "wrong" not in str(refused.value)
    sandbox.fault("plausible", "rate_limit", seconds=600)
    with pytest.raises(PlatformUnavailableError) as limited:
        source(sandbox, "plausible").read([PAGE], YESTERDAY, YESTERDAY)
    assert limited.value.error.kind is ErrorKind.RATE_LIMITED
    assert limited.value.retry_at is not None


def test_a_key_that_is_no_service_accounts_is_told_without_an_excerpt(sandbox: Sandbox):
    given = {"client_email": "reader@sandbox.invalid", "private_key": "-----BEGIN NOTHING-----"}
    with pytest.raises(PlatformUnavailableError, match="not the RSA key") as refused:
        source(sandbox, "ga4", given).read([PAGE], YESTERDAY, YESTERDAY)
    assert "NOTHING" not in str(refused.value)


@pytest.mark.parametrize("kind", VENDORS)
@pytest.mark.parametrize("fault", ["garbage", "drop_before", "server_error"])
def test_no_answer_and_a_garbled_one_are_unavailable_and_nothing_else(sandbox: Sandbox, kind: str, fault: str):
    sandbox.fault(kind, fault)
    with pytest.raises(PlatformUnavailableError):
        source(sandbox, kind).read([PAGE], YESTERDAY, YESTERDAY)


async def answer_with_nonsense(request: Request) -> JSONResponse:
    """Plausible's answer, were two of three pages' views none."""
    by_page = (await request.json())["dimensions"][1] == "event:page"
    rows = [("/roses/", "many"), ("/lilies/", -3), ("/tulips/", 7)] if by_page else []
    told = [{"dimensions": ["2026-05-19", path], "metrics": [views, views, None, None]} for path, views in rows]
    return JSONResponse({"results": told})


def test_figures_of_one_page_that_are_none_leave_the_other_pages():
    routes = [Route("/api/v2/query", answer_with_nonsense, methods=["POST"])]
    with serve_app(Starlette(routes=routes)) as url:
        config = {"base_url": url, "site_id": "garden.example"}
        asked = Plausible(Account("readers", "plausible", config, credentials={"api_key": "sandbox-key"}))
        reading = asked.read([PAGE], YESTERDAY, YESTERDAY)
    assert [(day.path, day.views, day.bounce_rate) for day in reading.days] == [("/tulips/", 7, None)]
    assert reading.garbled == frozenset({("/roses/", YESTERDAY), ("/lilies/", YESTERDAY)})


def test_the_spellings_of_one_page_are_one_page_and_means_are_weighted():
    day = date(2026, 5, 1)
    told = [
        PageDay("/a/b/", day, 30, 20, 10.0, 10, 0.5, 0.9),
        PageDay("/a/b", day, 10, 10, 50.0, 30, 0.1, None),
        PageDay("https://www.example.com/a/b/index.html?x=1#y", day, 0, 0),
    ]
    (joined,) = in_one_spelling(told).values()
    assert (joined.views, joined.unique_visitors, joined.entries) == (40, 30, 40)
    assert joined.avg_time_on_page == pytest.approx(20)
    assert joined.bounce_rate == pytest.approx(0.2)
    assert joined.scroll_depth_avg == pytest.approx(0.9)


def test_a_page_is_known_under_every_spelling_of_its_address():
    assert {plain_path(each) for each in ("/a/", "/a", "/a/index.html", "http://x.example/a/?q=1", "/%61")} == {"/a"}
    assert spellings("http://x.example/a/") == ["/a/", "/a"]
    assert spellings("http://x.example") == ["/"]


def test_the_sandboxes_vendors_refuse_what_the_real_ones_do(sandbox: Sandbox):
    import httpx

    query = {
        "site_id": plausible.SITE,
        "date_range": ["2026-05-01", "2026-05-01"],
        "dimensions": ["time:day", "event:page"],
    }
    headers = {"Authorization": f"Bearer {plausible.CREDENTIALS['api_key']}"}
    url = f"{sandbox.url}/plausible/api/v2/query"
    mixed = httpx.post(url, json={**query, "metrics": ["pageviews", "bounce_rate"]}, headers=headers)
    assert (mixed.status_code, "cannot be queried" in mixed.json()["error"]) == (400, True)
    told = {"module": "API", "token_auth": matomo.CREDENTIALS["token_auth"]}
    in_address = httpx.post(f"{sandbox.url}/matomo/index.php", params=told, data=told)
    assert in_address.json()["result"] == "error"


def test_vendors_name_themselves_and_what_they_need():
    for vendor in (Plausible, GoogleAnalytics, Matomo):
        assert vendor.title
        assert any(setting.required for setting in vendor.settings)
        assert any(secret.required for secret in vendor.secrets)
