"""A picture for people: what is drawn, and what it shows in words."""

import base64
from dataclasses import dataclass

from pipeline.writing.text import escape_markdown


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG 900 pixels wide, and what it shows in words, for whoever can't see it."""

    png: bytes
    alternative: str

    def markdown(self) -> str:
        """An image that carries its own data."""
        data = base64.b64encode(self.png).decode()
        return f"![{escape_markdown(self.alternative)}](data:image/png;base64,{data})"
