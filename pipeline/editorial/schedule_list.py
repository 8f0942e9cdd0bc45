"""Times for many posts from a CSV file, as `pressroom calendar export` writes it: all of them or none."""

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from pipeline import clock
from pipeline.editorial import moving
from pipeline.editorial.desk import ReviewError
from pipeline.editorial.moving import Rescheduled, Taken
from pipeline.scheduling.calendar_csv import REQUIRED
from pipeline.store import calendar
from pipeline.store.database import transaction
from pipeline.store.takedowns import Version
from pipeline.store.users import User
from pipeline.vocabulary import DistributionStatus, PostStatus

_TOLD: Final = 10
"""So many problems at most are named; who has more mends these first."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list, as it was written. `timezone` is empty where the account's is meant."""

    number: int
    canonical_id: str
    account_key: str
    at: str
    timezone: str


def read(text: str) -> list[Line]:
    """The lines of a CSV file with the columns `REQUIRED`, found by their names; one that names no post is left out.

    A spreadsheet whose locale has the decimal comma separates by semicolons; that is taken too.

    Raises:
        ReviewError: it is no CSV, or a column is missing.
    """
    head = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",", strict=True)
    try:
        missing = [name for name in REQUIRED if name not in (rows.fieldnames or ())]
        if missing:
            raise ReviewError(
                f"The list has no column {', '.join(missing)}. Its first line names the columns: "
                f"{', '.join(REQUIRED)}. `pressroom calendar export --format csv` writes such a list."
            )
        return [
            Line(rows.line_num, *((row[name] or "").strip() for name in REQUIRED))
            for row in rows
            if (row["post"] or "").strip()
        ]
    except csv.Error as error:
        raise ReviewError(f"The list can't be read as CSV, line {rows.line_num}: {error}.") from None


def bring_in(engine: sa.Engine, lines: Sequence[Line], publisher: User, *, dry_run: bool = False) -> Rescheduled:
    """Give each version its time of the list. A line that says what is so already changes nothing.

    With `dry_run` everything is tried, told, and undone.

    Raises:
        ReviewError: a line can't be done. The message names each such line; nothing was changed.
    """
    now = datetime.now(UTC)
    with transaction(engine, publisher.full_name) as connection, connection.begin_nested() as attempt:
        posts, problems = _take_all(connection, lines, publisher)
        times: dict[UUID, datetime] = {}
        for taken, own in posts:
            found, wrong = _times(taken, own, now)
            times |= found
            problems |= wrong
        _refuse(problems)
        everybody = [taken for taken, _ in posts]
        calendar.in_turn(connection, {account for taken in everybody for account in taken.accounts})
        moving.move_exactly(connection, everybody, times)
        for taken in everybody:
            moving.require_order(taken, times)
        done = moving.told(connection, everybody, times, now)
        if dry_run:
            attempt.rollback()
    return done


def _take_all(
    connection: sa.Connection, lines: Sequence[Line], publisher: User
) -> tuple[list[tuple[Taken, list[Line]]], dict[int, str]]:
    by_post: defaultdict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by_post[line.canonical_id].append(line)
    posts, problems = [], {}
    for canonical_id, own in sorted(by_post.items()):
        try:
            with connection.begin_nested():  # what can't be locked ends a transaction
                taken = moving.take(connection, canonical_id, publisher, allowed=set(PostStatus))
        except ReviewError as error:
            problems[own[0].number] = str(error)
        else:
            posts.append((taken, own))
    return posts, problems


def _times(taken: Taken, lines: Sequence[Line], now: datetime) -> tuple[dict[UUID, datetime], dict[int, str]]:
    """The new times, by version, and what is wrong with lines, by their numbers."""
    times, problems = {}, {}
    by_account: defaultdict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by_account[line.account_key].append(line)
    for account_key, own in by_account.items():
        versions = [
            version
            for version in taken.versions
            if version.account_key == account_key and version.status != DistributionStatus.CANCELLED
        ]
        if len(versions) != len(own):
            problems[own[0].number] = (
                f"{taken.post.canonical_id} has {len(versions)} versions on {account_key}, and the list {len(own)}."
            )
            continue
        for line, version in zip(own, versions, strict=True):
            try:
                at = _instant(line, version, now)
            except ReviewError as error:
                problems[line.number] = str(error)
            else:
                if at is not None:
                    times[version.id] = at
    return times, problems


def _instant(line: Line, version: Version, now: datetime) -> datetime | None:
    """None where it has that time already. Raises: ReviewError."""
    try:
        at = clock.parse(line.at, line.timezone or version.timezone)
    except clock.TimeError as error:
        raise ReviewError(str(error)) from None
    if at in (version.scheduled_for, version.published_at):
        return None
    if version.status != DistributionStatus.SCHEDULED:
        raise ReviewError(f"{line.canonical_id} is {version.status} on {line.account_key}: it has no time to move.")
    if at < now:
        raise ReviewError(f"{line.at} ({line.timezone or version.timezone} unless it says otherwise) is past.")
    return at


def _refuse(problems: Mapping[int, str]) -> None:
    if not problems:
        return
    told = [f"line {number}: {problem}" for number, problem in sorted(problems.items())[:_TOLD]]
    if len(problems) > _TOLD:
        told.append(f"and {len(problems) - _TOLD} more")
    raise ReviewError("\n".join(["Nothing was changed.", *told]))
