"""TikTok's stand-in as its tests ask it, and a hand on its clock."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.ledger import Ledger
from pipeline.sandbox.server import running
from pipeline.sandbox.tiktok.credentials import CREATOR

PROCESSING = timedelta(hours=1)
PUBLISH = "/v2/post/publish"
SAID = {"title": "Look", "privacy_level": "PUBLIC_TO_EVERYONE"}
VIDEO = b"\x00\x00\x00\x18ftypisom" + bytes(range(256)) * 40
MB = 1_000_000
HTTP = httpx.Client()


class TikTok:
    """The API for one token, and a hand on the clock."""

    def __init__(self, sandbox: Sandbox, ledger: Ledger) -> None:
        self.sandbox = sandbox
        self.ledger = ledger

    def ask(
        self, path: str, body: Any = None, credentials: Mapping[str, str] = CREATOR, **params: str
    ) -> httpx.Response:
        return HTTP.post(
            f"{self.sandbox.url}/tiktok{path}",
            json=body,
            params=params,
            headers={"Authorization": f"Bearer {credentials['access_token']}", "Content-Type": "application/json"},
        )

    def begin(self, size: int = len(VIDEO), **how: Any) -> httpx.Response:
        said = {**SAID, **how.pop("said", {})}
        file = {"source": "FILE_UPLOAD", "video_size": size, "chunk_size": size, "total_chunk_count": 1}
        return self.ask(f"{PUBLISH}/video/init/", {"post_info": said, "source_info": file | how.pop("file", {})}, **how)

    def begin_pictures(self, *addresses: str, **how: Any) -> httpx.Response:
        said = {**SAID, "description": "Two of them", **how.pop("said", {})}
        source = {"source": "PULL_FROM_URL", "photo_cover_index": 0, "photo_images": list(addresses)}
        source |= how.pop("source", {})
        body = {"media_type": "PHOTO", "post_mode": "DIRECT_POST", "post_info": said, "source_info": source}
        return self.ask(f"{PUBLISH}/content/init/", body, **how)

    def publish(self, video: bytes = VIDEO, **how: Any) -> str:
        """A whole video; its publish id."""
        begun = self.begin(len(video), **how).json()["data"]
        assert put(begun["upload_url"], video).status_code == 201
        return str(begun["publish_id"])

    def standing(self, publish_id: str, credentials: Mapping[str, str] = CREATOR) -> dict[str, Any]:
        data: dict[str, Any] = self.ask(f"{PUBLISH}/status/fetch/", {"publish_id": publish_id}, credentials).json()[
            "data"
        ]
        return data

    def move(self, publish_id: str, name: str, back: timedelta) -> None:
        """Let it have happened so much longer ago."""
        post = self.ledger.get("tiktok", "post", publish_id)
        assert post is not None
        post[name] = (datetime.fromisoformat(post[name]) - back).isoformat()
        self.ledger.put("tiktok", "post", publish_id, post, lookup=post["post_id"])

    def settled(self, publish_id: str, credentials: Mapping[str, str] = CREATOR) -> dict[str, Any]:
        self.move(publish_id, "whole", PROCESSING)
        return self.standing(publish_id, credentials)


def put(address: str, content: bytes, start: int = 0, total: int | None = None, **headers: str) -> httpx.Response:
    stop = start + len(content) - 1
    usual = {"Content-Type": "video/mp4", "Content-Range": f"bytes {start}-{stop}/{total or len(content)}"}
    given = usual | {name.replace("_", "-"): value for name, value in headers.items()}
    return HTTP.put(address, content=content, headers={name: value for name, value in given.items() if value})


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@contextmanager
def serving(folder: Path) -> Iterator[TikTok]:
    """It works an hour on whatever it is given."""
    path = folder / "sandbox.sqlite"
    with running(path, processing=PROCESSING) as sandbox:
        ledger = Ledger(path)
        yield TikTok(sandbox, ledger)
        ledger.close()
