"""What TikTok's words mean: the codes of its errors, the states of a post, the figures of a video. Pure.

Codes: https://developers.tiktok.com/doc/tiktok-api-v2-error-handling and
https://developers.tiktok.com/doc/content-posting-api-reference-direct-post. States and reasons:
https://developers.tiktok.com/doc/content-posting-api-reference-get-video-status.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from pipeline.platforms.audience import Audience
from pipeline.platforms.base import Metrics, NotSent, PlatformError, Rejected, Unknown
from pipeline.platforms.failures import Refusal, garbled
from pipeline.vocabulary import ErrorKind

_ACCOUNT: Final = (
    "access_token_invalid",
    "scope_not_authorized",
    "scope_permission_missed",
    "auth_removed",
    "spam_risk_user_banned_from_posting",
    "unaudited_client_can_only_post_to_private_accounts",
    "privacy_level_option_mismatch",
)
"""Refusals of the account, the app or the account's settings, whatever is posted."""
_USED_UP: Final = ("spam_risk_too_many_posts", "spam_risk_too_many_pending_share", "reached_active_user_cap")
"""Allowances of 24 hours, of which TikTok doesn't tell when they began."""
_PASSING: Final = ("internal", "internal_error", "video_pull_failed", "photo_pull_failed")
_UNFIT: Final = (
    "file_format_check_failed",
    "duration_check_failed",
    "frame_rate_check_failed",
    "picture_size_check_failed",
)
_UNWANTED: Final = ("publish_cancelled", "spam_risk", "spam_risk_text")
_DAY: Final = timedelta(days=1)
_MISSING_SCOPE: Final = ("scope_not_authorized", "scope_permission_missed")
_FIGURES: Final = {"video_views": "view_count", "likes": "like_count", "comments": "comment_count"}
_INTERACTIONS: Final = ("like_count", "comment_count", "share_count")


@dataclass(frozen=True, slots=True)
class Creator:
    """Whom the token posts as, and what they may post just now; `longest_seconds` is None where it isn't told."""

    username: str
    nickname: str
    privacy_levels: tuple[str, ...]
    longest_seconds: float | None
    forbids: frozenset[str]
    """Of "comment", "duet" and "stitch", what the creator doesn't want on any post."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a post stands; `uploaded` counts the bytes of its video that TikTok has, None where it isn't told."""

    state: str
    fail_reason: str
    post_id: str | None
    uploaded: int | None

    @property
    def has_failed(self) -> bool:
        return self.state == "FAILED"

    def lacks(self, size: int | None) -> bool:
        """Whether not all of a video of so many bytes has arrived, so that nothing can come of it."""
        if self.state != "PROCESSING_UPLOAD" or size is None or self.uploaded is None:
            return False
        return self.uploaded < size


def refusal(code: str, message: str, status: int | None, otherwise: Refusal, now: datetime) -> Refusal:
    """What an error's code means; `otherwise` is what it means where the code alone decides nothing."""
    words = f"{code}: {message}" if message else code
    error = PlatformError(otherwise.error.kind, words, code, status)
    if code in _ACCOUNT:
        return NotSent(replace(error, kind=ErrorKind.AUTH))
    if code in _USED_UP:
        return NotSent(replace(error, kind=ErrorKind.RATE_LIMITED), now + _DAY)
    if code in _PASSING:
        return Unknown(replace(error, kind=ErrorKind.UNAVAILABLE))
    return replace(otherwise, error=error)


def failure(standing: Standing, now: datetime) -> Rejected | NotSent:
    """What it means for a publication that TikTok has given up on the post: it is certainly not live."""
    reason = standing.fail_reason or "failed"
    otherwise: Rejected | NotSent = NotSent(PlatformError(ErrorKind.UNAVAILABLE, ""))
    if reason in _UNFIT:
        otherwise = Rejected(PlatformError(ErrorKind.VALIDATION, ""))
    elif reason in _UNWANTED:
        otherwise = Rejected(PlatformError(ErrorKind.POLICY, ""))
    found = refusal(reason, "TikTok did not publish it", None, otherwise, now)
    return NotSent(found.error) if isinstance(found, Unknown) else found


def is_missing_scope(error: PlatformError) -> bool:
    return error.code in _MISSING_SCOPE


def creator(data: Mapping[str, Any]) -> Creator:
    """Raises: CallError: it is none."""
    username, levels = data.get("creator_username"), data.get("privacy_level_options")
    if not isinstance(username, str) or not username or not isinstance(levels, list):
        raise garbled("TikTok does not tell who the creator is")
    longest = data.get("max_video_post_duration_sec")
    return Creator(
        username=username,
        nickname=str(data.get("creator_nickname") or username),
        privacy_levels=tuple(map(str, levels)),
        longest_seconds=longest if _is_number(longest) else None,
        forbids=frozenset(name for name in ("comment", "duet", "stitch") if data.get(f"{name}_disabled") is True),
    )


def standing(data: Mapping[str, Any]) -> Standing:
    """Raises: CallError: it tells of no state."""
    state, uploaded = data.get("status"), data.get("uploaded_bytes")
    ids = data.get("publicaly_available_post_id")  # as TikTok spells it
    if not isinstance(state, str):
        raise garbled("TikTok does not tell where the post stands")
    return Standing(
        state=state,
        fail_reason=str(data.get("fail_reason") or ""),
        post_id=str(ids[0]) if isinstance(ids, list) and ids and isinstance(ids[0], int | str) else None,
        uploaded=uploaded if _is_number(uploaded) else None,
    )


def audience(user: Mapping[str, Any]) -> Audience:
    count = user.get("follower_count")
    return Audience(count if _is_number(count) else None)


def metrics(video: Mapping[str, Any]) -> Metrics:
    """`engagements` is likes, comments and shares together. What TikTok adds some day is kept by its name."""
    counts = {name: value for name, value in video.items() if name.endswith("_count") and _is_number(value)}
    interactions = [counts[name] for name in _INTERACTIONS if name in counts]
    return Metrics(
        engagements=sum(interactions) if interactions else None,
        shares=counts.pop("share_count", None),
        **{figure: counts.pop(name, None) for figure, name in _FIGURES.items()},
        platform_metrics=counts,
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
