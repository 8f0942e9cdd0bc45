"""What the commands about slots share: whose they are, and calendars that are up to date."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.markup import escape

from pipeline.cli.console import engine, fail, harmless

if TYPE_CHECKING:
    from pipeline.store.accounts import AccountRow


def every_account() -> "list[AccountRow]":
    from pipeline.store.accounts import all_accounts

    with engine().connect() as connection:
        return all_accounts(connection)


def account_of(key: str) -> "AccountRow":
    """Ends the command where there is none."""
    from pipeline.store.accounts import UnknownAccountError, get

    try:
        with engine().connect() as connection:
            return get(connection, key)
    except UnknownAccountError as error:
        fail(escape(harmless(str(error))))


def keep_up_calendars() -> int:
    """Make the calendars that are due; returns how many."""
    from pipeline.scheduling.closing import HolidayError
    from pipeline.scheduling.materialise import CalendarBusyError, keep_up

    try:
        return keep_up(engine(), now=datetime.now(UTC))
    except (CalendarBusyError, HolidayError) as error:
        fail(escape(harmless(str(error))))
