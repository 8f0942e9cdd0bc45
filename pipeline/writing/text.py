"""Plain text: sentences, words, language, clipping, and writing it down as Markdown. Pure, and works in any script."""

import unicodedata
from functools import cache
from threading import Lock
from typing import Any
from urllib.parse import quote

import regex  # type: ignore[import-untyped]

# Scripts written without spaces between words; a character counts as a word there.
_SPACELESS = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_LETTER = rf"(?!{_SPACELESS})[\p{{L}}\p{{N}}\p{{M}}]"
_WORD = regex.compile(rf"{_SPACELESS}|(?:{_LETTER})+(?:['\u2019.-](?:{_LETTER})+)*")
_URL = regex.compile(r"(?:https?://|www\.)[^\s<>\"]+|\b(?:[a-z0-9-]+\.)+[a-z]{2,}/[^\s<>\"]+", regex.IGNORECASE)
_EMOJI = regex.compile(
    r"[[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\u200d\ufe0e\ufe0f\u20e3]--[\p{ASCII}©®™]]+",
    regex.V1,
)
_INVISIBLE = regex.compile(r"[\p{Cc}\p{Cs}\u200b\u2060\ufeff\u00ad]")
_SENTENCE_END = regex.compile(r"[.!?…]+[\"'\u201d\u2019)\]]*(?=\s|$)|[。\uff01\uff1f]")
_MARKDOWN = regex.compile(r"[\\`*_\[\]<>&~|]")
_BLOCK_START = regex.compile(r"^(?:[#+=-]|\d{1,9}(?=[.)]))")

UNDETERMINED = "und"
"""ISO 639's code for a text too short or too mixed to tell the language of."""

_NOT_IN_A_LINK = regex.compile(r"[\s\p{C}()<>\[\]\"\\`*]")
_ENTITY = regex.compile(r"&(?=#?\w+;)")

_LONGEST_TEXT = 20_000
_SURE = 0.5
_FEWEST_LETTERS = 12
_identifier_lock = Lock()


def squeeze(text: str) -> str:
    """On one line, without control and invisible characters."""
    return " ".join(_INVISIBLE.sub(" ", unicodedata.normalize("NFC", text)).split())


def without_urls_and_emoji(text: str) -> str:
    return squeeze(str(_EMOJI.sub(" ", _URL.sub(" ", text))))


def words(text: str) -> list[str]:
    """The words; in scripts without spaces each character is one."""
    return [str(word) for word in _WORD.findall(text)]


def count_words(text: str) -> int:
    return len(_WORD.findall(text))


def mentions(text: str, phrase: str) -> bool:
    """The phrase's words stand in the text, whole and in order; case does not matter."""
    return f" {' '.join(words(phrase.casefold()))} " in f" {' '.join(words(text.casefold()))} "


def is_shouted(text: str) -> bool:
    """Most of its letters are capitals, and there are enough of them to mean something."""
    letters = [letter for letter in text if letter.isalpha() and letter.lower() != letter.upper()]
    return len(letters) >= _FEWEST_LETTERS and sum(letter.isupper() for letter in letters) > 0.6 * len(letters)


def sentences(text: str, language: str) -> list[str]:
    """The sentences, each on one line, in order; a line break in the text ends one.

    Repetitions are left out, and so is a cut-off beginning of a sentence that stands whole elsewhere.
    """
    found: dict[str, str] = {}
    for line in text[:_LONGEST_TEXT].splitlines():
        for sentence in _segments(squeeze(line), language):
            found.setdefault(_key(sentence), sentence)
    found.pop("", None)
    return [
        sentence
        for key, sentence in found.items()
        if not (is_cut_off(sentence) and any(other != key and other.startswith(key) for other in found))
    ]


def is_cut_off(sentence: str) -> bool:
    return sentence.rstrip("\"'\u201d\u2019)] ").endswith(("...", "…"))


def _segments(line: str, language: str) -> list[str]:
    if not line:
        return []
    import pysbd
    from pysbd.languages import LANGUAGE_CODES

    # A segmenter keeps state while it works, so each call has its own.
    segmenter = pysbd.Segmenter(language=language if language in LANGUAGE_CODES else "en", clean=False)
    found: list[str] = []
    for segment in map(squeeze, segmenter.segment(line)):
        if found and segment[:1].islower():
            found[-1] += f" {segment}"  # an abbreviation was taken for an end
        else:
            found.append(segment)
    return found


def _key(sentence: str) -> str:
    return " ".join(words(sentence.casefold()))


def detect_language(text: str) -> str:
    """The language's ISO 639-1 code, or `UNDETERMINED`.

    Lower case, because all-capitals are unlike anything the model was trained on.
    """
    plain = without_urls_and_emoji(text[:_LONGEST_TEXT]).lower()
    if sum(letter.isalpha() for letter in plain) < _FEWEST_LETTERS:
        return UNDETERMINED
    language, probability = _identifier().classify(plain)
    return str(language) if probability >= _SURE else UNDETERMINED


def _identifier() -> Any:
    with _identifier_lock:
        return _load_identifier()


@cache
def _load_identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def clip(text: str, limit: int) -> str:
    """At most `limit` characters: whole sentences where they fill half of it, else whole words and an ellipsis.

    A grapheme (an emoji with its modifiers, a letter with its accents) is never split.
    """
    if len(text) <= limit:
        return text
    ends = [match.end() for match in _SENTENCE_END.finditer(text, endpos=limit + 1) if match.end() <= limit]
    if ends and ends[-1] * 2 >= limit:
        return text[: ends[-1]]
    kept = ""
    for grapheme in regex.findall(r"\X", text[: limit + 1]):
        if len(kept) + len(grapheme) > limit - 1:
            break
        kept += grapheme
    if not text[len(kept)].isspace() and " " in kept and count_words(kept[kept.rindex(" ") :]) <= 1:
        kept = kept[: kept.rindex(" ")]
    return kept.rstrip(" ,;:.-\u2013\u2014(") + "…"


def escape_markdown(text: str) -> str:
    """Markdown that reads as exactly this text, wherever on a line of its own it stands."""
    escaped = str(_MARKDOWN.sub(r"\\\g<0>", squeeze(text)))
    start = _BLOCK_START.match(escaped)
    if start is None:
        return escaped
    at = start.end() if escaped[0].isdigit() else 0
    return escaped[:at] + "\\" + escaped[at:]


def markdown_url(url: str) -> str:
    """The same address, spelled so that it can stand in a Markdown link's parentheses."""
    encoded = _NOT_IN_A_LINK.sub(lambda match: quote(match.group(), safe=""), url)
    return str(_ENTITY.sub(r"\\&", encoded))
