"""The part of a page's address that comes from its title."""

from collections.abc import Iterator

_LONGEST = 80


def slugs(title: str, fallback: str) -> Iterator[str]:
    """The title's slug, then numbered ones, without end; `fallback` where the title has no letter for one."""
    from slugify import slugify

    base = slugify(title, max_length=_LONGEST, word_boundary=True) or fallback
    yield base
    number = 2
    while True:
        yield f"{base}-{number}"
        number += 1
