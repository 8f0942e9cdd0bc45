"""The hash that an approval binds: everything that would be sent, links and media included."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID


class Sendable(Protocol):
    """What a version says, and to which account."""

    @property
    def platform_id(self) -> UUID: ...
    @property
    def title(self) -> str | None: ...
    @property
    def body(self) -> str: ...
    @property
    def link_url(self) -> str | None: ...
    @property
    def media_urls(self) -> Sequence[str]: ...
    @property
    def platform_specific(self) -> Mapping[str, Any]: ...


def version_hash(version: Sendable) -> str:
    """SHA-256, in hex, of the version's canonical JSON (keys sorted, no spaces)."""
    canonical = json.dumps(
        [
            str(version.platform_id),
            version.title,
            version.body,
            version.link_url,
            list(version.media_urls),
            version.platform_specific,
        ],
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )
    return hashlib.sha256(canonical.encode()).hexdigest()
