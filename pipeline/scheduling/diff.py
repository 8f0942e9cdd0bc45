"""How a plan differs from an earlier one. Pure."""

from collections.abc import Iterable
from datetime import datetime

from pipeline.scheduling.proposal import Change, Entry, Known


def changes(before: Iterable[Known], after: Iterable[Entry], *, now: datetime) -> list[Change]:
    """What is new, elsewhere or gone, by time. What the earlier plan had before `now` went out meanwhile."""
    earlier = {entry.distribution_id: entry for entry in before}
    later = {entry.distribution_id: _known(entry) for entry in after}
    found = [
        Change(entry, earlier[id_].at if id_ in earlier else None, entry.at)
        for id_, entry in later.items()
        if id_ not in earlier or earlier[id_].at != entry.at
    ]
    found += [Change(entry, entry.at, None) for id_, entry in earlier.items() if id_ not in later and entry.at >= now]
    return sorted(found, key=_place)


def _place(change: Change) -> tuple[datetime, str, str]:
    at = change.after or change.before
    assert at is not None
    return at, change.entry.account_key, str(change.entry.distribution_id)


def _known(entry: Entry) -> Known:
    return Known(entry.distribution_id, entry.account_key, entry.timezone, entry.title, entry.at)
