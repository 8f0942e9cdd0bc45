"""A film of a gigabyte goes up in little memory, and after a broken connection only the rest of it is sent.

The adapter runs in a process of its own, which imports nothing else, against a server that throws away what it gets.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from pipeline_tests.platforms.conftest import reply, serving

FILM_BYTES = 1024**3
BREAKS_AT = 600_000_000
MOST_MEMORY = 100_000_000

UPLOADER = """
import json
import re
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

task = json.load(sys.stdin)
module, _, name = task["adapter"].partition(":")
Adapter = getattr(import_module(module), name)

from pipeline.platforms.base import Account, Journal
from pipeline.platforms.content import Content
from pipeline.platforms.media.facts import Media
from pipeline.platforms.media.source import LocalMedia
from pipeline.vocabulary import MediaKind

path = Path(task["film"])
facts = {"kind": MediaKind.VIDEO, "mime_type": "video/mp4", "size": path.stat().st_size}
facts |= {"width": 1080, "height": 1920, "duration_seconds": 60.0}


class Source:
    @contextmanager
    def open(self, media, rule):
        yield LocalMedia(**facts, path=path)


account = Account(
    "test", task["platform"], task["settings"], credentials=task["credentials"], media=Source(), timeout_seconds=20
)
film = Media(**facts, url="https://example.com/film.mp4", sha256="0" * 64)
content = Content("d0c0ffee-0000-0000-0000-000000000000", "Words", title="A film", media=[film])
handles = task["handles"]
outcome = Adapter(account).publish(content, Journal(dict(handles), handles.__setitem__, datetime.now(UTC)))
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024
json.dump({"outcome": type(outcome).__name__, "said": repr(outcome), "handles": handles, "peak": peak}, sys.stdout)
"""


class Receiver:
    """How much of the film a platform has. In the middle of it, once, the connection breaks."""

    def __init__(self) -> None:
        self.received = 0
        self.sent = 0
        """Bytes of it that came, those again that had to be sent again."""
        self.breaks = True

    def take(self, request: BaseHTTPRequestHandler, size: int) -> bool:
        """Swallow a body of so many bytes; False where the connection broke."""
        swallowed, buffer = 0, memoryview(bytearray(1024 * 1024))
        while swallowed < size:
            if self.breaks and self.received + swallowed >= BREAKS_AT:
                self.breaks = False
                self.sent += swallowed
                request.close_connection = True
                return False
            found = request.rfile.readinto(buffer[: min(len(buffer), size - swallowed)])
            if not found:
                break
            swallowed += found
        self.sent += swallowed
        self.received += swallowed
        return True


Platform = Callable[[BaseHTTPRequestHandler, Receiver], None]


@dataclass(frozen=True)
class Case:
    """A platform: its adapter, and what it answers to a request."""

    platform: str
    adapter: str
    credentials: dict[str, str]
    answer: Platform
    settings: dict[str, Any] = field(default_factory=dict)


def answer_as_youtube(request: BaseHTTPRequestHandler, receiver: Receiver) -> None:
    size, said = int(request.headers.get("Content-Length", 0)), request.headers.get("Content-Range", "")
    video = {"id": "abcdefghijk", "snippet": {}, "status": {"uploadStatus": "processed", "privacyStatus": "public"}}
    if request.command == "POST":
        request.rfile.read(size)
        reply(request, 200, Location=f"http://{request.headers['Host']}/session?upload_id=1")
    elif request.command == "GET":
        reply(request, 200, json.dumps({"kind": "youtube#videoListResponse", "items": [video]}).encode())
    elif said.startswith("bytes */"):
        reply(request, 308, Range=f"bytes=0-{receiver.received - 1}")
    elif said.startswith(f"bytes {receiver.received}-") and receiver.take(request, size):
        if receiver.received == FILM_BYTES:
            reply(request, 201, json.dumps(video).encode())
        else:
            reply(request, 308, Range=f"bytes=0-{receiver.received - 1}")


def answer_as_tiktok(request: BaseHTTPRequestHandler, receiver: Receiver) -> None:
    size, said = int(request.headers.get("Content-Length", 0)), request.headers.get("Content-Range", "")
    if request.command == "PUT":
        if said.startswith(f"bytes {receiver.received}-") and receiver.take(request, size):
            reply(request, 201 if receiver.received == FILM_BYTES else 206)
        return
    request.rfile.read(size)
    data: dict[str, Any] = {"status": "PUBLISH_COMPLETE", "publicaly_available_post_id": [1]}
    if "/creator_info/" in request.path:
        data = {"creator_username": "somebody", "privacy_level_options": ["PUBLIC_TO_EVERYONE"]}
    elif "/init/" in request.path:
        data = {"publish_id": "v_pub_file~v2-1.1", "upload_url": f"http://{request.headers['Host']}/up?upload_token=1"}
    reply(request, 200, json.dumps({"data": data, "error": {"code": "ok"}}).encode())


YOUTUBE = Case("youtube", "pipeline.platforms.youtube:YouTubeAdapter", {"access_token": "a-token"}, answer_as_youtube)
TIKTOK = Case(
    "tiktok",
    "pipeline.platforms.tiktok:TikTokAdapter",
    {"access_token": "a-token"},
    answer_as_tiktok,
    {"privacy_level": "PUBLIC_TO_EVERYONE", "chunk_bytes": 32_000_000},
)
pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux tells a process's peak like this"
)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    with path.open("wb") as file:
        file.truncate(FILM_BYTES)  # sparse: it takes no room
    return path


def test_a_gigabyte_goes_up_in_little_memory_and_after_a_break_only_the_rest(film: Path):
    receiver = Receiver()
    with serving(handler_of(YOUTUBE, receiver)) as url:
        broken = upload(YOUTUBE, url, film, {})
        assert broken["outcome"] == "NotSent", broken["said"]
        has, seen = receiver.received, receiver.sent
        assert 0 < has < FILM_BYTES
        finished = upload(YOUTUBE, url, film, broken["handles"])
    assert finished["outcome"] == "Published", finished["said"]
    assert receiver.received == FILM_BYTES
    assert receiver.sent - seen == FILM_BYTES - has
    assert max(broken["peak"], finished["peak"]) < MOST_MEMORY


def test_a_gigabyte_goes_up_in_parts_and_after_a_break_only_that_part_again(film: Path):
    receiver = Receiver()
    with serving(handler_of(TIKTOK, receiver)) as url:
        finished = upload(TIKTOK, url, film, {})
    assert finished["outcome"] == "Published", finished["said"]
    assert not receiver.breaks
    assert receiver.received == FILM_BYTES
    assert 0 < receiver.sent - FILM_BYTES < TIKTOK.settings["chunk_bytes"]
    assert finished["peak"] < MOST_MEMORY


def handler_of(case: Case, receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            case.answer(self, receiver)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def upload(case: Case, url: str, film: Path, handles: dict[str, str]) -> dict[str, Any]:
    """What a fresh process made of it, and the most memory it held."""
    task = {
        "platform": case.platform,
        "adapter": case.adapter,
        "settings": {"base_url": url, "poll_seconds": 0.1, **case.settings},
        "credentials": case.credentials,
        "film": str(film),
        "handles": handles,
    }
    done = subprocess.run(
        [sys.executable, "-c", UPLOADER], input=json.dumps(task), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said
