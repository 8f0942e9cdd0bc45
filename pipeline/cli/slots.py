"""`pressroom slots`: when accounts may post, and when they must not."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.markup import escape

from pipeline import clock
from pipeline.cli.closures import blackout, holidays, quiet
from pipeline.cli.console import engine, fail, harmless, out
from pipeline.cli.groups import ShowUnlessCommand
from pipeline.cli.layout import print_indented
from pipeline.cli.review_desk import As, acting_user
from pipeline.cli.slot_desk import account_of, every_account, keep_up_calendars
from pipeline.cli.slot_tables import print_account, print_days, told_closure, told_rule
from pipeline.vocabulary import SlotType

if TYPE_CHECKING:
    from datetime import date
    from uuid import UUID

    import sqlalchemy as sa

    from pipeline.scheduling.recurrence import Recurrence
    from pipeline.store.closures import Closure
    from pipeline.store.posting_rules import PostingRule

_ACTOR: Final = "pressroom slots"
_INDENT: Final = 4
_NEXT_SHOWN: Final = 3


app = typer.Typer(
    cls=ShowUnlessCommand,
    help="When accounts may post. Without a command: every account's rules. `slots ACCOUNT`: its coming days.",
)
app.command()(quiet)
app.command()(blackout)
app.command()(holidays)

Key = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's key, as `pressroom accounts` shows it.")]
Beginning = Annotated[str, typer.Argument(metavar="ID", help="Its id, as the list shows it; its beginning is enough.")]
Moment = Annotated[
    str, typer.Argument(metavar="TIME", help="The slot's, like 2026-12-24T18:00, by the account's clock.")
]


@app.callback(invoke_without_command=True)
def show_all(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    from pipeline.scheduling.closures import closures_of
    from pipeline.scheduling.model import HORIZON
    from pipeline.store import accounts, calendar_slots, closures, posting_rules

    keep_up_calendars()
    now = datetime.now(UTC)
    with engine().connect() as connection:
        rows = accounts.all_accounts(connection)
        ids = [account.id for account in rows]
        rules, closed = posting_rules.of(connection, ids), closures.of(connection, ids)
        free = calendar_slots.free_by_account(connection, now, now + HORIZON)
    for account in rows:
        own = [rule for rule in rules if rule.account_id == account.id]
        of_account = closures_of(closed, account.id)
        print_account(account.account_key, account.timezone, own, of_account, free.get(account.id, 0), HORIZON.days)
    out.print("\nAn account's coming days: pressroom slots ACCOUNT", highlight=False)


@app.command()
def show(key: Key, days: Annotated[int, typer.Option(min=1, max=56, help="How many.")] = 7) -> None:
    """An account's coming days: its slots, which are locked or kept for a campaign, and which posts hold theirs."""
    from datetime import timedelta

    from pipeline.scheduling.closures import spans_of
    from pipeline.store import calendar_slots

    keep_up_calendars()
    now = datetime.now(UTC)
    account, ends = account_of(key), now + timedelta(days=days)
    with engine().connect() as connection:
        entries = calendar_slots.entries(connection, account.id, now, ends)
        closed = spans_of(connection, [account.id], now, ends)[account.id]
    out.print(f"[bold]{key}[/]  [dim]{account.timezone}[/]", highlight=False)
    print_days(entries, closed, account.timezone)
    if not entries:
        print_indented(f"no slots in the next {days} days", _INDENT)


@app.command()
def add(
    key: Key,
    when: Annotated[
        list[str],
        typer.Argument(
            help="Days and times: tue,thu 09:00,17:30; mon-fri 9:00; 1,last 12:00; 2tue 9:00; or times only."
        ),
    ] = [],  # noqa: B006 - typer's way to say "none"
    *,
    every: Annotated[
        str | None, typer.Option(help="day, week, month, or such as '2 weeks'. Default: as the days say.")
    ] = None,
    rrule: Annotated[
        str | None, typer.Option(help="A rule of RFC 5545 instead of days; then WHEN is its times.")
    ] = None,
    slot_type: Annotated[SlotType, typer.Option("--type", help="prime is worth more, test less.")] = SlotType.REGULAR,
    locked: Annotated[
        bool, typer.Option("--locked", help="Planning takes none of them; only a time you say does.")
    ] = False,
    starts_on: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day. Default: today.")
    ] = None,
    ends_on: Annotated[datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="The last day.")] = None,
    campaign: Annotated[str | None, typer.Option(help="Keep its slots for this campaign's posts.")] = None,
) -> None:
    """Say when an account may post. Its first rule replaces the default (07:00 to 22:00, hourly, every day)."""
    from pipeline.store import calendar_slots, posting_rules
    from pipeline.store.database import transaction

    account = account_of(key)
    today = clock.local(datetime.now(UTC), account.timezone).date()
    recurrence = _recurrence(
        " ".join(when),
        every,
        rrule,
        starts_on.date() if starts_on else today,
        ends_on.date() if ends_on else None,
        account.timezone,
    )
    if recurrence.ends_on is not None and recurrence.ends_on < today:
        fail(f"Its last day, {recurrence.ends_on}, is over.")
    with transaction(engine(), _ACTOR) as connection:
        rule_id = posting_rules.add(
            connection,
            posting_rules.NewRule(
                account_id=account.id,
                rrule=recurrence.rule,
                times=recurrence.times,
                starts_on=recurrence.starts_on,
                ends_on=recurrence.ends_on,
                slot_type=slot_type,
                is_locked=locked,
                campaign_id=_campaign_id(connection, campaign),
            ),
        )
    if rule_id is None:
        fail(f"{key} has that rule already.")
    keep_up_calendars()
    with engine().connect() as connection:
        rule = next(rule for rule in posting_rules.of(connection, [account.id]) if rule.id == rule_id)
        coming = calendar_slots.next_of_rule(connection, rule_id, _NEXT_SHOWN)
    out.print(f"Added: {escape(told_rule(rule))}", highlight=False)
    shown = ", ".join(f"{clock.local(at, account.timezone):%a %d %b %H:%M}" for at in coming)
    print_indented(
        f"its next slots: {shown}" if shown else "no slot of it within the calendar: closed, or later", _INDENT
    )


@app.command()
def remove(beginning: Beginning) -> None:
    """Take away a rule, quiet hours, a blackout or holidays. What is booked stays booked."""
    from pipeline.store import closures, posting_rules
    from pipeline.store.database import transaction

    found = _found(beginning)
    if not isinstance(found, posting_rules.PostingRule):
        with transaction(engine(), _ACTOR) as connection:
            closures.remove(connection, found.id)
        told = told_closure(found)
    elif found.is_default:
        fail("It is the default rule; the first that you add replaces it: pressroom slots add ACCOUNT WHEN")
    else:
        with transaction(engine(), _ACTOR) as connection:
            posting_rules.remove(connection, found)
        told = told_rule(found)
    keep_up_calendars()
    out.print(f"Removed: {escape(harmless(told))}", highlight=False)


@app.command()
def lock(key: Key, at: Moment, who: As = None) -> None:
    """Keep planning from one slot; only a time that somebody says takes it. Holds until it is unlocked."""
    _set_lock(key, at, who, is_locked=True)


@app.command()
def unlock(key: Key, at: Moment, who: As = None) -> None:
    """Let planning have one slot, whatever its rule says."""
    _set_lock(key, at, who, is_locked=False)


@app.command()
def sync() -> None:
    """Make every account's calendar anew from its rules; nothing of it changes where nothing has changed."""
    from pipeline.store import calendar_slots
    from pipeline.store.database import transaction

    with transaction(engine(), _ACTOR) as connection:
        calendar_slots.call_for(connection, None)
    out.print(f"The calendars of {keep_up_calendars()} accounts are up to date.", highlight=False)


def _recurrence(
    when: str, every: str | None, rrule: str | None, starts_on: "date", ends_on: "date | None", zone_name: str
) -> "Recurrence":
    from pipeline.scheduling import written
    from pipeline.scheduling.recurrence import RuleError, recurrence

    try:
        if rrule is None:
            rule, times = written.rule_of(when, every)
        elif every is not None:
            raise RuleError("--rrule says itself how often; leave --every away.")  # noqa: TRY301
        else:
            rule, times = rrule, written.clock_times(when) if when else []
        return recurrence(rule, times, starts_on, ends_on, zone_name)
    except RuleError as error:
        fail(escape(harmless(str(error))))


def _set_lock(key: str, at: str, who: str | None, *, is_locked: bool) -> None:
    from pipeline.store import calendar_slots
    from pipeline.store.database import transaction

    account, person = account_of(key), acting_user(who)
    keep_up_calendars()
    try:
        moment = clock.parse(at, account.timezone)
    except clock.TimeError as error:
        fail(escape(harmless(str(error))))
    with transaction(engine(), person.full_name) as connection:
        found = calendar_slots.set_lock(connection, account.id, moment, person.full_name, is_locked=is_locked)
    told = clock.told(moment, account.timezone)
    if not found:
        fail(f"{key} has no slot at {told} {account.timezone}; it has these: pressroom slots {key}")
    out.print(f"{key} {told} is {'locked' if is_locked else 'not locked'} now.", highlight=False)


def _found(beginning: str) -> "PostingRule | Closure":
    from pipeline.store import closures, posting_rules

    with engine().connect() as connection:
        ids = [account.id for account in every_account()]
        everything = [*posting_rules.of(connection, ids), *closures.of(connection, ids)]
    found = [each for each in everything if beginning and str(each.id).startswith(beginning.lower())]
    if len(found) != 1:
        said = escape(harmless(repr(beginning)))
        fail(f"{said} is {'more than one' if found else 'none'} of those that `pressroom slots` lists.")
    return found[0]


def _campaign_id(connection: "sa.Connection", name: str | None) -> "UUID | None":
    from pipeline.store.campaigns import UnknownCampaignError, campaign

    if name is None:
        return None
    try:
        return campaign(connection, name).id
    except UnknownCampaignError as error:
        fail(escape(harmless(str(error))))
