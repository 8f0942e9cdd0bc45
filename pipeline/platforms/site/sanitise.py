"""The last gate before a reader's browser: only harmless, well-formed HTML passes."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final
from urllib.parse import urlsplit

import lxml.html
import nh3
from markupsafe import Markup

from pipeline.text.well_formed import quickly_read

# What neither XML 1.0 (feed, sitemap) nor HTML allows in text: controls, lone surrogates, noncharacters.
_UNWRITABLE: Final = re.compile(
    "[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(chr(plane * 0x10000 + 0xFFFE) + chr(plane * 0x10000 + 0xFFFF) for plane in range(1, 17))
    + "]"
)
_H1_TAG: Final = re.compile(r"<(/?)h1(?=[\s/>])", re.IGNORECASE)
_CODE_TAG: Final = re.compile(r"<pre(?: [^>]*)?>")

_TAG_NAMES: Final = (
    "p br hr h2 h3 h4 h5 h6 a strong em b i s u sub sup small mark abbr cite q code kbd samp var time del ins "
    "blockquote pre ul ol li dl dt dd figure figcaption img table caption thead tbody tfoot tr th td "
    "aside section div span details summary"
)
TAGS: Final = frozenset(_TAG_NAMES.split())
ATTRIBUTES: Final[Mapping[str, set[str]]] = {
    "*": {"lang", "dir", "title"},
    "a": {"href", "hreflang", "rel"},
    "img": {"src", "alt", "width", "height"},
    "time": {"datetime"},
    "ol": {"start", "reversed"},
    "th": {"scope", "colspan", "rowspan"},
    "td": {"colspan", "rowspan"},
    "blockquote": {"cite"},
    "q": {"cite"},
}
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,4}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_FORMS: Final = {
    **dict.fromkeys(("width", "height", "colspan", "rowspan"), _NUMBER),
    **dict.fromkeys(("lang", "hreflang"), _LANGUAGE),
    "start": re.compile(r"-?[0-9]{1,9}"),
    "dir": re.compile(r"ltr|rtl|auto"),
}
SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
_REL_TOKENS: Final = frozenset({"sponsored", "nofollow", "ugc", "noopener", "noreferrer", "external", "license"})
_CLASSES: Final = {tag: {"disclosure"} for tag in ("p", "aside", "div", "section")}


def plain(text: str) -> str:
    """One line of text that HTML and XML can hold."""
    return " ".join(_UNWRITABLE.sub("", text).split())


def body_html(body: str) -> Markup:
    """An article's body with scripts, styles, event handlers, forms, frames and odd URL schemes gone.

    The page's title is its only `h1`, so one in the body becomes an `h2`. What comes out, put in again, comes out as it
    is. It can hold `<` and `>` only as the marks of a tag: nh3 escapes them in text and in attributes.

    Raises: TooDeepError: it nests its elements hundreds deep, as no article does.
    """
    html = _H1_TAG.sub(r"<\1h2", quickly_read(_UNWRITABLE.sub("", body)))
    # Twice: the first pass decodes character references and lifts the content out of refused elements, and either can
    # leave what the second must see.
    return Markup(_cleaned(_UNWRITABLE.sub("", _cleaned(html))))  # noqa: S704 - sanitised on this very line


def opening(html: Markup) -> str:
    """The text of the first paragraph that isn't a disclosure or a note, which is all in emphasis; or of the whole
    where there is none.
    """
    root = _parse(html)
    paragraphs = root.xpath(
        "//p[not(ancestor-or-self::*[@class='disclosure'])][not(em) or normalize-space(em) != normalize-space()]"
    )
    texts = (plain(str(paragraph.text_content())) for paragraph in paragraphs)
    return next((text for text in texts if text), plain(str(root.text_content())))


def is_empty(html: Markup) -> bool:
    """Whether there is nothing in it to read or look at."""
    root = _parse(html)
    return not str(root.text_content()).strip() and root.find(".//img") is None


def shows(html: Markup, url: str) -> bool:
    """Whether one of its pictures has this address."""
    return any(picture.get("src") == url for picture in _parse(html).iter("img"))


def is_web_url(url: str) -> bool:
    """Whether it is an absolute http or https address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"[\s<>\"]", url)


def _parse(html: Markup) -> lxml.html.HtmlElement:
    return lxml.html.fragment_fromstring(str(html), create_parent="div")


def _cleaned(html: str) -> str:
    # A parser drops a line break right after <pre>; nh3 doesn't write the one that keeps the next from being dropped.
    return _CODE_TAG.sub(r"\g<0>\n", _cleaner().clean(html))


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(TAGS),
        attributes=dict(ATTRIBUTES),
        attribute_filter=_attribute,
        set_tag_attribute_values={"img": {"loading": "lazy", "decoding": "async"}},
        allowed_classes=_CLASSES,
        url_schemes=set(SCHEMES),
        link_rel=None,
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    if (tag, name) == ("a", "rel"):
        return " ".join(sorted({token.lower() for token in value.split()} & _REL_TOKENS)) or None
    if name == "cite":  # an address that nh3 doesn't take for one
        return value if is_web_url(value) else None
    form = _FORMS.get(name)
    return value if form is None or form.fullmatch(value) else None
