"""How X counts a post's text and how it gives it back. Pure.

Source: twitter-text configuration v3 (NFC; a link counts 23 whatever its length; an emoji counts 2; most scripts of
Asia count 2 a character). Refused characters: U+FFFE, U+FEFF and U+FFFF.
"""

import html
import re
import unicodedata
import warnings
from collections.abc import Mapping
from typing import Any, Final

with warnings.catch_warnings():
    # It reads its list of emojis through pkg_resources, which warns of its own end; setuptools is pinned for it.
    warnings.simplefilter("ignore", UserWarning)
    import twitter_text

LIMIT: Final = 280
_CASHTAG: Final = re.compile(r"(?<![\w$])\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?(?!\w)")
_SCHEME: Final = re.compile(r"https?://", re.IGNORECASE)
_OF_MEDIA: Final = re.compile(r"/status/\d+/(?:photo|video)/\d+$")
_LAST_SLASH: Final = re.compile(r"/+(?=\W|$)")


def weighted_length(text: str) -> int:
    """The length that X compares with its limit."""
    return int(twitter_text.parse_tweet(text).weightedLength)


def has_refused_characters(text: str) -> bool:
    """Whether it holds a character that makes X refuse a text of any length."""
    return any(not twitter_text.parse_tweet(char).valid for char in set(text) if not char.isalnum())


def link_spans(text: str) -> list[tuple[int, int]]:
    """Where X sees links, in code points of the NFC text; bare domains count too."""
    return [(start, end) for start, end in (found["indices"] for found in twitter_text.extract_urls_with_indices(text))]


def cashtags(text: str) -> int:
    return len(_CASHTAG.findall(text))


def says(post: Mapping[str, Any], text: str) -> bool:
    """Whether a post that X shows is the text that was sent."""
    return _canonical(shown(post)) == _canonical(text)


def shown(post: Mapping[str, Any]) -> str:
    """The text that was sent, as far as what X shows tells it.

    X puts its short links in place of ours and one more behind the text for the media, escapes `&`, `<` and `>`, and
    cuts `text` short where a `note_post` (until 2026 `note_tweet`) holds the whole.
    """
    notes = (post.get(name) for name in ("note_post", "note_tweet"))
    whole: Mapping[str, Any] = next((note for note in notes if isinstance(note, dict)), post)
    said = str(whole.get("text", ""))
    entities = whole.get("entities")
    links = entities.get("urls") if isinstance(entities, dict) else None
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("url") and link.get("expanded_url"):
            address = str(link["expanded_url"])
            said = said.replace(str(link["url"]), "" if _OF_MEDIA.search(address) else address)
    return html.unescape(said)


def _canonical(text: str) -> str:
    """NFC, white space as one blank, links without their scheme and last slash, which X may add to a bare host."""
    words = " ".join(unicodedata.normalize("NFC", text).split())
    return _LAST_SLASH.sub("", _SCHEME.sub("", words))
