"""The hash that an approval binds: everything that would be sent, links and media included."""

import hashlib
import json
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from pipeline.distribution.contents import Words


class Sendable(Words, Protocol):
    """What a version says, and to which account."""

    @property
    def platform_id(self) -> UUID: ...
    @property
    def media_urls(self) -> Sequence[str]: ...


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
