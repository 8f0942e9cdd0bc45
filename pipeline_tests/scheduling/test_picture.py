"""The calendar as a picture: what is drawn where, and the same in words."""

import io
from base64 import b64decode
from datetime import UTC, date, datetime, timedelta

import numpy as np
from markdown_it import MarkdownIt
from PIL import Image

from pipeline import clock
from pipeline.scheduling import picture
from pipeline.scheduling.model import Span
from pipeline.scheduling.picture import Kind, Mark, Row
from pipeline.writing.text import escape_markdown

BEGINS = date(2026, 10, 26)
NOW = datetime(2026, 10, 1, tzinfo=UTC)
COLOURS = {Kind.PRIME: "#E69F00", Kind.TEST: "#CC79A7", Kind.TAKEN: "#0072B2", Kind.CONFLICT: "#D55E00"}


def local(day, hour, zone="America/New_York"):
    return clock.instant(datetime(2026, 10, 26, hour) + timedelta(days=day), zone)


def pixels(drawn, colour):
    """Where in the picture, right of its labels and above its legend, a colour is: (x, y) of each pixel."""
    image = np.asarray(Image.open(io.BytesIO(drawn.png)).convert("RGB"))[:-45, 139:]
    wanted = [int(colour[n : n + 2], 16) for n in (1, 3, 5)]
    return [(x + 139, y) for y, x in np.argwhere((image == wanted).all(axis=2))]


def draw(*rows, now=NOW, days=14):
    return picture.draw(rows, begins=BEGINS, now=now, days=days)


def test_every_kind_of_mark_is_drawn_in_its_own_colour_on_its_day_and_at_its_hour():
    width = (900 - 138 - 8) / 14
    days = dict(zip(COLOURS, (3, 5, 8, 10), strict=True))
    drawn = draw(Row("x-main", "America/New_York", [Mark(local(day, 12), kind) for kind, day in days.items()]))
    for kind, colour in COLOURS.items():
        found = pixels(drawn, colour)
        middle = sum(x for x, _ in found) / len(found)
        assert abs(middle - (138 + (days[kind] + 0.5) * width)) < 2, kind


def test_each_account_is_drawn_by_its_own_clock():
    noon = [Row(zone, zone, [Mark(local(2, 12, zone), Kind.TAKEN)]) for zone in ("Asia/Tokyo", "America/New_York")]
    found = pixels(draw(*noon), COLOURS[Kind.TAKEN])
    assert max(x for x, _ in found) - min(x for x, _ in found) < 8


def test_what_lies_outside_of_the_days_is_neither_drawn_nor_counted():
    marks = [Mark(local(-1, 12), Kind.TAKEN), Mark(local(14, 0), Kind.TAKEN), Mark(local(13, 23), Kind.FREE)]
    drawn = draw(Row("x-main", "America/New_York", marks))
    assert pixels(drawn, COLOURS[Kind.TAKEN]) == []
    assert "x-main (America/New_York): 0 posts; regular slots free: 1" in drawn.alternative


def test_the_words_count_what_the_picture_shows_and_name_the_days_on_which_clocks_change():
    marks = [
        Mark(local(0, 9), Kind.TAKEN),
        Mark(local(4, 9), Kind.MOVED),
        Mark(local(4, 11), Kind.CONFLICT),
        Mark(local(4, 13), Kind.PRIME),
        Mark(local(5, 13), Kind.LOCKED),
    ]
    closed = [Span(local(6, 0), local(7, 0), "All Saints")]
    assert draw(Row("x-main", "America/New_York", marks, closed)).alternative == (
        "Calendar of 1 account, 26 Oct to 8 Nov 2026. x-main (America/New_York): 3 posts, most on 30 Oct (2); "
        "moved by this plan: 1; in conflict: 1; prime slots free: 1; slots locked: 1; 1 Nov has 25 hours; closed at times."
    )
    assert "29 Mar has 23 hours" in (
        picture.draw([Row("site", "Europe/Berlin", [])], begins=date(2026, 3, 23), now=NOW).alternative
    )


def test_a_change_of_the_clocks_and_a_closed_day_are_seen_in_the_picture():
    plain = draw(Row("x-main", "America/Bogota", []))
    changing = draw(Row("x-main", "America/New_York", []))
    closed = draw(
        Row(
            "x-main",
            "America/Bogota",
            [],
            [Span(local(6, 0, "America/Bogota"), local(7, 0, "America/Bogota"), "All Saints")],
        )
    )
    ink = "#1a1a1a"
    assert len(pixels(changing, ink)) > len(pixels(plain, ink))
    width = (900 - 138 - 8) / 14
    hatched = {x for x, _ in pixels(closed, "#b8b8b8")} - {x for x, _ in pixels(plain, "#b8b8b8")}
    assert min(hatched) >= 137 + 6 * width
    assert max(hatched) <= 139 + 7 * width


def test_the_picture_is_900_wide_grows_with_its_accounts_and_says_of_how_many_it_has_no_room_for():
    drawn = draw(*(Row(f"x-{n}", "Europe/Berlin", [Mark(local(n % 14, 9), Kind.TAKEN)]) for n in range(70)))
    assert Image.open(io.BytesIO(drawn.png)).size == (900, 58 + 60 * 36 + 44)
    assert drawn.alternative.startswith("Calendar of 70 accounts")
    assert drawn.alternative.endswith(
        "x-59 (Europe/Berlin): 1 post, most on 29 Oct (1). 10 more accounts are not shown."
    )
    assert Image.open(io.BytesIO(draw().png)).width == 900


def test_equal_calendars_are_equal_pictures():
    row = Row("x-main", "Europe/Berlin", [Mark(local(2, 9), Kind.TAKEN)])
    assert draw(row) == draw(row)
    assert draw(row) != draw(Row("x-main", "Europe/Berlin", [Mark(local(2, 10), Kind.TAKEN)]))


def test_in_markdown_it_is_one_image_with_its_words_whatever_an_account_is_called():
    drawn = draw(Row("x](http://evil.example)![_y_", "Europe/Berlin", []))
    (paragraph,) = (token for token in MarkdownIt().parse(drawn.markdown()) if token.type == "inline")
    (image,) = paragraph.children or []
    assert image.type == "image"
    assert image.content == escape_markdown(drawn.alternative)
    assert b64decode(str(image.attrs["src"]).removeprefix("data:image/png;base64,")) == drawn.png
