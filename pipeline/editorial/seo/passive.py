"""Whether a sentence is in the passive voice: an auxiliary, and soon after it a participle."""

from collections.abc import Sequence

from pipeline.editorial.seo.language import Reading

_FURTHEST = 4


def is_passive(words: Sequence[str], reading: Reading) -> bool:
    """“was often shown”, “is being built”; not “is a hundred”, nor “are interested”, where the word is an adjective."""
    if reading.passive_auxiliaries.isdisjoint(words):
        return False
    return any(
        _leads_to_participle(words, at, reading) for at, word in enumerate(words) if word in reading.passive_auxiliaries
    )


def _leads_to_participle(words: Sequence[str], at: int, reading: Reading) -> bool:
    for word in words[at + 1 : at + 1 + _FURTHEST]:
        if is_participle(word, reading):
            return True
        if word not in reading.between and not word.endswith("ly"):
            return False
    return False


def is_participle(word: str, reading: Reading) -> bool:
    if word in reading.not_participles:
        return False
    ending = reading.participle_ending
    return word in reading.irregular_participles or (len(word) > len(ending) + 1 and word.endswith(ending))
