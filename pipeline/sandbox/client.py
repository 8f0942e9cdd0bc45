"""A running sandbox, asked and steered over HTTP."""

import ssl
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from pipeline.sandbox.ledger import Effect
from pipeline.sandbox.vocabulary import FaultKind


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The sandbox at a base URL without a trailing slash.

    Its methods raise httpx.HTTPError when it can't be reached or refuses.
    """

    url: str

    def effects(self, platform: str | None = None, *, since: datetime | None = None) -> list[Effect]:
        """What happened, oldest first."""
        params = {"platform": platform, "since": since.isoformat() if since else None}
        found = self._call("GET", "/sandbox/ledger", params={key: value for key, value in params.items() if value})
        return [Effect(**{**each, "at": datetime.fromisoformat(each["at"])}) for each in found["effects"]]

    def fault(
        self,
        platform: str,
        kind: FaultKind | str,
        *,
        count: int = 1,
        seconds: float | None = None,
        status: int | None = None,
        path: str | None = None,
        method: str | None = None,
    ) -> None:
        """Let the next `count` calls that it concerns go wrong; the kinds are those of `FaultKind`."""
        asked = {
            "platform": platform,
            "kind": kind,
            "count": count,
            "seconds": seconds,
            "status": status,
            "path": path,
            "method": method,
        }
        self._call("POST", "/sandbox/faults", json={key: value for key, value in asked.items() if value is not None})

    def faults(self) -> list[dict[str, Any]]:
        """The faults still waiting for a call."""
        waiting: list[dict[str, Any]] = self._call("GET", "/sandbox/faults")["faults"]
        return waiting

    def clear_faults(self) -> None:
        self._call("DELETE", "/sandbox/faults")

    def clear(self) -> None:
        """Forget everything that was published, and every fault."""
        self._call("DELETE", "/sandbox/ledger")
        self.clear_faults()

    def _call(self, method: str, path: str, **how: Any) -> Any:
        import httpx

        answer = httpx.request(method, f"{self.url}{path}", timeout=10, verify=_no_certificates(), **how)
        answer.raise_for_status()
        return answer.json()


@cache
def _no_certificates() -> ssl.SSLContext:
    """Loading the trusted ones costs more than a call, and the sandbox speaks plain HTTP."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
