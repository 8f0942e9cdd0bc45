"""LinkedIn's little text as LinkedIn reads it: up to the first reserved character that is neither escaped nor part of
an element. There it ends, without a word.

https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/little-text-format
"""

import re
from collections.abc import Iterator
from typing import Final

_TOKEN: Final = re.compile(
    r"""
      \\(?P<escaped>.)
    | @\[(?P<name>(?:\\.|[^\\\]])+)\]\(urn:li:(?:person|organization):[\w-]+\)
    | \{hashtag\|\\?\#\|(?P<templated>(?:\\.|[^\\{}|])+)\}
    | \#(?P<tag>[^\W_]+)
    | (?P<text>[^\\|{}@\[\]()<>\#*_~]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


def shown(commentary: str) -> str:
    """What readers see of it."""
    return "".join(_said(token) for token in _tokens(commentary))


def kept(commentary: str) -> str:
    """How it is given back: what was cut off is gone, and hashtags are templates."""
    return "".join(
        f"{{hashtag|\\#|{token['tag']}}}" if token["tag"] else token.group() for token in _tokens(commentary)
    )


def _tokens(commentary: str) -> Iterator[re.Match[str]]:
    position = 0
    while (token := _TOKEN.match(commentary, position)) is not None:
        position = token.end()
        yield token


def _said(token: re.Match[str]) -> str:
    if hashtag := token["templated"] or token["tag"]:
        return f"#{_unescaped(hashtag)}"
    return token["escaped"] or token["text"] or _unescaped(token["name"])


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)
