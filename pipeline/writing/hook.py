"""How strongly a source's text holds a reader, as the offline writer scores it: rules that can be read and argued with.

Points, 100 at most:

| what | points |
|---|---|
| substance: informative sentences | 1: 18, 2: 30, 3 and more: 36 |
| a figure (a number, a sum, a share) | 12 |
| named people, places, organisations | 8 each, at most 20 |
| the opening sentence has 6 to 24 words (in scripts without spaces: 12 to 60 characters) | 12 |
| a quotation | 8 |
| tension: a contrast, a conflict, a first or an only (English rules) | 8 each kind, at most 16 |
| an opening that asks (a question mark) | 6 |

Taken off: 15 for shouting, 20 for clickbait (English rules), 5 for more than one exclamation mark, 10 where the opening
only calls to click or watch. Where there is no English rule to judge tension by, the rest is scaled up by 100/84.
Without an informative sentence that can be read on its own there is nothing to write about: at most 30.
"""

from collections.abc import Sequence

import regex  # type: ignore[import-untyped]

from pipeline.writing.text import count_words, is_shouted

_FIGURE = regex.compile(r"\p{N}")
_QUOTATION = regex.compile(r"[\"\u201c\u201e«「][^\"\u201c\u201d»」]{8,}[\"\u201c\u201d»」]")
_QUESTION = regex.compile(r"[?\uff1f\u061f]")
_TENSION = (
    regex.compile(
        r"\b(?:but|despite|although|though|yet|instead|however|while|even as|unlike|rather than|no longer)\b"
    ),
    regex.compile(
        r"\b(?:against|accus\w+|attack\w*|fight\w*|fought|refus\w+|den(?:y|ied|ies)|warn\w*|threat\w*|crisis|clash\w*"
        r"|ban(?:s|ned)?|kill\w*|dead|deaths?|war|fail\w*|risk\w*|critic\w*|slam\w*|scandal\w*|investigat\w+|sue[sd]?"
        r"|block\w*|fear\w*|reject\w*)\b"
    ),
    regex.compile(r"\b(?:first|only|never|most|biggest|largest|worst|best|record|last|new|secret|historic|rare)\b"),
)
_CLICKBAIT = regex.compile(
    r"you won['\u2019]t believe|what happen(?:s|ed) next|will (?:shock|amaze|blow)|this one (?:trick|thing)|jaw[- ]drop"
    r"|mind[- ]blow|(?:number|#) ?\d+ will|must[- ](?:see|watch)|is everything|wait (?:for|till|until) (?:it|you)"
)
_CALL = regex.compile(
    r"(?:click|watch|read|listen|see|tune in|live|subscribe|follow|share|like|sign up|join|find out|check out"
    r"|here['\u2019]s)\b"
)

_SUBSTANCE = (0, 18, 30, 36)
_TENSION_MOST = 16
_MOST_WITHOUT_FACTS = 30


def is_call_to_action(sentence: str) -> bool:
    """It asks the reader to do something elsewhere, or promises what it does not tell (English rules)."""
    return _CALL.match(sentence.casefold()) is not None


def is_clickbait(text: str) -> bool:
    """By English rules."""
    return _CLICKBAIT.search(text.casefold()) is not None


def hook_strength(sentences: Sequence[str], *, facts: int, entities: int, language: str) -> int:
    """0 to 100, by the table above.

    Args:
        sentences: all of the text's sentences, in order.
        facts: how many of them are informative; 0 where none of those can be read on its own.
        entities: how many different names the text has.
        language: ISO 639-1.
    """
    points = sum(hook_points(sentences, facts=facts, entities=entities, language=language).values())
    return round(max(0, min(points, 100 if facts else _MOST_WITHOUT_FACTS)))


def hook_points(sentences: Sequence[str], *, facts: int, entities: int, language: str) -> dict[str, float]:
    """What gives points and what takes some, by the table above, before the sum is cut to its limits."""
    if not sentences:
        return {}
    text, opening = " ".join(sentences), sentences[0]
    given: dict[str, float] = {
        "informative sentences": _SUBSTANCE[min(facts, 3)],
        "names": min(8 * entities, 20),
        "a figure": 12 * bool(_FIGURE.search(text)),
        "a quotation": 8 * bool(_QUOTATION.search(text)),
        "an opening that asks": 6 * bool(_QUESTION.search(opening)),
        "an opening of good length": 12 * _is_good_length(opening),
    }
    if language == "en":
        lowered = text.casefold()
        given["tension"] = min(8 * sum(bool(rule.search(lowered)) for rule in _TENSION), _TENSION_MOST)
        given["clickbait"] = -20 * is_clickbait(text)
        given["an opening that only calls to click"] = -10 * is_call_to_action(opening)
    else:
        given["no rules for tension in this language"] = sum(given.values()) * _TENSION_MOST / (100 - _TENSION_MOST)
    given["shouting"] = -15 * is_shouted(text)
    given["exclamation marks"] = -5 * (text.count("!") > 1)
    return {what: points for what, points in given.items() if points}


def _is_good_length(opening: str) -> bool:
    spaceless = count_words(opening) > 2 * len(opening.split()) + 4
    low, high = (12, 60) if spaceless else (6, 24)
    return low <= count_words(opening) <= high
