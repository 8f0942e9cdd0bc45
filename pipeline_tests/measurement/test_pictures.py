"""Reports as pictures: what is drawn, what is said of it, and that nothing unknown is drawn as zero."""

import io
from datetime import date
from decimal import Decimal

import pytest
from PIL import Image

from pipeline.measurement.pictures import chart_of, in_words, picture_of
from pipeline.store.reports import Drawing, Report


def drawing(**values) -> Drawing:
    return Drawing(
        **{"kind": "dots", "value": "rate", "over": None, "low": None, "high": None, "against": None, "by": ["title"]}
        | values
    )


def report(drawn: Drawing | None, columns: list[str], *rows: tuple) -> Report:
    return Report("any", "What it shows.", columns, ["text"] * len(columns), rows, drawing=drawn)


def test_accounts_have_a_panel_and_so_a_scale_of_their_own():
    by_hour = drawing(value="engagement_rate", by=["account", "weekday", "hour"], low="low_rate", high="high_rate")
    made = report(
        by_hour,
        ["account", "weekday", "hour", "engagement_rate", "low_rate", "high_rate"],
        ("x-one", "Monday", 9, Decimal("0.05"), Decimal("0.04"), Decimal("0.06")),
        ("x-one", "Friday", 17, Decimal("0.03"), None, None),
        ("mail", "Monday", 6, Decimal("0.4"), Decimal("0.3"), Decimal("0.5")),
    )
    chart = chart_of(made, by_hour)
    assert [(panel.name, [mark.label for mark in panel.marks]) for panel in chart.panels] == [
        ("x-one", ["Monday 09:00", "Friday 17:00"]),
        ("mail", ["Monday 06:00"]),
    ]
    assert in_words(chart) == (
        "What it shows. x-one: 2 rows, highest Monday 09:00 5.0 % (4.0 % to 6.0 %), lowest Friday 17:00 3.0 %. "
        "mail: Monday 06:00 40.0 % (30.0 % to 50.0 %)."
    )


@pytest.mark.parametrize(
    ("drawn", "columns", "rows"),
    [
        (drawing(against="before"), ["title", "rate", "before"], [("a", 1, 2), ("b", None, 3), ("c", 3, None)]),
        (drawing(kind="bars"), ["title", "rate"], [("profit", Decimal("12.5")), ("loss", Decimal(-3)), ("?", None)]),
        (
            drawing(kind="lines", over="week", by=["account"]),
            ["account", "week", "rate"],
            [("x", date(2026, 11, 2), 0), ("x", date(2026, 11, 9), None), ("x", date(2026, 11, 16), 0)],
        ),
        (drawing(), ["title", "rate"], [("$x_1$ and $", 1), ("\x1b[31m", 2)]),
    ],
    ids=["against", "losses", "lines", "odd titles"],
)
def test_a_picture_is_a_small_png_of_the_width_that_dagster_shows(drawn, columns, rows):
    picture = picture_of(report(drawn, columns, *rows))
    assert picture is not None
    with Image.open(io.BytesIO(picture.png)) as image:
        assert (image.format, image.width) == ("PNG", 900)
    assert len(picture.png) < 60_000
    assert picture.markdown().startswith("![What it shows")


def test_unknown_is_said_and_never_zero():
    made = report(drawing(against="before"), ["title", "rate", "before"], ("a", None, None), ("b", 2, None))
    chart = chart_of(made, drawing(against="before"))
    assert [mark.value for mark in chart.panels[0].marks] == [None, 2.0]
    assert in_words(chart) == "What it shows. b 2 (before unknown)."


def test_a_report_without_a_drawing_or_without_anything_known_has_no_picture():
    assert picture_of(report(None, ["title", "rate"], ("a", 1))) is None
    assert picture_of(report(drawing(), ["title", "rate"])) is None
    assert picture_of(report(drawing(), ["title", "rate"], ("a", None))) is None


def test_what_is_left_out_of_the_picture_is_said():
    chart = chart_of(report(drawing(), ["title", "rate"], *(("a", n) for n in range(50))), drawing())
    assert (len(chart.panels[0].marks), chart.left_out) == (32, 18)
    assert in_words(chart).endswith("18 more rows are not drawn.")
