"""What is known of a media file once its bytes were read, and the failure to make one fit for a platform."""

from dataclasses import dataclass
from enum import StrEnum


class MediaKind(StrEnum):
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"


@dataclass(frozen=True, slots=True)
class Facts:
    """`size` is in bytes; `width` and `height` are in pixels and as shown, so after the rotation the file asks for."""

    kind: MediaKind
    mime_type: str
    size: int
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Media(Facts):
    """One file of a post, as it was approved: `sha256`, in hexadecimal, binds its bytes."""

    url: str
    sha256: str
    alt_text: str = ""


class MediaError(Exception):
    """A file can't be had, or not as the platform wants it; the message is for the person who chose it.

    Attributes:
        permanent: another try would end the same.
    """

    def __init__(self, message: str, *, permanent: bool = True) -> None:
        super().__init__(message)
        self.permanent = permanent
