"""The calendar as CSV (RFC 4180), which people change in a spreadsheet and `pressroom schedule import` reads."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from pipeline import clock
from pipeline.store.calendar_view import Entry
from pipeline.text.spreadsheets import harmless_cell

REQUIRED: Final = ("post", "account", "at", "timezone")
"""The columns that an import takes; what else there is, it leaves."""

_COLUMNS: Final = (*REQUIRED, "utc", "status", "fixed", "title", "url")


def to_csv(entries: Iterable[Entry]) -> str:
    """A line an entry, under a line of names.

    `at` is by the account's clock. It carries its offset only where the local time alone would name another instant:
    the second of a repeated hour.
    """
    written = io.StringIO()
    lines = csv.writer(written)
    lines.writerow(_COLUMNS)
    for entry in entries:
        row = (
            entry.canonical_id or "",
            entry.account_key,
            _local(entry.at, entry.timezone),
            entry.timezone,
            f"{entry.at:%Y-%m-%dT%H:%M:%SZ}",
            entry.status,
            "yes" if entry.is_pinned else "no",
            entry.title,
            entry.url or "",
        )
        lines.writerow([harmless_cell(cell) for cell in row])
    return written.getvalue()


def _local(at: datetime, zone_name: str) -> str:
    local = clock.local(at, zone_name)
    if clock.instant(local, zone_name) == at:
        return local.isoformat(" ")
    return at.astimezone(clock.zone(zone_name)).isoformat(" ")
