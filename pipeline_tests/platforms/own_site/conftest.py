"""The real site in a folder of the test's own, and the real server before it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.platforms.base import Account, Adapter, Journal
from pipeline.platforms.content import Content
from pipeline.platforms.media.facts import Media
from pipeline.platforms.registry import open_adapter
from pipeline.platforms.site import server
from pipeline.vocabulary import MediaKind
from pipeline_tests.web import serve_app

BODY = "<p>A heavy pan holds its heat.</p><h2>Weight</h2><p>It matters.</p>"


@dataclass
class Site:
    """A publisher of the site. Opening another one on the same folder is another worker."""

    folder: Path
    base_url: str = "http://127.0.0.1:3001"
    handles: dict[str, dict[str, str]] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def adapter(self) -> Adapter:
        config = {"folder": str(self.folder), "base_url": self.base_url, "name": "The Slow Kitchen"} | self.settings
        return open_adapter(Account("site", "site", config))

    def content(self, slug: str, **changes: Any) -> Content:
        specific = {"slug": slug} | changes.pop("platform_specific", {})
        values = {"distribution_id": f"distribution-{slug}", "body": BODY, "title": slug.replace("-", " ").title()}
        return Content(**{**values, **changes}, platform_specific=specific)

    def journal(self, content: Content) -> Journal:
        """The handles that this distribution's earlier attempts left."""
        handles = self.handles.setdefault(content.distribution_id, {})
        return Journal(dict(handles), handles.__setitem__, datetime.now(UTC))

    def publish(self, slug: str, **changes: Any) -> Any:
        content = self.content(slug, **changes)
        return self.adapter.publish(content, self.journal(content))

    def reconcile(self, slug: str) -> Any:
        content = self.content(slug)
        return self.adapter.reconcile(content, self.journal(content))

    def read(self, path: str) -> str:
        return (self.folder / path).read_text(encoding="utf-8")

    def tree(self) -> dict[str, bytes]:
        """Everything that is served, by path."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        relative = {str(path.relative_to(self.folder)): path for path in files}
        return {name: path.read_bytes() for name, path in relative.items() if not name.startswith(".pressroom/")}


def a_file(
    kind: MediaKind, url: str = "https://example.com/file", alt_text: str = "", size: tuple[int, int] = (64, 48)
) -> Media:
    return Media(kind, "", 1, *size, url=url, sha256="0" * 64, alt_text=alt_text)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Site]:
    """A site whose base URL answers."""
    with serve_app(server.create_app(tmp_path / "site")) as address:
        yield Site(tmp_path / "site", address)
