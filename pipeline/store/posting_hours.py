"""The posting hours that were learned of accounts: rows of `platform_patterns`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.tables import platform_patterns, platforms
from pipeline.timing import PostingHour

PATTERN_TYPE: Final = "timing"
PATTERN_NAME: Final = "optimal_posting_times"

_GOOD: Final = 1.0
_Worth = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class PostingHoursError(Exception):
    """A stored pattern does not hold posting hours; the message names the account."""


class ListedHour(BaseModel):
    """A good hour, and no more is said of it: so a person, or an importer, may state them."""

    day_of_week: Annotated[int, Field(ge=0, le=6)]
    hour: Annotated[int, Field(ge=0, le=23)]

    @property
    def posting_hour(self) -> PostingHour:
        return PostingHour(self.day_of_week, self.hour)


class WeighedHour(ListedHour):
    """Its worth is relative to a good hour of its account, which is 1, and lies with 90 % between `low` and `high`;
    `drawn` is one draw of what it may be. `n` publications went out in it. `beats_mean`: whether it is surely better
    than the week as a whole (True), surely worse (False), or neither (None).
    """

    value: _Worth
    low: _Worth
    high: _Worth
    n: Annotated[int, Field(ge=0)]
    drawn: _Worth
    beats_mean: bool | None = None


class LearnedWeek(BaseModel):
    """What was learned of an account. `hours` is empty where there was not enough to go by. `exploring` is the share of
    its versions that go by the draws of `drawn_for`, an ISO week, instead of the values. `weight` is what the
    publications counted for, the older the less.
    """

    version: Literal[1] = 1
    learned_at: datetime
    publications: Annotated[int, Field(ge=0)]
    weight: Annotated[float, Field(ge=0)]
    age_hours: int
    exploring: Annotated[float, Field(ge=0, le=1)]
    drawn_for: str
    hours: list[WeighedHour]


@dataclass(frozen=True, slots=True)
class PostingHours:
    """What the hours of an account's local week are worth to planning, 1 for a good one; what they were drawn to be,
    for the share `exploring` of its versions.
    """

    values: Mapping[PostingHour, float]
    drawn: Mapping[PostingHour, float]
    exploring: float


_TEMPLATE: Final[TypeAdapter[LearnedWeek | list[ListedHour]]] = TypeAdapter(LearnedWeek | list[ListedHour])


def learned(connection: sa.Connection, account_ids: Sequence[UUID]) -> dict[UUID, PostingHours]:
    """The learned hours of those accounts that have any.

    Raises:
        PostingHoursError: a template holds something else.
    """
    rows = _rows(connection, platform_patterns.c.platform_id.in_(account_ids))
    found = {row.platform_id: _hours(_parsed(row)) for row in rows}
    return {id_: hours for id_, hours in found.items() if hours.values}


def stated(connection: sa.Connection) -> set[UUID]:
    """Accounts of which hours are kept that were not learned: a list, or what waits unreadable for a person."""
    return {row.platform_id for row in _rows(connection, sa.true()) if not _is_learned(row.pattern_template)}


def week_of(connection: sa.Connection, account_key: str) -> LearnedWeek | list[ListedHour] | None:
    """What is kept of an account: as it was learned, or the hours that somebody listed; None if nothing.

    Raises:
        PostingHoursError: the template holds something else.
    """
    row = _rows(connection, platforms.c.account_key == account_key).one_or_none()
    return None if row is None else _parsed(row)


def keep(connection: sa.Connection, weeks: Mapping[UUID, LearnedWeek]) -> None:
    """What was learned of each account, in the place of what was there."""
    if not weeks:
        return
    statement = insert(platform_patterns)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["platform_id", "pattern_type", "pattern_name"],
            set_={"pattern_template": statement.excluded.pattern_template},
        ),
        [
            {
                "platform_id": id_,
                "pattern_type": PATTERN_TYPE,
                "pattern_name": PATTERN_NAME,
                "pattern_template": week.model_dump(mode="json"),
            }
            # In one order, so that two who keep at once wait for each other instead of both.
            for id_, week in sorted(weeks.items())
        ],
    )


def parsed(template: Any) -> PostingHours | None:
    """A template's hours; None if it holds something else."""
    try:
        return _hours(_TEMPLATE.validate_python(template))
    except ValidationError:
        return None


def _is_learned(template: Any) -> bool:
    try:
        return isinstance(_TEMPLATE.validate_python(template), LearnedWeek)
    except ValidationError:
        return False


def _rows(connection: sa.Connection, of: sa.ColumnElement[bool]) -> sa.CursorResult[Any]:
    pattern = platform_patterns.c
    return connection.execute(
        sa.select(pattern.platform_id, pattern.pattern_template, platforms.c.account_key)
        .join(platforms, platforms.c.id == pattern.platform_id)
        .where(of, pattern.pattern_type == PATTERN_TYPE, pattern.pattern_name == PATTERN_NAME)
    )


def _parsed(row: sa.Row[Any]) -> LearnedWeek | list[ListedHour]:
    try:
        return _TEMPLATE.validate_python(row.pattern_template)
    except ValidationError as error:
        raise PostingHoursError(
            f"The learned posting hours of {row.account_key} can't be read: {error.errors()[0]['msg']}."
        ) from None


def _hours(template: LearnedWeek | list[ListedHour]) -> PostingHours:
    if isinstance(template, LearnedWeek):
        return PostingHours(
            {hour.posting_hour: hour.value for hour in template.hours},
            {hour.posting_hour: hour.drawn for hour in template.hours},
            template.exploring,
        )
    return PostingHours({hour.posting_hour: _GOOD for hour in template}, {}, 0.0)
