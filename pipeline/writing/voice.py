"""How a publication sounds: what its writer is told, and what a reviewer's checklist can count."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Word = Annotated[str, Field(min_length=1)]
Person = Literal["first", "second", "third"]

_PERSONS: Final[Mapping[str, str]] = {
    "first": "we, the publication",
    "second": "the reader is you",
    "third": "neither we nor you",
}


class VoiceProfile(BaseModel):
    """`publisher_verticals.voice_profile`. What is left out is left to the writer.

    Attributes:
        tone: in a few words.
        person: who speaks: `first` (we), `second` (the reader is you), `third` (neither).
        preferred_words: what this publication says, where it says it at all.
        avoided_words: words and phrases that it never says.
        longest_sentence_words: a sentence with more is too long.
        spelling: of the language, e.g. `British`.
        notes: whatever else a writer should know, by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    tone: str = ""
    person: Person | None = None
    preferred_words: list[Word] = []
    avoided_words: list[Word] = []
    longest_sentence_words: int | None = Field(default=None, ge=5, le=100)
    spelling: str = ""
    notes: dict[str, str] = {}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "VoiceProfile":
        """The profile as it is stored. One from before there was this model is taken as notes."""
        try:
            return cls.model_validate(stored)
        except ValidationError:
            return cls(notes={name: _spelled(value) for name, value in stored.items()})

    def told(self) -> str:
        """As a writer is told of it: a line for each thing said; nothing where nothing is."""
        lines = {
            "tone": self.tone,
            "person": _PERSONS[self.person] if self.person else "",
            "words to prefer": ", ".join(self.preferred_words),
            "words never to use": ", ".join(self.avoided_words),
            "length": f"no sentence longer than {self.longest_sentence_words} words"
            if self.longest_sentence_words
            else "",
            "spelling": self.spelling,
            **self.notes,
        }
        return "\n".join(f"- {name}: {said}" for name, said in lines.items() if said)


def _spelled(value: object) -> str:
    return ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)
