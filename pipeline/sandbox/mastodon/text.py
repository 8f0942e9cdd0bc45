"""A status's text as Mastodon counts it, and the HTML it makes of it."""

import html
import re
from typing import Final

import regex  # type: ignore[import-untyped]

from pipeline.sandbox.mastodon.instance import CHARACTERS_A_LINK

_LINK: Final = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?')\]]")
_MENTION: Final = re.compile(r"(?<![\w/])@(\w+)@[\w.-]+\w")
_HASHTAG: Final = regex.compile(r"(?<![\w/&])#([\p{L}\p{M}\p{N}_]*\p{L}[\p{L}\p{M}\p{N}_]*)")
_SHOWN_OF_A_LINK: Final = 30


def length(text: str) -> int:
    """In characters as a reader sees them; a link counts 23, and a mention without its server."""
    counted = _MENTION.sub(r"@\1", _LINK.sub("x" * CHARACTERS_A_LINK, text))
    return len(regex.findall(r"\X", counted))


def rendered(text: str) -> str:
    """Paragraphs, with links, mentions and hashtags. A link's beginning and end are there and hidden."""
    paragraphs = re.split(r"\n{2,}", text.strip())
    return "".join(f"<p>{_linked(each).replace(chr(10), '<br />')}</p>" for each in paragraphs if each)


def _linked(text: str) -> str:
    shown, position = "", 0
    for match in _LINK.finditer(text):
        shown += _named(text[position : match.start()]) + _link(match.group())
        position = match.end()
    return shown + _named(text[position:])


def _link(url: str) -> str:
    hidden = re.match(r"https?://(www\.)?", url)
    start = hidden.end() if hidden else 0
    parts = [
        html.escape(part)
        for part in (url[:start], url[start : start + _SHOWN_OF_A_LINK], url[start + _SHOWN_OF_A_LINK :])
    ]
    return (
        f'<a href="{html.escape(url)}" target="_blank" rel="nofollow noopener noreferrer" translate="no">'
        f'<span class="invisible">{parts[0]}</span><span class="{"ellipsis" if parts[2] else ""}">{parts[1]}</span>'
        f'<span class="invisible">{parts[2]}</span></a>'
    )


def _named(text: str) -> str:
    without_servers = _MENTION.sub(r"@\1", text)
    tagged: str = _HASHTAG.sub(
        r'<a href="/tags/\1" class="mention hashtag" rel="tag">#<span>\1</span></a>',
        html.escape(without_servers, quote=False),
    )
    return tagged
