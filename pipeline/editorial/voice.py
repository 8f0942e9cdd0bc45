"""What a text does that its publication never does: words it avoids, and sentences longer than it writes. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from pipeline.editorial import markdown as md
from pipeline.editorial.findings import Finding
from pipeline.writing.text import count_words, mentions, sentences
from pipeline.writing.voice import VoiceProfile

_WORDS_SHOWN: Final = 6
_SPACE: Final = re.compile(r"\s+")


def voice_findings(markdown: str, profile: VoiceProfile, language: str) -> list[Finding]:
    """One finding a place, or one that says that all is well. Headings and quotations are read too."""
    found = [
        *(finding for place, text in _blocks(markdown) for finding in _words(profile, place, text)),
        *(finding for place, text in _blocks(markdown) for finding in _lengths(profile, place, text, language)),
    ]
    if found:
        return found
    if not profile.avoided_words and profile.longest_sentence_words is None:
        message = "The vertical's voice profile names no words to avoid and no longest sentence."
        return [Finding("voice", "good", message, "", "text")]
    return [Finding("voice", "good", "No word that is avoided here, and no sentence that is too long.", "", "text")]


def _blocks(markdown: str) -> Iterator[tuple[str, str]]:
    """Each block of text, and where it is."""
    number = 0
    before = None
    for token in md.parse(markdown):
        if token.type == "inline" and (text := _SPACE.sub(" ", md.inline_text(token)).strip()):
            is_heading = before is not None and before.type == "heading_open"
            number += not is_heading
            kind = "heading" if is_heading else f"paragraph {number}"
            yield f"{kind}: “{_beginning(text)}”", text
        before = token


def _words(profile: VoiceProfile, place: str, text: str) -> Iterator[Finding]:
    for word in profile.avoided_words:
        if mentions(text, word):
            message = f"“{word}” is a word that this publication avoids."
            yield Finding("avoided word", "improvement", message, "Say it otherwise.", place)


def _lengths(profile: VoiceProfile, place: str, text: str, language: str) -> Iterator[Finding]:
    longest = profile.longest_sentence_words
    if longest is None:
        return
    for sentence in sentences(text, language):
        if (length := count_words(sentence)) > longest:
            message = (
                f"A sentence has {length} words; this publication writes at most {longest}: “{_beginning(sentence)}”"
            )
            yield Finding("sentence length", "improvement", message, "Make two of it.", place)


def _beginning(text: str) -> str:
    words = text.split(" ")
    return " ".join(words[:_WORDS_SHOWN]) + (" …" if len(words) > _WORDS_SHOWN else "")
