"""A sanitised body made ready for a page: what is wider than a phone scrolls, and pictures have captions and room.

It edits the text that nh3 wrote, in which `<` and `>` stand for nothing but tags and attributes are in double quotes.
"""

import html
import re
from collections.abc import Mapping
from typing import Final

from markupsafe import Markup

from pipeline.platforms.site.words import Words

_LONE_PICTURE: Final = re.compile(r"<p>\s*(<img [^>]*>)\s*</p>")
_PICTURE: Final = re.compile(r"<img ([^>]*)>")
_ATTRIBUTE: Final = re.compile(r'([a-z]+)="([^"]*)"')
_FIRST_IN_EMPHASIS: Final = re.compile(r"\A<p>(?=<em>[^<]*</em></p>)")
_SPONSORED: Final = re.compile(r'<a [^>]*rel="[^"]*\bsponsored\b')
_TABLE: Final = re.compile(r"<table(?=[ >])")
_BROAD: Final = 1.25
_CODE: Final = re.compile(r"<pre(?=[ >])")


def laid_out(body: Markup, sizes: Mapping[str, tuple[int, int]], say: Words) -> Markup:
    """`body` as `sanitise.body_html` made it. `sizes`: width and height in pixels of pictures by their address."""
    text = _LONE_PICTURE.sub(lambda picture: _figure(picture, sizes), str(body))
    if _SPONSORED.search(text):  # Markdown has no classes: the disclosure is a first paragraph all in emphasis
        text = _FIRST_IN_EMPHASIS.sub('<p class="disclosure">', text)
    text = _PICTURE.sub(lambda picture: _picture(picture, sizes), text)
    # What scrolls must be in reach of the keyboard, and a part of the page in its reach must have a name.
    opening = str(Markup('<div class="wide" role="group" aria-label="{}" tabindex="0"><table').format(say.table))
    text = _TABLE.sub(lambda _: opening, text).replace("</table>", "</table></div>")
    return Markup(_CODE.sub('<pre tabindex="0"', text))  # noqa: S704 - sanitised text, and what stands here


def is_broad(size: tuple[int, int]) -> bool:
    """Whether a picture is so much wider than it is high that it may stand out on both sides of the text."""
    width, height = size
    return width >= _BROAD * height > 0


def _figure(picture: re.Match[str], sizes: Mapping[str, tuple[int, int]]) -> str:
    """A picture that is a paragraph of its own is a figure, and its title the caption."""
    attributes = dict(_ATTRIBUTE.findall(picture[1]))
    title = attributes.get("title")
    caption = f"<figcaption>{title}</figcaption>" if title else ""
    shown = picture[1].replace(f' title="{title}"', "").replace(f'title="{title}" ', "") if title else picture[1]
    opening = '<figure class="broad">' if is_broad(_size(attributes, sizes)) else "<figure>"
    return f"{opening}{shown}{caption}</figure>"


def _picture(picture: re.Match[str], sizes: Mapping[str, tuple[int, int]]) -> str:
    attributes = dict(_ATTRIBUTE.findall(picture[1]))
    added = "" if "alt" in attributes else ' alt=""'
    if any(size := _size(attributes, sizes)) and "width" not in attributes:
        added += ' width="{}" height="{}"'.format(*size)
    return f"<img {picture[1]}{added}>"


def _size(attributes: Mapping[str, str], sizes: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    """Zeros where it is not known."""
    return sizes.get(html.unescape(attributes.get("src", "")), (0, 0))
