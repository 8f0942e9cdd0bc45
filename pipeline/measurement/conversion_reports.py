"""Conversions out of files: reports of affiliate networks, and lists of one's own.

A network's report is read by what `text/networks.toml` says of its headings; one of one's own has the names of
`conversion_message` as its headings. All of a file is read, or nothing: what can't be is told line by line.
"""

import csv
import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Final, TypeVar
from uuid import UUID

from pydantic import ValidationError

from pipeline.measurement.conversion_message import Conversion
from pipeline.store.conversions import ToldConversion
from pipeline.text.networks import Network, Report
from pipeline.vocabulary import ConversionStatus

_T = TypeVar("_T")
_TITLE_LINES: Final = 10
"""A report may begin with lines about itself."""
_NO_LETTER: Final = re.compile(r"[^a-z0-9]+")
_CODE: Final = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
_GROUPED: Final = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+")
_SIGNS: Final = re.compile(r"[\s$€£¥₹]|[A-Z]{3}")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class BadLine:
    line: int
    reason: str


class ReportError(ValueError):
    """The file can't be read as the report; nothing was kept. `lines` are those that can't."""

    def __init__(self, message: str, lines: Sequence[BadLine] = ()) -> None:
        super().__init__(message)
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is to be read: what it does not say itself.

    `currency` is of amounts without one, `zone` of times without one, `date_format` is strptime's (None: ISO 8601), and
    `told_at` as of when the file is.
    """

    source: str
    told_at: datetime
    zone: tzinfo
    currency: str | None = None
    date_format: str | None = None
    decimal_comma: bool = False


def read_network(lines: Iterable[str], network: Network, reading: Reading) -> list[ToldConversion]:
    """Raises: ReportError."""
    if network.report is None:
        raise ReportError(f"How {network.title}'s reports look is not known; its links get sub-ids all the same.")
    table = _table(lines, [network.report.occurred_at, network.report.value])
    reader = _NetworkReader(network.report, network.title, reading, frozenset(table.headings))
    return _all_or_none(table, reader.told)


def read_own(lines: Iterable[str], reading: Reading) -> list[tuple[ToldConversion, str | None]]:
    """Each with the post that its line names by its id. Raises: ReportError."""
    table = _table(lines, [["id"], ["occurred_at"]])
    return _all_or_none(table, lambda cells: _own(cells, reading))


@dataclass(frozen=True, slots=True)
class _Table:
    """`headings` and the cells' keys are as `_plain` has them; rows are numbered as lines of the file."""

    headings: Sequence[str]
    rows: Iterator[tuple[int, Mapping[str, str]]]


def _table(lines: Iterable[str], needed: Sequence[Sequence[str]]) -> _Table:
    """The file from its headings on: the first line that has one of each of `needed`."""
    rest = iter(lines)
    before = list(itertools.islice(rest, _TITLE_LINES))
    for index, line in enumerate(before):
        delimiter = max(",;\t", key=line.count)
        headings = [_plain(cell) for cell in _cells(line, delimiter)]
        if all(any(_plain(name) in headings for name in names) for names in needed):
            reader = csv.DictReader(
                itertools.chain(before[index + 1 :], rest), fieldnames=headings, delimiter=delimiter
            )
            return _Table(headings, _rows(reader, index + 1))
    wanted = "; ".join(" or ".join(f"“{name}”" for name in names) for names in needed)
    raise ReportError(f"No line among the first {_TITLE_LINES} has the headings. Needed: {wanted}.")


def _keepable(cells: Mapping[str, str]) -> Mapping[str, str]:
    """Raises: ValueError: PostgreSQL takes no such text."""
    if any("\0" in cell for cell in cells.values()):
        raise ValueError("it holds a NUL")
    return cells


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:  # of a title, say, that holds a NUL
        return []


def _rows(reader: "csv.DictReader[str]", headings_at: int) -> Iterator[tuple[int, Mapping[str, str]]]:
    for row in reader:
        # None is the key of cells too many, and the value of those that a line lacks.
        cells = {name: (cell or "").strip() for name, cell in row.items() if isinstance(name, str)}
        filled = [cell for cell in cells.values() if cell]
        if filled and not filled[0].lower().startswith("total"):
            yield headings_at + reader.line_num, cells


def _all_or_none(table: _Table, read: Callable[[Mapping[str, str]], _T]) -> list[_T]:
    """Raises: ReportError."""
    found, bad = [], []
    try:
        for number, cells in table.rows:
            try:
                found.append(read(_keepable(cells)))
            except ValueError as error:
                bad.append(BadLine(number, str(error)))
    except csv.Error as error:
        raise ReportError(f"The file is no CSV: {error}; nothing was kept.") from None
    if bad:
        raise ReportError(f"Lines that can't be read: {len(bad)}; nothing was kept.", bad)
    return found


@dataclass(slots=True)
class _NetworkReader:
    """`headings` are the file's. Equal lines of a report without ids are counted, so that each is one conversion."""

    report: Report
    title: str
    reading: Reading
    headings: frozenset[str]
    seen: Counter[str] = field(default_factory=Counter)

    def told(self, cells: Mapping[str, str]) -> ToldConversion:
        """Raises: ValueError: the line can't be read; the message says why."""
        value_column = self._column(self.report.value) or ""
        value = _amount(cells[value_column], decimal_comma=self.reading.decimal_comma)
        code = self._cell(cells, self.report.code)
        merchant = self._cell(cells, self.report.merchant)
        return ToldConversion(
            source=self.reading.source,
            external_id=self._id(cells),
            occurred_at=_moment(self._cell(cells, self.report.occurred_at), self.reading),
            told_at=self.reading.told_at,
            kind="sale",
            value=value,
            currency=self._currency(cells, value_column) if value is not None else None,
            click_code=code if _CODE.fullmatch(code) else None,
            status=self._status(cells),
            detail={"network": self.title} | ({"merchant": merchant[:200]} if merchant else {}),
        )

    def _id(self, cells: Mapping[str, str]) -> str:
        if self.report.id:
            found = self._cell(cells, self.report.id)
            if not found:
                raise ValueError("it has no id")
            return found
        line = "\x1f".join(cells.get(_plain(name), "") for name in self.report.identity)
        digest = hashlib.sha256(line.encode()).hexdigest()[:32]
        self.seen[digest] += 1
        return f"{digest}-{self.seen[digest]}"

    def _currency(self, cells: Mapping[str, str], value_column: str) -> str:
        if value_column in map(_plain, self.report.in_usd):
            return "USD"
        found = self._cell(cells, self.report.currency).upper() or self.reading.currency
        if found is None:
            raise ValueError("it names no currency: say which (--currency EUR)")
        if not _CURRENCY.fullmatch(found):
            raise ValueError(f"{found!r} is no currency")
        return found

    def _status(self, cells: Mapping[str, str]) -> ConversionStatus:
        said = self._cell(cells, self.report.status).lower()
        if not said:
            return ConversionStatus.CONFIRMED
        if said not in self.report.words:
            raise ValueError(f"{said!r} is no status of {self.title} that is known")
        return ConversionStatus(self.report.words[said])

    def _column(self, names: Sequence[str]) -> str | None:
        return next((plain for name in names if (plain := _plain(name)) in self.headings), None)

    def _cell(self, cells: Mapping[str, str], names: Sequence[str]) -> str:
        column = self._column(names)
        return "" if column is None else cells[column]


def _own(cells: Mapping[str, str], reading: Reading) -> tuple[ToldConversion, str | None]:
    """Raises: ValueError."""
    names = {_plain(name): name for name in Conversion.model_fields if name != "detail"}
    unknown = sorted(cells.keys() - names.keys())
    if unknown:
        raise ValueError(f"headings that are not known: {', '.join(unknown)}; there are: {', '.join(names.values())}")
    said: dict[str, object] = {names[name]: cell for name, cell in cells.items() if cell}
    said["occurred_at"] = _moment(cells["occurredat"], reading)
    said["value"] = _amount(cells.get("value", ""), decimal_comma=reading.decimal_comma)
    if said["value"] is not None:
        said.setdefault("currency", reading.currency)
    said.setdefault("source", reading.source)
    try:
        conversion = Conversion.model_validate(said)
    except ValidationError as error:
        raise ValueError("; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())) from None
    return conversion.told(reading.told_at, None), conversion.post


def with_posts(told: Sequence[tuple[ToldConversion, str | None]], posts: Mapping[str, UUID]) -> list[ToldConversion]:
    """With the posts that the lines name. Raises: ReportError: there is no such post."""
    missing = sorted({post for _, post in told if post is not None and post not in posts})
    if missing:
        raise ReportError(f"There is no post {', '.join(missing[:5])}; nothing was kept.")
    return [replace(each, post_id=posts[post]) if post is not None else each for each, post in told]


def _plain(heading: str) -> str:
    """A heading as they are compared."""
    return _NO_LETTER.sub("", heading.lower().removeprefix("\ufeff"))


def _amount(cell: str, *, decimal_comma: bool) -> Decimal | None:
    """Raises: ValueError: it is no amount, or one that could be read in two ways."""
    bare = _SIGNS.sub("", cell)
    if not bare:
        return None
    sign = 1
    if bare.startswith("(") and bare.endswith(")"):
        sign, bare = -1, bare[1:-1]
    elif bare[0] in "-−+":  # noqa: RUF001 - the typographic minus
        sign, bare = (1 if bare[0] == "+" else -1), bare[1:]
    if decimal_comma:
        bare = bare.replace(".", "").replace(",", ".")
    if not _GROUPED.fullmatch(bare):
        raise ValueError(f"{cell!r} is no amount; of 1.234,50 say --decimal-comma")
    try:
        return sign * Decimal(bare.replace(",", ""))
    except InvalidOperation:
        raise ValueError(f"{cell!r} is no amount") from None


def _moment(cell: str, reading: Reading) -> datetime:
    """Raises: ValueError."""
    if not cell:
        raise ValueError("it has no date")
    try:
        moment = (
            datetime.fromisoformat(cell)
            if reading.date_format is None
            else datetime.strptime(cell, reading.date_format)  # noqa: DTZ007 - its zone is set below
        )
    except ValueError:
        known = "--date-format" if reading.date_format is None else f"{reading.date_format!r}"
        raise ValueError(f"{cell!r} is no date that can be read without, or by, {known}") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=reading.zone)
