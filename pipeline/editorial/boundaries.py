"""Where a word begins and ends, in any script."""

import unicodedata

import regex  # type: ignore[import-untyped]

from pipeline.writing.text import squeeze

_SPACELESS = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
# Between two letters these make one word or one address of what stands on both sides: well-known, example.com, a/b.
# Among them what is not seen (soft hyphen, word joiner, the joiners of Persian and Indic scripts).
_JOINERS = frozenset("-./@\u2010\u2011\u00ad\u200c\u200d\u2060")
_APOSTROPHES = frozenset("'\u2019")
_FARTHEST = 3


def lowered(text: str) -> str:
    """Lower case with every character in its place; the few that would grow stay as they are."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def is_whole_word(text: str, start: int, end: int) -> bool:
    """Neither end of text[start:end], which is not empty, lies inside a word, a number, a compound or an address.

    Before an apostrophe a word ends where a possessive follows (golf's) and not where a contraction does (don't);
    behind one it begins (l'eau). Scripts without spaces have no such ends to look for: any place is one.
    """
    after = text[end : end + _FARTHEST]
    if _goes_on(text[start], text[max(0, start - 2) : start][::-1]) or _goes_on(text[end - 1], after):
        return False
    return not (_is_wordy(text[end - 1]) and _is_contraction(after))


def contains(text: str, phrase: str) -> bool:
    """The phrase stands in the text as whole words; case and the kind of space do not matter."""
    haystack, needle = lowered(squeeze(text)), lowered(squeeze(phrase))
    at = haystack.find(needle) if needle else -1
    while at >= 0:
        if is_whole_word(haystack, at, at + len(needle)):
            return True
        at = haystack.find(needle, at + 1)
    return False


def _goes_on(edge: str, outside: str) -> bool:
    """Whether what stands at `edge` goes on in the two characters outside it, the nearer one first."""
    near, far = outside[:1], outside[1:2]
    if near == " " or not near:
        return False
    if _is_mark(near):
        return True
    if _SPACELESS.match(edge) or _SPACELESS.match(near):
        return False
    if near == "," and edge.isdigit() and far.isdigit():  # 1,000
        return True
    return _is_wordy(near) or (_is_wordy(edge) and near in _JOINERS and _is_wordy(far))


def _is_contraction(after: str) -> bool:
    apostrophe, letter, beyond = after[:1], after[1:2], after[2:3]
    return apostrophe in _APOSTROPHES and _is_wordy(letter) and (letter not in "sS" or _is_wordy(beyond))


def _is_mark(char: str) -> bool:
    return bool(char) and not char.isascii() and unicodedata.category(char).startswith("M")


def _is_wordy(char: str) -> bool:
    return char.isalnum() or char == "_" or _is_mark(char)
