"""`pressroom slots quiet`, `blackout` and `holidays`: when nothing is planned."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.markup import escape

from pipeline import clock
from pipeline.cli.console import engine, fail, harmless, out
from pipeline.cli.layout import print_indented
from pipeline.cli.slot_desk import account_of, every_account, keep_up_calendars
from pipeline.cli.slot_tables import taken_within

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    import sqlalchemy as sa

    from pipeline.store.accounts import AccountRow

_ACTOR: Final = "pressroom slots"
_EVERY_ACCOUNT: Final = "all"
_INDENT: Final = 4

KeyOrAll = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's key, or all.")]


def quiet(
    key: KeyOrAll,
    hours: Annotated[str, typer.Argument(help="Like 22:00-07:00, by each account's clock.")],
    days: Annotated[str, typer.Option(help="The days on which they begin: mon-fri; sat,sun.")] = "mon-sun",
) -> None:
    """Hours in which nothing is planned. A time that somebody says is kept all the same, with a warning."""
    from pipeline.scheduling.recurrence import RuleError
    from pipeline.scheduling.written import clock_time, weekdays
    from pipeline.store.closures import add_quiet_hours

    try:
        begins, dash, ends = hours.partition("-")
        if not dash:
            raise RuleError(f"{hours!r} has no end; write it like 22:00-07:00.")  # noqa: TRY301
        span, numbers = (clock_time(begins), clock_time(ends)), [(day + 1) % 7 for day in weekdays(days)]
    except RuleError as error:
        fail(escape(harmless(str(error))))
    _close(key, lambda connection, account_id: add_quiet_hours(connection, account_id, numbers, *span))


def blackout(
    key: KeyOrAll,
    begins: Annotated[str, typer.Argument(metavar="FROM", help="A day or a time, by each account's clock.")],
    ends: Annotated[str | None, typer.Argument(metavar="[UNTIL]", help="A day, whole, or a time.")] = None,
    *,
    reason: Annotated[str, typer.Option(help="Shown wherever it closes something.")],
) -> None:
    """Days or times when nothing is planned."""
    from pipeline.scheduling.recurrence import RuleError
    from pipeline.scheduling.written import local_window
    from pipeline.store.closures import add_blackout

    if not reason.strip():
        fail("Say the reason; it is shown wherever the blackout closes something.")
    try:
        window = local_window(begins, ends)
    except RuleError as error:
        fail(escape(harmless(str(error))))
    _close(key, lambda connection, account_id: add_blackout(connection, account_id, *window, reason.strip()))


def holidays(
    key: KeyOrAll,
    country: Annotated[str, typer.Argument(help="Two letters, ISO 3166: DE, US.")],
    subdivision: Annotated[str | None, typer.Argument(help="A part of it: BY, NY.")] = None,
) -> None:
    """Plan nothing on a country's public holidays."""
    from pipeline.scheduling.closing import HolidayError, require_holidays
    from pipeline.store.closures import add_holidays

    country = country.upper()
    try:
        require_holidays(country, subdivision)
    except HolidayError as error:
        fail(escape(harmless(str(error))))
    _close(key, lambda connection, account_id: add_holidays(connection, account_id, country, subdivision))


def _close(key: str, add_closure: "Callable[[sa.Connection, UUID | None], bool]") -> None:
    """Add a closure, make the calendars anew, and tell which posts stand in it."""
    from pipeline.store.database import transaction

    account = None if key == _EVERY_ACCOUNT else account_of(key)
    with transaction(engine(), _ACTOR) as connection:
        is_new = add_closure(connection, account.id if account else None)
    if not is_new:
        fail("That stands already: pressroom slots")
    keep_up_calendars()
    out.print("Added; the free slots in it are gone.", highlight=False)
    _tell_booked_within([account] if account else every_account())


def _tell_booked_within(accounts: "Sequence[AccountRow]") -> None:
    from pipeline.scheduling.closures import spans_of
    from pipeline.scheduling.model import HORIZON
    from pipeline.store import calendar_slots

    now = datetime.now(UTC)
    with engine().connect() as connection:
        closed = spans_of(connection, [account.id for account in accounts], now, now + HORIZON)
        for account in accounts:
            entries = calendar_slots.entries(connection, account.id, now, now + HORIZON)
            for entry in taken_within(entries, closed[account.id]):
                at = clock.told(entry.at, account.timezone)
                told = f"{entry.canonical_id or 'a post'} stays on {account.account_key} at {at}, which is closed"
                print_indented(f"{told}; to move it: pressroom schedule POST --at best", _INDENT)
