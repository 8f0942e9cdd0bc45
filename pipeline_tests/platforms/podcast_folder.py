"""A show in a folder, as the tests of the podcast use it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import feedparser

from pipeline.platforms.base import Adapter
from pipeline_tests.platforms.rehearsal import Platform

BASE = "https://show.example/files"
_OF_A_BUCKET = ("bucket", "endpoint", "region")


@dataclass
class Shelf:
    """The folder, and the way to the account that publishes there. `BASE` is where its files would be served."""

    platform: Platform
    folder: Path

    def adapter(self, *, timeout_seconds: float = 5.0, **changes: Any) -> Adapter:
        config = {name: value for name, value in self.platform.config.items() if name not in _OF_A_BUCKET}
        settings = {**config, "folder": str(self.folder), "base_url": BASE, **changes}
        return self.platform.adapter(publish_config=settings, credentials={}, timeout_seconds=timeout_seconds)

    @property
    def feed(self) -> bytes:
        return (self.folder / "feed.xml").read_bytes()

    @feed.setter
    def feed(self, content: bytes) -> None:
        (self.folder / "feed.xml").write_bytes(content)

    def titles(self) -> list[str]:
        return [entry.title for entry in feedparser.parse(self.feed).entries]

    def files(self) -> dict[str, int]:
        """What is served, with the sizes."""
        return {
            str(path.relative_to(self.folder)): path.stat().st_size
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and ".pressroom" not in path.parts
        }
