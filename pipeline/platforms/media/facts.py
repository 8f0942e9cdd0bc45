"""What is known of a media file once its bytes were read, and the failure to make one fit for a platform."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pipeline.vocabulary import MediaKind


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

    def document(self) -> dict[str, Any]:
        """As JSON has it; what is not known is left out."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Media":
        """Raises: ValueError: it is none."""
        try:
            return cls(**{**document, "kind": MediaKind(document["kind"])})
        except (TypeError, KeyError) as error:
            raise ValueError(f"This is no description of a media file: {error}.") from None


class MediaError(Exception):
    """A file can't be had, or not as the platform wants it; the message is for the person who chose it.

    Attributes:
        permanent: another try would end the same.
    """

    def __init__(self, message: str, *, permanent: bool = True) -> None:
        super().__init__(message)
        self.permanent = permanent
