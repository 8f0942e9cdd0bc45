"""Pictures and films on X: uploaded in segments, described, processed, and never twice without need."""

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.platforms.base import Absent, Inconclusive, NotSent, Published, Rejected, Unknown
from pipeline.platforms.media.examine import examine
from pipeline.platforms.media.facts import Media
from pipeline.platforms.media.source import MediaSource
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.server import running
from pipeline.vocabulary import ErrorKind
from pipeline_tests.platforms.conftest import answering, reply
from pipeline_tests.platforms.media_files import film, picture, written
from pipeline_tests.platforms.rehearsal import SAMPLE, Notebook, Platform, platform_of, publish


@pytest.fixture
def x(sandbox: Sandbox, library: str) -> Platform:
    return platform_of("x", sandbox, library)


@contextmanager
def served(folder: Path, body: bytes, **changes: Any) -> Iterator[Media]:
    """A file of these bytes, as a post has it."""
    facts = examine(written(folder, body))
    with answering(lambda request: reply(request, 200, body)) as url:
        yield Media(**asdict(facts), url=f"{url}/file", sha256=hashlib.sha256(body).hexdigest(), **changes)


def uploads(x: Platform) -> Counter[str]:
    return Counter(effect.kind for effect in x.sandbox.effects("x"))


def test_pictures_are_posted_in_order_each_with_its_description(x: Platform):
    published = publish(x.adapter(), x.content(media=x.media("picture", "cover")))
    page = httpx.get(f"{x.sandbox.url}/x/i/status/{published.external_id}").text
    assert page.index('alt="The sample&#39;s picture"') < page.index('alt="The sample&#39;s cover"')
    first = page.partition('<img src="')[2].partition('"')[0]
    assert httpx.get(first).content == (SAMPLE / "picture.jpg").read_bytes()


def test_a_post_with_pictures_is_found_again_by_what_it_says(x: Platform):
    adapter, content, notebook = x.adapter(), x.content(media=x.media("picture")), Notebook()
    x.fail("drop_after")
    assert isinstance(adapter.publish(content, notebook.journal()), Unknown)
    assert isinstance(adapter.reconcile(content, notebook.journal()), Published)


def test_a_film_arrives_whole_in_segments_and_is_posted_once_it_is_processed(x: Platform, tmp_path: Path):
    body = film(pixels=9 * 2**20)
    with served(tmp_path, body) as video:
        adapter = x.adapter(media=MediaSource(lambda: [video.url.removesuffix("/file")]))
        published = publish(adapter, x.content(media=(video,)))
    page = httpx.get(f"{x.sandbox.url}/x/i/status/{published.external_id}").text
    assert f"of {len(body):,} bytes, CRC-32 {zlib.crc32(body):08x}" in page
    assert "media_described" not in uploads(x)


@pytest.mark.parametrize(
    ("kind", "step", "appended"),
    [("server_error", "append", 2), ("drop_after", "append", 2), ("drop_after", "finalize", 3)],
)
def test_an_upload_that_broke_off_goes_on_where_it_was(
    x: Platform, tmp_path: Path, kind: str, step: str, appended: int
):
    body, notebook = film(pixels=9 * 2**20), Notebook()
    with served(tmp_path, body) as video:
        adapter = x.adapter(media=MediaSource(lambda: [video.url.removesuffix("/file")]))
        content = x.content(media=(video,))
        if step == "append":
            x.sandbox.fault("x", "delay", seconds=0, path="/append")
        x.sandbox.fault("x", kind, path=f"/{step}")
        assert isinstance(adapter.publish(content, notebook.journal()), NotSent)
        x.sandbox.fault("x", "delay", seconds=0, path="/append", count=100)
        published = publish(adapter, content, notebook)
    (counted,) = x.sandbox.faults()
    assert 100 - counted["count"] == appended  # of three; X, which has the whole already, wants it from the start
    page = httpx.get(f"{x.sandbox.url}/x/i/status/{published.external_id}").text
    assert f"CRC-32 {zlib.crc32(body):08x}" in page


def test_what_an_earlier_attempt_uploaded_is_used(x: Platform):
    adapter, content, notebook = x.adapter(), x.content(media=x.media("picture", "cover")), Notebook()
    x.fail("drop_before")
    assert isinstance(adapter.publish(content, notebook.journal()), Unknown)
    assert list(notebook.handles) == ["media-1", "media-2"]
    publish(adapter, content, notebook)
    assert uploads(x)["media_uploaded"] == 2


def test_what_x_is_about_to_forget_is_uploaded_again(x: Platform):
    adapter, content, notebook = x.adapter(), x.content(media=x.media("picture")), Notebook()
    soon = datetime.now(UTC) + timedelta(minutes=5)
    notebook.handles["media-1"] = f"12345 {soon.isoformat()} 0"
    publish(adapter, content, notebook)
    assert uploads(x)["media_uploaded"] == 1
    id_, until, _ = notebook.handles["media-1"].split(" ")
    assert id_ != "12345"
    assert datetime.fromisoformat(until) > datetime.now(UTC) + timedelta(hours=20)


def test_a_film_that_is_processed_for_longer_is_waited_for_and_not_uploaded_again(tmp_path: Path, library: str):
    content, notebook = None, Notebook()
    with running(tmp_path / "ledger.sqlite", processing=timedelta(days=1)) as sandbox:
        x = platform_of("x", sandbox, library)
        adapter, content = x.adapter(patience_seconds=0), x.content(media=x.media("video"))
        outcome = adapter.publish(content, notebook.journal())
        assert isinstance(outcome, Unknown)
        assert outcome.error.kind is ErrorKind.PENDING
        asked = adapter.reconcile(content, notebook.journal())
        assert isinstance(asked, Inconclusive)
        assert asked.error.kind is ErrorKind.PENDING
        assert x.effects() == []
    with running(tmp_path / "ledger.sqlite", processing=timedelta()) as sandbox:
        x = platform_of("x", sandbox, library)
        assert x.adapter().reconcile(content, notebook.journal()) == Absent()
        publish(x.adapter(), content, notebook)
        assert uploads(x) == {"media_uploaded": 1, "tweet_created": 1}


def test_a_file_that_x_can_not_use_is_refused_for_good_with_its_reason(x: Platform):
    failed = {"state": "failed", "error": {"code": 1, "name": "InvalidMedia", "message": "Unsupported codec"}}

    def fail(request) -> None:
        data = {"id": "1"} if request.command == "POST" else {"id": "1", "processing_info": failed}
        reply(request, 200, json.dumps({"data": data}).encode())

    with answering(fail) as url:
        outcome = x.adapter(publish_config={"base_url": url}).publish(
            x.content(media=x.media("video")), Notebook().journal()
        )
    assert isinstance(outcome, Rejected)
    assert outcome.error.message == "X can't use the file: Unsupported codec"


def test_a_file_that_is_not_the_approved_one_is_never_sent(x: Platform):
    (media,) = x.media("picture")
    outcome = x.adapter().publish(x.content(media=(replace(media, sha256="0" * 64),)), Notebook().journal())
    assert isinstance(outcome, Rejected)
    assert x.sandbox.effects("x") == []


def test_an_upload_that_fails_has_sent_nothing(x: Platform):
    x.sandbox.fault("x", "server_error", path="/append")
    outcome = x.adapter().publish(x.content(media=x.media("picture")), Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.UNAVAILABLE


def test_a_gif_is_sent_as_one_and_alone(x: Platform, tmp_path: Path):
    with served(tmp_path, picture("GIF"), alt_text="Stripes") as gif:
        adapter = x.adapter(media=MediaSource(lambda: [gif.url.removesuffix("/file")]))
        published = publish(adapter, x.content(media=(gif,)))
        mixed = x.content(media=(gif, *x.media("picture")))
    assert 'alt="Stripes"' in httpx.get(f"{x.sandbox.url}/x/i/status/{published.external_id}").text
    messages = [problem.message for problem in adapter.validate(mixed)]
    assert messages == ["X takes up to four pictures, or one GIF, or one video."]


def test_five_pictures_are_one_too_many(x: Platform):
    (problem,) = x.adapter().validate(x.content(media=x.media(*["picture"] * 5)))
    assert problem.field == "media"
