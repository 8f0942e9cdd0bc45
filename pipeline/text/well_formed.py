"""HTML from anybody, made fit for parsers that follow the HTML standard to the letter, as nh3's does."""

import re
from typing import Final

from lxml import etree

_PAGE_TAG: Final = re.compile(r"<(/?)(html|head|body)(?=[\s/>])", re.IGNORECASE)
_NO_MARKUP_INSIDE: Final = ("script", "style", "textarea", "title", "noscript", "noframes", "noembed", "iframe", "xmp")
_FORMATTING: Final = frozenset(
    {*("a", "b", "code", "em", "font", "i", "nobr"), *("s", "small", "strike", "strong", "tt", "u")}
)
"""What the standard opens again in every block after one that ended before it."""
_MOST_COPIES: Final = 100_000
_ORDINARY: Final = 500
"""Tags up to which nh3 takes a tenth of a second at most, whatever they are."""


class TooDeepError(ValueError):
    """Elements stand hundreds deep within each other, as in no text that somebody wrote."""


def quickly_read(markup: str) -> str:
    """The markup itself, or where it has so many tags that nh3 might take long over them, the well-formed.

    Raises: TooDeepError.
    """
    return markup if markup.count("<") <= _ORDINARY else well_formed(markup)


def well_formed(markup: str) -> str:
    """The same with every element closed where libxml2 sees its end, and without what can hold no markup.

    The standard's algorithm can make a gigabyte of a few kilobytes of open formatting, and takes time in the square of
    the depth. libxml2's does neither, and gives up at a depth of 256.

    Raises: TooDeepError.
    """
    parser = etree.HTMLParser()
    # libxml2 stops at the end of a page; markup that brings one is read on.
    root = etree.fromstring("<html><body>" + _PAGE_TAG.sub(r"<\1x-\2", markup), parser)
    if any(error.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for error in parser.error_log) or _is_bomb(root):
        raise TooDeepError("its elements stand hundreds deep within each other; take that markup out")
    etree.strip_elements(root, *_NO_MARKUP_INSIDE, with_tail=False)
    return etree.tostring(root, encoding="unicode", method="html")


def _is_bomb(root: etree._Element) -> bool:
    """Whether the standard's algorithm may make very much more of it than there is."""
    open_formatting = copies = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if element.tag in _FORMATTING:
            open_formatting += 1 if event == "start" else -1
        elif event == "start":
            copies += open_formatting
    return copies > _MOST_COPIES
