"""YouTube beyond what every adapter promises: uploads, schedules and updates."""

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.platforms.base import (
    Absent,
    Changed,
    Inconclusive,
    NotSent,
    Published,
    Rejected,
    Scheduled,
    Unknown,
)
from pipeline.platforms.media.facts import Media
from pipeline.platforms.media.source import MediaSource
from pipeline.platforms.youtube.api import Api
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.youtube.credentials import OWNER
from pipeline.vocabulary import ErrorKind, MediaKind
from pipeline_tests.platforms.conftest import answering, reply, serving
from pipeline_tests.platforms.media_files import film
from pipeline_tests.platforms.recording import Exchange, recording
from pipeline_tests.platforms.rehearsal import Notebook, Platform, platform_of, publish, settled_answer

UNIT = 256 * 1024
TOMORROW = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
BEARER = {"Authorization": f"Bearer {OWNER['access_token']}"}


@pytest.fixture
def youtube(sandbox: Sandbox, library: str) -> Platform:
    return platform_of("youtube", sandbox, library)


@pytest.fixture
def long_film(tmp_path: Path) -> Iterator[Media]:
    """A film of a little more than two chunks of the least size."""
    body = film(pixels=2 * UNIT)
    (tmp_path / "film.mp4").write_bytes(body)
    with serving(partial(SimpleHTTPRequestHandler, directory=str(tmp_path))) as url:
        digest = hashlib.sha256(body).hexdigest()
        yield Media(MediaKind.VIDEO, "video/mp4", len(body), 640, 360, 3.0, url=f"{url}/film.mp4", sha256=digest)


def resource(youtube: Platform, id_: str) -> dict[str, Any]:
    """The video as its owner sees it."""
    url = f"{youtube.config['base_url']}/youtube/v3/videos?part=snippet,status&id={id_}"
    (found,) = httpx.get(url, headers=BEARER).json()["items"]
    return dict(found)


def kinds(youtube: Platform) -> list[str]:
    return [effect.kind for effect in youtube.sandbox.effects("youtube")]


def calls_of(exchanges: list[Exchange]) -> list[str]:
    """Method, last word of the path and range of each call."""
    said = [(each.method, each.path.rpartition("/")[2], each.headers.get("content-range", "")) for each in exchanges]
    return [" ".join(word for word in words if word) for words in said]


def in_chunks(youtube: Platform, media: Media, url: str) -> dict[str, Any]:
    """What an adapter needs to upload that film by way of a recorder, in chunks of the least size."""
    return {
        "publish_config": {**youtube.elsewhere(url), "chunk_bytes": UNIT},
        "media": MediaSource(lambda: [media.url.rpartition("/")[0]]),
    }


def test_a_film_goes_up_in_chunks_of_which_each_but_the_last_is_a_multiple_of_256_kib(
    youtube: Platform, long_film: Media
):
    size = long_film.size
    with recording(youtube.sandbox) as (url, exchanges):
        adapter = youtube.adapter(**in_chunks(youtube, long_film, url))
        published = publish(adapter, youtube.content(media=[long_film]))
        assert f"{size:,} bytes" in httpx.get(published.external_url or "").text
    assert calls_of(exchanges)[:4] == [
        "POST videos",
        f"PUT videos bytes 0-{UNIT - 1}/{size}",
        f"PUT videos bytes {UNIT}-{2 * UNIT - 1}/{size}",
        f"PUT videos bytes {2 * UNIT}-{size - 1}/{size}",
    ]


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "server_error", "garbage", "unavailable"])
def test_a_chunk_before_the_last_that_fails_had_no_effect_and_only_the_rest_is_sent_later(
    youtube: Platform, long_film: Media, kind: str
):
    content, notebook = youtube.content(media=[long_film]), Notebook()
    youtube.sandbox.fault("youtube", "delay", method="PUT", seconds=0)  # the first chunk goes well
    youtube.sandbox.fault("youtube", kind, method="PUT")
    with recording(youtube.sandbox) as (url, exchanges):
        adapter = youtube.adapter(**in_chunks(youtube, long_film, url))
        assert isinstance(adapter.publish(content, notebook.journal()), NotSent)
        assert adapter.reconcile(content, notebook.journal()) == Absent()
        exchanges.clear()
        publish(adapter, content, notebook)
    arrived = 2 * UNIT if kind in ("drop_after", "garbage") else UNIT
    calls = calls_of(exchanges)
    assert calls[0] == f"PUT videos bytes */{long_film.size}"
    assert calls[1].startswith(f"PUT videos bytes {arrived}-")
    assert kinds(youtube) == ["video_published"]


def test_the_session_is_recorded_before_the_first_byte_of_the_film(youtube: Platform):
    notebook, recorded_by_then = Notebook(), []

    def answer(request: Any) -> None:
        if request.command == "POST":
            reply(request, 200, Location=f"http://{request.headers['Host']}/session?upload_id=1")
        else:
            recorded_by_then.append(dict(notebook.handles))
            reply(request, 503)

    with answering(answer) as url:
        adapter = youtube.adapter(publish_config=youtube.elsewhere(url))
        assert isinstance(adapter.publish(youtube.content(), notebook.journal()), Unknown)
        assert recorded_by_then == [{"session": f"{url}/session?upload_id=1"}]


@pytest.mark.parametrize(
    "address", ["https://example.com/upload", "http://youtube.googleapis.com/upload", "", "http://["]
)
def test_a_session_at_a_strangers_address_gets_neither_the_token_nor_the_film(youtube: Platform, address: str):
    with answering(lambda request: reply(request, 200, Location=address)) as url:
        adapter, notebook = youtube.adapter(publish_config=youtube.elsewhere(url)), Notebook()
        outcome = adapter.publish(youtube.content(), notebook.journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.PROTOCOL
    assert notebook.handles == {}


def test_googles_own_hosts_are_trusted_over_tls_where_no_other_address_is_set(youtube: Platform):
    google, other = Api(youtube.account(publish_config={})), Api(youtube.account())
    assert google.trusts("https://youtube.googleapis.com/upload?upload_id=1")
    assert google.trusts("https://www.googleapis.com/upload?upload_id=1")
    assert not google.trusts("http://www.googleapis.com/upload?upload_id=1")
    assert not google.trusts("https://www.googleapis.com.example.com/")
    assert not google.trusts("https://evilgoogleapis.com/")
    assert not other.trusts("https://www.googleapis.com/upload?upload_id=1")


def test_a_video_whose_session_is_lost_is_found_by_its_tag_and_not_uploaded_again(youtube: Platform):
    adapter, content, notebook = youtube.adapter(), youtube.content(), Notebook()
    for _ in range(3):
        publish(adapter, youtube.content())
    youtube.fail("drop_after")
    assert isinstance(adapter.publish(content, notebook.journal()), Unknown)
    notebook.handles["session"] = notebook.handles["session"].replace("upload_id=", "upload_id=lost")
    found = settled_answer(adapter, content, notebook)
    assert isinstance(found, Published)
    assert publish(adapter, content, notebook).external_id == found.external_id
    assert len(youtube.effects()) == 4


def test_a_lost_session_that_became_no_video_is_followed_by_another(youtube: Platform):
    adapter, content, notebook = youtube.adapter(), youtube.content(), Notebook()
    youtube.fail("drop_before")
    assert isinstance(adapter.publish(content, notebook.journal()), Unknown)
    lost = notebook.handles["session"].replace("upload_id=", "upload_id=lost")
    notebook.handles["session"] = lost
    assert adapter.reconcile(content, notebook.journal()) == Absent()
    publish(adapter, content, notebook)
    assert notebook.handles["session"] != lost
    assert len(youtube.effects()) == 1


def test_a_film_that_is_not_to_be_had_opens_no_session(youtube: Platform):
    (video,) = youtube.media("video")
    with recording(youtube.sandbox) as (url, exchanges):
        adapter = youtube.adapter(publish_config=youtube.elsewhere(url))
        elsewhere = replace(video, url=f"{youtube.library}/nothing.mp4")
        assert isinstance(adapter.publish(youtube.content(media=[elsewhere]), Notebook().journal()), NotSent | Rejected)
        altered = replace(video, sha256="0" * 64)
        assert isinstance(adapter.publish(youtube.content(media=[altered]), Notebook().journal()), Rejected)
        assert isinstance(adapter.publish(youtube.content(media=[]), Notebook().journal()), Rejected)
    assert exchanges == []


def test_a_video_that_is_processed_for_longer_than_anybody_waits_is_pending_and_never_absent(youtube: Platform):
    adapter = youtube.adapter(patience_seconds=0, publish_config={**youtube.config, "poll_seconds": 0.01})
    content, notebook = youtube.content(), Notebook()
    outcome = adapter.publish(content, notebook.journal())
    assert isinstance(outcome, Unknown)
    assert outcome.error.kind is ErrorKind.PENDING
    assert isinstance(settled_answer(adapter, content, notebook), Published)


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        ({"uploadStatus": "failed", "failureReason": "codec"}, ErrorKind.VALIDATION, "codec"),
        ({"uploadStatus": "rejected", "rejectionReason": "copyright"}, ErrorKind.POLICY, "copyright"),
        ({"uploadStatus": "rejected", "rejectionReason": "duplicate"}, ErrorKind.DUPLICATE, "duplicate"),
        ({"uploadStatus": "deleted"}, ErrorKind.POLICY, "deleted"),
    ],
)
def test_a_film_that_youtube_will_not_show_is_rejected_without_another_upload(
    youtube: Platform, status: dict[str, str], kind: ErrorKind, code: str
):
    video = {"id": "abcdefghijk", "snippet": {}, "status": {**status, "privacyStatus": "public"}}
    body = json.dumps({"kind": "youtube#videoListResponse", "items": [video]}).encode()
    notebook = Notebook({"session": "http://127.0.0.1/lost", "video": "abcdefghijk"})
    with answering(lambda request: reply(request, 200, body)) as url:
        adapter, content = youtube.adapter(publish_config=youtube.elsewhere(url)), youtube.content()
        assert adapter.reconcile(content, notebook.journal()) == Absent()
        outcome = adapter.publish(content, notebook.journal())
    assert isinstance(outcome, Rejected)
    assert (outcome.error.kind, outcome.error.code) == (kind, code)


def test_a_video_that_youtube_has_and_does_not_show_yet_is_pending(youtube: Platform):
    body = json.dumps({"kind": "youtube#videoListResponse", "items": []}).encode()
    with answering(lambda request: reply(request, 200, body)) as url:
        adapter = youtube.adapter(publish_config=youtube.elsewhere(url))
        answer = adapter.reconcile(youtube.content(), Notebook({"video": "abcdefghijk"}).journal())
    assert isinstance(answer, Inconclusive)
    assert answer.error.kind is ErrorKind.PENDING


@pytest.mark.parametrize("privacy", ["public", "unlisted", "private"])
def test_who_sees_a_video_is_the_accounts_setting(youtube: Platform, privacy: str):
    adapter = youtube.adapter(publish_config={**youtube.config, "privacy_status": privacy})
    published = publish(adapter, youtube.content())
    status = resource(youtube, published.external_id)["status"]
    assert (status["privacyStatus"], status["selfDeclaredMadeForKids"]) == (privacy, False)


def test_a_scheduled_video_is_up_and_hidden_and_is_found_as_scheduled(youtube: Platform):
    adapter, content, notebook = youtube.adapter(), youtube.content(), Notebook()
    scheduled = adapter.schedule(content, TOMORROW, notebook.journal())
    assert isinstance(scheduled, Scheduled)
    assert scheduled.at == TOMORROW
    assert httpx.get(scheduled.external_url or "").status_code == 404
    assert adapter.reconcile(content, notebook.journal()) == scheduled
    assert adapter.schedule(content, TOMORROW, notebook.journal()) == scheduled
    assert kinds(youtube) == ["video_scheduled"]


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "server_error_after", "garbage"])
def test_a_schedule_whose_answer_is_lost_is_found_or_absent_and_never_uploaded_twice(youtube: Platform, kind: str):
    adapter, content, notebook = youtube.adapter(), youtube.content(), Notebook()
    youtube.fail(kind)
    assert isinstance(adapter.schedule(content, TOMORROW, notebook.journal()), Unknown)
    found = settled_answer(adapter, content, notebook)
    assert isinstance(found, Absent if kind == "drop_before" else Scheduled)
    assert isinstance(adapter.schedule(content, TOMORROW, notebook.journal()), Scheduled)
    assert kinds(youtube) == ["video_scheduled"]


def test_a_schedule_can_be_moved_and_taken_back_and_the_video_published_without_another_upload(youtube: Platform):
    adapter, content, notebook = youtube.adapter(), youtube.content(), Notebook()
    adapter.schedule(content, TOMORROW, notebook.journal())
    moved = adapter.schedule(content, TOMORROW + timedelta(days=1), notebook.journal())
    assert isinstance(moved, Scheduled)
    assert moved.at == TOMORROW + timedelta(days=1)
    for _ in range(2):
        assert isinstance(adapter.unschedule(moved.external_id), Changed)
    assert "publishAt" not in resource(youtube, moved.external_id)["status"]
    assert publish(adapter, content, notebook).external_id == moved.external_id
    assert kinds(youtube) == ["video_scheduled", "video_updated", "video_updated", "video_published"]


def test_what_is_public_by_now_is_neither_unscheduled_nor_hidden_by_a_schedule(youtube: Platform):
    adapter, content, notebook = youtube.adapter(), youtube.content(), Notebook()
    published = publish(adapter, content, notebook)
    assert isinstance(adapter.unschedule(published.external_id), Rejected)
    assert isinstance(adapter.schedule(content, TOMORROW, notebook.journal()), Unknown)
    assert kinds(youtube) == ["video_published"]
    assert adapter.unschedule("nosuchvideo") == Changed("nosuchvideo")


def test_a_schedule_comes_about_by_itself(youtube: Platform):
    adapter, content, notebook = youtube.adapter(), youtube.content(), Notebook()
    scheduled = adapter.schedule(content, datetime.now(UTC) + timedelta(seconds=2), notebook.journal())
    assert isinstance(scheduled, Scheduled)
    deadline = time.monotonic() + 20
    while not isinstance(found := adapter.reconcile(content, notebook.journal()), Published):
        assert time.monotonic() < deadline, "the video never went public"
        time.sleep(0.1)
    (effect,) = youtube.effects()
    assert effect.external_id == scheduled.external_id
    assert found.published_at == scheduled.at


def test_a_video_that_youtube_hides_is_shown_or_else_rejected(youtube: Platform):
    video = {"id": "abcdefghijk", "snippet": {}, "status": {"uploadStatus": "processed", "privacyStatus": "private"}}
    listed = json.dumps({"kind": "youtube#videoListResponse", "items": [video]}).encode()

    def keep_hidden(request: Any) -> None:
        reply(request, 200, listed if request.command == "GET" else json.dumps(video).encode())

    with answering(keep_hidden) as url:
        adapter = youtube.adapter(publish_config=youtube.elsewhere(url))
        outcome = adapter.publish(youtube.content(), Notebook({"video": "abcdefghijk"}).journal())
    assert isinstance(outcome, Rejected)
    assert (outcome.error.kind, outcome.error.code) == (ErrorKind.POLICY, "private")


def test_an_update_keeps_what_it_does_not_say(youtube: Platform):
    adapter, content, notebook = youtube.adapter(), youtube.content(), Notebook()
    content = replace(content, platform_specific={"tags": ["moon"], "language": "de"})
    published = publish(adapter, content, notebook)
    changed = replace(content, title="Another title", platform_specific={"tags": ["sun"]})
    assert isinstance(adapter.update(published.external_id, changed), Changed)
    video = resource(youtube, published.external_id)
    assert video["snippet"]["title"] == "Another title"
    assert video["snippet"]["defaultLanguage"] == "de"
    assert video["snippet"]["tags"][0] == "sun"
    assert (video["status"]["privacyStatus"], video["status"]["selfDeclaredMadeForKids"]) == ("public", False)
    del notebook.handles["video"]
    notebook.handles["session"] = "http://127.0.0.1/lost"
    found = adapter.reconcile(content, notebook.journal())
    assert isinstance(found, Published)
    assert found.external_id == published.external_id


def test_what_is_not_on_youtube_can_not_be_updated(youtube: Platform):
    assert isinstance(youtube.adapter().update("nosuchvideo", youtube.content()), Rejected)
