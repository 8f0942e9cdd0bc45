"""The posting hours that were learned of accounts: rows of `platform_patterns`."""

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from pipeline.store.tables import platform_patterns, platforms
from pipeline.timing import PostingHour

PATTERN_TYPE: Final = "timing"
PATTERN_NAME: Final = "optimal_posting_times"


class PostingHoursError(Exception):
    """A stored pattern does not hold posting hours; the message names the account."""


class _Hour(BaseModel):
    day_of_week: Annotated[int, Field(ge=0, le=6)]
    hour: Annotated[int, Field(ge=0, le=23)]


_TEMPLATE: Final = TypeAdapter(list[_Hour])


def learned(connection: sa.Connection, account_ids: Sequence[UUID]) -> dict[UUID, frozenset[PostingHour]]:
    """The learned hours of those accounts that have any; the template is a list of {"day_of_week", "hour"}.

    Raises:
        PostingHoursError: a template holds something else.
    """
    pattern = platform_patterns.c
    rows = connection.execute(
        sa.select(pattern.platform_id, pattern.pattern_template, platforms.c.account_key)
        .join(platforms, platforms.c.id == pattern.platform_id)
        .where(
            pattern.platform_id.in_(account_ids),
            pattern.pattern_type == PATTERN_TYPE,
            pattern.pattern_name == PATTERN_NAME,
        )
    )
    found = {}
    for row in rows:
        try:
            hours = _TEMPLATE.validate_python(row.pattern_template)
        except ValidationError as error:
            raise PostingHoursError(
                f"The learned posting hours of {row.account_key} can't be read: {error.errors()[0]['msg']}."
            ) from None
        if hours:
            found[row.platform_id] = frozenset(PostingHour(hour.day_of_week, hour.hour) for hour in hours)
    return found
