"""What would keep a scheduled distribution from going out as it should, told with what to do about it. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline import clock
from pipeline.distribution.accounts import AccountUnusableError
from pipeline.distribution.hashing import version_hash
from pipeline.distribution.reach import Answer, dead_links, missing_media
from pipeline.platforms.base import Identity, PlatformUnavailableError
from pipeline.platforms.content import Problem
from pipeline.scheduling.pace import Departure
from pipeline.store.accounts import AccountRow
from pipeline.store.early_warnings import EarlierText, Upcoming
from pipeline.vocabulary import AccountState, ErrorKind, WarningKind, WarningStage

AccountAnswer = Identity | PlatformUnavailableError | AccountUnusableError


@dataclass(frozen=True, slots=True)
class Outlook:
    """A distribution and everything that was found out about its way.

    `departure` is when it would leave, None where its account does not send. `answers` are those of its `links` and
    media. `alike` is the most similar text of the account and its likeness, None where none comes near.
    """

    item: Upcoming
    account: AccountRow
    answer: AccountAnswer
    problems: Sequence[Problem]
    departure: Departure | None
    links: Sequence[str]
    answers: Mapping[str, Answer]
    alike: tuple[EarlierText, float] | None


def warnings_of(outlook: Outlook, on_time: timedelta) -> dict[WarningKind, str]:
    """What is found, one message a kind; later than `on_time` after its time counts as late."""
    found = {kind: " ".join(look(outlook)) for kind, look in _LOOKS.items()}
    found[WarningKind.QUOTA] = " ".join(_lateness(outlook, on_time))
    return {kind: message for kind, message in found.items() if message}


def _account(outlook: Outlook) -> Iterator[str]:
    account, item = outlook.account, outlook.item
    key = account.account_key
    if account.state == AccountState.PAUSED:
        yield f"The account {key} is paused ({account.state_reason}). Resume it: pressroom accounts resume {key}."
    if item.vertical_paused is not None:
        yield f"Its vertical is paused ({item.vertical_paused}). Let it go on: pressroom schedule resume."
    if account.held_until is not None and account.held_until > item.scheduled_for and not item.is_handed_over:
        yield f"The account {key} rests until {local_time(item, account.held_until)}, and it goes out after that."
    if _unreachable(outlook.answer) and item.stage == WarningStage.HOUR:
        yield f"The platform of {key} could not be asked ({outlook.answer}). Is it down, or is our network?"


def _credentials(outlook: Outlook) -> Iterator[str]:
    key, answer = outlook.account.account_key, outlook.answer
    check = f"then ask: pressroom accounts check {key}."
    match answer:
        case AccountUnusableError(passes=False) as unusable:
            yield f"The account {key} can't be used: {unusable} Mend it, {check}"
        case PlatformUnavailableError(error=error) if error.kind == ErrorKind.AUTH:
            yield f"The platform refuses the credentials of {key} ({error.message}). Renew them, {check}"
        case Identity(missing_scopes=missing) if missing:
            yield f"The credentials of {key} lack the permission: {', '.join(missing)}. Grant it, {check}"
    if isinstance(answer, Identity) and answer.expires_at and answer.expires_at <= outlook.item.scheduled_for:
        end = local_time(outlook.item, answer.expires_at)
        yield f"The credentials of {key} end on {end}, before its time. Renew them, {check}"


def _lateness(outlook: Outlook, on_time: timedelta) -> Iterator[str]:
    """Of what its platform holds, none: that keeps to its hour whatever the account sends."""
    departure, item = outlook.departure, outlook.item
    if item.is_handed_over or departure is None or departure.at - item.scheduled_for <= on_time:
        return
    late = _duration(departure.at - item.scheduled_for)
    yield (
        f"It would go out {late} late, on {local_time(item, departure.at)}, by {departure.limit} and what the account "
        f"{outlook.account.account_key} sends before. Give it another time, or change what comes before."
    )


def _content(outlook: Outlook) -> Iterator[str]:
    item = outlook.item
    if item.approved_hash != version_hash(item):
        yield "Its content is not what was approved. Review it again: it would be held."
    if outlook.problems:
        said = "; ".join(f"{problem.field}: {problem.message}" for problem in outlook.problems)
        yield f"Its platform would not take it ({said}). Change the text and review it again."


def _media(outlook: Outlook) -> Iterator[str]:
    missing = missing_media(outlook.item.media_urls, outlook.answers, certain=outlook.item.stage == WarningStage.DAY)
    if missing:
        yield f"{' '.join(missing)} Put the file there, or change the post."


def _links(outlook: Outlook) -> Iterator[str]:
    dead = dead_links(outlook.links, outlook.answers, certain=outlook.item.stage == WarningStage.DAY)
    if dead:
        yield f"{' '.join(dead)} Readers would find nothing there: mend the page or change the link."


def _near_duplicate(outlook: Outlook) -> Iterator[str]:
    if outlook.alike is not None:
        other, likeness = outlook.alike
        said = other.title or " ".join(other.body.split())[:60]
        yield (
            f"It says {likeness:.0%} the same as “{said}” of {local_time(outlook.item, other.at)} on the same account "
            f"({str(other.id)[:8]}). Platforms refuse or hide repetitions: change it, or leave one out."
        )


_LOOKS: Mapping[WarningKind, Callable[[Outlook], Iterator[str]]] = {
    WarningKind.ACCOUNT: _account,
    WarningKind.CREDENTIALS: _credentials,
    WarningKind.CONTENT: _content,
    WarningKind.MEDIA: _media,
    WarningKind.LINK: _links,
    WarningKind.NEAR_DUPLICATE: _near_duplicate,
}


def _unreachable(answer: AccountAnswer) -> bool:
    match answer:
        case PlatformUnavailableError(error=error):
            return error.kind != ErrorKind.AUTH
        case AccountUnusableError(passes=passes):
            return passes
        case _:
            return False


def local_time(item: Upcoming, moment: datetime) -> str:
    """A moment as the distribution's own zone reads it."""
    return f"{clock.told(moment, item.timezone)} {item.timezone}"


def _duration(time: timedelta) -> str:
    minutes = round(time.total_seconds() / 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{minutes} min"
