r"""Lines of web servers' access logs. Pure.

Two forms are read: the Combined Log Format of Apache and nginx
(https://httpd.apache.org/docs/2.4/logs.html#combined, `%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i"`, with a
virtual host before it or more fields after it), and lines of JSON, as Caddy writes them and nginx or others can: fields
are looked for under the names that are common, at the top and inside of `request`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

_QUOTED: Final = r'"((?:[^"\\]|\\.)*)"'
_COMBINED: Final = re.compile(
    rf"(?:\S+ )??(?P<address>\S+) \S+ \S+ \[(?P<at>[^\]]+)\] {_QUOTED} (?P<status>\d{{3}}) \S+ {_QUOTED} {_QUOTED}"
)
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
_TIME: Final = re.compile(r"(\d{2})/(\w{3})/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-]\d{4})")
_ESCAPED: Final = re.compile(r"\\x([0-9A-Fa-f]{2})|\\(.)")
_REQUEST_PARTS: Final = 3
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "address": ("client_ip", "remote_ip", "remote_addr", "clientip", "ip"),
    "at": ("ts", "time", "timestamp", "@timestamp", "time_iso8601", "time_local", "msec"),
    "method": ("method", "request_method", "verb"),
    "target": ("uri", "request_uri", "url", "path"),
    "status": ("status", "status_code", "response"),
    "referrer": ("referer", "referrer", "http_referer", "http_referrer"),
    "user_agent": ("user_agent", "http_user_agent", "useragent", "agent"),
    "request": ("request",),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One request. `target` is what was asked for, path and query; `referrer` and `user_agent` are None for none."""

    address: str
    at: datetime
    method: str
    target: str
    status: int
    referrer: str | None
    user_agent: str | None


def parse(text: str) -> Line | None:
    """The request of a line; None where the line is of neither form, or what it says can't be."""
    try:
        return _from_json(json.loads(text)) if text.startswith("{") else _from_combined(text)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def _from_combined(text: str) -> Line | None:
    found = _COMBINED.match(text)
    if found is None:
        return None
    request, referrer, user_agent = found.group(3, 5, 6)
    method, target, _ = _request(_unescaped(request))
    return Line(
        address=found["address"],
        at=_moment(found["at"]),
        method=method,
        target=target,
        status=int(found["status"]),
        referrer=_told(_unescaped(referrer)),
        user_agent=_told(_unescaped(user_agent)),
    )


def _from_json(value: dict[str, Any]) -> Line:
    request = value.get("request")
    fields = {**value, **(request if isinstance(request, dict) else {})}
    # Caddy keeps headers as lists, by their names: {"User-Agent": ["…"]}.
    headers = {str(name).lower(): each[0] for name, each in fields.get("headers", {}).items() if each}
    told = {ours: _first(fields, names) for ours, names in _NAMES.items()}
    if isinstance(told["request"], str):
        told["method"], told["target"], _ = _request(told["request"])
    return Line(
        address=str(told["address"]),
        at=_moment(told["at"]),
        method=str(told["method"]),
        target=str(told["target"]),
        status=int(told["status"]),
        referrer=_told(told["referrer"] or headers.get("referer")),
        user_agent=_told(told["user_agent"] or headers.get("user-agent")),
    )


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((fields[name] for name in names if fields.get(name) not in (None, "")), None)


def _request(line: str) -> tuple[str, str, str]:
    """Method, target and version. Raises: ValueError: it is no request line, as of a client that speaks no HTTP."""
    parts = line.split(" ")
    if len(parts) != _REQUEST_PARTS:
        raise ValueError(line)
    return parts[0], parts[1], parts[2]


def _moment(value: Any) -> datetime:
    """Of the log's own form, of ISO 8601 with a zone, or of seconds since 1970. Raises: ValueError, and more."""
    if isinstance(value, int | float) or re.fullmatch(r"\d+(\.\d+)?", str(value)):
        return datetime.fromtimestamp(float(value), UTC)
    if found := _TIME.fullmatch(str(value)):
        day, month, year, *clock, zone = found.groups()
        hour, minute, second = clock
        return datetime.fromisoformat(f"{year}-{_MONTHS[month]:02}-{day}T{hour}:{minute}:{second}{zone[:3]}:{zone[3:]}")
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError(value)
    return moment


def _unescaped(text: str) -> str:
    r"""As it was before the server escaped it: `\"`, `\\`, and bytes as `\x41`."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], text)


def _told(value: Any) -> str | None:
    return None if value in (None, "", "-") else str(value)
