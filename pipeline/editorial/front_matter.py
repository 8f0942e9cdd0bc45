"""A text in Markdown with its fields above it, between two lines of three hyphens, in YAML."""

from collections.abc import Mapping
from typing import Any, Final

import yaml

_FENCE: Final = "---"


class FrontMatterError(ValueError):
    """The fields can't be read; the message says where."""


def split(text: str) -> tuple[dict[str, Any], str]:
    """The fields and the text below them; no fields where it does not begin with a fence. Raises: FrontMatterError."""
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    if not lines or lines[0].rstrip() != _FENCE:
        return {}, text
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() == _FENCE), None)
    if end is None:
        raise FrontMatterError(f"The fields at the top begin with {_FENCE} and don't end: a line {_FENCE} is missing.")
    try:
        fields = yaml.safe_load("".join(lines[1:end]))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise FrontMatterError(f"Line {line}: {error.problem or 'it'} is not YAML. Put quotes around it.") from None
    except yaml.YAMLError:
        raise FrontMatterError("The fields at the top hold characters that YAML does not take.") from None
    if not isinstance(fields, dict | None) or not all(isinstance(name, str) for name in fields or {}):
        raise FrontMatterError("The fields at the top are lines of NAME: VALUE.")
    below = lines[end + 1 :]
    return fields or {}, "".join(below[1:] if below and not below[0].strip() else below)


def join(fields: Mapping[str, Any], text: str) -> str:
    """The inverse of `split`."""
    written = yaml.safe_dump(dict(fields), allow_unicode=True, sort_keys=False, width=10**6)
    return f"{_FENCE}\n{written}{_FENCE}\n\n{text}"
