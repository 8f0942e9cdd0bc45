"""Media brought here and made to fit, from real servers."""

import hashlib
import io
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngInfo

from pipeline.platforms.fetch import origin_of
from pipeline.platforms.media.examine import examine
from pipeline.platforms.media.facts import Media, MediaError
from pipeline.platforms.media.rules import MediaRule
from pipeline.platforms.media.source import LocalMedia, MediaSource
from pipeline.vocabulary import MediaKind
from pipeline_tests.platforms.media_files import film, noise, picture, sound, written
from pipeline_tests.platforms.rehearsal import SAMPLE
from pipeline_tests.web import serve

IMAGE, VIDEO, AUDIO = MediaKind.IMAGE, MediaKind.VIDEO, MediaKind.AUDIO
ANY = 10_000_000
JPEGS = MediaRule(IMAGE, ("image/jpeg",), ANY)
PICTURES = MediaRule(IMAGE, ("image/jpeg", "image/png", "image/gif", "image/webp"), ANY)
FILMS = MediaRule(VIDEO, ("video/mp4",), ANY)


@contextmanager
def opened(body: bytes, rule: MediaRule, approved: bytes | None = None):
    """The body as it comes from a server that calls it something else, where `approved` was reviewed."""
    reviewed = body if approved is None else approved
    with serve(lambda _: (200, {"Content-Type": "text/html"}, body)) as address:
        media = Media(rule.kind, "", len(reviewed), url=f"{address}/file", sha256=hashlib.sha256(reviewed).hexdigest())
        with MediaSource(lambda: {origin_of(address)}).open(media, rule) as local:
            yield local


def fitted(body: bytes, rule: MediaRule) -> Image.Image:
    with opened(body, rule) as local:
        assert local.mime_type in rule.mime_types
        assert local.size == local.path.stat().st_size <= rule.max_bytes
        image = Image.open(io.BytesIO(b"".join(local.chunks(0, local.size))))
        image.load()
        assert image.size == (local.width, local.height)
        return image


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (picture("JPEG"), PICTURES),
        (picture("PNG", mode="RGBA"), PICTURES),
        (picture("GIF"), PICTURES),
        (picture("WEBP"), PICTURES),
        (film(), FILMS),
        (sound(), MediaRule(AUDIO, ("audio/mpeg",), ANY, seconds=(1, 3))),
    ],
)
def test_what_fits_is_sent_byte_for_byte_and_is_gone_afterwards(body: bytes, rule: MediaRule):
    with opened(body, rule) as local:
        assert local.path.read_bytes() == body
    assert not local.path.parent.exists()


def test_the_chunks_of_a_range_are_of_the_size_that_is_asked_for(tmp_path: Path):
    path = written(tmp_path, bytes(range(100)))
    local = LocalMedia(IMAGE, "image/png", 100, path=path)
    assert list(local.chunks(10, 35, 10)) == [bytes(range(10, 20)), bytes(range(20, 30)), bytes(range(30, 35))]
    assert b"".join(local.chunks(90, 200)) == bytes(range(90, 100))
    assert list(local.chunks(5, 5)) == []


def test_a_file_that_is_not_the_approved_one_is_refused_for_good():
    for changed in (picture("JPEG", (64, 48)), picture("PNG"), picture("JPEG", (640, 480))):
        with pytest.raises(MediaError, match="is not the one that was approved|larger than"):
            with opened(changed, PICTURES, approved=picture("JPEG", (65, 49))):
                pass


def test_a_private_address_is_refused_for_good_and_an_outage_is_not():
    media = Media(IMAGE, "image/png", 9, url="http://127.0.0.1:9/a.png", sha256="")
    with pytest.raises(MediaError, match="not a public one") as refusal, MediaSource().open(media, PICTURES):
        pass
    assert refusal.value.permanent
    with serve(lambda _: (503, {}, b"")) as address:
        media = Media(IMAGE, "image/png", 9, url=address, sha256="")
        with (
            pytest.raises(MediaError, match="503") as outage,
            MediaSource(lambda: {origin_of(address)}).open(media, PICTURES),
        ):
            pass
    assert not outage.value.permanent


@pytest.mark.parametrize("body", [b"<svg/>", b"<html></html>", sound(), b""])
def test_what_is_of_another_kind_than_the_rules_is_refused(body: bytes):
    with pytest.raises(MediaError, match="is no JPEG|no image"), opened(body, PICTURES):
        pass


@pytest.mark.parametrize("body", [picture("PNG"), picture("WEBP"), picture("PNG", mode="P"), picture("PNG", mode="1")])
def test_a_picture_that_nothing_shines_through_becomes_a_jpeg_where_only_those_are_taken(body: bytes):
    assert fitted(body, JPEGS).format == "JPEG"


def test_a_png_whose_alpha_is_opaque_becomes_a_jpeg_and_one_to_be_seen_through_is_refused():
    assert fitted(picture("PNG", mode="RGBA"), JPEGS).format == "JPEG"
    with io.BytesIO() as file:
        Image.new("RGBA", (9, 9), (1, 2, 3, 128)).save(file, "PNG")
        see_through = file.getvalue()
    with pytest.raises(MediaError, match="image/png and has transparent parts"), opened(see_through, JPEGS):
        pass
    assert fitted(see_through, PICTURES).mode == "RGBA"


def test_a_webp_to_be_seen_through_becomes_a_png():
    with io.BytesIO() as file:
        Image.new("RGBA", (9, 9), (1, 2, 3, 128)).save(file, "WEBP")
        body = file.getvalue()
    made = fitted(body, MediaRule(IMAGE, ("image/jpeg", "image/png"), ANY))
    assert (made.format, made.mode) == ("PNG", "RGBA")


def camera_exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "A telephone"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)  # where it was taken
    return exif


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_a_camera_wrote_is_left_out_and_the_rotation_carried_out(kind: str, orientation: int):
    body = picture(kind, (64, 48), exif=camera_exif(orientation), icc_profile=b"a profile")
    made = fitted(body, PICTURES)
    assert made.format == kind
    assert made.size == ((64, 48) if orientation == 1 else (48, 64))
    assert not made.getexif()
    assert made.info["icc_profile"] == b"a profile"


def test_the_prompt_in_a_png_and_the_comment_in_a_jpeg_are_left_out():
    said = PngInfo()
    said.add_text("parameters", "a secret prompt")
    for body in (picture("PNG", pnginfo=said), picture("JPEG", comment=b"a secret prompt")):
        assert b"a secret prompt" in body
        with opened(body, PICTURES) as local:
            assert b"a secret prompt" not in local.path.read_bytes()


def test_a_jpeg_without_rotation_keeps_its_quality_when_it_is_stripped():
    body = picture("JPEG", quality=71, exif=camera_exif(1))
    made, given = fitted(body, PICTURES), Image.open(io.BytesIO(body))
    assert isinstance(made, JpegImageFile)
    assert isinstance(given, JpegImageFile)
    assert made.quantization == given.quantization


def test_a_picture_that_is_too_wide_is_made_smaller_in_proportion():
    rule = MediaRule(IMAGE, ("image/jpeg",), ANY, width=(320, 500))
    assert fitted(picture("JPEG", (1000, 800)), rule).size == (500, 400)
    assert fitted(picture("JPEG", (800, 1000), exif=camera_exif(6)), rule).size == (500, 400)


def test_a_picture_of_too_many_bytes_becomes_a_jpeg_and_then_smaller():
    body = noise("PNG", (600, 400))
    both = ("image/jpeg", "image/png")
    assert fitted(body, MediaRule(IMAGE, both, len(body) * 3 // 4)).size == (600, 400)
    small = fitted(body, MediaRule(IMAGE, both, 30_000))
    assert small.format == "JPEG"
    assert small.width < 600
    assert small.width / small.height == pytest.approx(1.5, abs=0.02)
    assert fitted(body, MediaRule(IMAGE, ("image/png",), 30_000)).format == "PNG"


def test_a_picture_is_not_made_smaller_than_the_platform_takes():
    rule = MediaRule(IMAGE, ("image/jpeg",), 20_000, width=(500, 1000))
    with pytest.raises(MediaError, match="wants at least 500"), opened(noise("JPEG", (600, 400)), rule):
        pass


def test_a_picture_is_never_cropped():
    rule = MediaRule(IMAGE, ("image/jpeg",), ANY, aspect=(0.8, 1.91))
    with pytest.raises(MediaError, match="400 by 100 pixels"), opened(picture("JPEG", (400, 100)), rule):
        pass


def moving(kind: str) -> bytes:
    frames = [Image.new("RGB", (64, 48), colour) for colour in ("red", "green", "blue")]
    with io.BytesIO() as file:
        frames[0].save(file, kind, save_all=True, append_images=frames[1:], duration=100)
        return file.getvalue()


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_a_picture_that_moves_is_sent_as_it_is_or_not_at_all(kind: str):
    body = moving(kind)
    with opened(body, PICTURES) as local:
        assert local.path.read_bytes() == body
    with pytest.raises(MediaError, match="the platform takes image/jpeg"), opened(body, JPEGS):
        pass


def test_the_colours_of_print_become_those_of_a_screen_when_a_picture_is_made_smaller():
    rule = MediaRule(IMAGE, ("image/jpeg",), ANY, width=(1, 32))
    made = fitted(picture("JPEG", mode="CMYK", icc_profile=b"of ink"), rule)
    assert made.mode == "RGB"
    assert "icc_profile" not in made.info
    assert fitted(picture("JPEG", icc_profile=b"of light"), rule).info["icc_profile"] == b"of light"


def test_a_film_that_must_be_converted_needs_ffmpeg_and_says_so(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(MediaError, match=r"video/quicktime.*ffmpeg must be installed"),
        opened(film(brand=b"qt  "), FILMS),
    ):
        pass


def stand_in_for_ffmpeg(monkeypatch, folder: Path, does: str) -> None:
    program = folder / "ffmpeg"
    program.write_text(f"#!/bin/sh\nfor made; do :; done\n{does}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_a_film_is_converted_by_ffmpeg_and_what_comes_out_is_examined(monkeypatch, tmp_path: Path):
    wide = film(brand=b"qt  ")
    written(tmp_path, film(pixels=2000))
    stand_in_for_ffmpeg(monkeypatch, tmp_path, f'echo "$@" > {tmp_path}/asked; cp {tmp_path}/given "$made"')
    rule = MediaRule(VIDEO, ("video/mp4",), ANY, width=(1, 640))
    with opened(wide, rule) as local:
        assert (local.mime_type, local.size) == ("video/mp4", len(film(pixels=2000)))
        assert examine(local.path).duration_seconds == 3.0
    asked = (tmp_path / "asked").read_text()
    assert "-protocol_whitelist file -f mov -i " in asked
    assert "min(640,iw)" in asked
    small = MediaRule(VIDEO, ("video/mp4",), 1500)
    with pytest.raises(MediaError, match="and the platform takes 1,500"), opened(wide, small):
        pass


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg, which is optional, is not installed")
def test_the_real_ffmpeg_makes_a_film_narrower_in_proportion_and_it_plays_as_long():
    body = (SAMPLE / "video.mp4").read_bytes()
    with opened(body, MediaRule(VIDEO, ("video/mp4",), ANY, width=(1, 270), seconds=(3, 5))) as local:
        assert (local.mime_type, local.width, local.height) == ("video/mp4", 270, 480)
        assert local.duration_seconds == pytest.approx(4.0, abs=0.1)


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        ("echo no such codec >&2; exit 1", "could not convert the film: no such codec"),
        ("exit 0", "could not convert the film"),
    ],
)
def test_a_film_that_ffmpeg_fails_at_is_refused_with_its_words(monkeypatch, tmp_path: Path, does: str, reason: str):
    stand_in_for_ffmpeg(monkeypatch, tmp_path, does)
    with pytest.raises(MediaError, match=reason), opened(film(brand=b"qt  "), FILMS):
        pass
