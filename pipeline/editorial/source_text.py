"""Text from elsewhere, made fit to be kept: characters that PostgreSQL refuses, markup, entities, white space."""

import html
import math
import re
from typing import Any, Final

# NUL fits no PostgreSQL text; the other control characters mean nothing in prose and break XML and terminals.
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")

_MARKUP: Final = re.compile(
    r"<!--|</?(?:a|abbr|address|article|aside|audio|b|blockquote|body|br|button|caption|center|cite|code|dd|del|details"
    r"|div|dl|dt|em|embed|fieldset|figcaption|figure|font|footer|form|h[1-6r]|head|header|html|i|iframe|img|input|ins"
    r"|kbd|label|li|link|main|mark|meta|nav|noscript|object|ol|option|p|picture|pre|q|s|script|section|select|small"
    r"|source|span|strike|strong|style|sub|summary|sup|table|tbody|td|textarea|tfoot|th|thead|time|tr|tt|u|ul|var|video"
    r")(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
# Only with its semicolon: in the plain text `?a=1&copy=2` nobody meant ©.
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_UNSEEN: Final = frozenset({"script", "style", "head", "title", "template", "iframe", "object", "noscript"})
_BLOCK: Final = re.compile(
    "address|article|aside|blockquote|center|d[dlt]|details|div|fieldset|figcaption|figure|footer|form|h[1-6r]|header"
    "|main|nav|ol|p|pre|section|table|ul"
)
_EDGES: Final = {"br": ("\n", ""), "li": ("\n", ""), "tr": ("\n", ""), "td": ("", " "), "th": ("", " ")}


def clean(value: str) -> str:
    """The same text without control characters; half of a surrogate pair becomes U+FFFD, as in a decoder."""
    return _CONTROLS.sub("", _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", value))


def clean_json(value: Any) -> Any:
    """A JSON value as PostgreSQL's jsonb can hold it: every text cleaned, what is not a finite number null."""
    match value:
        case str():
            return clean(value)
        case dict():
            return {clean(str(key)): clean_json(item) for key, item in value.items()}
        case list() | tuple():
            return [clean_json(item) for item in value]
        case float() if not math.isfinite(value):
            return None
        case _:
            return value


def plain_text(value: str) -> str:
    """What a person would read: no markup, entities decoded, a blank line between paragraphs.

    Text that holds no HTML element is taken as it is, so that `a < b` and `I <3 you` survive.
    """
    text = clean(value)
    text = _rendered(text) if _MARKUP.search(text) else _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    return _tidy(clean(text))


def _rendered(markup: str) -> str:
    import lxml.html

    pieces: list[str] = []
    _walk(lxml.html.fragment_fromstring(markup, create_parent="div"), pieces)
    return "".join(pieces)


def _walk(element: Any, pieces: list[str]) -> None:
    """Depth-first. libxml2 nests elements at most 256 deep, so the recursion is bounded."""
    name = element.tag if isinstance(element.tag, str) else ""
    if name and name not in _UNSEEN:
        before, after = _EDGES.get(name, ("\n\n", "\n\n") if _BLOCK.fullmatch(name) else ("", ""))
        pieces.append(before)
        if element.text:
            pieces.append(element.text if name == "pre" else _flowed(element.text))
        for child in element:
            _walk(child, pieces)
        pieces.append(after)
    if element.tail:
        pieces.append(_flowed(element.tail))


def _flowed(text: str) -> str:
    """In HTML a line break in the source is a space."""
    return re.sub(r"[ \t\r\n]+", " ", text)


def _tidy(text: str) -> str:
    lines = (re.sub(r"[ \t\xa0]+", " ", line).strip() for line in text.replace("\r\n", "\n").splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
