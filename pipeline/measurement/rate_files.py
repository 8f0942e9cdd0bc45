"""Exchange rates out of files: one's own list, or the reference rates as the European Central Bank gives them.

The bank's (https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/, the CSV file) has
a line a day and a column a currency, in units for one euro; N/A where there is none. A list of one's own has the
headings currency, date and usd_per_unit.
"""

import csv
from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from pipeline.store.exchange_rates import Rate

_OWN: Final = {"currency", "date", "usd_per_unit"}
_DIGITS: Final = 12
"""Significant ones that a rate across the euro keeps."""


class RatesError(ValueError):
    """The file can't be read; the message says which line."""


def read_rates(lines: Iterable[str], source: str) -> list[Rate]:
    """Raises: RatesError."""
    reader = csv.DictReader(lines, skipinitialspace=True)
    headings = {(name or "").strip() for name in reader.fieldnames or ()}
    if not headings >= _OWN and not headings >= {"Date", "USD"}:
        raise RatesError("Its headings are neither currency, date, usd_per_unit nor the European Central Bank's.")
    rates: list[Rate] = []
    for row in reader:
        cells = {name.strip(): (cell or "").strip() for name, cell in row.items() if isinstance(name, str)}
        try:
            rates += [_own(cells, source)] if headings >= _OWN else _of_a_day(cells, source)
        except (ValueError, InvalidOperation, ZeroDivisionError) as error:
            why = "an amount can't be read" if isinstance(error, ArithmeticError) else str(error)
            raise RatesError(f"Line {reader.line_num}: {why}; nothing was kept.") from None
    return rates


def _own(cells: dict[str, str], source: str) -> Rate:
    return _rate(cells["currency"], cells["date"], Decimal(cells["usd_per_unit"]), source)


def _of_a_day(cells: dict[str, str], source: str) -> list[Rate]:
    """Dollars for each currency, across the euro. A day without dollars tells nothing."""
    usd = _number(cells["USD"])
    if usd is None:
        return []
    found = [_rate("EUR", cells["Date"], usd, source)]
    for currency, cell in cells.items():
        per_euro = _number(cell) if currency not in ("Date", "USD", "") else None
        if per_euro is not None:
            found.append(_rate(currency, cells["Date"], round_to(usd / per_euro), source))
    return found


def round_to(rate: Decimal) -> Decimal:
    """With as many digits as are worth keeping."""
    return rate.normalize() if rate == 0 else rate.quantize(Decimal(1).scaleb(rate.adjusted() - _DIGITS + 1))


def _number(cell: str) -> Decimal | None:
    return None if cell in ("", "N/A") else Decimal(cell)


def _rate(currency: str, day: str, usd_per_unit: Decimal, source: str) -> Rate:
    if len(currency) != 3 or not currency.isascii() or not currency.isupper() or currency == "USD":  # noqa: PLR2004
        raise ValueError(f"{currency!r} is no currency beside the dollar")
    if not usd_per_unit.is_finite() or usd_per_unit <= 0:
        raise ValueError(f"a rate is above zero, not {usd_per_unit}")
    return Rate(currency, date.fromisoformat(day), usd_per_unit, source)
