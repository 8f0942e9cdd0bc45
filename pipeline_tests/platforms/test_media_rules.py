"""What of a post's media a platform would not take."""

import pytest

from pipeline.platforms.media.facts import Media
from pipeline.platforms.media.rules import MediaRule, problems
from pipeline.vocabulary import MediaKind

PICTURES = MediaRule(
    MediaKind.IMAGE, ("image/jpeg",), max_bytes=8_000_000, most=2, aspect=(0.8, 1.91), width=(320, 1440)
)

FILMS = MediaRule(MediaKind.VIDEO, ("video/mp4",), max_bytes=300_000_000, width=(320, 1920), seconds=(3, 900))
SOUNDS = MediaRule(MediaKind.AUDIO, ("audio/mpeg", "audio/mp4"), max_bytes=100_000_000, seconds=(1, 7200))
RULES = (PICTURES, FILMS, SOUNDS)


def picture(**changes) -> Media:
    given = {"mime_type": "image/jpeg", "size": 500_000, "width": 1200, "height": 800, **changes}
    return Media(MediaKind.IMAGE, url="https://example.com/a", sha256="", **given)


def film(**changes) -> Media:
    given = {
        "mime_type": "video/mp4",
        "size": 5_000_000,
        "width": 1080,
        "height": 1920,
        "duration_seconds": 30.0,
        **changes,
    }
    return Media(MediaKind.VIDEO, url="https://example.com/f", sha256="", **given)


def sound(**changes) -> Media:
    given = {"mime_type": "audio/mpeg", "size": 5_000_000, "duration_seconds": 600.0, **changes}
    return Media(MediaKind.AUDIO, url="https://example.com/s", sha256="", **given)


@pytest.mark.parametrize(
    "media",
    [
        picture(),
        picture(width=800, height=1000),
        picture(width=1910, height=1000),
        picture(mime_type="image/png", size=90_000_000, width=5000, height=5000),
        picture(mime_type="image/webp"),
        film(mime_type="video/quicktime", size=900_000_000, width=3840),
        film(duration_seconds=3.0),
        film(duration_seconds=900.0),
        sound(),
        sound(mime_type="audio/mp4"),
    ],
)
def test_what_fits_or_can_be_made_to_fit_is_no_problem(media: Media):
    assert problems([media], RULES) == []


@pytest.mark.parametrize(
    ("media", "message"),
    [
        (picture(mime_type="image/gif"), "It is image/gif, and the platform takes image/jpeg."),
        (picture(width=319, height=319), "It is 319 pixels wide, and the platform wants at least 320."),
        (
            picture(width=799, height=1000),
            "It is 799 by 1000 pixels, 0.80 to 1, and the platform takes 0.80 to 1 to 1.91 to 1.",
        ),
        (
            picture(width=1920, height=1000),
            "It is 1920 by 1000 pixels, 1.92 to 1, and the platform takes 0.80 to 1 to 1.91 to 1.",
        ),
        (film(duration_seconds=2.9), "It plays 2.9 s, and the platform takes 3 to 900 s."),
        (film(duration_seconds=900.1), "It plays 900.1 s, and the platform takes 3 to 900 s."),
        (film(duration_seconds=None), "It does not tell how long it plays."),
        (sound(size=100_000_001), "It has 100,000,001 bytes, and the platform takes 100,000,000."),
        (sound(mime_type="audio/ogg"), "It is audio/ogg, and the platform takes audio/mpeg, audio/mp4."),
    ],
)
def test_what_no_conversion_mends_is_a_problem(media: Media, message: str):
    (problem,) = problems([media], RULES)
    assert (problem.field, problem.message) == ("media", f"{media.url}: {message}")


def test_a_film_for_a_platform_without_mp4_is_not_converted():
    rule = MediaRule(MediaKind.VIDEO, ("video/quicktime",), max_bytes=300_000_000)
    assert [each.message for each in problems([film()], [rule])] == [
        "https://example.com/f: It is video/mp4, and the platform takes video/quicktime."
    ]


def test_too_many_and_kinds_that_are_not_taken_are_problems():
    assert [each.message for each in problems([picture(), picture(), picture(), film()], [PICTURES])] == [
        "https://example.com/f: The platform takes no video.",
        "The platform takes at most 2 image files, and there are 3.",
    ]
    assert problems([], []) == []
