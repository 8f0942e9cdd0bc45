from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import html5lib
import httpx
import pytest

from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.ledger import Ledger
from pipeline.sandbox.mastodon import scheduled
from pipeline.sandbox.mastodon.accounts import ACCOUNT_ID, HANDLE
from pipeline.sandbox.mastodon.credentials import AUTHOR, READER

JPEG = b"\xff\xd8\xff\xe0" + bytes(100)
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(100)


@pytest.fixture
def mastodon(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """The server, as the account."""
    bearer = {"Authorization": f"Bearer {AUTHOR['access_token']}"}
    with httpx.Client(base_url=f"{sandbox.url}/mastodon/api", headers=bearer) as client:
        yield client


def post(mastodon: httpx.Client, key: str | None = None, **status: Any) -> httpx.Response:
    return mastodon.post("/v1/statuses", json=status, headers={"Idempotency-Key": key} if key else {})


def upload(mastodon: httpx.Client, content: bytes = JPEG, kind: str = "image/jpeg", **fields: str) -> httpx.Response:
    return mastodon.post("/v2/media", files={"file": ("file", content, kind)}, data=fields)


def sentence(answer: httpx.Response) -> str:
    told: str = answer.json()["error"]
    return told


def kinds(sandbox: Sandbox) -> list[str]:
    return [effect.kind for effect in sandbox.effects()]


def later(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


def test_a_call_needs_a_token_and_the_scope_but_the_server_tells_its_limits_to_everybody(sandbox: Sandbox):
    with httpx.Client(base_url=f"{sandbox.url}/mastodon/api") as anybody:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {AUTHOR['access_token']}"}):
            assert anybody.get("/v1/accounts/verify_credentials", headers=headers).status_code == 401
        reader = {"Authorization": f"Bearer {READER['access_token']}"}
        assert anybody.get("/v1/accounts/verify_credentials", headers=reader).json()["acct"] == HANDLE
        assert anybody.get("/v1/apps/verify_credentials", headers=reader).json()["scopes"] == ["read"]
        refused = anybody.post("/v1/statuses", json={"status": "a"}, headers=reader)
        assert (refused.status_code, sentence(refused)) == (403, "This action is outside the authorized scopes")
        limits = anybody.get("/v2/instance").json()["configuration"]
        assert limits["statuses"]["max_characters"] == 500
    assert sandbox.effects() == []


def test_a_status_is_shown_as_html_read_edited_and_deleted(mastodon: httpx.Client, sandbox: Sandbox):
    made = post(mastodon, status="R&D\n\nhttps://www.example.com/a-very-long-address-indeed?a=1&b=2 #Zucker").json()
    assert made["content"].startswith("<p>R&amp;D</p><p><a href=")
    assert '<span class="invisible">https://www.</span>' in made["content"]
    assert "#<span>Zucker</span>" in made["content"]
    assert mastodon.get(f"/v1/statuses/{made['id']}").json()["content"] == made["content"]
    edited = mastodon.put(f"/v1/statuses/{made['id']}", json={"status": "Better"}).json()
    assert (edited["content"], bool(edited["edited_at"])) == ("<p>Better</p>", True)
    assert mastodon.delete(f"/v1/statuses/{made['id']}").json()["text"] == "Better"
    for answer in (
        mastodon.get(f"/v1/statuses/{made['id']}"),
        mastodon.put(f"/v1/statuses/{made['id']}", json={"status": "Again"}),
        mastodon.delete(f"/v1/statuses/{made['id']}"),
    ):
        assert (answer.status_code, sentence(answer)) == (404, "Record not found")
    assert kinds(sandbox) == ["status_created", "status_edited", "status_deleted"]


def test_a_key_brings_the_status_it_made_and_not_another(mastodon: httpx.Client, sandbox: Sandbox):
    first = post(mastodon, "one", status="Said once").json()
    assert post(mastodon, "one", status="Said otherwise").json()["id"] == first["id"]
    assert post(mastodon, "two", status="Said once").json()["id"] != first["id"]
    mastodon.delete(f"/v1/statuses/{first['id']}")
    assert post(mastodon, "one", status="Said once").status_code == 404
    assert kinds(sandbox) == ["status_created", "status_created", "status_deleted"]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({"status": " "}, "Text can't be blank"),
        ({"status": "a" * 501}, "Text character limit of 500 exceeded"),
        ({"status": "a" * 499, "spoiler_text": "ab"}, "Text character limit of 500 exceeded"),
        ({"status": "a", "visibility": "everybody"}, "visibility"),
        ({"status": "a", "media_ids": ["4711"]}, "Media 4711 not found"),
        ({"status": "a", "scheduled_at": "tomorrow"}, "Scheduled at"),
        ({"status": ["a"]}, "status"),
    ],
)
def test_what_mastodon_would_refuse_is_refused(
    mastodon: httpx.Client, sandbox: Sandbox, status: dict[str, Any], words: str
):
    refused = post(mastodon, **status)
    assert refused.status_code == 422
    assert words in sentence(refused)
    assert sandbox.effects() == []


def test_a_long_link_counts_23_and_what_is_not_known_is_dropped(mastodon: httpx.Client):
    link = f"https://example.com/{'a' * 600}"
    assert post(mastodon, status=f"{'b' * 476} {link}", new_field=1).status_code == 200
    assert post(mastodon, status=f"{'b' * 477} {link}").status_code == 422


def test_a_picture_is_ready_at_once_and_can_be_shown_by_one_status_only(mastodon: httpx.Client):
    uploaded = upload(mastodon, description="A label")
    assert (uploaded.status_code, uploaded.json()["description"]) == (200, "A label")
    id_ = uploaded.json()["id"]
    assert mastodon.get(f"/v1/media/{id_}").status_code == 200
    (shown,) = post(mastodon, status="a", media_ids=[id_]).json()["media_attachments"]
    assert (shown["type"], shown["description"]) == ("image", "A label")
    assert mastodon.get(f"/v1/media/{id_}").status_code == 404
    assert "not found" in sentence(post(mastodon, status="b", media_ids=[id_]))


def test_a_film_is_worked_on_before_a_status_can_show_it(mastodon: httpx.Client):
    uploaded = upload(mastodon, MP4, "video/mp4")
    assert (uploaded.status_code, uploaded.json()["url"]) == (202, None)
    id_ = uploaded.json()["id"]
    assert mastodon.get(f"/v1/media/{id_}").status_code == 206
    assert "not finished processing" in sentence(post(mastodon, status="a", media_ids=[id_]))


def test_files_that_mastodon_does_not_take_are_refused(mastodon: httpx.Client):
    assert upload(mastodon, b"MZ" + bytes(20), "image/jpeg").status_code == 422
    assert upload(mastodon, JPEG, "text/html").status_code == 422
    assert "too long" in sentence(upload(mastodon, description="a" * 1501))
    assert mastodon.post("/v2/media", content=JPEG, headers={"Content-Type": "image/jpeg"}).status_code == 422
    assert mastodon.post("/v2/media", files={"other": ("f", JPEG, "image/jpeg")}).status_code == 422
    pictures = [upload(mastodon).json()["id"] for _ in range(5)]
    assert "more than 4" in sentence(post(mastodon, status="a", media_ids=pictures))
    film = upload(mastodon, MP4, "video/mp4").json()["id"]
    assert "already contains images" in sentence(post(mastodon, status="a", media_ids=[pictures[0], film]))


def test_an_edit_takes_away_the_files_that_it_does_not_name(mastodon: httpx.Client):
    id_ = upload(mastodon).json()["id"]
    made = post(mastodon, status="a", media_ids=[id_]).json()
    kept = mastodon.put(f"/v1/statuses/{made['id']}", json={"status": "b", "media_ids": [id_]}).json()
    assert [each["id"] for each in kept["media_attachments"]] == [id_]
    assert mastodon.put(f"/v1/statuses/{made['id']}", json={"status": "c"}).json()["media_attachments"] == []


def test_what_is_scheduled_waits_is_listed_and_can_be_taken_back_once(mastodon: httpx.Client, sandbox: Sandbox):
    held = post(mastodon, "key", status="Later", scheduled_at=later(days=1)).json()
    assert held["params"]["text"] == "Later"
    assert (
        post(mastodon, "key", status="Later", scheduled_at=later(days=1)).json()["id"] != held["id"]
    )  # no key is kept
    listed = mastodon.get("/v1/scheduled_statuses", params={"limit": 1}).json()
    (older,) = mastodon.get("/v1/scheduled_statuses", params={"max_id": listed[0]["id"]}).json()
    assert older == held == mastodon.get(f"/v1/scheduled_statuses/{held['id']}").json()
    answers = [mastodon.delete(f"/v1/scheduled_statuses/{held['id']}").status_code for _ in range(2)]
    assert answers == [200, 404]
    assert kinds(sandbox) == ["status_scheduled", "status_scheduled", "schedule_cancelled"]


def test_what_is_too_near_is_refused_and_what_is_past_is_published_at_once(mastodon: httpx.Client, sandbox: Sandbox):
    assert "must be in the future" in sentence(post(mastodon, status="a", scheduled_at=later(minutes=4)))
    assert post(mastodon, status="a", scheduled_at=later(minutes=-1)).json()["content"] == "<p>a</p>"
    assert kinds(sandbox) == ["status_created"]


def test_25_a_day_can_be_scheduled(mastodon: httpx.Client):
    at = later(days=30)
    answers = [post(mastodon, status=f"number {number}", scheduled_at=at).status_code for number in range(26)]
    assert answers == [200] * 25 + [422]


def test_what_falls_due_is_published_under_another_id_in_the_name_of_the_request_that_asked(tmp_path: Path):
    ledger, now = Ledger(tmp_path / "sandbox.sqlite"), datetime.now(UTC)
    said = {"status": "Later", "media_ids": [], "base": "http://127.0.0.1/mastodon"}
    item = {"id": "3000", "at": now.isoformat(), "said": said, "request": "POST /mastodon/api/v1/statuses"}
    ledger.put("mastodon", "scheduled", "3000", item)
    scheduled.publish_due(ledger, now - timedelta(seconds=1))
    assert ledger.effects() == []
    for _ in range(2):
        scheduled.publish_due(ledger, now)
    (effect,) = ledger.effects()
    assert (effect.kind, effect.text, effect.request) == ("status_created", "Later", "POST /mastodon/api/v1/statuses")
    assert effect.external_id != "3000"
    ledger.close()


def test_the_accounts_statuses_come_newest_first_and_page_by_page(mastodon: httpx.Client):
    ids = [post(mastodon, status=f"number {number}").json()["id"] for number in range(5)]
    address = f"/v1/accounts/{ACCOUNT_ID}/statuses"
    first = [each["id"] for each in mastodon.get(address, params={"limit": 3}).json()]
    rest = [each["id"] for each in mastodon.get(address, params={"limit": 3, "max_id": first[-1]}).json()]
    assert first + rest == ids[::-1]
    assert mastodon.get("/v1/accounts/1/statuses").status_code == 404


def test_no_more_than_20_statuses_are_read_at_once(mastodon: httpx.Client):
    id_ = post(mastodon, status="a").json()["id"]
    others = [str(number) for number in range(20)]
    assert [each["id"] for each in mastodon.get("/v1/statuses", params={"id[]": [id_, *others[1:]]}).json()] == [id_]
    assert mastodon.get("/v1/statuses", params={"id[]": [id_, *others]}).status_code == 422


def test_the_headers_tell_what_is_left_and_until_which_date(mastodon: httpx.Client):
    made = post(mastodon, status="a")
    assert (made.headers["x-ratelimit-limit"], made.headers["x-ratelimit-remaining"]) == ("300", "299")
    resets = datetime.fromisoformat(made.headers["x-ratelimit-reset"])
    assert timedelta(hours=2, minutes=59) < resets - datetime.now(UTC) <= timedelta(hours=3)


def test_what_is_published_can_not_run_in_a_readers_browser(mastodon: httpx.Client, sandbox: Sandbox):
    attack = '<script>alert(1)</script> <img src=x onerror=alert(2)> https://example.com/"onclick=alert(3)'
    post(
        mastodon,
        status=attack,
        spoiler_text="<b>bold</b>",
        media_ids=[upload(mastodon, description=attack).json()["id"]],
    )
    page = httpx.get(sandbox.effects()[0].url or "")
    document = html5lib.parse(page.text, namespaceHTMLElements=False)
    assert document.findall(".//script") == document.findall(".//img") == document.findall(".//b") == []
    assert not any(name.startswith("on") for each in document.iter() for name in each.attrib)
    assert "Pressroom sandbox: not the real Mastodon" in page.text
    assert httpx.get(f"{sandbox.url}/mastodon/@{HANDLE}/1").status_code == 404
