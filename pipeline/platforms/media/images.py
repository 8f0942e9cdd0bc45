"""Pictures: whether one is whole, how large it is, and one that a platform takes made of one that it doesn't.

Never cropped and never blown up. What a camera or a program wrote beside the pixels (the place, the prompt) is left
out, and the rotation it asks for is carried out.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipeline.platforms.media.facts import Facts, MediaError
from pipeline.platforms.media.rules import JPEG, PNG, WEBP, MediaRule
from pipeline.vocabulary import MediaKind

if TYPE_CHECKING:
    from PIL import Image

_MOST_PIXELS: Final = 50_000_000
"""Decoded, that is 200 MB."""
_QUALITY: Final = 92
_MOST_TRIES: Final = 8
_FORMATS: Final = {JPEG: "JPEG", PNG: "PNG", "image/gif": "GIF", WEBP: "WEBP"}
_MODES: Final = {
    JPEG: ("L", "RGB"),
    PNG: ("1", "L", "LA", "P", "RGB", "RGBA"),
    WEBP: ("RGB", "RGBA"),
}
_CONVERTIBLE: Final = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK")
_METADATA: Final = frozenset({"exif", "xmp", "comment", "photoshop"})
_TURNED: Final = (5, 6, 7, 8)
"""The orientations (Exif 2.32, 4.6.4) that swap width and height."""


def examine(path: Path, mime_type: str) -> Facts:
    """Decode a picture whole, the first of its frames.

    Raises:
        MediaError: it is broken, or larger than 50 million pixels.
    """
    with _opened(path, mime_type) as image:
        width, height = reversed(image.size) if _orientation(image) in _TURNED else image.size
        return Facts(MediaKind.IMAGE, mime_type, path.stat().st_size, width, height)


def fitted(path: Path, mime_type: str, rule: MediaRule, folder: Path) -> Path:
    """The picture as the rule takes it, as far as it can be made so: `path` itself, or a new file in the folder.

    What moves is left as it is. Raises: MediaError: no format that the rule takes can hold it.
    """
    with _opened(path, mime_type) as image:
        if getattr(image, "is_animated", False) or mime_type not in _MODES:
            return path
        target = _target(image, mime_type, rule)
        narrow_enough = rule.width is None or _upright_width(image) <= rule.width[1]
        if target == mime_type and narrow_enough and path.stat().st_size <= rule.max_bytes and not _says_more(image):
            return path
        made = folder / "fitted"
        if target == mime_type == JPEG and narrow_enough and _orientation(image) == 1:
            _save(image, JPEG, made, quality="keep")  # only what stands beside the pixels goes
            if made.stat().st_size <= rule.max_bytes:
                return made
        _save_small(_prepared(image), target, rule, made)
        return made


@contextmanager
def _opened(path: Path, mime_type: str) -> "Iterator[Image.Image]":
    from PIL import Image

    with path.open("rb") as file:
        try:
            image = Image.open(file, formats=[_FORMATS[mime_type]])
            if image.width * image.height <= _MOST_PIXELS:
                image.load()
        except Image.DecompressionBombError:
            raise MediaError(_too_large()) from None
        except Exception:  # noqa: BLE001 - over bytes that somebody made up, a decoder may raise anything
            raise MediaError(f"The file begins like {mime_type} and is no whole picture.") from None
        if image.width * image.height > _MOST_PIXELS:
            raise MediaError(_too_large())
        with image:
            yield image


def _too_large() -> str:
    return f"The picture has more than {_MOST_PIXELS:,} pixels."


def _target(image: "Image.Image", mime_type: str, rule: MediaRule) -> str:
    if mime_type in rule.mime_types:
        return mime_type
    if JPEG in rule.mime_types and not _is_see_through(image):
        return JPEG
    if PNG in rule.mime_types:
        return PNG
    why = " and has transparent parts" if JPEG in rule.mime_types else ""
    raise MediaError(f"The picture is {mime_type}{why}, and the platform takes {', '.join(rule.mime_types)}.")


def _is_see_through(image: "Image.Image") -> bool:
    if "A" not in image.getbands() and "transparency" not in image.info:
        return False
    opaque = (255, 255)
    return image.convert("RGBA").getchannel("A").getextrema() != opaque


def _orientation(image: "Image.Image") -> int:
    from PIL import ExifTags

    return int(image.getexif().get(ExifTags.Base.Orientation, 1))


def _upright_width(image: "Image.Image") -> int:
    return image.height if _orientation(image) in _TURNED else image.width


def _says_more(image: "Image.Image") -> bool:
    return bool(_METADATA & image.info.keys() or image.getexif() or getattr(image, "text", None))


def _prepared(image: "Image.Image") -> "Image.Image":
    """Upright, and in the colours of a screen."""
    from PIL import ImageOps

    if image.mode not in _CONVERTIBLE:
        raise MediaError(f"The picture's colours ({image.mode}) can't be converted: save it with 8 bits a channel.")
    upright = ImageOps.exif_transpose(image)
    if upright.mode == "CMYK":
        upright = upright.convert("RGB")
        upright.info.pop("icc_profile", None)  # it is about inks
    return upright


def _save_small(image: "Image.Image", target: str, rule: MediaRule, made: Path) -> None:
    """Save it, the smaller the more often that is too many bytes for the rule."""
    width = min(image.width, rule.width[1]) if rule.width else image.width
    for _ in range(_MOST_TRIES):
        _save(_narrowed(image, width), target, made, quality=_QUALITY)
        excess = made.stat().st_size / rule.max_bytes
        if excess <= 1:
            return
        if target == PNG and JPEG in rule.mime_types and not _is_see_through(image):
            target = JPEG
            continue
        width = max(1, int(width / math.sqrt(excess) * 0.95))


def _narrowed(image: "Image.Image", width: int) -> "Image.Image":
    from PIL import Image

    if width == image.width:
        return image
    smooth = image.convert("RGBA" if _is_see_through(image) else "RGB")
    return smooth.resize((width, max(1, round(image.height * width / image.width))), Image.Resampling.LANCZOS)


def _save(image: "Image.Image", mime_type: str, path: Path, *, quality: int | str) -> None:
    """`quality` is Pillow's; "keep" leaves a JPEG's own, and its colours."""
    profile = image.info.get("icc_profile")
    if image.mode not in _MODES[mime_type] and quality != "keep":
        image = image.convert("RGBA" if mime_type != JPEG and _is_see_through(image) else "RGB")
    options: dict[str, Any] = {} if mime_type == PNG else {"quality": quality}
    nothing = {"exif": b"", "xmp": b"", "comment": b""}
    image.save(path, _FORMATS[mime_type], icc_profile=profile, optimize=True, **nothing, **options)
