"""What is wrong with the form of a post that tells an article again: too many parts, too long ones. Pure.

Such a post has no page, so none of the checks of a page apply to it.
"""

from collections.abc import Sequence
from dataclasses import replace

from pipeline.editorial import markdown as md
from pipeline.editorial.findings import Finding
from pipeline.text.parts import parts_of
from pipeline.writing.repurposing import LIMITS, Format, Limits

_PART_NAMES = {"thread": "post", "newsletter": "paragraph", "carousel": "slide", "script": "line", "again": "post"}
_SHOWN = 40


def limits_of(form: Format) -> Limits:
    """A post is counted as X counts, the narrowest: a character of a script without blanks counts twice."""
    if form not in ("thread", "again"):
        return LIMITS[form]
    from pipeline.platforms.x.text import weighted_length

    return replace(LIMITS[form], measure=weighted_length)


def findings(name: str, content: str) -> list[Finding]:
    """At least one: that the form is right, where it is.

    Raises:
        ValueError: there is no such form.
    """
    form = next((each for each in LIMITS if each == name), None)
    if form is None:
        raise ValueError(f"no post is repurposed as {name!r}")
    parts = _newsletter(content) if form == "newsletter" else parts_of(content)
    return [*_number(form, parts), *_lengths(form, parts)] or [
        Finding("form", "good", _right(form, len(parts)), "", "content")
    ]


def _right(form: Format, parts: int) -> str:
    return "The post is short enough." if form == "again" else f"The {form} has {parts} parts, none too long."


def _newsletter(content: str) -> list[str]:
    """The paragraphs, those of a list among them."""
    return [text for token in md.parse(content) if token.type == "inline" and (text := md.inline_text(token).strip())]


def _number(form: Format, parts: Sequence[str]) -> list[Finding]:
    limits = limits_of(form)
    if not parts:
        name = "post" if form == "again" else form
        return [Finding("form", "blocking", f"The {name} is empty.", "Write it, or reject it.", "content")]
    if form == "again":  # its writer gave several to choose from
        what_to_do = "Keep one of them, without the line ---."
        return [Finding("form", "blocking", f"It is {len(parts)} posts.", what_to_do, "content")] if parts[1:] else []
    between = "" if form == "newsletter" else ", with a line --- between each two"
    if len(parts) > limits.most_parts:
        what_to_do = f"Bring it down to {limits.most_parts}{between}."
        return [Finding("form", "blocking", f"The {form} has {len(parts)} parts.", what_to_do, "content")]
    if len(parts) < limits.fewest_parts:
        what_to_do = f"A {form} has at least {limits.fewest_parts}{between}."
        return [Finding("form", "improvement", f"The {form} has {len(parts)} parts.", what_to_do, "content")]
    return []


def _lengths(form: Format, parts: Sequence[str]) -> list[Finding]:
    """Too long is no fault that blocks: the platforms' own limits hold a version that can't be sent."""
    limits = limits_of(form)
    name = _PART_NAMES[form]
    return [
        Finding(
            "form",
            "improvement",
            f"The {name} counts {used} characters.",
            f"Shorten it to {limits.longest_part}.",
            f"{name} {number}: “{part[:_SHOWN]}”",
        )
        for number, part in enumerate(parts, start=1)
        if (used := limits.measure(part)) > limits.longest_part
    ]
