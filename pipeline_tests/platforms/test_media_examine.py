"""What a media file is, by its bytes alone, and which are refused."""

import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from pipeline.platforms.media.examine import examine, type_of
from pipeline.platforms.media.facts import Facts, MediaError
from pipeline.vocabulary import MediaKind
from pipeline_tests.platforms.media_files import (
    box,
    film,
    huge_png,
    movie_header,
    noise,
    picture,
    sound,
    track,
    written,
)

IMAGE, VIDEO, AUDIO = MediaKind.IMAGE, MediaKind.VIDEO, MediaKind.AUDIO


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (picture("JPEG"), (IMAGE, "image/jpeg", 64, 48, None)),
        (picture("PNG", mode="RGBA"), (IMAGE, "image/png", 64, 48, None)),
        (picture("GIF"), (IMAGE, "image/gif", 64, 48, None)),
        (picture("WEBP"), (IMAGE, "image/webp", 64, 48, None)),
        (film(), (VIDEO, "video/mp4", 640, 360, 3.0)),
        (film(brand=b"qt  "), (VIDEO, "video/quicktime", 640, 360, 3.0)),
        (film(3, track(b"vide", 640, 360, turned=True)), (VIDEO, "video/mp4", 360, 640, 3.0)),
        (film(3, track(b"vide", 640, 360, version=1)), (VIDEO, "video/mp4", 640, 360, 3.0)),
        (film(header=movie_header(7200.5, version=1)), (VIDEO, "video/mp4", 640, 360, 7200.5)),
        (film(2.5, track(b"soun")), (AUDIO, "audio/mp4", None, None, 2.5)),
        (film(2.5, track(b"soun"), track(b"vide", 9, 9), brand=b"M4A "), (AUDIO, "audio/mp4", None, None, 2.5)),
    ],
)
def test_a_files_facts_are_read_from_its_bytes(tmp_path: Path, body: bytes, expected: tuple):
    kind, mime_type, *shape = expected
    assert examine(written(tmp_path, body)) == Facts(kind, mime_type, len(body), *shape)


@pytest.mark.parametrize("head", [b"", b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10)])
def test_an_mp3_tells_how_long_it_plays(tmp_path: Path, head: bytes):
    facts = examine(written(tmp_path, head + sound(2.0)))
    assert (facts.kind, facts.mime_type) == (AUDIO, "audio/mpeg")
    assert facts.duration_seconds == pytest.approx(2.0, abs=0.1)


def test_a_picture_that_asks_to_be_turned_has_the_size_it_is_shown_in(tmp_path: Path):
    exif = picture_exif(orientation=6)
    facts = examine(written(tmp_path, picture("JPEG", (64, 48), exif=exif)))
    assert (facts.width, facts.height) == (48, 64)


def picture_exif(orientation: int):
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (movie_header(0) + box(b"mvex", box(b"mehd", bytes(4), struct.pack(">I", 6000))), 10.0),
        (movie_header(0) + box(b"mvex", box(b"mehd", b"\1\0\0\0", struct.pack(">Q", 6000))), 10.0),
        (movie_header(0) + box(b"mvex"), None),
        (box(b"mvhd", bytes(12), struct.pack(">II", 600, 2**32 - 1)), None),
        (box(b"mvhd", bytes(12), struct.pack(">II", 0, 600)), None),
    ],
    ids=["fragments", "long fragments", "live", "unknown", "no clock"],
)
def test_a_film_in_fragments_or_without_a_length_is_understood(tmp_path: Path, header: bytes, seconds: float | None):
    assert examine(written(tmp_path, film(header=header))).duration_seconds == seconds


def test_large_sizes_and_a_last_box_without_a_size_are_understood(tmp_path: Path):
    whole = film()
    at = whole.index(b"mdat") - 4
    endless = whole[:at] + struct.pack(">I4s", 0, b"mdat") + bytes(1000)
    long = whole[:at] + struct.pack(">I4sQ", 1, b"mdat", 1016) + bytes(1000)
    assert examine(written(tmp_path, endless)).width == 640
    assert examine(written(tmp_path, long)).width == 640


def zipped_behind_a_gif() -> bytes:
    import io

    with io.BytesIO() as file:
        file.write(b"GIF89a<script>alert(1)</script>")
        with zipfile.ZipFile(file, "a") as archive:
            archive.writestr("a.html", "<script>alert(1)</script>")
        return file.getvalue()


JPEG, FILM = noise("JPEG", (200, 200)), film()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "is no JPEG"),
        (b"\xff\xd8", "is no JPEG"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "is no JPEG"),
        (b"<!doctype html><title>Not found</title>", "is no JPEG"),
        (b"%PDF-1.7", "is no JPEG"),
        (b"BM" + bytes(100), "is no JPEG"),
        (box(b"ftyp", b"heic", bytes(4)) + bytes(99), "is no JPEG"),
        (JPEG[: len(JPEG) // 2], "no whole picture"),
        (picture("PNG")[:-30], "no whole picture"),
        (picture("WEBP")[:-30], "no whole picture"),
        (b"\xff\xd8\xff\xe0" + b"<script>alert(1)</script>" * 9, "no whole picture"),
        (zipped_behind_a_gif(), "no whole picture"),
        (huge_png(50_000, 50_000), "more than 50,000,000 pixels"),
        (huge_png(8_000, 8_000), "more than 50,000,000 pixels"),
        (huge_png(2**31 - 1, 2**31 - 1), "more than 50,000,000 pixels|no whole picture"),
        (huge_png(100, 100), "no whole picture"),
        (FILM[:-1], "broke off"),
        (FILM[:100], "broke off"),
        (box(b"ftyp", b"isom", bytes(4)) + box(b"mdat", bytes(99)), "no description"),
        (film(3, track(b"text")), "neither a film"),
        (film(3, track(b"vide", 0, 0)), "neither a film"),
        (box(b"ftyp", b"isom", bytes(4)) + struct.pack(">I4s", 4, b"moov"), "broke off"),
        (box(b"ftyp", b"isom", bytes(4)) + struct.pack(">I4sQ", 1, b"moov", 2**64 - 1), "broke off"),
        (box(b"ftyp", b"isom", bytes(4)) + struct.pack(">I4sQ", 1, b"moov", 0), "broke off"),
        (box(b"ftyp", b"isom", bytes(4)) + box(b"moov", box(b"mvhd")), "broke off"),
        (box(b"ftyp", b"isom", bytes(4)) + box(b"free") * 200_000, "more than 100,000 parts"),
        (b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"<html>" * 99, "holds no sound"),
        (b"ID3", "holds no sound"),
    ],
)
def test_what_is_no_whole_media_file_is_refused_whatever_it_begins_like(tmp_path: Path, body: bytes, reason: str):
    with pytest.raises(MediaError, match=reason) as refusal:
        examine(written(tmp_path, body))
    assert refusal.value.permanent


def test_a_picture_bomb_is_refused_before_it_is_unpacked(tmp_path: Path):
    path = written(tmp_path, huge_png(50_000, 50_000))
    tracemalloc.start()
    try:
        with pytest.raises(MediaError):
            examine(path)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_a_film_of_a_gigabyte_is_examined_by_its_head(tmp_path: Path):
    path = written(tmp_path, film())
    with path.open("r+b") as file:
        file.seek(0, 2)
        file.write(struct.pack(">I4s", 2**30, b"mdat"))
        file.truncate(file.tell() - 8 + 2**30)  # sparse
    tracemalloc.start()
    try:
        assert examine(path).size > 2**30
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "head", [b"\xff\xff\xff\xff", b"\xff\xfb\xf0\x00", b"\xff\xfb\x0c\x00", b"\xff\xf1\x90\x00", b"\xff\xfb"]
)
def test_what_only_looks_like_a_frame_of_sound_has_no_type(head: bytes):
    assert type_of(head) is None
