"""Affiliate products from a person or a file: checked whole, then kept, or not at all."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import sqlalchemy as sa

from pipeline.editorial.links.catalogue import is_phrase
from pipeline.store import products as store
from pipeline.store.database import transaction
from pipeline.store.products import Product, Saved
from pipeline.store.sources import verticals
from pipeline.writing.text import squeeze

REQUIRED: Final = ("name", "url", "keywords")
OPTIONAL: Final = ("merchant", "priority", "vertical")
BETWEEN_KEYWORDS: Final = "|"

_LONGEST_KEYWORD: Final = 100
_HIGHEST_PRIORITY: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class BadLine:
    """What is wrong in a file, and on which of its lines; the heading is line 1."""

    line: int
    reason: str


class ProductsError(Exception):
    """Nothing was kept; the message, or each of the lines, says why."""

    def __init__(self, message: str, lines: Sequence[BadLine] = ()) -> None:
        super().__init__(message)
        self.lines = lines


def product(
    *,
    name: str,
    url: str,
    keywords: Iterable[str],
    vertical: str,
    known: Iterable[str],
    merchant: str = "",
    priority: str = "",
) -> Product:
    """A product as it was said, checked. Without a merchant, the address's host is one.

    Raises:
        ValueError: what is wrong with it, in a sentence.
    """
    if vertical not in known:
        raise ValueError(f"there is no vertical {vertical!r}; there are: {', '.join(known) or 'none'}")
    if not squeeze(name):
        raise ValueError("it has no name")
    host = _host(url)
    phrases = list(dict.fromkeys(filter(None, map(squeeze, keywords))))
    if not phrases:
        raise ValueError("it has no keyword; several are parted by |")
    for phrase in phrases:
        if not is_phrase(phrase):
            raise ValueError(f"the keyword {phrase!r} has no letter or digit")
        if len(phrase) > _LONGEST_KEYWORD:
            raise ValueError(f"the keyword “{phrase[:30]}…” is longer than {_LONGEST_KEYWORD} characters")
    return Product(vertical, squeeze(name), squeeze(merchant) or host, url, phrases, _priority(priority))


def add(engine: sa.Engine, actor: str, **said: Any) -> Saved:
    """Keep one product, or bring the one of that name up to date; `said` is what `product` takes, but `known`.

    Raises:
        ProductsError: what is wrong with it.
    """
    with transaction(engine, actor) as connection:
        try:
            checked = product(**said, known=verticals(connection))
        except ValueError as error:
            raise ProductsError(f"The product can't be kept: {error}.") from None
        return store.save(connection, [checked])


def import_csv(engine: sa.Engine, actor: str, lines: Iterable[str], *, vertical: str | None) -> Saved:
    """Keep a file's products: all of them, or where anything is wrong none.

    Args:
        engine: of our database.
        actor: whom the log names.
        lines: of CSV with a heading: name, url, keywords (parted by |) and, as wanted, merchant, priority, vertical.
        vertical: the slug of the vertical for lines that name none.

    Raises:
        ProductsError: with the lines that are wrong.
    """
    with transaction(engine, actor) as connection:
        known = verticals(connection)
        products, bad = _read(lines, vertical, known)
        if bad:
            raise ProductsError("Nothing was kept.", bad)
        return store.save(connection, products)


def _read(lines: Iterable[str], vertical: str | None, known: Sequence[str]) -> tuple[list[Product], list[BadLine]]:
    products: list[Product] = []
    bad: list[BadLine] = []
    seen: dict[tuple[str, str], int] = {}
    for line, row in _rows(lines):
        try:
            checked = _checked(row, vertical, known)
        except ValueError as error:
            bad.append(BadLine(line, str(error)))
            continue
        first = seen.setdefault((checked.vertical, checked.name), line)
        if first != line:
            bad.append(BadLine(line, f"“{checked.name}” stands on line {first} already"))
        products.append(checked)
    if not products and not bad:
        raise ProductsError("The file has no product in it; nothing was kept.")
    return products, bad


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, Mapping[str | None, Any]]]:
    """Each row, by heading, with the line it begins on; empty lines are left out."""
    reader = csv.DictReader(lines, strict=True)
    try:
        headings = [heading.strip().lower() for heading in reader.fieldnames or ()]
        missing = [name for name in REQUIRED if name not in headings]
        unknown = [heading for heading in headings if heading not in REQUIRED + OPTIONAL]
        if missing or unknown or len(set(headings)) < len(headings):
            wrong = f"lacks {', '.join(missing)}" if missing else f"has {', '.join(unknown) or 'a heading twice'}"
            expected = f"{', '.join(REQUIRED)} and, as wanted, {', '.join(OPTIONAL)}"
            raise ProductsError(f"The heading {wrong}; it is to have {expected}. Nothing was kept.")
        reader.fieldnames = headings
        before = reader.line_num
        for row in reader:
            yield before + 1, row
            before = reader.line_num
    except csv.Error as error:
        raise ProductsError(f"Line {reader.line_num} is no CSV: {error}. Nothing was kept.") from None


def _checked(row: Mapping[str | None, Any], vertical: str | None, known: Sequence[str]) -> Product:
    if None in row or None in row.values():
        raise ValueError("it has not as many fields as the heading")
    return product(
        name=row["name"],
        url=row["url"].strip(),
        keywords=row["keywords"].split(BETWEEN_KEYWORDS),
        vertical=row.get("vertical", "").strip() or vertical or "",
        known=known,
        merchant=row.get("merchant", ""),
        priority=row.get("priority", ""),
    )


def _host(url: str) -> str:
    try:
        address = urlsplit(url)
    except ValueError:
        address = urlsplit("")
    if address.scheme not in {"http", "https"} or not address.hostname or any(char.isspace() for char in url):
        raise ValueError(f"{url!r} is no http or https address")
    return address.hostname


def _priority(said: str) -> int:
    try:
        priority = int(said.strip() or "0")
    except ValueError:
        raise ValueError(f"the priority {said!r} is no whole number") from None
    if abs(priority) > _HIGHEST_PRIORITY:
        raise ValueError(f"the priority {said} is beyond ±{_HIGHEST_PRIORITY:,}")
    return priority
