"""Files on their way to LinkedIn: sent once, waited for, and only to addresses that are fit for it."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.platforms.base import Absent, Adapter, Inconclusive, NotSent, Published, Rejected, Unknown
from pipeline.platforms.media.examine import examine
from pipeline.platforms.media.facts import Media
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.linkedin.credentials import MEMBER, PERSON_URN
from pipeline.sandbox.linkedin.media import PART
from pipeline.sandbox.server import running
from pipeline.vocabulary import ErrorKind
from pipeline_tests.platforms.conftest import answering, reply, serving
from pipeline_tests.platforms.rehearsal import SAMPLE, Notebook, Platform, platform_of, publish


@pytest.fixture
def linkedin(sandbox: Sandbox, library: str) -> Platform:
    return platform_of("linkedin", sandbox, library)


def impatient(linkedin: Platform, *, member: bool = False) -> Adapter:
    changes: dict[str, Any] = {"patience_seconds": 0.0}
    if member:
        changes |= {"credentials": MEMBER, "publish_config": {**linkedin.config, "author": PERSON_URN}}
    return linkedin.adapter(**changes)


def kinds(linkedin: Platform) -> list[str]:
    return [effect.kind for effect in linkedin.sandbox.effects("linkedin")]


@pytest.mark.parametrize("names", [("picture",), ("cover", "picture")])
def test_pictures_are_posted_in_their_order_with_what_they_show(linkedin: Platform, names: tuple[str, ...]):
    published = publish(linkedin.adapter(), linkedin.content(media=linkedin.media(*names)))
    page = httpx.get(published.external_url or "").text
    told = [f"Image {number} of {len(names)}, image/jpeg" in page for number, _ in enumerate(names, start=1)]
    assert all(told)
    assert [page.index(f"The sample&#39;s {name}") for name in names] == sorted(
        page.index(f"The sample&#39;s {name}") for name in names
    )


def test_a_picture_that_says_nothing_is_posted_without_a_description(linkedin: Platform):
    (picture,) = linkedin.media("picture")
    published = publish(linkedin.adapter(), linkedin.content(media=(replace(picture, alt_text=""),)))
    assert "it says nothing" in httpx.get(published.external_url or "").text


@contextmanager
def served(path: Path) -> Iterator[str]:
    with serving(partial(SimpleHTTPRequestHandler, directory=str(path.parent))) as url:
        yield url


def test_a_video_goes_in_the_parts_that_linkedin_asks_for(linkedin: Platform, tmp_path: Path):
    film = tmp_path / "film.mp4"
    padding = 2 * PART
    film.write_bytes((SAMPLE / "video.mp4").read_bytes() + padding.to_bytes(4) + b"free" + bytes(padding - 8))
    with served(film) as library:
        digest = hashlib.sha256(film.read_bytes()).hexdigest()
        media = Media(**asdict(examine(film)), url=f"{library}/film.mp4", sha256=digest)
        adapter = replace(linkedin, library=library).adapter()
        linkedin.sandbox.fault("linkedin", "delay", seconds=0, count=100, method="PUT")
        published = publish(adapter, linkedin.content(media=(media,)))
    (left,) = linkedin.sandbox.faults()
    assert left["count"] == 100 - 3
    assert published.external_id.startswith("urn:li:ugcPost:")
    assert kinds(linkedin) == ["video_uploaded", "post_created"]
    assert f"{film.stat().st_size:,} bytes" in (linkedin.sandbox.effects("linkedin")[0].text or "")


def test_what_linkedin_still_works_on_is_waited_for_and_sent_once(tmp_path: Path, library: str):
    ledger, notebook = tmp_path / "sandbox.sqlite", Notebook()
    with running(ledger, processing=timedelta(days=1)) as sandbox:
        linkedin = platform_of("linkedin", sandbox, library)
        content = linkedin.content(media=linkedin.media("video"))
        for _ in range(2):
            outcome = impatient(linkedin).publish(content, notebook.journal())
            assert isinstance(outcome, Unknown)
            assert outcome.error.kind is ErrorKind.PENDING
        asked = impatient(linkedin).reconcile(content, notebook.journal())
        assert isinstance(asked, Inconclusive)
        assert asked.error.kind is ErrorKind.PENDING
    with running(ledger, processing=timedelta()) as sandbox:
        linkedin = platform_of("linkedin", sandbox, library)
        assert impatient(linkedin).reconcile(content, notebook.journal()) == Absent()
        publish(impatient(linkedin), content, notebook)
        assert kinds(linkedin) == ["video_uploaded", "post_created"]


@pytest.mark.parametrize("name", ["video", "picture"])
def test_a_member_whom_linkedin_does_not_tell_is_not_sent_and_comes_again(tmp_path: Path, library: str, name: str):
    ledger, notebook = tmp_path / "sandbox.sqlite", Notebook()
    with running(ledger, processing=timedelta(days=1)) as sandbox:
        linkedin = platform_of("linkedin", sandbox, library)
        content = linkedin.content(media=linkedin.media(name))
        for _ in range(2):
            outcome = impatient(linkedin, member=True).publish(content, notebook.journal())
            assert isinstance(outcome, NotSent)
            assert outcome.error.kind is ErrorKind.PENDING
    with running(ledger, processing=timedelta()) as sandbox:
        linkedin = platform_of("linkedin", sandbox, library)
        publish(impatient(linkedin, member=True), content, notebook)
        assert len(kinds(linkedin)) == 2


def test_a_file_whose_bytes_did_not_arrive_is_uploaded_anew(linkedin: Platform):
    content, notebook = linkedin.content(media=linkedin.media("picture")), Notebook()
    linkedin.sandbox.fault("linkedin", "drop_before", method="PUT")
    assert isinstance(linkedin.adapter().publish(content, notebook.journal()), NotSent)
    first = notebook.handles["image-1"]
    publish(linkedin.adapter(), content, notebook)
    assert notebook.handles["image-1"] != first
    assert kinds(linkedin) == ["image_uploaded", "post_created"]


def test_a_file_that_is_not_to_be_had_is_nobodys_publication(linkedin: Platform):
    (picture,) = linkedin.media("picture")
    changed = replace(picture, sha256="0" * 64)
    outcome = linkedin.adapter().publish(linkedin.content(media=(changed,)), Notebook().journal())
    assert isinstance(outcome, Rejected)
    gone = linkedin.content(media=linkedin.media("picture"))
    outcome = replace(linkedin, library="http://127.0.0.1:1").adapter().publish(gone, Notebook().journal())
    assert isinstance(outcome, NotSent | Rejected)
    assert kinds(linkedin) == []


class Uploader:
    """Answers as LinkedIn does to an upload, with what a test wants otherwise, and keeps what was asked."""

    def __init__(self, **otherwise: Any) -> None:
        self.otherwise = otherwise
        self.asked: list[tuple[str, str, str | None]] = []

    def __call__(self, request: Any) -> None:
        self.asked.append((request.command, request.path, request.headers.get("Authorization")))
        here = f"http://{request.headers['host']}"
        if request.command == "PUT":
            reply(request, 200, b"", **self.otherwise.get("put", {"ETag": "abc"}))
        elif "initializeUpload" in request.path:
            size = json.loads(request.said)["initializeUploadRequest"].get("fileSizeBytes", 1)
            part = {"firstByte": 0, "lastByte": size - 1, "uploadUrl": f"{here}/up", **self.otherwise.get("part", {})}
            value = {"image": "urn:li:image:1", "video": "urn:li:video:1", "uploadUrl": f"{here}/up"}
            self._tell(request, {"value": {**value, "uploadInstructions": [part], **self.otherwise.get("value", {})}})
        elif request.command == "GET":
            self._tell(request, {"status": self.otherwise.get("status", "AVAILABLE")})
        else:
            reply(request, 201, b"", x_restli_id="urn:li:share:1")

    def _tell(self, request: Any, body: Any) -> None:
        reply(request, 200, json.dumps(body).encode(), Content_Type="application/json")

    def publish(self, linkedin: Platform, name: str) -> Any:
        with answering(self) as url:
            adapter = linkedin.adapter(publish_config=linkedin.elsewhere(url))
            return adapter.publish(linkedin.content(media=linkedin.media(name)), Notebook().journal())

    def puts(self) -> list[str | None]:
        return [token for method, _, token in self.asked if method == "PUT"]


def test_the_token_goes_with_pictures_and_not_with_the_parts_of_a_video(linkedin: Platform):
    token = f"Bearer {linkedin.credentials['access_token']}"
    for name, told in (("picture", [token]), ("video", [None])):
        uploader = Uploader()
        assert isinstance(uploader.publish(linkedin, name), Published)
        assert uploader.puts() == told


def test_nothing_is_sent_to_an_address_without_tls(linkedin: Platform):
    stranger = Uploader()
    with answering(stranger) as url:
        uploader = Uploader(value={"uploadUrl": f"{url}/up"})
        outcome = uploader.publish(linkedin, "picture")
    assert isinstance(outcome, NotSent)
    assert outcome.error.message == "LinkedIn gave an upload address without TLS"
    assert stranger.asked == []


@pytest.mark.parametrize(
    "otherwise",
    [
        {"put": {}},
        {"part": {"firstByte": -1}},
        {"part": {"lastByte": 10**12}},
        {"part": {"uploadUrl": {}}},
        {"part": {"uploadUrl": "http://["}},
        {"value": {"uploadInstructions": "none"}},
        {"value": {"video": None}},
    ],
)
def test_an_upload_that_linkedin_muddles_is_not_sent(linkedin: Platform, otherwise: dict[str, Any]):
    outcome = Uploader(**otherwise).publish(linkedin, "video")
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.PROTOCOL


def test_a_file_that_linkedin_can_make_nothing_of_is_rejected_for_good(linkedin: Platform):
    outcome = Uploader(status="PROCESSING_FAILED").publish(linkedin, "picture")
    assert isinstance(outcome, Rejected)
    assert outcome.error.message == "LinkedIn can make nothing of the file"
