"""Posts that a Mastodon server holds back until their time: which it takes, and how one is named. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from pipeline.platforms import short_posts
from pipeline.platforms.base import PlatformError, Rejected
from pipeline.platforms.content import Content
from pipeline.platforms.failures import CallError
from pipeline.vocabulary import ErrorKind

_AT_LEAST_AHEAD: Final = timedelta(minutes=5)
_EPOCH_DIGITS: Final = 11


@dataclass(frozen=True, slots=True)
class Held:
    """How a post that the server holds back is named here: with what is needed to find out whether it went out."""

    id: str
    at: datetime
    said: str

    def name(self) -> str:
        return f"{self.id}.{int(self.at.timestamp())}.{self.said}"

    @classmethod
    def named(cls, name: str) -> "Held":
        """Raises: CallError: it is none of our names."""
        id_, _, rest = name.partition(".")
        seconds, _, said = rest.partition(".")
        if not (id_.isdecimal() and seconds.isdecimal() and len(seconds) <= _EPOCH_DIGITS and said):
            message = f"{name!r} names nothing that is held back"
            raise CallError(Rejected(PlatformError(ErrorKind.VALIDATION, message)))
        return cls(id_, datetime.fromtimestamp(int(seconds), UTC), said)


def unschedulable(content: Content, at: datetime) -> PlatformError | None:
    """Why the server would not hold it back, None where it would."""
    if at <= datetime.now(UTC) + _AT_LEAST_AHEAD:  # what is past would be published at once
        message = "Mastodon takes a post for five minutes ahead or later"
        return PlatformError(ErrorKind.VALIDATION, message, code="too_soon")
    if short_posts.THREAD in content.platform_specific:  # what a later post answers is not there yet
        return PlatformError(ErrorKind.VALIDATION, "Mastodon schedules no threads", code="thread")
    return None
