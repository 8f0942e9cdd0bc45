"""Why a distribution is where it is, and what happens to it next, in words for a person. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from pipeline.vocabulary import AccountState, DistributionStatus, PostStatus

OVERDUE_AFTER: Final = timedelta(minutes=15)
"""Free to be sent for so long and not sent: then nobody is sending."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database knows of a distribution, as of `now`.

    `free_at` and `limited_by` are its account's (see `store.health`). `home_status` is that of a home page which is not
    published yet. `lane_worker` is who sends another post of the account at this moment, and `others_first` whether
    other posts of it are due before this one. `handed_over_for` is the instant for which its platform holds it, or may
    hold it: since when it says so, and what last went wrong about that, are beside it.
    """

    id: UUID
    status: DistributionStatus
    now: datetime
    account_key: str
    account_state: AccountState
    account_reason: str | None
    canonical_id: str | None
    post_status: PostStatus | None
    approved: bool
    external_url: str | None
    taken_down_at: datetime | None
    takedown_error: str | None
    error_message: str | None
    hold_reason: str | None
    retry_count: int
    next_attempt_at: datetime | None
    leased_by: str | None
    lease_until: datetime | None
    settle_until: datetime | None
    reconcile_at: datetime | None
    person_asked_at: datetime | None
    free_at: datetime | None
    limited_by: str | None
    home_status: DistributionStatus | None
    lane_worker: str | None
    others_first: bool
    vertical_paused: str | None
    handed_over_for: datetime | None
    held_since: datetime | None
    handover_trouble: str | None


def why(facts: Facts) -> str:
    """The reason for its state, in one line; of what is live, its address."""
    return "; ".join(filter(None, [_WHY[facts.status](facts), _what_its_platform_holds(facts)]))


def next_step(facts: Facts) -> str:
    """What happens to it next and when, or what a person can do; empty where it has come to its end."""
    return _NEXT[facts.status](facts)


def waits_for(facts: Facts) -> list[str]:
    """What keeps a scheduled one from going out at its time, as far as one can see; empty where it is free."""
    if facts.status != DistributionStatus.SCHEDULED or facts.next_attempt_at is None:
        return []
    reasons = []
    if facts.account_state == AccountState.PAUSED:
        reasons.append(f"account paused: {facts.account_reason}")
    if facts.vertical_paused is not None:
        reasons.append(f"vertical paused: {facts.vertical_paused}")
    if facts.free_at is not None and facts.free_at > max(facts.now, facts.next_attempt_at):
        reasons.append(f"the account may not send before {_at(facts.free_at, facts.now)} ({facts.limited_by})")
    if facts.home_status is not None:
        reasons.append(f"waits for its home page, which is {facts.home_status}")
    if facts.lane_worker is not None:
        reasons.append(f"{facts.lane_worker} is sending another post of the account")
    if facts.others_first:
        reasons.append("others of the account are due before it")
    return reasons


def is_overdue(facts: Facts) -> bool:
    """Whether it might have been sent for a while, and nobody did."""
    if facts.status != DistributionStatus.SCHEDULED or facts.next_attempt_at is None or waits_for(facts):
        return False
    if facts.handed_over_for is not None:
        return False
    return facts.now - _possible_at(facts) > OVERDUE_AFTER


def _why_scheduled(facts: Facts) -> str:
    reasons = list(filter(None, [facts.error_message, *waits_for(facts)]))
    if is_overdue(facts):
        reasons.append(f"might have gone out since {_at(_possible_at(facts), facts.now)}, and nothing keeps it")
    if reasons or facts.handed_over_for is not None:
        return "; ".join(reasons)
    return "waits for its time" if _possible_at(facts) > facts.now else "is about to go out"


def _what_its_platform_holds(facts: Facts) -> str:
    """Empty where it holds nothing of it, as far as anybody knows."""
    if facts.handed_over_for is None or facts.status == DistributionStatus.PUBLISHED:
        return ""
    at = _at(facts.handed_over_for, facts.now)
    trouble = f" ({facts.handover_trouble})" if facts.handover_trouble else ""
    if not _is_left_there(facts):
        return f"its platform holds it for {at}, and is asked for it back{trouble}"
    if facts.held_since is None:
        return f"it is being handed to its platform for {at}{trouble}"
    return f"its platform holds it, and publishes it by itself at {at}{trouble}"


def _is_left_there(facts: Facts) -> bool:
    return (
        facts.status == DistributionStatus.SCHEDULED
        and facts.next_attempt_at == facts.handed_over_for
        and facts.account_state == AccountState.ACTIVE
        and facts.vertical_paused is None
    )


def _why_publishing(facts: Facts) -> str:
    until = _at(facts.lease_until, facts.now)
    if _lease_is_live(facts):
        return f"{facts.leased_by} is sending it, and has the lease until {until}"
    return f"{facts.leased_by} went silent while it sent it: the lease ran out {until}"


def _why_unknown(facts: Facts) -> str:
    since = f"; waits for a person since {_at(facts.person_asked_at, facts.now)}" if facts.person_asked_at else ""
    return f"may be live: {facts.error_message}{since}"


def _why_published(facts: Facts) -> str:
    where = facts.external_url or "live, at an address that nobody noted"
    if facts.taken_down_at is not None:
        return f"was taken down {_at(facts.taken_down_at, facts.now)}: {where}"
    return f"{where}, and is not taken down: {facts.takedown_error}" if facts.takedown_error else where


def _what_becomes_of_it(facts: Facts) -> str:
    if facts.post_status != PostStatus.ARCHIVED or facts.taken_down_at is not None:
        return ""
    if facts.takedown_error is None:
        return "Its post was archived: it is taken down as soon as the outbox is delivered."
    return "Its post was archived: take it down by hand, or see pressroom outbox."


def _when_it_goes_out(facts: Facts) -> str:
    if facts.handed_over_for is not None and _is_left_there(facts):
        return "The platform is asked, right after its time, whether it is live."
    if facts.handed_over_for is not None:
        return "Nobody sends it before its platform has given it back."
    which = f"Try {facts.retry_count + 1}" if facts.retry_count else "It"
    return f"{which} goes out when {kept}" if (kept := _what_keeps_it(facts)) else _how_soon(facts, which)


def _what_keeps_it(facts: Facts) -> str:
    if facts.account_state == AccountState.PAUSED:
        return f"the account is active again: pressroom accounts resume {facts.account_key}"
    if facts.vertical_paused is not None:
        return "its vertical goes on: pressroom schedule resume"
    return "" if facts.home_status is None else "its home page is live."


def _how_soon(facts: Facts, which: str) -> str:
    at = _possible_at(facts)
    if at > facts.now:
        turn = ", or when its turn comes." if facts.others_first else "."
        return f"{which} goes out at {_at(at, facts.now)}{turn}"
    if is_overdue(facts):
        return "Does anything publish? `pressroom up` does, and `pressroom worker`."
    return f"{which} goes out as soon as its turn comes."


def _how_it_ends(facts: Facts) -> str:
    if _lease_is_live(facts):
        return "The platform's answer is written down as soon as it comes."
    return "Its outcome becomes unknown, and the platform is asked, by the job reconcile."


def _how_it_becomes_known(facts: Facts) -> str:
    asked = f"The platform is asked at {_at(facts.reconcile_at, facts.now)}"
    if facts.reconcile_at is not None and facts.reconcile_at <= facts.now:
        asked = "The platform is asked as soon as the job reconcile runs"
    if facts.person_asked_at is None:
        return f"{asked}. If it is not there, it is sent again, but not before {_at(facts.settle_until, facts.now)}."
    return (
        f"Look whether it is there. If it is: {_command('mark-published', facts)} URL. If not: "
        f"{_command('retry', facts)} --not-there, or cancel. {asked} as well."
    )


def _who_decides_held(facts: Facts) -> str:
    if facts.approved:
        return f"A person decides: {_command('release', facts)} (or mark-published, cancel)"
    if facts.post_status in (PostStatus.DRAFT, PostStatus.REVIEW):
        return f"Change the post, and what is held is made anew: pressroom review edit {facts.canonical_id}"
    return _without_approval(facts)


def _who_decides_failed(facts: Facts) -> str:
    if facts.approved:
        return f"A person decides: {_command('retry', facts)} (or mark-published, cancel)"
    return _without_approval(facts)


def _without_approval(facts: Facts) -> str:
    return f"No approval of it holds, so it can't be sent: {_command('cancel', facts)} (or mark-published)"


_WHY: Final[Mapping[DistributionStatus, Callable[[Facts], str]]] = {
    DistributionStatus.DRAFT: lambda facts: "waits for approval",  # noqa: ARG005 - it is a reason without facts
    DistributionStatus.SCHEDULED: _why_scheduled,
    DistributionStatus.PUBLISHING: _why_publishing,
    DistributionStatus.PUBLISHED: _why_published,
    DistributionStatus.FAILED: lambda facts: facts.error_message or "",
    DistributionStatus.UNKNOWN: _why_unknown,
    DistributionStatus.HELD: lambda facts: facts.hold_reason or "",
    DistributionStatus.CANCELLED: lambda facts: facts.error_message or "",
}
_NEXT: Final[Mapping[DistributionStatus, Callable[[Facts], str]]] = {
    DistributionStatus.DRAFT: lambda facts: f"A reviewer decides: pressroom review show {facts.canonical_id}",
    DistributionStatus.SCHEDULED: _when_it_goes_out,
    DistributionStatus.PUBLISHING: _how_it_ends,
    DistributionStatus.PUBLISHED: _what_becomes_of_it,
    DistributionStatus.FAILED: _who_decides_failed,
    DistributionStatus.UNKNOWN: _how_it_becomes_known,
    DistributionStatus.HELD: _who_decides_held,
    DistributionStatus.CANCELLED: lambda facts: "",  # noqa: ARG005 - the end
}


def _command(verb: str, facts: Facts) -> str:
    return f"pressroom distributions {verb} {str(facts.id)[:8]}"


def _possible_at(facts: Facts) -> datetime:
    """When it may be sent: by its own time and its account's pace."""
    assert facts.next_attempt_at is not None
    return max(facts.next_attempt_at, facts.free_at) if facts.free_at else facts.next_attempt_at


def _lease_is_live(facts: Facts) -> bool:
    return facts.lease_until is not None and facts.lease_until > facts.now


def _at(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "—"
    return f"{moment:%H:%M:%S} UTC" if moment.date() == now.date() else f"{moment:%Y-%m-%d %H:%M} UTC"
