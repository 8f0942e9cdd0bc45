"""What a field's value may be: what a source says turned into a value of ours, or None where it says nothing.

Each function raises ItemError, with a reason for whoever keeps the source, where the value is not what the field holds.
"""

import hashlib
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from pipeline import clock
from pipeline.editorial.source_text import clean, plain_text

_UNKNOWN: Final = frozenset({"", "-", "na", "n/a", "nan", "null", "none"})
"""How exports write that a figure or a time isn't known."""
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,19}(?:\.0+)?")
_LARGEST: Final = 2**63 - 1
_UNIX_TIME: Final = re.compile(r"[0-9]{10}|[0-9]{13}")
_MILLISECONDS_FROM: Final = 10**11
_LANGUAGE: Final = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]+)*", re.IGNORECASE)
_URL: Final = re.compile(r"https?://[^\s/?#]\S*", re.IGNORECASE)
_LONGEST_IDENTIFIER: Final = 1024
"""In bytes; an entry of a PostgreSQL index holds at most 2,704."""


class ItemError(ValueError):
    """The record is no usable item; the message says why, for whoever keeps the source."""


def text(field: str, value: Any) -> str | None:
    """What a person would read; None where that is nothing."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ItemError(f"{field} is not a text")
    return plain_text(value) or None


def line(field: str, value: Any) -> str | None:
    """A text of one line."""
    lines = text(field, value)
    return " ".join(lines.split()) if lines else None


def identifier(value: Any) -> str | None:
    """The source's own id; one too long for an index is replaced by its hash."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ItemError("external_id is neither a text nor a whole number")
    written = clean(str(value)).strip()
    if len(written.encode()) > _LONGEST_IDENTIFIER:
        return digest(written)
    return written or None


def digest(text: str) -> str:
    """A stable name for a text that has none."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def url(value: Any) -> str | None:
    """An absolute http or https address."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    address = clean(value).strip() if isinstance(value, str) else ""
    if not _URL.fullmatch(address):
        raise ItemError("url is not an http or https address")
    return address


def urls(value: Any) -> list[str]:
    """Addresses of media, from a list or from a text with white space between; what is no web address is left out."""
    candidates = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    cleaned = (clean(each).strip(",;") for each in candidates if isinstance(each, str))
    return list(dict.fromkeys(each for each in cleaned if _URL.fullmatch(each)))


def language(value: Any) -> str | None:
    """The primary subtag of a BCP 47 code, in lower case."""
    code = line("language", value)
    if code is None:
        return None
    match = _LANGUAGE.fullmatch(code)
    if match is None:
        raise ItemError(f"language is {_quoted(code)}, not a code such as en or pt-BR")
    return match[1].lower()


def figure(field: str, value: Any) -> int | None:
    """A whole count; `12.0` is one too, as spreadsheets write it. Grouped digits are refused: 1,234 may be 1.234."""
    if isinstance(value, str):
        written = value.strip()
        if written.lower() in _UNKNOWN:
            return None
        value = int(written.partition(".")[0]) if _WHOLE.fullmatch(written) else written
    elif isinstance(value, float) and value.is_integer():
        value = int(value)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise ItemError(f"{field} is {_quoted(value)}, not a whole number")
    if not 0 <= value <= _LARGEST:
        raise ItemError(f"{field} is {_quoted(value)}, {'below 0' if value < 0 else 'larger than any count'}")
    return value


def instant(value: Any, timezone: str | None) -> datetime | None:
    """A UTC instant from ISO 8601, RFC 2822 or a Unix time in seconds or milliseconds."""
    if value is None or (isinstance(value, str) and value.strip().lower() in _UNKNOWN):
        return None
    try:
        moment = _moment(value)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
        if timezone is not None:
            return clock.instant(moment, timezone)
    except (ValueError, TypeError, OverflowError, OSError):
        raise ItemError(f"posted_at is {_quoted(value)}, not a time such as 2026-11-23T09:00:00+01:00") from None
    raise ItemError(f"posted_at is {_quoted(value)}, which has no time zone; map one: timezone=Europe/Berlin")


def _moment(value: Any) -> datetime:
    if isinstance(value, str) and _UNIX_TIME.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value / 1000 if value >= _MILLISECONDS_FROM else value, UTC)
    if not isinstance(value, str):
        raise TypeError
    written = value.strip()
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        moment = parsedate_to_datetime(written)
    # RFC 5322 §3.3: -0000 is a time in UTC whose writer's own zone isn't told.
    return moment.replace(tzinfo=UTC) if written.endswith("-0000") else moment


def _quoted(value: Any) -> str:
    return repr(str(value)[:40])
