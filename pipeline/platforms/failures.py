"""What a failed call means, for one that has an effect: decided here once, for every platform. Pure.

The default is ambiguous: only what certainly had no effect counts as not sent or rejected. A 503 does not, since none
of the platforms documents that it means so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import httpx

from pipeline.platforms.base import (
    Account,
    Inconclusive,
    NotSent,
    PlatformError,
    PlatformUnavailableError,
    Rejected,
    Unknown,
)
from pipeline.platforms.limits import retry_time
from pipeline.platforms.media.facts import MediaError
from pipeline.vocabulary import ErrorKind

_MAX_MESSAGE: Final = 300
_MAX_CODE: Final = 100
_MOVED: Final = (301, 307, 308)
"""Redirects by which a server says that it did nothing; after a 302 or 303 it may have."""

Refusal = Rejected | NotSent | Unknown


def media_failure(error: MediaError) -> Rejected | NotSent:
    """What it means for a publication, nothing of which was sent, that one of its files is not to be had."""
    if error.permanent:
        return Rejected(PlatformError(ErrorKind.VALIDATION, str(error)))
    return NotSent(PlatformError(ErrorKind.NETWORK, str(error)))


class CallError(Exception):
    """A call that did not bring what was asked.

    Attributes:
        outcome: what it means where the call was the one with the effect.
        payload: the JSON that the platform explained itself with; None where there was none.
    """

    def __init__(self, outcome: Refusal, payload: Any = None) -> None:
        super().__init__(outcome.error.message)
        self.outcome = outcome
        self.payload = payload

    @property
    def error(self) -> PlatformError:
        return self.outcome.error

    def without_effect(self) -> Rejected | NotSent:
        """The same, where the call was a step before the one with the effect: what is ambiguous wasn't sent."""
        return NotSent(self.error) if isinstance(self.outcome, Unknown) else self.outcome

    def as_rate_limited(self) -> NotSent:
        """The same, where the platform says in other words that the account has used up its allowance."""
        return NotSent(replace(self.error, kind=ErrorKind.RATE_LIMITED))

    def as_unauthorised(self) -> NotSent:
        """The same, where the refusal is about the account: it may not publish, whatever the content."""
        return NotSent(replace(self.error, kind=ErrorKind.AUTH))

    def inconclusive(self) -> Inconclusive:
        return Inconclusive(self.error)

    def unavailable(self) -> PlatformUnavailableError:
        return PlatformUnavailableError(self.error, getattr(self.outcome, "retry_at", None))


def garbled(what: str, status: int | None = None) -> CallError:
    """For an answer that can't be understood: the call may well have had its effect."""
    return CallError(Unknown(PlatformError(ErrorKind.PROTOCOL, what, http_status=status)))


def required(account: Account, values: Mapping[str, Any], name: str) -> str:
    """A credential or a setting without which the account can't speak.

    Raises:
        CallError: it is missing. That concerns the account and not the content, so it holds the account like a
            refused credential.
    """
    value = values.get(name)
    if value in (None, ""):
        message = f"the account {account.key} has no {name}"
        raise CallError(NotSent(PlatformError(ErrorKind.AUTH, message, code=f"missing_{name}")))
    return str(value)


def classify_exception(error: httpx.RequestError | httpx.InvalidURL) -> Refusal:
    """What it means that no answer came.

    The text of an exception is shown only where it comes from the operating system or from TLS: elsewhere it may
    quote the request's headers.
    """
    match error:
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            refusal, message = NotSent, "no connection in time"
        case httpx.ConnectError():
            refusal, message = NotSent, f"no connection: {error}"
        case httpx.ProxyError():
            refusal, message = NotSent, "the proxy gave no connection"
        case httpx.UnsupportedProtocol() | httpx.InvalidURL():
            refusal, message = NotSent, "the platform's address is not an http(s) URL"
        case httpx.TimeoutException():
            return Unknown(PlatformError(ErrorKind.NETWORK, "no answer in time after the request had left"))
        case _:
            return Unknown(PlatformError(ErrorKind.NETWORK, f"the connection broke ({type(error).__name__})"))
    return refusal(PlatformError(ErrorKind.NETWORK, message))


def classify_status(status: int, headers: Mapping[str, str], payload: Any, now: datetime) -> Refusal:
    """What an answer other than 2xx means; `payload` is its JSON, None where it had none."""
    explanation, code = _explanation(payload)
    if status in _MOVED:
        explanation = f"moved to {httpx.Headers(headers).get('location', '').partition('?')[0]}"
    message = f"HTTP {status}: {explanation}" if explanation else f"HTTP {status}"
    match status:
        case 401:
            return NotSent(PlatformError(ErrorKind.AUTH, message, code, status))
        case 429:
            return NotSent(PlatformError(ErrorKind.RATE_LIMITED, message, code, status), retry_time(headers, now))
        case 403:
            return Rejected(PlatformError(ErrorKind.POLICY, message, code, status))
        case 301 | 307 | 308:
            return Rejected(PlatformError(ErrorKind.PROTOCOL, message, code, status))
        case _ if 400 <= status < 500 and status != 408:  # noqa: PLR2004 - some proxies say 408 after passing it on
            return Rejected(PlatformError(ErrorKind.VALIDATION, message, code, status))
    return Unknown(PlatformError(ErrorKind.UNAVAILABLE, message, code, status))


def _explanation(payload: Any) -> tuple[str, str | None]:
    """The message and the code of an error's JSON, in whichever of the usual forms a platform has it.

    Flat (WordPress, LinkedIn, X, Mailchimp's problem+json), inside of `error` (Google, Meta, TikTok), with `error` for
    a code beside the message (AT Protocol) or for the message (Mastodon).
    """
    if not isinstance(payload, dict):
        return "", None
    error = payload.get("error")
    if isinstance(error, dict):
        payload, error = error, None
    named = [payload.get(name) for name in ("detail", "message", "title", "error_description")]
    parts = [text for text in named if isinstance(text, str) and text][:1]
    errors = payload.get("errors")
    for each in errors if isinstance(errors, list) else []:
        if isinstance(each, dict) and isinstance(each.get("message"), str):
            parts.append(f"{each['field']}: {each['message']}" if each.get("field") else each["message"])
    if isinstance(error, str) and not parts:
        parts, error = [error], None
    code = payload.get("code") or error
    if not isinstance(code, str):
        _, _, problem = str(payload.get("type", "")).partition("/problems/")  # X's kinds of problem are addresses
        code = problem or None
    return "; ".join(parts), code


def presentable(refusal: Refusal, secrets: Iterable[str]) -> Refusal:
    """The same with no secret in its words, on one line and short: hidden first, so that none is left cut in half."""
    error = refusal.error
    for secret in secrets:
        error = PlatformError(
            error.kind,
            error.message.replace(secret, "[hidden]"),
            error.code and error.code.replace(secret, "[hidden]"),
            error.http_status,
        )
    shown = PlatformError(
        error.kind, _trimmed(error.message, _MAX_MESSAGE), error.code and error.code[:_MAX_CODE], error.http_status
    )
    return NotSent(shown, refusal.retry_at) if isinstance(refusal, NotSent) else type(refusal)(shown)


def _trimmed(text: str, limit: int) -> str:
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= limit else f"{line[:limit]}…"
