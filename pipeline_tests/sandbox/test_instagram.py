import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.instagram import publishing
from pipeline.sandbox.instagram.access import ACCOUNT_ID, USERNAME
from pipeline.sandbox.instagram.credentials import ACCOUNT, READ_ONLY
from pipeline.sandbox.ledger import Ledger
from pipeline.sandbox.server import running

PICTURE = {"image_url": "https://example.com/a.jpg"}
VIDEO = {"media_type": "REELS", "video_url": "https://example.com/a.mp4"}


def client(sandbox: Sandbox, token: str = ACCOUNT["access_token"]) -> httpx.Client:
    return httpx.Client(base_url=f"{sandbox.url}/instagram/graph/v25.0", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture(scope="module")
def quick_server() -> Iterator[Sandbox]:
    """Where everything is processed at once."""
    with running(processing=timedelta()) as sandbox:
        yield sandbox


@pytest.fixture
def quick(quick_server: Sandbox) -> Sandbox:
    quick_server.clear()
    return quick_server


@pytest.fixture
def instagram(quick: Sandbox) -> Iterator[httpx.Client]:
    with client(quick) as opened:
        yield opened


def created(instagram: httpx.Client, **given: Any) -> str:
    answer = instagram.post(f"/{ACCOUNT_ID}/media", json=given)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def published(instagram: httpx.Client, **given: Any) -> str:
    return str(publication(instagram, created(instagram, **given)).json()["id"])


def publication(instagram: httpx.Client, container: str) -> httpx.Response:
    return instagram.post(f"/{ACCOUNT_ID}/media_publish", json={"creation_id": container})


def refusal(answer: httpx.Response) -> tuple[int, int | None]:
    """The error's code and subcode."""
    error = answer.json()["error"]
    assert answer.status_code in (400, 403)
    assert error["type"] == "OAuthException"
    assert error["fbtrace_id"]
    assert error["message"]
    return error["code"], error.get("error_subcode")


def state(instagram: httpx.Client, container: str) -> str:
    answer = instagram.get(f"/{container}", params={"fields": "status_code"}).json()
    assert answer["id"] == container
    return str(answer["status_code"])


def test_the_account_tells_its_name_to_a_token_in_the_header_the_query_or_the_body(quick: Sandbox):
    address = f"{quick.url}/instagram/graph/v25.0/{ACCOUNT_ID}"
    token = dict(ACCOUNT)
    bearer = {"Authorization": f"Bearer {ACCOUNT['access_token']}"}
    wanted = {"id": ACCOUNT_ID, "username": USERNAME}
    assert httpx.get(address, params={"fields": "username"}, headers=bearer).json() == wanted
    assert httpx.get(address, params={"fields": "username", **token}).json() == wanted
    assert httpx.post(f"{address}/media", data={**PICTURE, **token}).status_code == 200
    assert httpx.post(f"{address}/media", json={**PICTURE, **token}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 2500),
        ({"Authorization": "Bearer wrong"}, 190),
        ({"Authorization": f"Basic {ACCOUNT['access_token']}"}, 2500),
    ],
)
def test_a_missing_or_wrong_token_is_refused(quick: Sandbox, headers: dict[str, str], code: int):
    answer = httpx.post(f"{quick.url}/instagram/graph/v25.0/{ACCOUNT_ID}/media", json=PICTURE, headers=headers)
    assert refusal(answer) == (code, None)


def test_a_token_that_may_not_publish_reads_and_is_refused_the_rest(quick: Sandbox):
    with client(quick, READ_ONLY["access_token"]) as reader:
        assert reader.get(f"/{ACCOUNT_ID}", params={"fields": "name"}).status_code == 200
        assert refusal(reader.post(f"/{ACCOUNT_ID}/media", json=PICTURE)) == (10, None)
        assert refusal(reader.get(f"/{ACCOUNT_ID}/content_publishing_limit")) == (10, None)


@pytest.mark.parametrize("path", ["/v25/1", f"/v25.0/{ACCOUNT_ID}/nothing", "/v25.0"])
def test_a_path_that_is_none_of_the_api_is_refused_in_its_words(quick: Sandbox, path: str):
    bearer = {"Authorization": f"Bearer {ACCOUNT['access_token']}"}
    assert refusal(httpx.get(f"{quick.url}/instagram/graph{path}", headers=bearer)) == (2500, None)


def test_a_picture_is_published_once_and_has_a_page(instagram: httpx.Client, quick: Sandbox):
    container = created(instagram, **PICTURE, caption="Look @you <b>&", alt_text='A "picture"')
    assert state(instagram, container) == "FINISHED"
    assert quick.effects() == []
    media = publication(instagram, container).json()["id"]
    assert state(instagram, container) == "PUBLISHED"
    assert refusal(publication(instagram, container)) == (24, 2207006)
    (effect,) = quick.effects()
    assert (effect.kind, effect.external_id, effect.text) == ("media_published", media, "Look @you <b>&")
    assert effect.request == f"POST /instagram/graph/v25.0/{ACCOUNT_ID}/media_publish"
    shown = instagram.get(f"/{media}", params={"fields": "caption,permalink,media_product_type,alt_text"}).json()
    assert (shown["caption"], shown["media_product_type"]) == ("Look you <b>&", "FEED")
    assert shown["permalink"] == effect.url
    page = httpx.get(shown["permalink"]).text
    assert "Look @you &lt;b&gt;&amp;" in page
    assert 'src="https://example.com/a.jpg" alt="A &#34;picture&#34;"' in page


def test_a_reel_and_a_carousel_are_what_they_say(instagram: httpx.Client):
    items = [
        created(instagram, image_url="https://example.com/a.jpg", is_carousel_item=True, alt_text="A picture"),
        created(instagram, media_type="VIDEO", video_url="https://example.com/a.mov", is_carousel_item="true"),
    ]
    album = published(instagram, media_type="CAROUSEL", children=items)
    also = published(instagram, media_type="CAROUSEL", children=",".join(items), caption="Again")
    reel = published(instagram, **VIDEO, caption="A reel", share_to_feed=True)
    for id_, kind in {album: "CAROUSEL_ALBUM", also: "CAROUSEL_ALBUM", reel: "VIDEO"}.items():
        assert instagram.get(f"/{id_}", params={"fields": "media_type"}).json()["media_type"] == kind
    page = httpx.get(instagram.get(f"/{album}", params={"fields": "permalink"}).json()["permalink"]).text
    assert page.count("<img") == page.count("<video") == 1


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, (100, None)),
        ({**PICTURE, "headline": "no such parameter"}, (100, None)),
        ({**PICTURE, **VIDEO}, (100, None)),
        ({"media_type": "STORIES", **PICTURE}, (100, 2207023)),
        ({**VIDEO, "media_type": "VIDEO"}, (100, 2207023)),
        ({**VIDEO, "is_carousel_item": True}, (100, 2207023)),
        ({"image_url": "ftp://example.com/a.jpg"}, (9004, 2207052)),
        ({"image_url": "a.jpg"}, (9004, 2207052)),
        ({"image_url": "https://user@example.com/a.jpg"}, (9004, 2207052)),
        ({"image_url": "https://example.com/ä.jpg"}, (9004, 2207052)),
        ({"image_url": "https://[/a.jpg"}, (9004, 2207052)),
        ({"image_url": "https://example.com/a.png"}, (36001, 2207005)),
        ({**PICTURE, "caption": "a" * 2201}, (36004, 2207010)),
        ({**PICTURE, "caption": " ".join(["#tag"] * 31)}, (36004, 2207010)),
        ({**PICTURE, "caption": " ".join(["@you"] * 21)}, (36004, 2207010)),
        ({**PICTURE, "caption": "of the post", "is_carousel_item": True}, (100, None)),
        ({**PICTURE, "alt_text": "a" * 1001}, (100, None)),
        ({**VIDEO, "alt_text": "of a reel"}, (100, None)),
        ({"media_type": "CAROUSEL", "children": ["1", "2"]}, (100, 2207028)),
    ],
)
def test_a_container_that_instagram_would_not_make_is_refused(
    instagram: httpx.Client, given: dict[str, Any], error: tuple[int, int | None]
):
    assert refusal(instagram.post(f"/{ACCOUNT_ID}/media", json=given)) == error


@pytest.mark.parametrize(
    "given",
    [
        {**PICTURE, "caption": "a" * 2200},
        {**PICTURE, "caption": " ".join(["#tag"] * 30 + ["@you"] * 20)},
        {**PICTURE, "caption": "mail me@example.com https://example.com/#part C# ##"},
        {"image_url": "http://127.0.0.1:8000/without-an-extension"},
        {"image_url": "https://example.com/a.JPEG?size=1"},
    ],
)
def test_what_is_within_the_limits_is_taken(instagram: httpx.Client, given: dict[str, Any]):
    assert created(instagram, **given)


def test_a_carousel_takes_two_to_ten_processed_items_and_none_twice(instagram: httpx.Client):
    items = [created(instagram, **PICTURE, is_carousel_item=True) for _ in range(11)]
    whole = created(instagram, **PICTURE)
    for children in (items[:1], items, [items[0], items[0]], [items[0], whole]):
        asked = {"media_type": "CAROUSEL", "children": children}
        assert refusal(instagram.post(f"/{ACCOUNT_ID}/media", json=asked)) == (100, 2207028)
    assert published(instagram, media_type="CAROUSEL", children=items[:10])
    assert refusal(publication(instagram, items[10])) == (100, None)


def test_a_body_that_is_neither_json_nor_a_form_is_refused(instagram: httpx.Client):
    for kind, content in (("application/json", b"{"), ("application/json", b"[1]"), ("text/plain", b"a=1")):
        answer = instagram.post(f"/{ACCOUNT_ID}/media", content=content, headers={"Content-Type": kind})
        assert (refusal(answer), "body" in answer.json()["error"]["message"]) == ((100, None), True)


def test_another_account_and_an_unknown_object_are_refused_alike(instagram: httpx.Client):
    assert refusal(instagram.post("/12345/media", json=PICTURE)) == (100, 33)
    assert refusal(instagram.post("/12345/media_publish", json={"creation_id": "1"})) == (100, 33)
    assert refusal(instagram.get("/12345")) == (100, 33)
    assert refusal(instagram.get("/12345/insights", params={"metric": "views"})) == (100, 33)
    assert refusal(instagram.delete("/12345")) == (100, 33)
    assert refusal(publication(instagram, "12345")) == (24, 2207008)


def test_a_container_is_processed_before_it_can_be_published(tmp_path: Path):
    ledger = tmp_path / "sandbox.sqlite"
    with running(ledger, processing=timedelta(days=1)) as sandbox, client(sandbox) as instagram:
        reel = created(instagram, **VIDEO)
        item = created(instagram, **PICTURE, is_carousel_item=True)
        other = created(instagram, **PICTURE, is_carousel_item=True)
        assert state(instagram, reel) == state(instagram, item) == "IN_PROGRESS"
        assert refusal(publication(instagram, reel)) == (9007, 2207027)
        album = {"media_type": "CAROUSEL", "children": [item, other]}
        assert refusal(instagram.post(f"/{ACCOUNT_ID}/media", json=album)) == (9007, 2207027)
    with running(ledger, processing=timedelta()) as sandbox, client(sandbox) as instagram:
        assert state(instagram, reel) == "FINISHED"
        assert publication(instagram, reel).status_code == 200


def test_a_video_that_cannot_be_processed_ends_in_an_error_that_tells_its_subcode(instagram: httpx.Client):
    container = created(instagram, media_type="REELS", video_url="https://example.com/a.avi")
    shown = instagram.get(f"/{container}", params={"fields": "status_code,status"}).json()
    assert shown["status_code"] == "ERROR"
    assert shown["status"].endswith("error code 2207026")
    assert refusal(publication(instagram, container)) == (24, 2207006)


def test_a_container_expires_after_a_day(tmp_path: Path):
    path = tmp_path / "sandbox.sqlite"
    with running(path, processing=timedelta()) as sandbox, client(sandbox) as instagram:
        container = created(instagram, **PICTURE)
    age(path, "container", container, "created", hours=25)
    with running(path, processing=timedelta()) as sandbox, client(sandbox) as instagram:
        assert state(instagram, container) == "EXPIRED"
        assert refusal(publication(instagram, container)) == (-2, 2207020)


def age(path: Path, kind: str, id_: str, field: str, *, hours: int) -> None:
    """Let something have happened that long ago."""
    ledger = Ledger(path)
    document = ledger.get("instagram", kind, id_)
    assert document is not None
    ledger.put("instagram", kind, id_, document | {field: (datetime.now(UTC) - timedelta(hours=hours)).isoformat()})
    ledger.close()


def test_the_limit_of_a_day_is_told_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(publishing, "DAILY", 2)
    path = tmp_path / "sandbox.sqlite"

    def usage(instagram: httpx.Client, **query: Any) -> dict[str, Any]:
        answer = instagram.get(f"/{ACCOUNT_ID}/content_publishing_limit", params=query)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()["data"][0]
        return told

    with running(path, processing=timedelta()) as sandbox, client(sandbox) as instagram:
        assert usage(instagram) == {"quota_usage": 0}
        first = published(instagram, **PICTURE)
        instagram.delete(f"/{published(instagram, **PICTURE)}")  # which gives nothing back
        told = usage(instagram, fields="quota_usage,config")
        assert told == {"quota_usage": 2, "config": {"quota_total": 2, "quota_duration": 86400}}
        left = created(instagram, **PICTURE)
        assert refusal(publication(instagram, left)) == (9, 2207042)
        asked = {"since": int(datetime.now(UTC).timestamp()) + 5}
        assert usage(instagram, **asked) == {"quota_usage": 0}
        for wrong in ({"since": 1000}, {"since": "yesterday"}, {"fields": "rate_limit_settings"}):
            assert refusal(instagram.get(f"/{ACCOUNT_ID}/content_publishing_limit", params=wrong)) == (100, None)
    age(path, "use of the limit", first, "at", hours=25)
    with running(path, processing=timedelta()) as sandbox, client(sandbox) as instagram:
        assert usage(instagram) == {"quota_usage": 1}
        assert publication(instagram, left).status_code == 200


def test_the_accounts_media_are_listed_newest_first_and_in_pages(instagram: httpx.Client):
    ids = [published(instagram, **PICTURE, caption=f"Post {number}") for number in range(5)]
    first = instagram.get(f"/{ACCOUNT_ID}/media", params={"fields": "caption,timestamp", "limit": 3}).json()
    assert [media["id"] for media in first["data"]] == ids[:1:-1]
    assert first["data"][0]["caption"] == "Post 4"
    assert first["data"][0]["timestamp"].endswith("+0000")
    assert "next" in first["paging"]
    after = {"limit": 3, "after": first["paging"]["cursors"]["after"]}
    rest = instagram.get(f"/{ACCOUNT_ID}/media", params=after).json()
    assert [media["id"] for media in rest["data"]] == [ids[1], ids[0]]
    assert "next" not in rest["paging"]
    for wrong in ({"limit": 0}, {"limit": 101}, {"limit": "all"}, {"fields": "headline"}, {"count": 3}):
        assert refusal(instagram.get(f"/{ACCOUNT_ID}/media", params=wrong)) == (100, None)


def test_a_node_has_the_fields_that_are_asked_for_and_no_others(instagram: httpx.Client):
    container, media = created(instagram, **PICTURE), published(instagram, **PICTURE)
    for node, wrong in ((ACCOUNT_ID, "caption"), (container, "caption"), (media, "status_code")):
        assert instagram.get(f"/{node}").json() == {"id": node}
        assert refusal(instagram.get(f"/{node}", params={"fields": wrong})) == (100, None)


def test_a_figure_that_the_kind_does_not_have_fails_the_whole_question(instagram: httpx.Client):
    picture, reel = published(instagram, **PICTURE), published(instagram, **VIDEO)
    both = "views,reach,likes,comments,shares,saved,total_interactions"
    reels = f"{both},ig_reels_avg_watch_time,ig_reels_video_view_total_time"
    for media, metric in ((picture, both), (reel, reels)):
        answer = instagram.get(f"/{media}/insights", params={"metric": metric}).json()["data"]
        assert [each["name"] for each in answer] == metric.split(",")
        assert all(isinstance(each["values"][0]["value"], int) for each in answer)
    for media, metric in ((picture, reels), (reel, "views,profile_visits"), (picture, "views,impressions"), (reel, "")):
        answer = instagram.get(f"/{media}/insights", params={"metric": metric})
        assert refusal(answer) == (100, None)
        assert ("must be one of" in answer.json()["error"]["message"]) is ("impressions" in metric)


def test_what_is_deleted_is_gone(instagram: httpx.Client, quick: Sandbox):
    media = published(instagram, **PICTURE)
    page = instagram.get(f"/{media}", params={"fields": "permalink"}).json()["permalink"]
    assert instagram.delete(f"/{media}").json()["success"] is True
    assert refusal(instagram.delete(f"/{media}")) == (100, 33)
    assert refusal(instagram.get(f"/{media}/insights", params={"metric": "views"})) == (100, 33)
    assert httpx.get(page).status_code == 404
    assert [effect.kind for effect in quick.effects()] == ["media_published", "media_deleted"]


def test_a_limit_on_calls_says_in_minutes_when_to_come_back(instagram: httpx.Client, quick: Sandbox):
    for seconds, minutes in ((90, 1), (30, 0)):
        quick.fault("instagram", "rate_limit", seconds=seconds)
        limited = instagram.get(f"/{ACCOUNT_ID}")
        assert refusal(limited) == (80002, None)
        (usage,) = json.loads(limited.headers["x-business-use-case-usage"]).values()
        assert usage[0]["estimated_time_to_regain_access"] == minutes


def test_a_failure_is_told_in_the_apis_envelope(instagram: httpx.Client, quick: Sandbox):
    quick.fault("instagram", "server_error", status=502)
    answer = instagram.get(f"/{ACCOUNT_ID}")
    assert answer.status_code == 502
    assert (answer.json()["error"]["code"], answer.json()["error"]["is_transient"]) == (2, True)


def test_nothing_in_a_caption_can_run_in_a_readers_browser(instagram: httpx.Client, quick: Sandbox):
    attack = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    published(instagram, **PICTURE, caption=attack, alt_text=attack)
    page = httpx.get(str(quick.effects()[0].url)).text
    assert "<script" not in page
    assert page.count("<img") == 1
    assert "Pressroom sandbox: not the real Instagram" in page
