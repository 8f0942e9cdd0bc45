"""What YouTube's refusals mean: Google says it by a reason in the body, under whatever status. Pure.

The reasons are those of https://developers.google.com/youtube/v3/docs/errors.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from pipeline.platforms.base import NotSent, PlatformError, Rejected
from pipeline.platforms.failures import CallError, Refusal
from pipeline.text.rendering import text_of
from pipeline.vocabulary import ErrorKind

_PACIFIC: Final = ZoneInfo("America/Los_Angeles")


def next_quota(now: datetime) -> datetime:
    """When the day's quota is given anew: at midnight in California."""
    there = now.astimezone(_PACIFIC)
    return datetime.combine(there.date() + timedelta(days=1), time(), _PACIFIC).astimezone(now.tzinfo)


_LIMITS: Final[Mapping[str, Callable[[datetime], datetime | None]]] = {
    "quotaExceeded": next_quota,
    "dailyLimitExceeded": next_quota,
    "uploadLimitExceeded": lambda now: now + timedelta(hours=24),
    "rateLimitExceeded": lambda _: None,
    "userRateLimitExceeded": lambda _: None,
}
"""Allowances that are used up, and when there is a new one, where that is known."""
_ACCOUNT_PROBLEMS: Final = (
    *("authError", "insufficientPermissions", "accessNotConfigured", "youtubeSignupRequired"),
    *("accountDelegationForbidden", "authenticatedUserAccountClosed", "authenticatedUserAccountSuspended"),
    *("authenticatedUserNotChannel", "channelClosed", "channelSuspended"),
)
"""Refusals of the token, the channel or the project, whatever the video is."""


def explained(failure: CallError, now: datetime) -> Refusal:
    """The failure in YouTube's own words, unhidden, and what its reason says of whether and when to try again."""
    error = failure.payload.get("error") if isinstance(failure.payload, dict) else None
    if not isinstance(error, dict):
        return failure.outcome
    reason, message = _reason(error), text_of(str(error.get("message") or ""))
    told = PlatformError(
        failure.error.kind,
        f"HTTP {failure.error.http_status}: {message}" if message else failure.error.message,
        reason,
        failure.error.http_status,
    )
    return _outcome(failure, told, now)


def _outcome(failure: CallError, told: PlatformError, now: datetime) -> Refusal:
    if (told.http_status or 0) >= 500:  # noqa: PLR2004 - what became of such a call is open, whatever it says
        return replace(failure.outcome, error=told)
    if (next_time := _LIMITS.get(told.code or "")) is not None:
        retry_at = getattr(failure.outcome, "retry_at", None) or next_time(now)
        return NotSent(replace(told, kind=ErrorKind.RATE_LIMITED), retry_at)
    if told.code in _ACCOUNT_PROBLEMS:
        return NotSent(replace(told, kind=ErrorKind.AUTH))
    return replace(failure.outcome, error=told)


def _reason(error: dict[str, Any]) -> str | None:
    """The first that is named: in `errors`, as YouTube has it, or in `details`, as Google's newer services do."""
    for listed in (error.get("errors"), error.get("details")):
        for each in listed if isinstance(listed, list) else []:
            if isinstance(each, dict) and isinstance(each.get("reason"), str):
                return str(each["reason"])
    return None


def gone(failure: CallError) -> bool:
    return failure.error.http_status in (404, 410)


def unprocessable(reason: str) -> Rejected:
    """For a video that YouTube has and will never show: it can't read the file."""
    message = f"YouTube could not process the video: {reason}"
    return Rejected(PlatformError(ErrorKind.VALIDATION, message, code=reason))


def unwanted(reason: str) -> Rejected:
    """Likewise: YouTube, or who holds rights in it, does not want it shown."""
    kind = ErrorKind.DUPLICATE if reason == "duplicate" else ErrorKind.POLICY
    return Rejected(PlatformError(kind, f"YouTube rejected the video: {reason}", code=reason))
