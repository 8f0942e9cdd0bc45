"""Serves the site's folder as a web server in production would: clean addresses, 404, and 410 once taken down."""

import os
import stat
from pathlib import Path, PurePath
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import URL, MutableHeaders
from starlette.responses import FileResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from pipeline.platforms.site.folder import PAGE, TOMBSTONE

# The sanitiser lets no script through; were it to fail, this stops the script from running. Our own, which counts
# readers, is named by its whole address, and tells a collector that the server knows nothing of.
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' https: http:; media-src 'self' https: http:; "
    "script-src {origin}/assets/beacon.js; connect-src https: http:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
    "cache-control": "no-cache",  # kept, but asked about each time: an update shows at once
}


def create_app(folder: Path) -> Starlette:
    """The site in a folder, which is made where it isn't there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    return Starlette(routes=[Mount("/", _Site(directory=folder, html=True))])


def run(folder: Path, *, host: str = "127.0.0.1", port: int) -> None:
    """Serve until interrupted."""
    uvicorn.run(create_app(folder), host=host, port=port, log_level="warning", access_log=False)


class _Site(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await self._answer(path, scope)
        origin = str(URL(scope=scope).replace(path="", query="", fragment=""))
        headers = {**_HEADERS, "content-security-policy": _POLICY.format(origin=origin)}
        MutableHeaders(scope=None, raw=response.raw_headers).update(headers)
        return response

    async def _answer(self, path: str, scope: Scope) -> Response:
        asked = PurePath(path)
        address = asked.parent if asked.name in {PAGE, TOMBSTONE} else asked
        tombstone, found = self.lookup_path(str(address / TOMBSTONE))
        if found and stat.S_ISREG(found.st_mode):
            return FileResponse(tombstone, status_code=410)
        return await super().get_response(path, scope)

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Records, lock and half-written files are nobody's to read; what can't be a file's name is not found."""
        if any(name.startswith(".") for name in PurePath(path).parts):
            return "", None
        try:
            return super().lookup_path(path)
        except (OSError, ValueError):
            return "", None
