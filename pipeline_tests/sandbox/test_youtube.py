"""The stand-in is as strict as YouTube, and a video's life in it is as YouTube has it."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import html5lib
import httpx
import pytest

from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.ledger import Ledger
from pipeline.sandbox.server import running
from pipeline.sandbox.youtube.credentials import OWNER, UPLOADER
from pipeline.sandbox.youtube.publishing import publish_due

UNIT = 256 * 1024
FILM = b"\0\0\0\x20ftypisom" + bytes(1000)
SNIPPET = {"title": "A film", "description": "Words", "categoryId": "22"}
PUBLIC = {"privacyStatus": "public", "selfDeclaredMadeForKids": False}
TOMORROW = (datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)).isoformat()
UPLOAD = "/resumable/upload/youtube/v3/videos"
VIDEOS = "/youtube/v3/videos"


@pytest.fixture
def youtube(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """The channel's owner."""
    with owner(sandbox) as client:
        yield client


def owner(sandbox: Sandbox, token: str = OWNER["access_token"]) -> httpx.Client:
    return httpx.Client(base_url=f"{sandbox.url}/youtube/api", headers={"Authorization": f"Bearer {token}"})


def open_session(youtube: httpx.Client, size: int | None = len(FILM), **video: Any) -> httpx.Response:
    headers = {"X-Upload-Content-Type": "video/mp4"}
    if size is not None:
        headers["X-Upload-Content-Length"] = str(size)
    body = {"snippet": SNIPPET, "status": PUBLIC} | video
    params = {"uploadType": "resumable", "part": "snippet,status"}
    return youtube.post(UPLOAD, params=params, headers=headers, json=body)


def put(youtube: httpx.Client, session: str, body: bytes, content_range: str | None) -> httpx.Response:
    headers = {} if content_range is None else {"Content-Range": content_range}
    return youtube.put(session, content=body, headers=headers)


def uploaded(youtube: httpx.Client, body: bytes = FILM, **video: Any) -> str:
    session = open_session(youtube, len(body), **video).headers["location"]
    answer = put(youtube, session, body, f"bytes 0-{len(body) - 1}/{len(body)}")
    assert answer.status_code == 201
    return str(answer.json()["id"])


def read(youtube: httpx.Client, id_: str, part: str = "snippet,status") -> dict[str, Any]:
    (video,) = youtube.get(VIDEOS, params={"part": part, "id": id_}).json()["items"]
    return dict(video)


def reason(answer: httpx.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert error["code"] == answer.status_code
    return answer.status_code, error["errors"][0]["reason"]


def test_a_missing_or_wrong_token_is_refused_and_one_for_uploads_may_not_change(
    sandbox: Sandbox, youtube: httpx.Client
):
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {OWNER['access_token']}"}):
        refused = httpx.get(f"{sandbox.url}/youtube/api{VIDEOS}?part=id&id=a", headers=headers)
        assert reason(refused) == (401, "authError")
    with owner(sandbox, UPLOADER["access_token"]) as uploader:
        id_ = uploaded(uploader)
        assert read(uploader, id_)["id"] == id_
        assert reason(uploader.delete(VIDEOS, params={"id": id_})) == (403, "insufficientPermissions")
        body = {"id": id_, "snippet": SNIPPET}
        assert reason(uploader.put(VIDEOS, params={"part": "snippet"}, json=body)) == (403, "insufficientPermissions")


def test_what_a_token_allows_is_told(sandbox: Sandbox):
    address = f"{sandbox.url}/youtube/api/oauth2/v1/tokeninfo"
    told = httpx.post(address, data={"access_token": OWNER["access_token"]}).json()
    assert told["scope"] == "https://www.googleapis.com/auth/youtube"
    assert httpx.post(address, data={"access_token": "wrong"}).json()["error"] == "invalid_token"


def test_a_film_in_chunks_becomes_a_video_with_its_last_byte(sandbox: Sandbox, youtube: httpx.Client):
    body = FILM + bytes(2 * UNIT)
    session = open_session(youtube, len(body)).headers["location"]
    assert "range" not in put(youtube, session, b"", f"bytes */{len(body)}").headers
    first = put(youtube, session, body[:UNIT], f"bytes 0-{UNIT - 1}/{len(body)}")
    assert (first.status_code, first.headers["range"]) == (308, f"bytes=0-{UNIT - 1}")
    assert put(youtube, session, b"", f"bytes */{len(body)}").headers["range"] == f"bytes=0-{UNIT - 1}"
    assert sandbox.effects() == []
    last = put(youtube, session, body[UNIT:], f"bytes {UNIT}-{len(body) - 1}/{len(body)}")
    assert last.status_code == 201
    asked = put(youtube, session, b"", f"bytes */{len(body)}")
    assert (asked.status_code, asked.json()["id"]) == (201, last.json()["id"])
    (effect,) = sandbox.effects("youtube")
    assert (effect.kind, effect.external_id, effect.title) == ("video_published", last.json()["id"], "A film")
    assert effect.request == f"PUT /youtube/api{UPLOAD}"


def test_a_whole_film_may_come_at_once_and_unannounced(youtube: httpx.Client):
    session = open_session(youtube, None).headers["location"]
    assert put(youtube, session, FILM, None).status_code == 201


@pytest.mark.parametrize(
    ("body", "content_range"),
    [
        (bytes(UNIT - 1), f"bytes 0-{UNIT - 2}/{3 * UNIT}"),
        (bytes(UNIT), f"bytes {UNIT}-{2 * UNIT - 1}/{3 * UNIT}"),
        (bytes(UNIT), f"bytes 0-{UNIT}/{3 * UNIT}"),
        (bytes(UNIT), f"bytes 0-{UNIT - 1}/{4 * UNIT}"),
        (bytes(UNIT), f"0-{UNIT - 1}/{3 * UNIT}"),
        (b"some", f"bytes */{3 * UNIT}"),
        (bytes(UNIT), None),
    ],
)
def test_a_chunk_of_the_wrong_size_or_in_the_wrong_place_is_refused(
    sandbox: Sandbox, youtube: httpx.Client, body: bytes, content_range: str | None
):
    session = open_session(youtube, 3 * UNIT).headers["location"]
    assert reason(put(youtube, session, body, content_range)) == (400, "badRequest")
    assert "range" not in put(youtube, session, b"", f"bytes */{3 * UNIT}").headers
    assert sandbox.effects() == []


def test_a_session_that_was_never_opened_is_not_found(youtube: httpx.Client):
    session = open_session(youtube).headers["location"]
    assert put(youtube, f"{session}0", FILM, None).status_code == 404


@pytest.mark.parametrize(
    ("video", "expected"),
    [
        ({"snippet": {**SNIPPET, "title": ""}}, "invalidTitle"),
        ({"snippet": {**SNIPPET, "title": "x" * 101}}, "invalidTitle"),
        ({"snippet": {**SNIPPET, "title": "a > b"}}, "invalidTitle"),
        ({"snippet": {**SNIPPET, "description": "é" * 2501}}, "invalidDescription"),
        ({"snippet": {**SNIPPET, "description": "<b>"}}, "invalidDescription"),
        ({"snippet": {**SNIPPET, "tags": ["a" * 250, "b" * 250]}}, "invalidTags"),
        ({"snippet": {**SNIPPET, "tags": ["a b" + "c" * 496]}}, "invalidTags"),
        ({"snippet": {**SNIPPET, "categoryId": "99"}}, "invalidCategoryId"),
        ({"status": {"privacyStatus": "public", "publishAt": TOMORROW}}, "invalidPublishAt"),
        ({"status": {"privacyStatus": "private", "publishAt": "2020-01-01T00:00:00Z"}}, "invalidPublishAt"),
        ({"status": {"privacyStatus": "secret"}}, "invalid"),
        ({"status": {"privacy": "public"}}, "invalid"),
        ({"category": "news"}, "invalid"),
    ],
)
def test_metadata_that_youtube_would_refuse_opens_no_session(
    youtube: httpx.Client, video: dict[str, Any], expected: str
):
    assert reason(open_session(youtube, **video)) == (400, expected)


@pytest.mark.parametrize(
    ("params", "headers", "expected"),
    [
        ({"uploadType": "media", "part": "snippet,status"}, {"X-Upload-Content-Type": "video/mp4"}, "badRequest"),
        ({"uploadType": "resumable"}, {"X-Upload-Content-Type": "video/mp4"}, "missingRequiredParameter"),
        ({"uploadType": "resumable", "part": "title"}, {"X-Upload-Content-Type": "video/mp4"}, "unknownPart"),
        ({"uploadType": "resumable", "part": "snippet"}, {"X-Upload-Content-Type": "video/mp4"}, "unexpectedPart"),
        ({"uploadType": "resumable", "part": "snippet,status"}, {}, "mediaBodyRequired"),
        (
            {"uploadType": "resumable", "part": "snippet,status"},
            {"X-Upload-Content-Type": "image/png"},
            "mediaBodyRequired",
        ),
        ({"uploadType": "resumable", "part": "snippet,status", "notify": "1"}, {}, "invalid"),
    ],
)
def test_an_upload_that_is_not_announced_as_one_is_refused(
    youtube: httpx.Client, params: dict[str, str], headers: dict[str, str], expected: str
):
    body = {"snippet": SNIPPET, "status": PUBLIC}
    assert reason(youtube.post(UPLOAD, params=params, headers=headers, json=body)) == (400, expected)


def test_a_video_is_public_where_nobody_says_who_may_see_it(sandbox: Sandbox, youtube: httpx.Client):
    id_ = uploaded(youtube, status={})
    assert read(youtube, id_)["status"]["privacyStatus"] == "public"


def test_a_film_is_processed_for_a_while_and_what_is_none_fails(tmp_path):
    with running(tmp_path / "sandbox.sqlite", processing=timedelta(seconds=60)) as slow, owner(slow) as youtube:
        assert read(youtube, uploaded(youtube))["status"]["uploadStatus"] == "uploaded"
    with running(tmp_path / "sandbox.sqlite", processing=timedelta()) as fast, owner(fast) as youtube:
        assert read(youtube, uploaded(youtube))["status"]["uploadStatus"] == "processed"
        status = read(youtube, uploaded(youtube, b"no film at all"))["status"]
        assert (status["uploadStatus"], status["failureReason"]) == ("failed", "invalidFile")


def test_an_update_loses_what_it_does_not_say(sandbox: Sandbox, youtube: httpx.Client):
    id_ = uploaded(youtube, snippet={**SNIPPET, "tags": ["moon"], "defaultLanguage": "en"})
    body = {"id": id_, "snippet": {"title": "Another", "categoryId": "27"}}
    assert youtube.put(VIDEOS, params={"part": "snippet"}, json=body).status_code == 200
    snippet = read(youtube, id_)["snippet"]
    assert (snippet["title"], snippet["description"], snippet["categoryId"]) == ("Another", "", "27")
    assert "tags" not in snippet
    assert "defaultLanguage" not in snippet
    assert [effect.kind for effect in sandbox.effects()] == ["video_published", "video_updated"]


@pytest.mark.parametrize(
    ("part", "body", "expected"),
    [
        ("snippet", {"snippet": {"title": "No category"}}, "invalidCategoryId"),
        ("snippet", {"snippet": SNIPPET, "status": PUBLIC}, "unexpectedPart"),
        ("snippet", {"snippet": {**SNIPPET, "subtitle": "x"}}, "invalid"),
        ("", {"snippet": SNIPPET}, "missingRequiredParameter"),
    ],
)
def test_an_update_is_checked_too(youtube: httpx.Client, part: str, body: dict[str, Any], expected: str):
    answer = youtube.put(VIDEOS, params={"part": part}, json={"id": uploaded(youtube), **body})
    assert reason(answer) == (400, expected)


def test_what_is_deleted_is_gone_and_can_not_be_deleted_again(sandbox: Sandbox, youtube: httpx.Client):
    id_ = uploaded(youtube)
    assert youtube.delete(VIDEOS, params={"id": id_}).status_code == 204
    assert reason(youtube.delete(VIDEOS, params={"id": id_})) == (404, "videoNotFound")
    assert youtube.get(VIDEOS, params={"part": "id", "id": id_}).json()["items"] == []
    assert httpx.get(f"{sandbox.url}/youtube/watch?v={id_}").status_code == 404


def test_a_scheduled_video_goes_public_at_its_time(tmp_path):
    ledger = Ledger(tmp_path / "sandbox.sqlite")
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    status = {"privacyStatus": "private", "publishAt": at.isoformat()}
    video = {"id": "v", "snippet": {"title": "A film"}, "status": status, "url": "http://here/v"}
    ledger.put("youtube", "video", "v", video)
    ledger.put("youtube", "due", "v", {"id": "v", "at": at.isoformat(), "request": "PUT /upload"})
    publish_due(ledger, at - timedelta(seconds=1))
    assert ledger.effects() == []
    for _ in range(2):
        publish_due(ledger, at + timedelta(hours=1))
    (effect,) = ledger.effects()
    assert (effect.kind, effect.external_id, effect.at, effect.request) == ("video_published", "v", at, "PUT /upload")
    kept = ledger.get("youtube", "video", "v")
    assert kept is not None
    assert kept["status"] == {"privacyStatus": "public"}


def test_a_schedule_that_is_taken_back_never_comes_about(sandbox: Sandbox, youtube: httpx.Client):
    at = datetime.now(UTC) + timedelta(seconds=0.5)
    id_ = uploaded(youtube, status={"privacyStatus": "private", "publishAt": at.isoformat()})
    body = {"id": id_, "status": {"privacyStatus": "private"}}
    assert "publishAt" not in youtube.put(VIDEOS, params={"part": "status"}, json=body).json()["status"]
    while datetime.now(UTC) <= at:
        time.sleep(0.05)
    assert read(youtube, id_)["status"]["privacyStatus"] == "private"
    assert [effect.kind for effect in sandbox.effects()] == ["video_scheduled", "video_updated"]


def test_a_time_that_has_passed_shows_a_hidden_video_at_once(sandbox: Sandbox, youtube: httpx.Client):
    id_ = uploaded(youtube, status={"privacyStatus": "private"})
    body = {"id": id_, "status": {"privacyStatus": "private", "publishAt": "2020-01-01T00:00:00Z"}}
    shown = youtube.put(VIDEOS, params={"part": "status"}, json=body).json()["status"]
    assert shown["privacyStatus"] == "public"
    assert [effect.kind for effect in sandbox.effects()] == ["video_hidden", "video_published"]


def test_the_uploads_of_the_channel_are_listed_page_by_page_the_hidden_ones_too(youtube: httpx.Client):
    ids = [uploaded(youtube, status={"privacyStatus": privacy}) for privacy in ("public", "private", "unlisted")]
    channels = youtube.get("/youtube/v3/channels", params={"part": "contentDetails", "mine": "true"}).json()["items"]
    query = {
        "part": "contentDetails",
        "playlistId": channels[0]["contentDetails"]["relatedPlaylists"]["uploads"],
        "maxResults": "2",
    }
    first = youtube.get("/youtube/v3/playlistItems", params=query).json()
    second = youtube.get("/youtube/v3/playlistItems", params={**query, "pageToken": first["nextPageToken"]}).json()
    listed = [item["contentDetails"]["videoId"] for page in (first, second) for item in page["items"]]
    assert listed == ids[::-1]
    assert "nextPageToken" not in second
    unknown = youtube.get("/youtube/v3/playlistItems", params={**query, "playlistId": "UU1"})
    assert reason(unknown) == (404, "playlistNotFound")


def test_figures_are_strings_and_those_of_analytics_numbers(youtube: httpx.Client):
    id_ = uploaded(youtube)
    stats = youtube.get(f"{VIDEOS}:batchGetStats", params={"part": "id,statistics", "id": f"{id_},nosuch"}).json()
    (item,) = stats["items"]
    assert item["id"] == id_
    assert all(isinstance(count, str) for count in item["statistics"].values())
    query = {
        "ids": "channel==MINE",
        "startDate": "2020-01-01",
        "endDate": "2026-01-01",
        "metrics": "shares,estimatedMinutesWatched",
        "dimensions": "video",
        "filters": f"video=={id_},nosuch",
    }
    report = youtube.get("/v2/reports", params=query).json()
    assert [column["name"] for column in report["columnHeaders"]] == ["video", "shares", "estimatedMinutesWatched"]
    assert [row[0] for row in report["rows"]] == [id_]
    for change in ({"ids": "me"}, {"startDate": "soon"}, {"metrics": "fame"}, {"filters": ""}, {"dimensions": "day"}):
        assert reason(youtube.get("/v2/reports", params={**query, **change})) == (400, "badRequest")


def test_more_than_fifty_ids_or_an_unknown_parameter_are_refused(youtube: httpx.Client):
    many = ",".join(map(str, range(51)))
    for path in (VIDEOS, f"{VIDEOS}:batchGetStats"):
        assert reason(youtube.get(path, params={"part": "id", "id": many})) == (400, "invalidFilters")
        assert reason(youtube.get(path, params={"part": "id", "id": "a", "ids": "b"})) == (400, "invalid")
        assert reason(youtube.get(path, params={"part": "id"})) == (400, "missingRequiredParameter")
        assert reason(youtube.get(path, params={"part": "secrets", "id": "a"})) == (400, "unknownPart")


def test_a_days_uploads_are_a_hundred(youtube: httpx.Client):
    for _ in range(100):
        assert open_session(youtube).status_code == 200
    assert reason(open_session(youtube)) == (403, "quotaExceeded")
    assert youtube.get(VIDEOS, params={"part": "id", "id": "a"}).status_code == 200


def test_a_page_shows_what_was_published_and_runs_none_of_it(sandbox: Sandbox, youtube: httpx.Client):
    attack = "&\"'javascript:alert(1)"
    id_ = uploaded(youtube, snippet={**SNIPPET, "title": f"Title {attack}", "description": attack})
    page = httpx.get(f"{sandbox.url}/youtube/watch?v={id_}")
    assert "not the real YouTube" in page.text
    assert attack not in page.text
    assert "Title &amp;&#34;" in page.text
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    document = parser.parse(page.text)
    assert parser.errors == []
    assert (len(document.findall(".//h1")), len(document.findall(".//main"))) == (1, 1)


def test_an_unknown_route_is_answered_by_googles_front(youtube: httpx.Client):
    answer = youtube.get("/youtube/v4/videos")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
