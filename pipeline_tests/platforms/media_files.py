"""Pictures, films and sounds as small as they can be, made byte by byte."""

import io
import struct
import zlib
from pathlib import Path

from PIL import Image


def picture(kind: str, size: tuple[int, int] = (64, 48), mode: str = "RGB", **options) -> bytes:
    """A picture of stripes in a Pillow format and mode; `options` are those of its writer."""
    image = Image.linear_gradient("L").resize(size).convert("RGB").convert(mode)
    with io.BytesIO() as file:
        image.save(file, kind, **options)
        return file.getvalue()


def noise(kind: str, size: tuple[int, int], **options) -> bytes:
    """A picture that no format makes small."""
    with io.BytesIO() as file:
        Image.effect_noise(size, 200).convert("RGB").save(file, kind, **options)
        return file.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """A PNG that says it is that large, with the pixels of none."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    )


def box(kind: bytes, *bodies: bytes) -> bytes:
    body = b"".join(bodies)
    return struct.pack(">I4s", 8 + len(body), kind) + body


_UPRIGHT = (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
_TURNED = (0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)


def track(handler: bytes, width: int = 0, height: int = 0, *, turned: bool = False, version: int = 0) -> bytes:
    times = bytes(20 if version == 0 else 32)
    matrix = struct.pack(">9i", *(_TURNED if turned else _UPRIGHT))
    size = struct.pack(">II", width << 16, height << 16)
    header = box(b"tkhd", bytes([version, 0, 0, 0]), times, bytes(16), matrix, size)
    return box(b"trak", header, box(b"mdia", box(b"hdlr", bytes(8), handler, bytes(12))))


def movie_header(seconds: float, version: int = 0) -> bytes:
    layout, times = (">II", bytes(8)) if version == 0 else (">IQ", bytes(16))
    return box(b"mvhd", bytes([version, 0, 0, 0]), times, struct.pack(layout, 600, round(seconds * 600)), bytes(80))


def film(
    seconds: float = 3.0, *tracks: bytes, brand: bytes = b"isom", header: bytes | None = None, pixels: int = 1000
) -> bytes:
    """An MP4 whose pictures are zeros: its head is all that anybody reads."""
    parts = tracks or (track(b"soun"), track(b"vide", 640, 360))
    movie = box(b"moov", movie_header(seconds) if header is None else header, *parts)
    return box(b"ftyp", brand, bytes(4)) + movie + box(b"mdat", bytes(pixels))


def sound(seconds: float = 2.0) -> bytes:
    """An MP3 of silence: layer III, 128 kbit/s, 44.1 kHz, 1152 samples a frame."""
    return (b"\xff\xfb\x90\x00" + bytes(413)) * round(seconds * 44100 / 1152)


def written(folder: Path, body: bytes) -> Path:
    path = folder / "given"
    path.write_bytes(body)
    return path
