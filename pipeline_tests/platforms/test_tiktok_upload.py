"""How a video gets to TikTok: cut into parts, each sent once, the last of which publishes it."""

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.platforms.base import Absent, NotSent, Published, Rejected, Unknown
from pipeline.platforms.content import Content
from pipeline.platforms.media.examine import examine
from pipeline.platforms.media.facts import Media
from pipeline.platforms.media.source import MediaSource
from pipeline.platforms.tiktok.upload import LEAST_PART, MOST_PART, Cut
from pipeline.sandbox.client import Sandbox
from pipeline.vocabulary import ErrorKind
from pipeline_tests.platforms.conftest import answering, reply, serving
from pipeline_tests.platforms.media_files import film
from pipeline_tests.platforms.rehearsal import Notebook, Platform, platform_of, publish
from pipeline_tests.platforms.test_tiktok import OK, SOMEBODY

LENGTH = 2 * LEAST_PART + 123_456


@pytest.fixture
def tiktok(sandbox: Sandbox, library: str) -> Platform:
    return platform_of("tiktok", sandbox, library)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Media]:
    """A video of two parts and a bit."""
    path = tmp_path_factory.mktemp("large") / "large.mp4"
    path.write_bytes(film(pixels=LENGTH))
    with serving(partial(SimpleHTTPRequestHandler, directory=str(path.parent))) as url:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        yield Media(**asdict(examine(path)), url=f"{url}/{path.name}", sha256=digest)


def adapter_for(tiktok: Platform, media: Media, **config: Any) -> Any:
    settings = {**tiktok.config, "chunk_bytes": LEAST_PART, **config}
    origin = media.url.rpartition("/")[0]
    return tiktok.adapter(publish_config=settings, media=MediaSource(lambda: [origin]))


def crc_of(media: Media) -> str:
    return f"CRC-32 {zlib.crc32(httpx.get(media.url).content):08x}"


def shown(tiktok: Platform) -> str:
    (effect,) = tiktok.effects()
    return httpx.get(effect.url or "").text


def content_of(tiktok: Platform, media: Media) -> Content:
    return tiktok.content(media=(media,))


@given(st.integers(1, 4 * 10**9), st.integers(1, 10**8))
def test_a_video_is_cut_as_tiktok_wants_it(size: int, wanted: int):
    made = Cut.of(size, wanted)
    ranges = list(made.ranges())
    lengths = [stop - start for start, stop in ranges]
    assert [start for start, _ in ranges] == [0, *(stop for _, stop in ranges[:-1])]
    assert sum(lengths) == size
    assert len(ranges) == made.count == size // made.part <= 1000
    assert all(length == made.part for length in lengths[:-1])
    assert lengths[-1] < 128_000_000
    assert made.part == size or LEAST_PART <= made.part <= MOST_PART
    assert size <= MOST_PART or made.part < size


@pytest.mark.parametrize(
    ("size", "part", "count"),
    [(3_145_728, 3_145_728, 1), (50_000_123, 32_000_000, 1), (96_000_000, 32_000_000, 3), (64_000_001, 32_000_000, 2)],
)
def test_a_part_is_of_32_megabytes_unless_told(size: int, part: int, count: int):
    assert Cut.of(size) == Cut(size, part, count)


def test_all_bytes_arrive_in_order(tiktok: Platform, large: Media):
    publish(adapter_for(tiktok, large), content_of(tiktok, large))
    assert crc_of(large) in shown(tiktok)


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "server_error", "server_error_after", "unavailable"])
def test_a_part_whose_answer_is_lost_is_sent_again_and_taken_once(tiktok: Platform, large: Media, kind: str):
    tiktok.fail(kind)
    publish(adapter_for(tiktok, large), content_of(tiktok, large))
    assert crc_of(large) in shown(tiktok)


def test_a_part_that_keeps_failing_publishes_nothing_and_the_next_attempt_begins_anew(tiktok: Platform, large: Media):
    adapter, content, notebook = adapter_for(tiktok, large), content_of(tiktok, large), Notebook()
    tiktok.fail("server_error", count=3)
    outcome = adapter.publish(content, notebook.journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.UNAVAILABLE
    assert tiktok.sandbox.faults() == []
    assert notebook.handles == {}
    assert adapter.reconcile(content, notebook.journal()) == Absent()
    publish(adapter, content, notebook)
    assert crc_of(large) in shown(tiktok)


def test_a_limit_in_the_middle_of_an_upload_is_waited_for(tiktok: Platform, large: Media):
    tiktok.fail("rate_limit")
    outcome = adapter_for(tiktok, large).publish(content_of(tiktok, large), Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.RATE_LIMITED
    assert tiktok.sandbox.faults() == []


def test_the_id_is_recorded_before_the_part_that_publishes_it(tiktok: Platform, large: Media):
    """As if the process had been killed there."""
    notebook = Notebook()

    def killed(step: str, handle: str) -> None:
        notebook.handles[step] = handle
        if step == "publish_id":
            raise KeyboardInterrupt

    adapter, content = adapter_for(tiktok, large), content_of(tiktok, large)
    with pytest.raises(KeyboardInterrupt):
        adapter.publish(content, replace(notebook.journal(), record=killed))
    assert notebook.handles["video_bytes"] == str(large.size)
    assert tiktok.effects() == []
    assert adapter.reconcile(content, notebook.journal()) == Absent()
    publish(adapter, content, notebook)
    assert len(tiktok.effects()) == 1


def on_the_wire(upload: Callable[[Any], None], upload_url: str = "{here}/upload?upload_token=very-secret") -> Any:
    """A TikTok whose upload host does as it is told."""

    def answer(request: Any) -> None:
        if request.command == "PUT":
            upload(request)
            return
        here = f"http://{request.headers['Host']}"
        begun = {"publish_id": "v_pub_file~v2-1.1", "upload_url": upload_url.format(here=here)}
        data = begun if "/init/" in request.path else SOMEBODY
        reply(request, 200, json.dumps({"data": data, "error": OK}).encode())

    return answer


@pytest.mark.parametrize(
    ("status", "outcome", "kind"),
    [
        (403, NotSent, ErrorKind.UNAVAILABLE),
        (404, NotSent, ErrorKind.UNAVAILABLE),
        (416, NotSent, ErrorKind.UNAVAILABLE),
        (400, Rejected, ErrorKind.VALIDATION),
        (500, Unknown, ErrorKind.UNAVAILABLE),
    ],
)
def test_an_answer_to_the_last_part_means_what_its_status_says(
    tiktok: Platform, status: int, outcome: type, kind: ErrorKind
):
    secret = b'{"message": "no such upload: very-secret"}'
    with answering(on_the_wire(lambda request: reply(request, status, secret))) as url:
        adapter = tiktok.adapter(publish_config=tiktok.elsewhere(url))
        found = adapter.publish(tiktok.content(), Notebook().journal())
    assert isinstance(found, outcome)
    assert not isinstance(found, Published)
    assert found.error.kind is kind
    assert "very-secret" not in repr(found)


def test_an_upload_that_tiktok_takes_for_unfinished_is_not_waited_for(tiktok: Platform):
    with answering(on_the_wire(lambda request: reply(request, 206))) as url:
        adapter = tiktok.adapter(publish_config=tiktok.elsewhere(url))
        found = adapter.publish(tiktok.content(), Notebook().journal())
    assert isinstance(found, Unknown)
    assert found.error.message == "TikTok does not say that it has the whole video"


def test_an_address_that_is_none_is_not_sent_to(tiktok: Platform):
    with answering(on_the_wire(lambda request: reply(request, 201), upload_url="http://[")) as url:
        found = tiktok.adapter(publish_config=tiktok.elsewhere(url)).publish(tiktok.content(), Notebook().journal())
    assert isinstance(found, NotSent)
    assert found.error.kind is ErrorKind.PROTOCOL


def test_a_video_is_sent_to_tiktoks_own_address_or_over_tls_alone(tiktok: Platform):
    puts: list[str] = []

    def upload(request: Any) -> None:
        puts.append(request.path)
        reply(request, 201)

    with answering(on_the_wire(upload)) as elsewhere:
        script = on_the_wire(upload, upload_url=f"{elsewhere}/upload")
        with answering(script) as url:
            found = tiktok.adapter(publish_config=tiktok.elsewhere(url)).publish(tiktok.content(), Notebook().journal())
    assert isinstance(found, NotSent)
    assert found.error.kind is ErrorKind.PROTOCOL
    assert puts == []


def test_no_credential_goes_to_the_upload_host(tiktok: Platform):
    seen: list[dict[str, str]] = []

    def upload(request: Any) -> None:
        seen.append(dict(request.headers))
        reply(request, 400)

    with answering(on_the_wire(upload)) as url:
        tiktok.adapter(publish_config=tiktok.elsewhere(url)).publish(tiktok.content(), Notebook().journal())
    (headers,) = seen
    assert "Authorization" not in headers
    assert headers["Content-Type"] == "video/mp4"


def test_a_video_longer_than_its_creator_may_post_is_not_begun(tiktok: Platform):
    begun: list[str] = []

    def answer(request: Any) -> None:
        begun.extend([request.path] if "/init/" in request.path else [])
        data = {**SOMEBODY, "max_video_post_duration_sec": 1}
        reply(request, 200, json.dumps({"data": data, "error": OK}).encode())

    with answering(answer) as url:
        found = tiktok.adapter(publish_config=tiktok.elsewhere(url)).publish(tiktok.content(), Notebook().journal())
    assert isinstance(found, Rejected)
    assert found.error.kind is ErrorKind.VALIDATION
    assert begun == []


def test_a_video_that_is_not_what_was_approved_is_not_begun(tiktok: Platform):
    (video,) = tiktok.media("video")
    content = tiktok.content(media=(replace(video, sha256="0" * 64),))
    outcome = tiktok.adapter().publish(content, Notebook().journal())
    assert isinstance(outcome, Rejected)
    assert outcome.error.kind is ErrorKind.VALIDATION
    gone = tiktok.content(media=(replace(video, url=f"{video.url}.gone"),))
    assert isinstance(tiktok.adapter().publish(gone, Notebook().journal()), NotSent | Rejected)
    assert tiktok.effects() == []
