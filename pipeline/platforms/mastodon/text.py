"""How Mastodon counts a status's text, and how a text is known again in what it shows. Pure.

Source: github.com/mastodon/mastodon, app/validators/status_length_validator.rb and app/lib/text_formatter.rb.
"""

import hashlib
import re
from typing import Final

from pipeline.platforms import short_posts
from pipeline.text.rendering import one_line, text_of

MAX_CHARACTERS: Final = 500
CHARACTERS_A_LINK: Final = 23
_MENTION: Final = re.compile(r"(?<![\w/])(@\w+)@[\w.-]+\w")
_SERVERS: Final = re.compile(r"(@\w+)(?:@[\w.-]*\w)+")
"""Whatever might be taken for a mention's server, so that it does not matter what was."""


def length(text: str, characters_a_link: int = CHARACTERS_A_LINK) -> int:
    """In characters as a reader sees them; a link counts the same whatever its length, a mention without its server."""
    counted, position = "", 0
    for start, end in short_posts.links(text):
        counted += text[position:start] + "x" * characters_a_link
        position = end
    return short_posts.graphemes(_MENTION.sub(r"\1", counted + text[position:]))


def print_of(text: str) -> str:
    """A fingerprint of what a text says, however its white space is set."""
    return hashlib.sha256(_SERVERS.sub(r"\1", one_line(text)).encode()).hexdigest()[:32]


def print_of_shown(markup: str) -> str:
    """The same, of a status in the HTML that Mastodon makes of its text."""
    return print_of(text_of(markup))
