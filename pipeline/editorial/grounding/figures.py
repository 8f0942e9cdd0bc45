"""Numbers as a text has them, in digits and (in English) in words, and whether another text has them too. Pure.

Not judged: ordinals in words, “one”, halves, plurals such as “thousands”, and numbers that are part of a name (G20).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

import regex  # type: ignore[import-untyped]

Unit = Literal["%", "$", "€", "£", "¥", "₹", "month"]
Amount = tuple[Decimal, Unit | None]

_UNITS = dict.fromkeys(("%", "percent", "per cent", "pct", "percentage point", "percentage points"), "%") | {
    word: unit
    for unit, words in {
        "$": ("$", "usd", "dollar", "dollars"),
        "€": ("€", "eur", "euro", "euros"),
        "£": ("£", "gbp", "pound", "pounds"),
        "¥": ("¥", "jpy", "yen", "cny", "yuan"),
        "₹": ("₹", "inr", "rupee", "rupees"),
    }.items()
    for word in words
}
_SCALES = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12, "mn": 6, "bn": 9, "tn": 12}
_SHORT_SCALES = {"k": 3, "m": 6, "b": 9}
"""Which may also be metres or the like: both readings count."""
_UP_TO_NINETEEN = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen
"""
_FROM_TWENTY = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {word: number for number, word in enumerate(_UP_TO_NINETEEN.split())} | {"dozen": 12}
_TENS = {word: 10 * number for number, word in enumerate(_FROM_TWENTY.split(), 2)}
_WORD_SCALES = ("hundred", "thousand", "million", "billion", "trillion")
_PARTS = {"thirds": 3, "quarters": 4, "fifths": 5, "sixths": 6, "eighths": 8, "tenths": 10}

_ALTERNATIVES = "|".join(sorted(map(regex.escape, _UNITS), key=len, reverse=True))
_SCALE = "|".join([*_SCALES, *_SHORT_SCALES])
_SPACE = r"[ \u00a0\u202f\u2009]"
_IN_DIGITS: Final = regex.compile(
    rf"(?P<before>(?:[$€£¥₹]|\b(?:USD|EUR|GBP|JPY|CNY|INR)){_SPACE}?)?"
    rf"(?<![\p{{L}}\p{{N}}_])(?<!\p{{L}}[-\u2010-\u2013])"
    rf"(?:(?P<parts>\d+(?:(?P<mark>[./:-])\d+)(?:(?P=mark)\d+)+|\d{{1,2}}:\d\d)"
    rf"|(?P<number>\d{{1,3}}(?:(?P<group>[.,'\u2019]|{_SPACE})\d{{3}})(?:(?P=group)\d{{3}})*(?!\d)(?:[.,]\d+)?"
    rf"|\d+(?:[.,]\d+)?))"
    rf"(?:[-\u2010]?{_SPACE}?(?P<scale>{_SCALE})(?![\p{{L}}\p{{N}}]))?"
    rf"(?:[-\u2010]?{_SPACE}?(?P<unit>{_ALTERNATIVES})(?![\p{{L}}\p{{N}}]))?",
    regex.IGNORECASE,
)
_WORD = "|".join([*_SMALL, *_TENS, *_WORD_SCALES])
_IN_WORDS: Final = regex.compile(
    rf"\b(?P<words>(?:{_WORD})(?:(?:[- ]|{_SPACE}and{_SPACE})(?:{_WORD}))*)\b(?:[- ](?P<part>{'|'.join(_PARTS)})\b)?"
    rf"(?:[- ](?P<unit>{_ALTERNATIVES})(?![\p{{L}}\p{{N}}]))?",
    regex.IGNORECASE,
)
_ONE_IN: Final = regex.compile(rf"(?<![\w.,])(\d+|{_WORD}) (?:in|out of)(?: every)? (\d+|{_WORD})\b", regex.IGNORECASE)
_HEDGE: Final = regex.compile(
    r"(?:about|around|some|nearly|almost|roughly|approximately|close to|under|less than|fewer than|up to|as many as|~)"
    r" ?[$€£¥₹]?$",
    regex.IGNORECASE,
)
_AT_LEAST: Final = regex.compile(r"(?:more than|over|at least|above|exceeding) ?[$€£¥₹]?$", regex.IGNORECASE)
_ONE_OF_THEM: Final = regex.compile(r"\ba $", regex.IGNORECASE)
_AS_FAR_AS = 30
_MOST_OFF = Decimal("0.1")
_MOST_ABOVE = Decimal("1.5")
_MOST_DIGITS = 40
_YEARS = range(1900, 2100)
_MONTHS = (
    "january february march april may june july august september october november december",
    "jan feb mar apr may jun jul aug sep oct nov dec",
)
_MONTH_NUMBERS = {month: number for names in _MONTHS for number, month in enumerate(names.split(), 1)}
_MONTH = regex.compile(rf"\b(?:{'|'.join(_MONTH_NUMBERS)})\b", regex.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a text. Where it can be read in several ways, `amounts` has each."""

    text: str
    start: int
    amounts: frozenset[Amount]
    rounded: bool = False
    at_least: bool = False

    def stands_in(self, others: frozenset[Amount]) -> bool:
        """One of them is the same number, or one that this is a fair rounding of."""
        if any(own[0] == other[0] and _fits(own, other) for own in self.amounts for other in others):
            return True
        own = max(self.amounts, key=lambda amount: amount[0])
        alike = [other[0] for other in others if _fits(own, other) and not _is_year(other)]
        if self.at_least and any(own[0] <= value <= own[0] * _MOST_ABOVE for value in alike):
            return True
        return (self.rounded or self.at_least) and any(_is_rounding(own[0], value) for value in alike)


def figures(text: str, *, in_words: bool) -> list[Figure]:
    """The numbers of a text, in order. Parts of a date or a time are a number each."""
    found = list(_in_digits(text))
    if in_words:
        taken = [(figure.start, figure.start + len(figure.text)) for figure in found]
        found += [
            figure
            for figure in _in_words(text)
            if not any(start < figure.start + len(figure.text) and figure.start < end for start, end in taken)
        ]
    return sorted(found, key=lambda figure: figure.start)


def amounts_of(texts: Iterable[str], *, in_words: bool) -> frozenset[Amount]:
    """Every number of the texts, “one in five” as a share, a month as its number in a date."""
    found: set[Amount] = set()
    for text in texts:
        for figure in figures(text, in_words=in_words):
            found |= figure.amounts
        found |= {(value, "%") for value in _shares(text)}
        found |= {(Decimal(_MONTH_NUMBERS[month.lower()]), "month") for month in _MONTH.findall(text)}
    return frozenset(found)


def _in_digits(text: str) -> Iterator[Figure]:
    for match in _IN_DIGITS.finditer(text):
        if len(match.group()) > _MOST_DIGITS:
            continue  # no number that anybody claims: an identifier
        start = match.start()
        if match["parts"]:
            for part in regex.finditer(r"\d+", match["parts"]):
                amounts = frozenset[Amount]({(Decimal(part.group()), None), (Decimal(part.group()), "month")})
                yield Figure(part.group(), match.start("parts") + part.start(), amounts)
            continue
        unit = _unit((match["before"] or "").strip() or match["unit"])
        scales = {_SCALES.get((match["scale"] or "").lower(), 0)}
        if short := _SHORT_SCALES.get((match["scale"] or "").lower()):
            scales.add(short)
        values = {value.scaleb(scale) for value in _values(match["number"]) for scale in scales}
        yield Figure(
            match.group().strip(),
            start,
            frozenset((value, unit) for value in values),
            rounded=scales != {0} or _HEDGE.search(text, max(0, start - _AS_FAR_AS), start) is not None,
            at_least=_AT_LEAST.search(text, max(0, start - _AS_FAR_AS), start) is not None,
        )


def _values(number: str) -> set[Decimal]:
    """1.234 is a thousand and more in one country and a little more than one in another."""
    plain = regex.sub(rf"['\u2019]|{_SPACE}", "", number)
    marks = [mark for mark in plain if mark in ".,"]
    if not marks:
        return {Decimal(plain)}
    last = marks[-1]
    whole, _, rest = plain.rpartition(last)
    as_whole = Decimal(plain.replace(".", "").replace(",", ""))
    as_fraction = Decimal(whole.replace(".", "").replace(",", "") + "." + rest)
    if marks.count(last) > 1:
        return {as_whole}
    if len(set(marks)) > 1 or len(rest) != 3:  # noqa: PLR2004 - a group
        return {as_fraction}
    return {as_whole} if rest.endswith("0") else {as_whole, as_fraction}


def _in_words(text: str) -> Iterator[Figure]:
    for match in _IN_WORDS.finditer(text):
        numbers = list(_spoken(regex.split(r"[- \u00a0\u202f\u2009]+", match["words"].lower())))
        if numbers == [1] and not match["part"]:
            continue
        if match["words"].lower().startswith(_WORD_SCALES) and not _ONE_OF_THEM.search(
            text, max(0, match.start() - 3), match.start()
        ):
            continue  # “million-dollar”: its number is missing, or stands before it in digits
        unit = _unit(match["unit"])
        amounts: set[Amount] = {(Decimal(number), unit) for number in numbers}
        if match["part"]:
            amounts = {(Decimal(100 * numbers[-1]) / _PARTS[match["part"].lower()], "%")}
        yield Figure(
            match.group(),
            match.start(),
            frozenset(amounts),
            rounded=bool(match["part"])
            or _HEDGE.search(text, max(0, match.start() - _AS_FAR_AS), match.start()) is not None,
            at_least=_AT_LEAST.search(text, max(0, match.start() - _AS_FAR_AS), match.start()) is not None,
        )


def _spoken(words: Iterable[str]) -> Iterator[int]:
    """“two hundred and five” is 205; “two three” are two numbers."""
    total = current = 0
    begun = False
    for word in words:
        if word == "and":
            continue
        if word in _WORD_SCALES:
            scale = 10 ** _SCALES[word]
            if scale == 100:  # noqa: PLR2004
                current = (current or 1) * scale
            else:
                total, current = total + (current or 1) * scale, 0
        else:
            value = _SMALL.get(word, _TENS.get(word, 0))
            room = 100 if current % 100 == 0 else 10 if current % 10 == 0 and current % 100 > 10 else 0  # noqa: PLR2004
            if begun and value >= room and (current or not total):
                yield total + current
                total = current = 0
            current += value
        begun = True
    yield total + current


def _shares(text: str) -> Iterator[Decimal]:
    for match in _ONE_IN.finditer(text):
        part, whole = (
            Decimal(word) if word.isdecimal() else Decimal(next(_spoken([word.lower()]))) for word in match.groups()
        )
        if part < whole:
            yield 100 * part / whole


def _unit(text: str | None) -> Unit | None:
    return _UNITS.get((text or "").lower())  # type: ignore[return-value]  # each value is a unit


def _fits(own: Amount, other: Amount) -> bool:
    """A share is never a count, and one currency is not another; without a unit a number can be anything's."""
    if "%" in own or "month" in {own[1], other[1]}:
        return own[1] == other[1]
    return own[1] is None or other[1] in {own[1], None}


def _is_year(amount: Amount) -> bool:
    return amount[1] is None and amount[0] in _YEARS


def _is_rounding(value: Decimal, exact: Decimal) -> bool:
    if not value or abs(value - exact) > _MOST_OFF * abs(exact):
        return False
    digits = len(value.normalize().as_tuple().digits)
    step = exact.adjusted() - digits + 1
    return abs(value - exact) * 2 <= Decimal(1).scaleb(max(step, value.adjusted() - digits + 1))
