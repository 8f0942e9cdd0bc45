from collections.abc import Iterator
from typing import Any

import html5lib
import httpx
import pytest

from pipeline.sandbox.bluesky.credentials import ACCOUNT, DID, HANDLE
from pipeline.sandbox.client import Sandbox

KEY = "3n2t7np7rw4du"
COLLECTION = "app.bsky.feed.post"
JPEG = b"\xff\xd8\xff\xe0" + bytes(100)


@pytest.fixture
def anonymous(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{sandbox.url}/bluesky/xrpc") as client:
        yield client


@pytest.fixture
def bluesky(anonymous: httpx.Client) -> httpx.Client:
    """The server, as the account."""
    login = {"identifier": HANDLE, "password": ACCOUNT["app_password"]}
    session = anonymous.post("/com.atproto.server.createSession", json=login).json()
    anonymous.headers["Authorization"] = f"Bearer {session['accessJwt']}"
    return anonymous


def record(**changes: Any) -> dict[str, Any]:
    return {"$type": COLLECTION, "text": "Hello", "createdAt": "2026-03-04T05:06:07.000Z"} | changes


def create(bluesky: httpx.Client, made: dict[str, Any] | None = None, **changes: Any) -> httpx.Response:
    asked = {"repo": DID, "collection": COLLECTION, "rkey": KEY, "record": made or record()} | changes
    return bluesky.post("/com.atproto.repo.createRecord", json=asked)


def upload(bluesky: httpx.Client, content: bytes = JPEG, kind: str = "image/jpeg") -> dict[str, Any]:
    answer = bluesky.post("/com.atproto.repo.uploadBlob", content=content, headers={"Content-Type": kind})
    blob: dict[str, Any] = answer.json()["blob"]
    return blob


def shown(blob: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"$type": "app.bsky.embed.images", "images": [{"image": blob, "alt": "A label"} | more]}


@pytest.mark.parametrize(
    ("login", "status", "name"),
    [
        ({"identifier": HANDLE, "password": "wrong"}, 401, "AuthenticationRequired"),
        ({"identifier": "nobody.example", "password": ACCOUNT["app_password"]}, 401, "AuthenticationRequired"),
        ({"identifier": HANDLE}, 400, "InvalidRequest"),
    ],
)
def test_a_session_needs_the_identifier_and_the_app_password(
    anonymous: httpx.Client, login: dict[str, str], status: int, name: str
):
    answer = anonymous.post("/com.atproto.server.createSession", json=login)
    assert (answer.status_code, answer.json()["error"]) == (status, name)


def test_a_call_needs_the_access_token_and_no_other(anonymous: httpx.Client):
    login = {"identifier": DID, "password": ACCOUNT["app_password"]}
    session = anonymous.post("/com.atproto.server.createSession", json=login).json()
    tokens = ["", "Bearer nonsense", f"Bearer {session['refreshJwt']}", f"Bearer {session['accessJwt'][:-2]}"]
    refused = [anonymous.get("/com.atproto.server.getSession", headers={"Authorization": each}) for each in tokens]
    assert [each.json()["error"] for each in refused] == ["AuthMissing", *["InvalidToken"] * 3]
    bearer = {"Authorization": f"Bearer {session['accessJwt']}"}
    assert anonymous.get("/com.atproto.server.getSession", headers=bearer).json()["handle"] == HANDLE
    assert create(anonymous).status_code == 401


def test_a_post_is_kept_under_its_key_and_shown_and_taken_away(bluesky: httpx.Client, sandbox: Sandbox):
    made = create(bluesky).json()
    place = {"repo": DID, "collection": COLLECTION, "rkey": KEY}
    assert made["uri"] == f"at://{DID}/{COLLECTION}/{KEY}"
    assert bluesky.get("/com.atproto.repo.getRecord", params=place).json()["value"] == record()
    (post,) = bluesky.get("/app.bsky.feed.getPosts", params={"uris": [made["uri"], f"{made['uri']}x"]}).json()["posts"]
    assert (post["record"], post["cid"]) == (record(), made["cid"])
    assert all(post[f"{name}Count"] == 0 for name in ("like", "repost", "reply", "quote", "bookmark"))
    for _ in range(2):
        assert bluesky.post("/com.atproto.repo.deleteRecord", json=place).status_code == 200
    assert bluesky.get("/com.atproto.repo.getRecord", params=place).json()["error"] == "RecordNotFound"
    assert [effect.kind for effect in sandbox.effects()] == ["post_created", "post_deleted"]


def test_a_key_that_is_taken_is_refused_without_a_word_of_why(bluesky: httpx.Client, sandbox: Sandbox):
    create(bluesky)
    refused = create(bluesky, record(text="Another"))
    assert (refused.status_code, refused.json()["error"]) == (500, "InternalServerError")
    assert [effect.text for effect in sandbox.effects()] == ["Hello"]


@pytest.mark.parametrize("key", ["short", "0000000000000", "zzzzzzzzzzzzz", "3N2T7NP7RW4DU"])
def test_a_key_of_another_form_is_refused(bluesky: httpx.Client, key: str):
    assert "is not a TID" in create(bluesky, rkey=key).json()["message"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"text": "日" * 301}, "Record/text"),
        ({"text": "👩‍👩‍👧‍👦" * 121}, "3000"),
        ({"createdAt": "2026-03-04T05:06:07"}, "Record/createdAt"),
        ({"createdAt": "today"}, "Record/createdAt"),
        ({"$type": "app.bsky.feed.like"}, "Record/$type"),
        ({"langs": ["en", "de", "fr", "it"]}, "Record/langs"),
        ({"langs": ["not a language"]}, "Record/langs"),
        ({"facets": [{"index": {"byteStart": -1, "byteEnd": 2}, "features": []}]}, "byteStart"),
        ({"facets": [{"index": {"byteStart": 0, "byteEnd": "2"}, "features": []}]}, "byteEnd"),
        (
            {
                "facets": [
                    {
                        "index": {"byteStart": 0, "byteEnd": 2},
                        "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "no address"}],
                    }
                ]
            },
            "features",
        ),
        (
            {"embed": {"$type": "app.bsky.embed.external", "external": {"uri": "https://e.org", "title": "T"}}},
            "description",
        ),
        ({"embed": {"$type": "app.bsky.embed.images", "images": [{"image": {}}]}}, "alt"),
    ],
)
def test_what_the_schema_does_not_let_pass_is_refused(
    bluesky: httpx.Client, sandbox: Sandbox, changes: dict[str, Any], words: str
):
    refused = create(bluesky, record(**changes))
    assert (refused.status_code, refused.json()["error"]) == (400, "InvalidRequest")
    assert words in refused.json()["message"]
    assert sandbox.effects() == []


def test_the_longest_text_passes_and_so_do_fields_the_schema_does_not_know(bluesky: httpx.Client):
    assert create(bluesky, record(text="日" * 300, new=1, embed={"$type": "app.bsky.embed.new"})).status_code == 200


def test_a_picture_is_uploaded_before_the_post_that_shows_it(bluesky: httpx.Client, sandbox: Sandbox):
    blob = upload(bluesky)
    assert (blob["mimeType"], blob["size"]) == ("image/jpeg", len(JPEG))
    assert blob["ref"]["$link"].startswith("bafkrei")
    assert upload(bluesky) == blob
    assert create(bluesky, record(embed=shown(blob))).status_code == 200
    page = httpx.get(sandbox.effects()[0].url or "").text
    assert "A picture of 104 bytes: A label" in page


def test_a_picture_that_was_not_uploaded_or_is_none_or_too_large_is_refused(bluesky: httpx.Client):
    blob = upload(bluesky)
    other = {**blob, "ref": {"$link": "bafkreinothing"}}
    film = upload(bluesky, b"\x00\x00\x00\x18ftypmp42", "video/mp4")
    large = upload(bluesky, JPEG + bytes(2_000_000))
    names = [create(bluesky, record(embed=shown(each))).json()["error"] for each in (other, film, large)]
    assert names == ["BlobNotFound", "InvalidMimeType", "BlobTooLarge"]
    assert create(bluesky, record(embed=shown({**blob, "size": 5}))).json()["error"] == "InvalidMimeType"
    five = {"$type": "app.bsky.embed.images", "images": [{"image": blob, "alt": ""}] * 5}
    assert create(bluesky, record(embed=five)).status_code == 400
    refused = bluesky.post("/com.atproto.repo.uploadBlob", content=b"", headers={"Content-Type": "image/png"})
    assert refused.status_code == 400


def test_another_repository_another_collection_and_another_encoding_are_refused(bluesky: httpx.Client):
    assert create(bluesky, repo="did:plc:somebodyelse").status_code == 401
    assert create(bluesky, collection="app.bsky.feed.like").status_code == 400
    assert bluesky.post("/com.atproto.repo.createRecord", data={"repo": DID}).status_code == 400
    asked = {"repo": DID, "collection": COLLECTION, "rkey": KEY, "record": "text"}
    assert bluesky.post("/com.atproto.repo.createRecord", json=asked).status_code == 400


def test_more_than_25_posts_are_not_looked_up_at_once(bluesky: httpx.Client):
    uris = [f"at://{DID}/{COLLECTION}/{number}" for number in range(26)]
    assert bluesky.get("/app.bsky.feed.getPosts", params={"uris": uris}).status_code == 400
    assert bluesky.get("/app.bsky.feed.getPosts", params={"uris": uris[:25]}).json() == {"posts": []}
    assert bluesky.get("/app.bsky.feed.getPosts").status_code == 400


def test_writing_costs_points_that_the_headers_tell(bluesky: httpx.Client):
    made = create(bluesky)
    assert made.headers["ratelimit-policy"] == "5000;w=3600"
    assert made.headers["ratelimit-remaining"] == "4997"
    assert create(bluesky).headers["ratelimit-remaining"] == "4994"
    place = {"repo": DID, "collection": COLLECTION, "rkey": KEY}
    assert bluesky.post("/com.atproto.repo.deleteRecord", json=place).headers["ratelimit-remaining"] == "4993"


def test_what_is_published_can_not_run_in_a_readers_browser(bluesky: httpx.Client, sandbox: Sandbox):
    attack = "<script>alert(1)</script>javascript:alert(2)"
    link = {"$type": "app.bsky.richtext.facet#link", "uri": "javascript:alert(3)"}
    card = {"uri": "javascript:alert(4)", "title": attack, "description": attack}
    made = record(
        text=attack,
        facets=[{"index": {"byteStart": 25, "byteEnd": 40}, "features": [link]}],
        embed={"$type": "app.bsky.embed.external", "external": card},
    )
    assert create(bluesky, made).status_code == 200
    page = httpx.get(sandbox.effects()[0].url or "")
    document = html5lib.parse(page.text, namespaceHTMLElements=False)
    assert document.findall(".//script") == []
    assert not any(str(each.get("href", "")).startswith("javascript") for each in document.iter())
    assert "Pressroom sandbox: not the real Bluesky" in page.text


def test_a_page_shows_what_the_facets_mark_and_ignores_those_that_cut_a_character(
    bluesky: httpx.Client, sandbox: Sandbox
):
    def facet(start: int, end: int) -> dict[str, Any]:
        link = {"$type": "app.bsky.richtext.facet#link", "uri": f"https://example.com/{start}"}
        return {"index": {"byteStart": start, "byteEnd": end}, "features": [link]}

    create(bluesky, record(text="é é é", facets=[facet(0, 2), facet(3, 4), facet(6, 8), facet(7, 99)]))
    document = html5lib.parse(httpx.get(sandbox.effects()[0].url or "").text, namespaceHTMLElements=False)
    links = document.findall(".//article//a")
    assert [(link.get("href"), link.text) for link in links] == [
        ("https://example.com/0", "é"),
        ("https://example.com/6", "é"),
    ]
    assert httpx.get(f"{sandbox.url}/bluesky/profile/{HANDLE}/post/2222222222222").status_code == 404
