"""An account of a WordPress site, and what stands there."""

import uuid
from typing import Any

import httpx

from pipeline.platforms.base import Account
from pipeline.platforms.content import Content
from pipeline.platforms.media.source import MediaSource
from pipeline_tests.platforms.rehearsal import sample_media

PATIENCE_SECONDS = 120.0
"""PHP in WebAssembly takes its time over a large picture."""


def account_of(url: str, login: tuple[str, str], library: str) -> Account:
    name, password = login
    return Account(
        key="wordpress-test",
        platform="wordpress",
        publish_config={"api_url": url},
        credentials={"username": name, "app_password": password},
        timeout_seconds=PATIENCE_SECONDS,
        media=MediaSource(lambda: [library]),
    )


def api_of(url: str, login: tuple[str, str]) -> httpx.Client:
    return httpx.Client(base_url=f"{url}/wp-json/wp/v2", auth=login, timeout=PATIENCE_SECONDS)


def content(library: str, *files: str, **platform_specific: Any) -> Content:
    """A post that no other says, with files of the sample."""
    id_ = str(uuid.uuid4())
    return Content(
        id_,
        body=f"<p>Körper &amp; <b>so</b> {id_[:8]} 👩‍🚀</p>",
        title=f"A title & more {id_[:8]}",
        media=[sample_media(name, library) for name in files],
        platform_specific=platform_specific,
    )


def posts_of(api: httpx.Client, content: Content) -> list[dict[str, Any]]:
    """All that stand there of it, in any state and under any slug."""
    query = {"search": content.distribution_id[:8], "status": "any,trash", "context": "edit"}
    found: list[dict[str, Any]] = api.get("/posts", params=query).json()
    return found


def files_of(api: httpx.Client, content: Content) -> list[dict[str, Any]]:
    """Its uploads, the oldest first."""
    mark = f"pressroom-{content.distribution_id.replace('-', '')[:12]}"
    listed = api.get("/media", params={"per_page": 100, "_fields": "id,slug,alt_text,mime_type,source_url"}).json()
    return sorted((each for each in listed if each["slug"].startswith(mark)), key=lambda each: int(each["id"]))
