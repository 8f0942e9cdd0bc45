"""What the publish engine promises, as a model without a database, a clock or a thread."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum, auto
from uuid import UUID

from pipeline.vocabulary import DistributionStatus as Status
from pipeline.vocabulary import GroupStatus

MAX_TRIES = 2
NOT_OUT = {Status.DRAFT, Status.SCHEDULED, Status.HELD, Status.FAILED, Status.CANCELLED}


class Event(StrEnum):
    """What may happen to an attempt."""

    PUBLISHED = auto()
    REJECTED = auto()
    UNAVAILABLE = auto()
    RATE_LIMITED = auto()
    AUTH = auto()
    ANSWER_LOST = auto()
    """The platform took it, and nobody heard."""
    REQUEST_LOST = auto()
    """It never arrived, and nobody knows."""
    LATE = auto()
    """The lease ran out, nobody has asked the platform yet, and the worker's answer still comes."""
    OVERTAKEN = auto()
    """The lease ran out and the platform was asked before the worker, waking up, sent it after all."""
    OVERTAKEN_BEFORE_A_STEP = auto()
    """The same, and the worker noticed by the handle that it was to keep."""


class Passing(StrEnum):
    """What the passing of time brings."""

    LEASES = auto()
    QUESTIONS = auto()
    SETTLING = auto()
    RATE_LIMITS = auto()


class Action(StrEnum):
    """What a person may do."""

    RETRY = auto()
    RELEASE = auto()
    HOLD = auto()
    CANCEL = auto()
    MARK_PUBLISHED = auto()


@dataclass
class Account:
    is_home: bool = False
    paused: bool = False
    rests: bool = False


@dataclass
class Distribution:
    """`effects` are the platform's; `by_hand` is a person's, on a page of their own making."""

    id: UUID
    account: str
    post: UUID
    status: Status = Status.SCHEDULED
    tries: int = 0
    effects: int = 0
    by_hand: bool = False
    as_approved: bool = True
    leased: bool = False
    settled: bool = False
    to_be_asked: bool = False


@dataclass
class Model:
    accounts: dict[str, Account]
    distributions: dict[UUID, Distribution] = field(default_factory=dict)
    published_posts: set[UUID] = field(default_factory=set)

    def of_post(self, post: UUID) -> list[Distribution]:
        return [each for each in self.distributions.values() if each.post == post]

    def posts(self) -> set[UUID]:
        return {each.post for each in self.distributions.values()}

    def ready(self) -> list[Distribution]:
        return [each for each in self.distributions.values() if self.may_go(each)]

    def stopped(self) -> list[Distribution]:
        """What its account keeps back, due or not."""
        kept_back = {key for key, account in self.accounts.items() if account.paused or account.rests}
        return [each for each in self.distributions.values() if each.account in kept_back]

    def unfinished(self) -> list[Distribution]:
        over = (Status.PUBLISHED, Status.CANCELLED)
        return [each for each in self.distributions.values() if each.status not in over]

    def something_unresolved(self) -> bool:
        lost = any(not each.leased for each in self._in(Status.PUBLISHING))
        return lost or any(each.to_be_asked for each in self._in(Status.UNKNOWN))

    def waits_for_time(self) -> bool:
        moving = any(each.status in (Status.PUBLISHING, Status.UNKNOWN) for each in self.distributions.values())
        return moving or any(account.rests for account in self.accounts.values())

    def may_go(self, item: Distribution) -> bool:
        """Whether a claim would take it, were it due."""
        account = self.accounts[item.account]
        lane_is_taken = any(each.leased for each in self.distributions.values() if each.account == item.account)
        home_is_done = account.is_home or all(
            home.status in (Status.PUBLISHED, Status.CANCELLED) for home in self._homes(item.post)
        )
        idle = not (account.paused or account.rests or lane_is_taken)
        return item.status == Status.SCHEDULED and idle and home_is_done

    def send(self, item: Distribution, event: Event) -> None:
        if self.may_go(item) and item.as_approved:
            self._attempt(item, event)
        elif self.may_go(item):
            item.status = Status.HELD

    def _attempt(self, item: Distribution, event: Event) -> None:
        item.effects += event in (Event.PUBLISHED, Event.LATE, Event.ANSWER_LOST)
        match event:
            case Event.PUBLISHED:
                self._publish(item)
            case Event.LATE:
                self._expire()
                self._publish(item)
            case Event.REJECTED:
                item.status = Status.FAILED
            case Event.UNAVAILABLE:
                self._try_again(item)
            case Event.RATE_LIMITED:
                self.accounts[item.account].rests = True
            case Event.AUTH:
                self.accounts[item.account].paused = True
            case Event.ANSWER_LOST | Event.REQUEST_LOST:
                self._lose(item)
            case Event.OVERTAKEN | Event.OVERTAKEN_BEFORE_A_STEP:
                self._overtake(item)
                item.effects += event == Event.OVERTAKEN

    def claim_and_die(self, item: Distribution, *, sent: bool) -> None:
        item.status, item.leased = Status.PUBLISHING, True
        item.effects += sent

    def time_passes(self, what: Passing) -> None:
        match what:
            case Passing.LEASES:
                for item in self._in(Status.PUBLISHING):
                    item.leased = False
            case Passing.QUESTIONS | Passing.SETTLING:
                for item in self._in(Status.UNKNOWN):
                    item.to_be_asked = True
                    item.settled |= what == Passing.SETTLING
            case Passing.RATE_LIMITS:
                for account in self.accounts.values():
                    account.rests = False

    def pause(self, key: str, *, paused: bool) -> None:
        self.accounts[key].paused = paused

    def reconcile(self, *, platform_answers: bool) -> None:
        self._expire()
        for item in self._in(Status.UNKNOWN):
            if not item.to_be_asked:
                continue
            item.to_be_asked = False
            if platform_answers and item.effects:
                self._publish(item)
            elif platform_answers and item.settled:
                self._try_again(item)

    def act(self, item: Distribution, action: Action) -> bool:
        """A person who looks before they speak. Returns whether the engine lets them."""
        was_looked_for = item.status != Status.UNKNOWN or not item.effects
        match action, item.status:
            case Action.RETRY, Status.FAILED | Status.UNKNOWN if was_looked_for and item.as_approved:
                item.status, item.tries = Status.SCHEDULED, 0
            case Action.RELEASE, Status.HELD if item.as_approved:
                item.status, item.tries = Status.SCHEDULED, 0
            case Action.HOLD, Status.SCHEDULED:
                item.status = Status.HELD
            case Action.CANCEL, Status.SCHEDULED | Status.HELD | Status.FAILED | Status.UNKNOWN if was_looked_for:
                item.status = Status.CANCELLED
            case Action.MARK_PUBLISHED, Status.FAILED | Status.UNKNOWN | Status.HELD:
                item.by_hand = not item.effects
                self._publish(item)
            case _:
                return False
        return True

    def group_status(self, post: UUID) -> GroupStatus:
        statuses = [each.status for each in self.of_post(post)]
        ends, alive = set(statuses), [status for status in statuses if status != Status.CANCELLED]
        if ends <= {Status.FAILED, Status.CANCELLED}:
            return GroupStatus.FAILED
        if ends == {Status.PUBLISHED}:
            return GroupStatus.COMPLETED
        if ends <= {Status.PUBLISHED, Status.FAILED, Status.CANCELLED}:
            return GroupStatus.PARTIAL
        if set(alive) <= {Status.DRAFT, Status.SCHEDULED, Status.HELD}:
            return GroupStatus.PENDING
        return GroupStatus.IN_PROGRESS

    def _publish(self, item: Distribution) -> None:
        item.status = Status.PUBLISHED
        homes = [home for home in self._homes(item.post) if home.status != Status.CANCELLED]
        if self.accounts[item.account].is_home or not homes:
            self.published_posts.add(item.post)

    def _expire(self) -> None:
        for item in self._in(Status.PUBLISHING):
            if not item.leased:
                self._lose(item)
                item.to_be_asked = True

    def _overtake(self, item: Distribution) -> None:
        """Whoever finds that the lease ran out asks about such leases only.

        What else it would put back into the queue would go out within the same run.
        """
        later = [each for each in self._in(Status.UNKNOWN) if each.to_be_asked]
        for each in later:
            each.to_be_asked = False
        self._lose(item)
        item.to_be_asked = True
        self.reconcile(platform_answers=True)
        for each in later:
            each.to_be_asked = True

    def _lose(self, item: Distribution) -> None:
        item.status, item.settled, item.leased, item.to_be_asked = Status.UNKNOWN, False, False, False

    def _try_again(self, item: Distribution) -> None:
        if item.tries + 1 >= MAX_TRIES:
            item.status = Status.FAILED
        else:
            item.status, item.tries = Status.SCHEDULED, item.tries + 1

    def _homes(self, post: UUID) -> list[Distribution]:
        return [each for each in self.of_post(post) if self.accounts[each.account].is_home]

    def _in(self, status: Status) -> Iterator[Distribution]:
        return iter([each for each in self.distributions.values() if each.status == status])
