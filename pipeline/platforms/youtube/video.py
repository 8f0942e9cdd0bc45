"""A video as YouTube shows it to its owner, and what that means for a publication. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pipeline.platforms.base import PlatformError, Published, Rejected, Scheduled
from pipeline.platforms.youtube.refusals import unprocessable, unwanted
from pipeline.vocabulary import ErrorKind

_KEPT: Final = ("embeddable", "license", "publicStatsViewable", "selfDeclaredMadeForKids", "containsSyntheticMedia")
"""What a status may set beside who sees the video; an update would lose what it doesn't say."""
_KEPT_IN_SNIPPET: Final = ("categoryId", "defaultLanguage", "defaultAudioLanguage")


@dataclass(frozen=True, slots=True)
class Visibility:
    """Who is to see a video, one of YouTube's `privacyStatus`; from `at` on everybody, where it is private."""

    privacy: str
    at: datetime | None = None

    def status(self) -> dict[str, str]:
        at = {} if self.at is None else {"publishAt": self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
        return {"privacyStatus": self.privacy, **at}


@dataclass(frozen=True, slots=True)
class Video:
    """A resource with its parts `snippet` and `status`."""

    id: str
    snippet: Mapping[str, Any]
    status: Mapping[str, Any]

    @classmethod
    def of(cls, resource: Mapping[str, Any]) -> "Video":
        snippet, status = resource.get("snippet"), resource.get("status")
        return cls(
            str(resource.get("id")),
            snippet if isinstance(snippet, dict) else {},
            status if isinstance(status, dict) else {},
        )

    @property
    def refused(self) -> Rejected | None:
        """Why nobody will ever see it."""
        match self.status.get("uploadStatus"):
            case "failed":
                return unprocessable(str(self.status.get("failureReason")))
            case "rejected":
                return unwanted(str(self.status.get("rejectionReason")))
            case "deleted":
                return Rejected(PlatformError(ErrorKind.POLICY, "the video was deleted", code="deleted"))
        return None

    @property
    def is_processed(self) -> bool:
        return self.status.get("uploadStatus") == "processed"

    @property
    def visibility(self) -> Visibility:
        return Visibility(str(self.status.get("privacyStatus")), moment(self.status.get("publishAt")))

    @property
    def tags(self) -> list[str]:
        given = self.snippet.get("tags")
        return [str(tag) for tag in given] if isinstance(given, list) else []

    def changed_status(self, visibility: Visibility) -> dict[str, Any]:
        """The part as an update must say it: whole."""
        return {name: self.status[name] for name in _KEPT if name in self.status} | visibility.status()

    def changed_snippet(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Likewise."""
        return {name: self.snippet[name] for name in _KEPT_IN_SNIPPET if name in self.snippet} | dict(said)

    def shown(self, web_url: str) -> Published | Scheduled | None:
        """How far it is; None where its owner alone sees it, and no time is set."""
        if self.visibility.privacy != "private":
            return self.published(web_url)
        at = self.visibility.at
        return Scheduled(self.id, address_of(self.id, web_url), at) if at else None

    def published(self, web_url: str) -> Published:
        at = moment(self.snippet.get("publishedAt")) or datetime.now(UTC)
        return Published(self.id, address_of(self.id, web_url), at)


def address_of(id_: str, web_url: str) -> str:
    return f"{web_url}/watch?v={id_}"


def moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError:
        return None
