"""TikTok's stand-in: how a video arrives there, and what becomes of a post."""

import zlib
from collections.abc import Iterator
from datetime import timedelta

import pytest

from pipeline.sandbox.tiktok.credentials import DRAFTS_ONLY
from pipeline_tests.sandbox.tiktok import HTTP, MB, PROCESSING, PUBLISH, VIDEO, TikTok, code, put, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TikTok]:
    with serving(tmp_path_factory.mktemp("tiktok")) as tiktok:
        yield tiktok


@pytest.fixture
def tiktok(served: TikTok) -> TikTok:
    served.sandbox.clear()
    return served


@pytest.mark.parametrize(
    ("size", "chunk", "count", "taken"),
    [
        (3 * MB, 3 * MB, 1, True),
        (3 * MB, 1 * MB, 3, False),
        (5 * MB, 5 * MB, 1, True),
        (50_000_123, 10 * MB, 5, True),
        (50_000_123, 10 * MB, 6, False),
        (50_000_123, 4 * MB, 12, False),
        (64 * MB + 1, 64 * MB, 1, True),
        (150 * MB, 64 * MB, 2, True),
        (150 * MB, 64 * MB, 3, False),
        (150 * MB, 70 * MB, 2, False),
        (10 * MB, 20 * MB, 1, False),
    ],
)
def test_a_video_is_cut_by_tiktoks_arithmetic(tiktok: TikTok, size: int, chunk: int, count: int, taken: bool):
    file = {"chunk_size": chunk, "total_chunk_count": count}
    assert (code(tiktok.begin(size, file=file)) == (200, "ok")) is taken


def test_a_video_is_published_by_the_last_of_its_chunks(tiktok: TikTok):
    whole = VIDEO + bytes(12 * MB - len(VIDEO))
    begun = tiktok.begin(len(whole), file={"chunk_size": 5 * MB, "total_chunk_count": 2}).json()["data"]
    first = put(begun["upload_url"], whole[: 5 * MB], 0, len(whole))
    assert (first.status_code, first.headers["content-range"]) == (206, f"bytes 0-4999999/{len(whole)}")
    assert tiktok.standing(begun["publish_id"])["uploaded_bytes"] == 5 * MB
    assert tiktok.sandbox.effects("tiktok") == []
    assert put(begun["upload_url"], whole[5 * MB :], 5 * MB, len(whole)).status_code == 201
    (effect,) = tiktok.sandbox.effects("tiktok")
    assert (effect.kind, effect.text, effect.request) == ("post_published", "Look", "PUT /tiktok/v2/upload")
    assert effect.url is not None
    assert f"CRC-32 {zlib.crc32(whole):08x}" in HTTP.get(effect.url).text


@pytest.mark.parametrize(
    ("start", "stop", "headers", "status"),
    [
        (5 * MB, 12 * MB, {}, 416),
        (0, 4 * MB, {}, 400),
        (0, 6 * MB, {}, 400),
        (0, 12 * MB, {}, 400),
        (0, 5 * MB, {"Content_Range": f"bytes 0-4999999/{13 * MB}"}, 400),
        (0, 5 * MB, {"Content_Range": f"bytes 0-4999998/{12 * MB}"}, 400),
        (0, 5 * MB, {"Content_Range": "0-4999999"}, 400),
        (0, 5 * MB, {"Content_Range": ""}, 400),
        (0, 5 * MB, {"Content_Type": "application/octet-stream"}, 400),
    ],
)
def test_a_chunk_that_is_not_the_one_that_is_due_is_refused(
    tiktok: TikTok, start: int, stop: int, headers: dict[str, str], status: int
):
    whole = VIDEO + bytes(12 * MB - len(VIDEO))
    begun = tiktok.begin(len(whole), file={"chunk_size": 5 * MB, "total_chunk_count": 2}).json()["data"]
    assert put(begun["upload_url"], whole[start:stop], start, len(whole), **headers).status_code == status
    assert tiktok.standing(begun["publish_id"])["uploaded_bytes"] == 0


def test_an_upload_takes_each_byte_once_and_its_address_lets_in_nobody_else(tiktok: TikTok):
    begun = tiktok.begin().json()["data"]
    address = begun["upload_url"]
    assert put(address[:-1], VIDEO).status_code == 404
    assert put(address.replace("upload_id=v", "upload_id=w"), VIDEO).status_code == 404
    assert put(address, VIDEO).status_code == 201
    assert put(address, VIDEO).status_code == 416
    assert len(tiktok.sandbox.effects("tiktok")) == 1


def test_an_upload_address_ends_after_an_hour(tiktok: TikTok):
    begun = tiktok.begin().json()["data"]
    tiktok.move(begun["publish_id"], "begun", timedelta(hours=1, seconds=1))
    assert put(begun["upload_url"], VIDEO).status_code == 403


def test_a_public_post_is_worked_on_then_complete_and_gets_its_id_from_the_moderators(tiktok: TikTok):
    publish_id = tiktok.publish()
    expected = {"publicaly_available_post_id": [], "uploaded_bytes": len(VIDEO)}
    assert tiktok.standing(publish_id) == {"status": "PROCESSING_UPLOAD", **expected}
    tiktok.move(publish_id, "whole", PROCESSING * 0.75)
    assert tiktok.standing(publish_id) == {"status": "PUBLISH_COMPLETE", **expected}
    (post_id,) = tiktok.settled(publish_id)["publicaly_available_post_id"]
    assert str(post_id) == tiktok.sandbox.effects("tiktok")[0].external_id


def test_a_post_that_is_not_for_everybody_never_gets_an_id(tiktok: TikTok):
    publish_id = tiktok.publish(said={"privacy_level": "SELF_ONLY"})
    done = tiktok.settled(publish_id)
    assert (done["status"], done["publicaly_available_post_id"]) == ("PUBLISH_COMPLETE", [])
    assert tiktok.ask("/v2/video/list/", {}, fields="id").json()["data"]["videos"] == []


def test_what_is_no_video_fails_and_is_never_published(tiktok: TikTok):
    publish_id = tiktok.publish(b"<html>" + bytes(100))
    assert tiktok.standing(publish_id)["status"] == "PROCESSING_UPLOAD"
    failed = tiktok.settled(publish_id)
    assert (failed["status"], failed["fail_reason"]) == ("FAILED", "file_format_check_failed")
    assert tiktok.sandbox.effects("tiktok") == []


def test_a_draft_ends_in_the_users_inbox_and_a_sixth_in_a_day_is_refused(tiktok: TikTok):
    file = {"source": "FILE_UPLOAD", "video_size": len(VIDEO), "chunk_size": len(VIDEO), "total_chunk_count": 1}
    for _ in range(5):
        begun = tiktok.ask(f"{PUBLISH}/inbox/video/init/", {"source_info": file}, DRAFTS_ONLY).json()["data"]
        assert put(begun["upload_url"], VIDEO).status_code == 201
    assert tiktok.settled(begun["publish_id"], DRAFTS_ONLY)["status"] == "SEND_TO_USER_INBOX"
    assert tiktok.sandbox.effects("tiktok") == []
    sixth = tiktok.ask(f"{PUBLISH}/inbox/video/init/", {"source_info": file}, DRAFTS_ONLY)
    assert code(sixth) == (403, "spam_risk_too_many_pending_share")


def test_a_picture_of_another_format_fails(tiktok: TikTok):
    begun = tiktok.begin_pictures("https://example.com/a.png").json()["data"]
    assert tiktok.settled(begun["publish_id"])["fail_reason"] == "file_format_check_failed"
    assert tiktok.sandbox.effects("tiktok") == []
