"""What a platform takes of media, and what of a post's media it would not. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.platforms.content import Problem
from pipeline.platforms.media.facts import Facts, Media
from pipeline.vocabulary import MediaKind

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
WEBP: Final = "image/webp"
MP4: Final = "video/mp4"


@dataclass(frozen=True, slots=True)
class MediaRule:
    """What one platform takes of one kind.

    `aspect` (width by height), `width` in pixels and `seconds` are (least, most), both allowed; None where any will do.
    `most` is how many of the kind a post may have. Of several rules for one kind, a file's is the one that names its
    type, else the last.
    """

    kind: MediaKind
    mime_types: tuple[str, ...]
    max_bytes: int
    most: int = 1
    aspect: tuple[float, float] | None = None
    width: tuple[int, int] | None = None
    seconds: tuple[float, float] | None = None


def problems(media: Sequence[Media], rules: Sequence[MediaRule]) -> list[Problem]:
    """What would keep a post's media from the platform, as far as no conversion can mend it; for `validate`."""
    found = []
    counts: Counter[MediaRule] = Counter()
    for each in media:
        rule = rule_for(each, rules)
        if rule is None:
            found.append(f"{each.url}: The platform takes no {each.kind}.")
        else:
            counts[rule] += 1
            found += [f"{each.url}: {misfit}" for misfit in _lasting_misfits(each, rule)]
    found += [
        f"The platform takes at most {rule.most} {rule.kind} files, and there are {count}."
        for rule, count in counts.items()
        if count > rule.most
    ]
    return [Problem("media", message) for message in found]


def rule_for(facts: Facts, rules: Sequence[MediaRule]) -> MediaRule | None:
    """The rule that a file falls under; None where the platform takes none of its kind."""
    of_kind = [rule for rule in rules if rule.kind is facts.kind]
    return next((rule for rule in of_kind if facts.mime_type in rule.mime_types), of_kind[-1] if of_kind else None)


def misfits(facts: Facts, rule: MediaRule) -> list[str]:
    """Everything about a file that the rule forbids; empty where it may be sent as it is."""
    return [*_encoding(facts, rule), *_shape(facts, rule), *_length(facts, rule)]


def _lasting_misfits(media: Media, rule: MediaRule) -> Iterator[str]:
    yield from _shape(media, rule)
    yield from _length(media, rule)
    if not _convertible(media, rule):
        yield from _encoding(media, rule)


def _convertible(facts: Facts, rule: MediaRule) -> bool:
    """Whether its encoding may still be changed: sounds and GIFs, which may move, stay what they are."""
    if facts.kind is MediaKind.VIDEO:
        return MP4 in rule.mime_types
    return facts.mime_type in (JPEG, PNG, WEBP) and any(
        each in rule.mime_types for each in (JPEG, PNG, facts.mime_type)
    )


def _encoding(facts: Facts, rule: MediaRule) -> Iterator[str]:
    if facts.mime_type not in rule.mime_types:
        yield f"It is {facts.mime_type}, and the platform takes {', '.join(rule.mime_types)}."
    if facts.size > rule.max_bytes:
        yield f"It has {facts.size:,} bytes, and the platform takes {rule.max_bytes:,}."
    if rule.width and facts.width and facts.width > rule.width[1]:
        yield f"It is {facts.width} pixels wide, and the platform takes {rule.width[1]}."


def _shape(facts: Facts, rule: MediaRule) -> Iterator[str]:
    """What only cropping or blowing up would mend, which we do to nobody's picture."""
    if not facts.width or not facts.height:
        return
    if rule.width and facts.width < rule.width[0]:
        yield f"It is {facts.width} pixels wide, and the platform wants at least {rule.width[0]}."
    aspect = facts.width / facts.height
    if rule.aspect and not rule.aspect[0] <= aspect <= rule.aspect[1]:
        least, most = rule.aspect
        yield (
            f"It is {facts.width} by {facts.height} pixels, {aspect:.2f} to 1, and the platform takes {least:.2f} to 1 "
            f"to {most:.2f} to 1."
        )


def _length(facts: Facts, rule: MediaRule) -> Iterator[str]:
    if rule.seconds is None:
        return
    if facts.duration_seconds is None:
        yield "It does not tell how long it plays."
    elif not rule.seconds[0] <= facts.duration_seconds <= rule.seconds[1]:
        least, most = rule.seconds
        yield f"It plays {facts.duration_seconds:.1f} s, and the platform takes {least:g} to {most:g} s."
