"""A local file's facts, by its bytes: neither what it is called nor what its server says of it counts."""

from pathlib import Path
from typing import Final

from pipeline.platforms.media import images, movies, sounds
from pipeline.platforms.media.facts import Facts, MediaError

HEAD_BYTES: Final = 16
"""How much of a file `type_of` needs."""

_SIGNATURES: Final = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"ID3": "audio/mpeg",
}
_SOUND_BRANDS: Final = (b"M4A ", b"M4B ")
_PICTURE_BRANDS: Final = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis")


def type_of(head: bytes) -> str | None:
    """The MIME type that a file's first bytes tell; None where it is no picture, film or sound that platforms take.

    Films and sounds share a container (ISO 14496-12), so that an "mp4" may turn out to hold sound alone.
    """
    for signature, mime_type in _SIGNATURES.items():
        if head.startswith(signature):
            return mime_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return _type_of_brand(head[8:12])
    return "audio/mpeg" if _is_layer_3(head) else None


def examine(path: Path) -> Facts:
    """Read enough of a file to know that it is whole and what it is.

    Raises:
        MediaError: it is none of the types we know, or a broken one, or too large to be looked at.
        OSError: the file can't be read.
    """
    with path.open("rb") as file:
        mime_type = type_of(file.read(HEAD_BYTES))
    match mime_type:
        case None:
            raise MediaError(
                "The file is no JPEG, PNG, GIF or WebP picture, no MP4 or QuickTime film, and no MP3 or M4A sound, "
                "whatever it is called."
            )
        case "audio/mpeg":
            return sounds.examine(path)
        case "video/mp4" | "video/quicktime" | "audio/mp4":
            return movies.examine(path, mime_type)
    return images.examine(path, mime_type)


def _type_of_brand(brand: bytes) -> str | None:
    if brand in _PICTURE_BRANDS:
        return None
    if brand in _SOUND_BRANDS:
        return "audio/mp4"
    return "video/quicktime" if brand == b"qt  " else "video/mp4"


def _is_layer_3(head: bytes) -> bool:
    """Whether a frame of MPEG audio layer III begins here (ISO 11172-3, 2.4.1.3)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:  # noqa: PLR2004
        return False
    bitrate, sampling = head[2] >> 4, head[2] >> 2 & 3
    return bitrate not in (0, 15) and sampling != 3  # noqa: PLR2004
