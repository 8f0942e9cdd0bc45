"""Markup made to keep a parser busy."""

import time

import pytest

from pipeline.text.rendering import blocks
from pipeline.text.well_formed import TooDeepError, quickly_read, well_formed

OPEN_FORMATTING = "".join(f"<b title={number}>" for number in range(200))


@pytest.mark.parametrize("markup", ["<div>" * 200_000, f"<p>{OPEN_FORMATTING}{'<div>x</div>' * 12_000}"])
def test_markup_that_would_take_minutes_is_refused(markup):
    with pytest.raises(TooDeepError, match="hundreds deep"):
        well_formed(markup)
    with pytest.raises(TooDeepError, match="hundreds deep"):
        blocks(f"A text.\n\n{markup}")


def test_what_is_left_open_is_closed_and_read_on():
    assert (
        well_formed("<p>a<b>b</p></body></html><p>c<script>d") == "<html><body><p>a<b>b</b></p><p>c</p></body></html>"
    )


def test_ordinary_markup_is_handed_on_as_it_is():
    assert quickly_read("<p>a<b>b</p>") == "<p>a<b>b</p>"


def test_a_long_block_with_markup_left_open_is_still_read():
    started = time.monotonic()
    (block,) = blocks("".join(f"<p><b title={number}>x</p>" for number in range(5_000)))
    assert block.count("<p>") == 5_000
    assert time.monotonic() - started < 30
