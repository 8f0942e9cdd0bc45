"""The stand-in for LinkedIn takes files in its own order and its own pieces, and works on them before a post has them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.linkedin.credentials import MEMBER, ORGANIZATION_URN, PERSON_URN
from pipeline.sandbox.linkedin.media import PART
from pipeline.sandbox.server import running
from pipeline_tests.sandbox.linkedin_calls import client, made, post, quoted, refusal

JPEG = b"\xff\xd8\xff\xe0 a picture"
MP4 = b"\x00\x00\x00\x18ftypisom" + b"\x00" * (80 * 1024)


def begin(linkedin: httpx.Client, kind: str, **asked: Any) -> dict[str, Any]:
    request = {"initializeUploadRequest": {"owner": ORGANIZATION_URN, **asked}}
    answer = linkedin.post(f"/rest/{kind}?action=initializeUpload", json=request)
    assert answer.status_code == 200, answer.text
    value: dict[str, Any] = answer.json()["value"]
    return value


def state(linkedin: httpx.Client, kind: str, urn: str) -> str:
    return str(linkedin.get(f"/rest/{kind}/{quoted(urn)}").json()["status"])


def test_an_image_is_waited_for_worked_on_and_posted_with_what_it_shows(tmp_path: Path):
    content: dict[str, Any] = {}
    with running(tmp_path / "sandbox.sqlite", processing=timedelta(days=1)) as sandbox, client(sandbox) as linkedin:
        value = begin(linkedin, "images")
        content["media"] = {"id": value["image"], "altText": "A <b>label</b>"}
        assert state(linkedin, "images", value["image"]) == "WAITING_UPLOAD"
        assert refusal(linkedin.post("/rest/posts", json=post(content=content))) == (400, "MEDIA_ASSET_WAITING_UPLOAD")
        assert httpx.put(value["uploadUrl"], content=JPEG).status_code == 401
        assert linkedin.put(value["uploadUrl"], content=JPEG).status_code == 201
        assert state(linkedin, "images", value["image"]) == "PROCESSING"
        assert linkedin.put(value["uploadUrl"], content=JPEG).status_code == 400
    with running(tmp_path / "sandbox.sqlite", processing=timedelta()) as sandbox, client(sandbox) as linkedin:
        assert state(linkedin, "images", value["image"]) == "AVAILABLE"
        urn = made(linkedin, content=content)
        assert "A &lt;b&gt;label&lt;/b&gt;" in httpx.get(f"{sandbox.url}/linkedin/feed/update/{urn}/").text


def test_what_is_no_image_fails_when_it_is_worked_on(tmp_path: Path):
    with running(tmp_path / "sandbox.sqlite", processing=timedelta()) as sandbox, client(sandbox) as linkedin:
        value = begin(linkedin, "images")
        assert linkedin.put(value["uploadUrl"], content=b"words").status_code == 201
        assert state(linkedin, "images", value["image"]) == "PROCESSING_FAILED"
        refused = linkedin.post("/rest/posts", json=post(content={"media": {"id": value["image"]}}))
        assert refusal(refused) == (400, "MEDIA_ASSET_PROCESSING_FAILED")


def test_a_video_goes_in_parts_of_4_mib_and_is_finished_with_their_names_in_order(tmp_path: Path):
    video = MP4.ljust(PART + 100_000, b"\x00")
    with running(tmp_path / "sandbox.sqlite", processing=timedelta()) as sandbox, client(sandbox) as linkedin:
        value = begin(linkedin, "videos", fileSizeBytes=len(video))
        first, second = value["uploadInstructions"]
        assert (first["firstByte"], first["lastByte"]) == (0, PART - 1)
        assert (second["firstByte"], second["lastByte"]) == (PART, len(video) - 1)
        plain = {"Content-Type": "application/octet-stream"}
        assert httpx.put(first["uploadUrl"], content=video[: PART - 1], headers=plain).status_code == 400
        assert httpx.put(first["uploadUrl"], content=video[:PART]).status_code == 400
        parts = [
            httpx.put(each["uploadUrl"], content=video[each["firstByte"] : each["lastByte"] + 1], headers=plain)
            for each in (first, second)
        ]
        names = [each.headers["etag"].strip('"') for each in parts]

        def finish(names: list[str], **changes: str) -> int:
            asked = {"video": value["video"], "uploadToken": value["uploadToken"], "uploadedPartIds": names, **changes}
            return linkedin.post(
                "/rest/videos?action=finalizeUpload", json={"finalizeUploadRequest": asked}
            ).status_code

        assert finish(names[::-1]) == 400
        assert finish(names[:1]) == 400
        assert finish(names, uploadToken="another") == 400
        assert state(linkedin, "videos", value["video"]) == "WAITING_UPLOAD"
        assert (finish(names), finish(names)) == (200, 400)
        urn = made(linkedin, content={"media": {"id": value["video"], "title": "A film"}})
        assert urn.startswith("urn:li:ugcPost:")
        assert [each.kind for each in sandbox.effects()] == ["video_uploaded", "post_created"]


@pytest.mark.parametrize("size", [0, 75 * 1024 - 1, 500 * 1024**2 + 1])
def test_a_video_too_small_or_too_large_is_refused_at_the_start(sandbox: Sandbox, size: int):
    request = {"initializeUploadRequest": {"owner": ORGANIZATION_URN, "fileSizeBytes": size}}
    with client(sandbox) as linkedin:
        assert linkedin.post("/rest/videos?action=initializeUpload", json=request).status_code == 400


def test_a_member_may_write_images_and_not_read_them_and_posts_no_file_of_anothers(tmp_path: Path):
    with (
        running(tmp_path / "sandbox.sqlite", processing=timedelta()) as sandbox,
        client(sandbox) as linkedin,
        client(sandbox, MEMBER) as member,
    ):
        theirs = begin(linkedin, "images")
        linkedin.put(theirs["uploadUrl"], content=JPEG)
        request = {"initializeUploadRequest": {"owner": PERSON_URN}}
        own = member.post("/rest/images?action=initializeUpload", json=request).json()["value"]
        assert refusal(member.get(f"/rest/images/{quoted(own['image'])}")) == (403, "ACCESS_DENIED")
        stolen = post(author=PERSON_URN, content={"media": {"id": theirs["image"]}})
        assert refusal(member.post("/rest/posts", json=stolen)) == (400, "INVALID_URN_ID")
