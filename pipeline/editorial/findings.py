"""What a check found: whether it is good, where, and what to do about it."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["good", "improvement", "blocking"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`place` tells a person where: a field, a line number, or “paragraph 3: “first words…””."""

    check: str
    severity: Severity
    message: str
    what_to_do: str
    place: str

    def as_row(self) -> dict[str, Any]:
        """As the reports store it."""
        return asdict(self)


def good(check: str, message: str, place: str) -> Finding:
    return Finding(check, "good", message, "", place)


def improvement(check: str, message: str, what_to_do: str, place: str) -> Finding:
    return Finding(check, "improvement", message, what_to_do, place)


def blocking(check: str, message: str, what_to_do: str, place: str) -> Finding:
    """Nobody can approve the post until it is gone."""
    return Finding(check, "blocking", message, what_to_do, place)
