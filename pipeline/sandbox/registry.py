"""Which platforms the sandbox stands in for: those that the installed packages name as entry points of one group.

A package adds one by its own `[project.entry-points."pressroom.sandbox"]`, as Pressroom's does; the name there is the
platform's.
"""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from pipeline.sandbox.service import StandIn

_GROUP: Final = "pressroom.sandbox"


def stand_ins() -> dict[str, StandIn]:
    """Every stand-in by its platform's name, in alphabetical order."""
    return {name: entry.load() for name, entry in _registered().items()}


def find_stand_in(platform: str) -> StandIn | None:
    """One stand-in, without the libraries of the others."""
    entry = _registered().get(platform)
    found: StandIn | None = None if entry is None else entry.load()
    return found


@cache
def _registered() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in sorted(entry_points(group=_GROUP))}
