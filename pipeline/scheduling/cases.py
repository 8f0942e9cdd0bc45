"""Posts as the choice of times reasons about them: who leads, who follows how, within which instants. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from pipeline.scheduling import values
from pipeline.scheduling.board import MICROSECOND, Clockwork
from pipeline.scheduling.model import AccountCalendar, Item, Version
from pipeline.vocabulary import TimingStrategy

_FAR = 2**62


@dataclass(frozen=True, slots=True)
class Part:
    """A version of a case, on the account of that number.

    `offset`: how long after its leader it is to go out; None where it has a best time of its own. `held`: its present
    instant. `explores`: it tries an hour to learn from it.
    """

    version: Version
    account: int
    is_home: bool
    offset: int | None
    held: int | None
    explores: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """A post to be placed, its instants as numbers: each from `begins` until, and without, `ends`.

    The leader is its home. Without one on this table it is None, and the others follow `home_at`; a post without any
    home is led by its first version, unless each has a best time of its own. `keeps_apart`: whether its own versions
    keep the story's spacing, as the timing does not say otherwise.
    """

    item: Item
    leader: Part | None
    followers: Sequence[Part]
    home_at: int | None
    begins: int
    ends: int
    half_life: timedelta
    spacing: int
    keeps_apart: bool

    @property
    def parts(self) -> Sequence[Part]:
        return self.followers if self.leader is None else [self.leader, *self.followers]

    @property
    def is_bounded(self) -> bool:
        return self.ends < _FAR

    @property
    def lead(self) -> int:
        """What followers follow where no version leads."""
        return self.begins if self.home_at is None else self.home_at


def case_of(
    item: Item, calendars: Sequence[AccountCalendar], numbers: Mapping[UUID, int], clockwork: Clockwork
) -> Case:
    """`numbers` are the places of the accounts in `calendars`. Versions of other accounts are left out."""
    optimized = item.timing.strategy == TimingStrategy.OPTIMIZED
    versions = [version for version in item.versions if version.account_id in numbers]
    if item.timing.strategy != TimingStrategy.STAGGERED:  # only there their order means something
        versions.sort(key=lambda version: (numbers[version.account_id], version.distribution_id))
    homes = [version for version in versions if calendars[numbers[version.account_id]].is_home]
    others = [version for version in versions if not calendars[numbers[version.account_id]].is_home]
    has_home = bool(homes) or item.home_at is not None
    parts = [_part(home, calendars, numbers, clockwork, offset=0) for home in homes]
    home_at = None if homes or item.home_at is None else clockwork.number(item.home_at)
    begins = max(0, *(clockwork.number(at) for at in (item.earliest, item.window and item.window.begins) if at))
    for nth, version in enumerate(others, start=int(has_home)):
        offset = None if optimized else nth * _stagger(item)
        if offset is not None and home_at is not None and home_at + offset < begins:
            offset = None  # too late to go out with its home: it has a best time of its own
        parts.append(_part(version, calendars, numbers, clockwork, offset=offset))
    leads = bool(homes) or bool(others and not has_home and not optimized)
    ends = [clockwork.number(at) for at in (item.deadline, item.window and item.window.ends) if at]
    return Case(
        item=item,
        leader=parts[0] if leads else None,
        followers=parts[1:] if leads else parts,
        home_at=home_at,
        begins=begins,
        ends=min([_FAR, *ends]),
        half_life=values.half_life(is_evergreen=item.is_evergreen, is_timely=item.deadline is not None),
        spacing=item.manners.story_spacing // MICROSECOND,
        keeps_apart=optimized,
    )


def _stagger(item: Item) -> int:
    return item.timing.stagger // MICROSECOND if item.timing.strategy == TimingStrategy.STAGGERED else 0


def _part(
    version: Version,
    calendars: Sequence[AccountCalendar],
    numbers: Mapping[UUID, int],
    clockwork: Clockwork,
    *,
    offset: int | None,
) -> Part:
    number = numbers[version.account_id]
    calendar = calendars[number]
    held = None if version.present is None else clockwork.number(version.present)
    return Part(
        version,
        number,
        is_home=calendar.is_home,
        offset=offset,
        held=held if held is not None and held >= 0 else None,  # what is past can be held no longer
        explores=_explores(version, calendar),
    )


def _explores(version: Version, calendar: AccountCalendar) -> bool:
    if not calendar.drawn or version.distribution_id in calendar.hours_of:  # an experiment tries its hours already
        return False
    return values.explores(version.distribution_id, calendar.exploring)
