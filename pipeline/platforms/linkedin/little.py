r"""LinkedIn's little text, in which a post's words are sent: reserved characters are escaped by a backslash. Pure.

One that is neither escaped nor part of an element ends the post there, and LinkedIn says 201 all the same. So
everything is escaped but the elements that are meant: the hashtags that the content names, and mentions, written
`@[Name](urn:li:organization:123)`.

https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/little-text-format
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

LIMIT: Final = 3000
_RESERVED: Final = re.compile(r"[\\|{}@\[\]()<>#*_~]")
_MENTION: Final = r"@\[(?P<name>[^\[\]\n]+)\]\((?P<urn>urn:li:(?:person|organization):[A-Za-z0-9_-]+)\)"
_HASHTAG: Final = re.compile(r"#[^\W_]+")
_SENT: Final = re.compile(r"\\(?P<escaped>.)|\{hashtag\|\\?\#\|(?P<hashtag>(?:\\.|[^\\{}|])+)\}", re.DOTALL)
_LINK: Final = re.compile(r"https?://|www\.", re.IGNORECASE)
_SHORTENED: Final = re.compile(r"https://lnkd\.in/")


def encode(text: str, hashtags: Iterable[str] = ()) -> str:
    """The text as it is sent; `hashtags`, each with its sign, are left as such where they stand by themselves."""
    return "".join(_pieces(text, hashtags))


def decode(commentary: str) -> str:
    """What was encoded, from what was sent or from what LinkedIn gives back, where hashtags are templates."""
    return _SENT.sub(lambda found: found["escaped"] or f"#{decode(found['hashtag'])}", commentary)


def length(text: str, hashtags: Iterable[str] = ()) -> int:
    """In UTF-16 units of what is sent: no way of counting comes to more."""
    return len(encode(text, hashtags).encode("utf-16-le", "surrogatepass")) // 2


def says(commentary: str, text: str) -> bool:
    """Whether a post that LinkedIn gives back is the text that was sent; LinkedIn may have shortened its links."""
    shown, sent = decode(commentary).split(), text.split()
    return len(shown) == len(sent) and all(map(_same, shown, sent))


def _same(shown: str, sent: str) -> bool:
    return shown == sent or bool(_SHORTENED.search(shown) and _LINK.search(sent))


def _pieces(text: str, hashtags: Iterable[str]) -> Iterator[str]:
    position = 0
    for element in _elements(hashtags).finditer(text):
        yield _escaped(text[position : element.start()])
        yield f"@[{_escaped(element['name'])}]({element['urn']})" if element["name"] else element.group()
        position = element.end()
    yield _escaped(text[position:])


def _elements(hashtags: Iterable[str]) -> re.Pattern[str]:
    """A hashtag that holds a reserved character goes as words."""
    tags = sorted(filter(_HASHTAG.fullmatch, hashtags), key=len, reverse=True)
    either = "".join(rf"|(?<![\w#]){re.escape(tag)}(?!\w)" for tag in tags)
    return re.compile(_MENTION + either)


def _escaped(text: str) -> str:
    return _RESERVED.sub(r"\\\g<0>", text)
