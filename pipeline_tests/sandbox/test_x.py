import base64
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import tweepy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.server import running
from pipeline.sandbox.x.credentials import BEARER_TOKEN, READ_ONLY, USER
from pipeline.sandbox.x.users import HANDLE, USER_ID

VIDEO = b"\x00\x00\x00\x18ftypisom and so on"
BEARER = {"Authorization": f"Bearer {BEARER_TOKEN}"}


class ToSandbox(HTTPAdapter):
    """Sends what tweepy signed for X's host to the sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self._base = f"{sandbox.url}/x"

    def send(self, request: PreparedRequest, **how: Any) -> Response:  # type: ignore[override]
        assert request.url is not None
        request.url = request.url.replace("https://api.twitter.com", self._base, 1)
        return super().send(request, **how)


def client(sandbox: Sandbox, **changed: str) -> tweepy.Client:
    keys = {**USER, **changed}
    made = tweepy.Client(
        consumer_key=keys["api_key"],
        consumer_secret=keys["api_secret"],
        access_token=keys["access_token"],
        access_token_secret=keys["access_secret"],
    )
    made.session.mount("https://api.twitter.com", ToSandbox(sandbox))
    return made


@pytest.fixture
def x(sandbox: Sandbox) -> tweepy.Client:
    return client(sandbox)


def timeline(x: tweepy.Client, **params: Any) -> tweepy.Response:
    return x.get_users_tweets(USER_ID, user_auth=True, **params)


def test_the_account_tells_its_name(x: tweepy.Client):
    assert (x.get_me().data.id, x.get_me().data.username) == (int(USER_ID), HANDLE)


@pytest.mark.parametrize("key", ["api_key", "api_secret", "access_token", "access_secret"])
def test_a_signature_with_another_key_is_refused(sandbox: Sandbox, key: str):
    with pytest.raises(tweepy.Unauthorized):
        client(sandbox, **{key: "another"}).create_tweet(text="hello")
    assert sandbox.effects() == []


def test_a_signature_holds_for_its_own_call_only(sandbox: Sandbox, x: tweepy.Client):
    signed: list[PreparedRequest] = []
    x.session.hooks["response"].append(lambda response, **_: signed.append(response.request))
    x.get_users_tweets(USER_ID, user_auth=True, max_results=5)
    header = {"Authorization": signed[0].headers["Authorization"]}
    address = f"{sandbox.url}/x/2/users/{USER_ID}/tweets?max_results="
    assert httpx.get(f"{address}5", headers=header).status_code == 200
    assert httpx.get(f"{address}6", headers=header).status_code == 401


def test_a_missing_header_or_wrong_bearer_token_is_refused_and_the_users_own_is_taken(sandbox: Sandbox):
    me = f"{sandbox.url}/x/2/users/me"
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        refused = httpx.get(me, headers=headers)
        assert (refused.status_code, refused.json()["title"]) == (401, "Unauthorized")
    assert httpx.get(me, headers=BEARER).json()["data"]["username"] == HANDLE


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40))
def test_any_query_that_tweepy_signs_is_verified(server: Sandbox, text: str):
    with pytest.raises(tweepy.BadRequest, match="extra"):
        client(server).request("GET", "/2/tweets", params={"extra": text}, user_auth=True)


def test_a_read_only_token_reads_and_may_not_write(sandbox: Sandbox):
    reader = client(sandbox, access_token=READ_ONLY["access_token"])
    me = reader.request("GET", "/2/users/me", user_auth=True)
    assert me.headers["x-access-level"] == "read"
    with pytest.raises(tweepy.Forbidden, match="oauth1 app permissions"):
        reader.create_tweet(text="hello")
    assert sandbox.effects() == []


def test_a_post_is_made_with_a_string_id_and_found_again(x: tweepy.Client, sandbox: Sandbox):
    made = x.create_tweet(text="Hello, world").data
    assert isinstance(made["id"], str)
    assert made["text"] == "Hello, world"
    assert x.get_tweet(made["id"], user_auth=True).data.text == "Hello, world"
    (effect,) = sandbox.effects("x")
    assert (effect.kind, effect.external_id, effect.text) == ("tweet_created", made["id"], "Hello, world")


def test_the_same_text_again_is_refused_without_telling_which_post_it_was(x: tweepy.Client):
    made = x.create_tweet(text="Said once").data
    with pytest.raises(tweepy.Forbidden, match="duplicate content") as refused:
        x.create_tweet(text="  Said once ")
    assert made["id"] not in refused.value.response.text
    x.delete_tweet(made["id"])
    assert x.create_tweet(text="Said once").data["id"] != made["id"]


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("a" * 280, True),
        ("a" * 281, False),
        ("国" * 140, True),
        ("国" * 141, False),
        ("👨‍👩‍👧‍👦" * 140, True),
        ("👨‍👩‍👧‍👦" * 141, False),
        (f"{'a' * 256} https://example.com/{'b' * 300}", True),
        (f"{'a' * 257} https://example.com/{'b' * 300}", False),
    ],
)
def test_text_is_counted_by_weight(x: tweepy.Client, text: str, fits: bool):
    if fits:
        assert x.create_tweet(text=text).data["id"]
    else:
        with pytest.raises(tweepy.BadRequest, match="too long"):
            x.create_tweet(text=text)


@pytest.mark.parametrize(
    "body",
    [
        {"text": "x", "title": "not a property"},
        {"text": "x", "media": {"media_ids": ["1"], "alt": "x"}},
        {"text": 5},
        {"text": ""},
        {},
        {"text": "x", "poll": {"options": ["only one"], "duration_minutes": 60}},
        {"text": "x", "media": {"media_ids": ["123"]}},
    ],
)
def test_a_body_outside_the_schema_is_refused(x: tweepy.Client, sandbox: Sandbox, body: dict[str, Any]):
    with pytest.raises(tweepy.BadRequest):
        x.request("POST", "/2/tweets", json=body, user_auth=True)
    assert sandbox.effects() == []


@pytest.mark.parametrize("body", [{"text": "$AAA and $BBB"}, {"text": "x", "quote_tweet_id": "1"}])
def test_what_self_serve_access_may_not_do_is_forbidden(x: tweepy.Client, body: dict[str, Any]):
    with pytest.raises(tweepy.Forbidden):
        x.request("POST", "/2/tweets", json=body, user_auth=True)


def test_links_go_behind_t_co_and_entities_tell_them_again(x: tweepy.Client):
    said = "Größe <b> & 👍: https://example.com/a?b=c&d=e, see example.org/x."
    made = x.create_tweet(text=said).data
    (tweet,) = timeline(x, tweet_fields=["entities"]).data
    assert "example" not in made["text"]
    assert tweet.text == made["text"]
    shown = tweet.text
    for url in reversed(tweet.entities["urls"]):
        assert shown[url["start"] : url["end"]] == url["url"]
        shown = shown[: url["start"]] + url["expanded_url"] + shown[url["end"] :]
    assert shown == "Größe &lt;b&gt; &amp; 👍: https://example.com/a?b=c&d=e, see http://example.org/x."


def test_a_reply_needs_its_post(x: tweepy.Client):
    first = x.create_tweet(text="First").data
    reply = x.create_tweet(text="Second", in_reply_to_tweet_id=first["id"]).data
    seen = x.get_tweet(reply["id"], tweet_fields=["referenced_tweets"], user_auth=True).data
    assert seen.referenced_tweets[0].id == int(first["id"])
    with pytest.raises(tweepy.Forbidden):
        x.create_tweet(text="Third", in_reply_to_tweet_id="12345")


def test_deleting_is_confirmed_even_when_it_is_gone(x: tweepy.Client, sandbox: Sandbox):
    made = x.create_tweet(text="Away with it").data
    assert x.delete_tweet(made["id"]).data == {"deleted": True}
    assert x.delete_tweet(made["id"]).data == {"deleted": True}
    assert [effect.kind for effect in sandbox.effects()] == ["tweet_created", "tweet_deleted"]


def test_a_look_up_tells_the_missing_beside_the_found(x: tweepy.Client):
    made = x.create_tweet(text="Here").data
    found = x.get_tweets([made["id"], "404"], tweet_fields=["public_metrics"], user_auth=True)
    assert [tweet.id for tweet in found.data] == [int(made["id"])]
    assert [(error["value"], error["title"]) for error in found.errors] == [("404", "Not Found Error")]
    assert set(found.data[0].public_metrics) == {
        *("retweet_count", "reply_count", "like_count", "quote_count", "bookmark_count", "impression_count")
    }


def test_the_newer_field_parameter_renames_a_figure(sandbox: Sandbox, x: tweepy.Client):
    made = x.create_tweet(text="Here").data
    answer = httpx.get(
        f"{sandbox.url}/x/2/tweets", params={"ids": made["id"], "post.fields": "public_metrics"}, headers=BEARER
    )
    (shown,) = answer.json()["data"]
    assert "repost_count" in shown["public_metrics"]
    assert shown["edit_history_post_ids"] == [made["id"]]


@pytest.mark.parametrize(("parameter", "field"), [("post.fields", "note_tweet"), ("tweet.fields", "note_post")])
def test_a_field_is_known_by_the_parameter_of_its_time_only(sandbox: Sandbox, parameter: str, field: str):
    refused = httpx.get(f"{sandbox.url}/x/2/tweets", params={"ids": "1", parameter: field}, headers=BEARER)
    assert refused.status_code == 400


def test_a_thread_is_one_conversation(x: tweepy.Client, sandbox: Sandbox):
    first = x.create_tweet(text="First").data["id"]
    second = x.create_tweet(text="Second", in_reply_to_tweet_id=first).data["id"]
    x.create_tweet(text="Third", in_reply_to_tweet_id=second)
    seen = timeline(x, tweet_fields=["conversation_id"]).data
    assert [tweet.conversation_id for tweet in seen] == [int(first)] * 3
    assert [effect.kind for effect in sandbox.effects("x")] == ["tweet_created", "reply_created", "reply_created"]


@pytest.mark.parametrize(
    "query", ["", "ids=abc", "ids=1&unknown=2", "ids=1&tweet.fields=nonsense", "ids=" + ",".join(["1"] * 101)]
)
def test_a_query_that_x_does_not_know_is_refused(sandbox: Sandbox, query: str):
    refused = httpx.get(f"{sandbox.url}/x/2/tweets?{query}", headers=BEARER)
    assert (refused.status_code, refused.json()["title"]) == (400, "Invalid Request")


def test_the_timeline_looks_back_newest_first_and_in_pages(x: tweepy.Client):
    ids = [int(x.create_tweet(text=f"Post {number}").data["id"]) for number in range(7)]
    assert [tweet.id for tweet in timeline(x, since_id=ids[2]).data] == ids[:2:-1]
    first = timeline(x, max_results=5)
    assert [tweet.id for tweet in first.data] == ids[:1:-1]
    rest = timeline(x, max_results=5, pagination_token=first.meta["next_token"])
    assert [tweet.id for tweet in rest.data] == [ids[1], ids[0]]
    assert "next_token" not in rest.meta
    ahead = datetime.now(UTC) + timedelta(minutes=1)
    assert timeline(x, start_time=ahead).meta == {"result_count": 0}
    assert timeline(x, start_time=ahead - timedelta(hours=1)).meta["result_count"] == 7
    for wrong in ({"max_results": 4}, {"max_results": 101}, {"start_time": "yesterday"}):
        with pytest.raises(tweepy.BadRequest):
            timeline(x, **wrong)


def test_the_101st_post_within_15_minutes_is_refused_with_the_time_to_come_back(x: tweepy.Client, sandbox: Sandbox):
    for number in range(100):
        answer = x.request("POST", "/2/tweets", json={"text": f"{number}"}, user_auth=True)
        assert answer.headers["x-rate-limit-remaining"] == str(99 - number)
        assert answer.headers["x-app-limit-24hour-remaining"] == str(9_999 - number)
    with pytest.raises(tweepy.TooManyRequests) as refused:
        x.create_tweet(text="One more")
    resets = datetime.fromtimestamp(refused.value.reset_time, UTC)
    assert timedelta() < resets - datetime.now(UTC) <= timedelta(minutes=15)
    assert refused.value.response.headers["x-rate-limit-limit"] == "100"
    assert len(sandbox.effects()) == 100
    assert x.get_me().data


def upload(x: tweepy.Client, content: bytes, kind: str, category: str, *, size: int = 3) -> str:
    asked = {"media_type": kind, "media_category": category, "total_bytes": len(content)}
    made = x.request("POST", "/2/media/upload/initialize", json=asked, user_auth=True).json()["data"]
    for index, start in enumerate(range(0, len(content), size)):
        part = {"segment_index": index, "media": base64.b64encode(content[start : start + size]).decode()}
        x.request("POST", f"/2/media/upload/{made['id']}/append", json=part, user_auth=True)
    x.request("POST", f"/2/media/upload/{made['id']}/finalize", user_auth=True)
    return str(made["id"])


def describe(x: tweepy.Client, media_id: str, text: Any) -> None:
    asked = {"id": media_id, "metadata": {"alt_text": {"text": text}}}
    x.request("POST", "/2/media/metadata", json=asked, user_auth=True)


def test_a_picture_is_uploaded_in_segments_described_and_posted(x: tweepy.Client, sandbox: Sandbox):
    media_id = upload(x, b"a picture", "image/png", "tweet_image")
    describe(x, media_id, 'What is "seen" & more')
    made = x.create_tweet(text="Look", media_ids=[media_id]).data
    page = httpx.get(f"{sandbox.url}/x/{HANDLE}/status/{made['id']}").text
    assert f"/x/media/{media_id}" in page
    assert 'alt="What is &#34;seen&#34; &amp; more"' in page
    assert httpx.get(f"{sandbox.url}/x/media/{media_id}").content == b"a picture"
    kinds = [effect.kind for effect in sandbox.effects("x")]
    assert kinds == ["media_uploaded", "media_described", "tweet_created"]


def test_a_description_is_of_a_whole_upload_and_of_what_x_knows(x: tweepy.Client):
    asked = {"media_type": "image/png", "media_category": "tweet_image", "total_bytes": 4}
    unfinished = x.request("POST", "/2/media/upload/initialize", json=asked, user_auth=True).json()["data"]["id"]
    whole = upload(x, b"a picture", "image/png", "tweet_image")
    for media_id, text in ((unfinished, "words"), ("404", "words"), (whole, ""), (whole, "x" * 1001), (whole, None)):
        with pytest.raises(tweepy.BadRequest):
            describe(x, media_id, text)
    with pytest.raises(tweepy.BadRequest, match="additional properties"):
        x.request(
            "POST",
            "/2/media/metadata",
            json={"id": whole, "metadata": {"alt_text": {"text": "words"}, "tags": []}},
            user_auth=True,
        )


def test_of_a_video_the_page_tells_the_size_and_the_checksum(tmp_path: Path):
    with running(tmp_path / "sandbox.sqlite", processing=timedelta()) as sandbox:
        x = client(sandbox)
        media_id = upload(x, VIDEO, "video/mp4", "tweet_video", size=5)
        made = x.create_tweet(text="Watch", media_ids=[media_id]).data
        page = httpx.get(f"{sandbox.url}/x/{HANDLE}/status/{made['id']}").text
        assert f"of {len(VIDEO)} bytes, CRC-32 {zlib.crc32(VIDEO):08x}" in page
        assert httpx.get(f"{sandbox.url}/x/media/{media_id}").status_code == 404


def test_a_video_that_is_none_fails_in_processing(tmp_path: Path):
    with running(tmp_path / "sandbox.sqlite", processing=timedelta()) as sandbox:
        x = client(sandbox)
        media_id = upload(x, b"no video at all", "video/mp4", "tweet_video", size=15)
        info = processing(x, media_id)
        assert (info["state"], info["error"]["name"]) == ("failed", "InvalidMedia")
        with pytest.raises(tweepy.BadRequest, match="media IDs are invalid"):
            x.create_tweet(text="Watch", media_ids=[media_id])


def test_a_segment_of_more_than_five_megabytes_is_refused(x: tweepy.Client):
    with pytest.raises(tweepy.BadRequest, match="at most 5242880 bytes"):
        upload(x, b"x" * (5 * 1024**2 + 1), "video/mp4", "tweet_video", size=6 * 1024**2)


def processing(x: tweepy.Client, media_id: str) -> dict[str, Any]:
    asked = {"command": "STATUS", "media_id": media_id}
    answer = x.request("GET", "/2/media/upload", params=asked, user_auth=True).json()
    info: dict[str, Any] = answer["data"]["processing_info"]
    return info


def test_a_video_can_be_posted_once_it_is_processed(tmp_path: Path):
    with running(tmp_path / "sandbox.sqlite", processing=timedelta(days=1)) as sandbox:
        x = client(sandbox)
        media_id = upload(x, VIDEO, "video/mp4", "tweet_video", size=12)
        assert processing(x, media_id) == {"state": "pending", "check_after_secs": 1, "progress_percent": 0}
        with pytest.raises(tweepy.BadRequest, match="media IDs are invalid"):
            x.create_tweet(text="Watch", media_ids=[media_id])
    with running(tmp_path / "sandbox.sqlite", processing=timedelta()) as sandbox:
        x = client(sandbox)
        assert processing(x, media_id) == {"state": "succeeded", "progress_percent": 100}
        assert x.create_tweet(text="Watch", media_ids=[media_id]).data["id"]


@pytest.mark.parametrize(
    ("kind", "category", "size"),
    [("image/png", "tweet_image", 5 * 1024**2 + 1), ("image/png", "tweet_gif", 5), ("text/html", "tweet_image", 5)],
)
def test_media_that_x_does_not_take_are_refused_at_the_start(x: tweepy.Client, kind: str, category: str, size: int):
    asked = {"media_type": kind, "media_category": category, "total_bytes": size}
    with pytest.raises(tweepy.BadRequest):
        x.request("POST", "/2/media/upload/initialize", json=asked, user_auth=True)


def test_a_segment_may_be_sent_again_but_not_another_in_its_place(x: tweepy.Client, sandbox: Sandbox):
    asked = {"media_type": "image/png", "media_category": "tweet_image", "total_bytes": 3}
    media_id = x.request("POST", "/2/media/upload/initialize", json=asked, user_auth=True).json()["data"]["id"]
    for _ in range(2):
        part = {"segment_index": 0, "media": base64.b64encode(b"abc").decode()}
        x.request("POST", f"/2/media/upload/{media_id}/append", json=part, user_auth=True)
    other = {"segment_index": 0, "media": base64.b64encode(b"xyz").decode()}
    with pytest.raises(tweepy.BadRequest):
        x.request("POST", f"/2/media/upload/{media_id}/append", json=other, user_auth=True)
    x.request("POST", f"/2/media/upload/{media_id}/finalize", user_auth=True)
    assert httpx.get(f"{sandbox.url}/x/media/{media_id}").content == b"abc"


def test_an_upload_whose_segments_do_not_add_up_is_refused(x: tweepy.Client):
    asked = {"media_type": "image/png", "media_category": "tweet_image", "total_bytes": 4}
    media_id = x.request("POST", "/2/media/upload/initialize", json=asked, user_auth=True).json()["data"]["id"]
    with pytest.raises(tweepy.BadRequest):
        x.request("POST", f"/2/media/upload/{media_id}/finalize", user_auth=True)
    for part in ({"segment_index": 1, "media": "YQ=="}, {"segment_index": 0, "media": "?"}, {"segment_index": 0}):
        with pytest.raises(tweepy.BadRequest):
            x.request("POST", f"/2/media/upload/{media_id}/append", json=part, user_auth=True)


@settings(max_examples=30, deadline=None)
@given(st.binary(min_size=1, max_size=300))
def test_a_segment_sent_as_a_form_arrives_byte_for_byte(content: bytes):
    from pipeline.sandbox.x.media import _form_segment

    request = httpx.Request("POST", "http://x", data={"segment_index": "7"}, files={"media": content})
    assert _form_segment(request.headers["content-type"], request.read()) == (7, content)
