"""Accounts and posts for the choice of times, by hand and by hypothesis."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st

from pipeline.scheduling.model import AccountCalendar, Booked, Item, Manners, Slot, Span, Version
from pipeline.scheduling.pace import Pace
from pipeline.timing import PostingHour, Timing
from pipeline.vocabulary import SlotType, TimingStrategy

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
"""A Monday."""

_ZONES = ["UTC", "Europe/Berlin", "Asia/Kolkata", "Pacific/Auckland"]
_STORIES = ["flood", "vote", "match"]
_TOPICS = ["a", "b", "c"]


def hours(*numbers, day=23, slot_type=SlotType.REGULAR):
    return [Slot(datetime(2026, 11, day, hour, tzinfo=UTC), slot_type) for hour in numbers]


def at(hour, minute=0, day=23):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def account(number, slots=(), *, is_home=False, worth=None, **others):
    """`worth`: what an hour of Monday in UTC is worth."""
    others = {"values": {PostingHour(1, hour): value for hour, value in (worth or {}).items()}, **others}
    return AccountCalendar(UUID(int=number), f"account-{number}", "mastodon", "UTC", is_home, slots=slots, **others)


def item(name, *accounts, timing=TimingStrategy.SIMULTANEOUS, stagger=0, **others):
    """A post with a version for each of the accounts."""
    versions = [Version(UUID(bytes=f"{name:>14.14}{nth:02}".encode()), each.id) for nth, each in enumerate(accounts)]
    others = {"earliest": NOW, "story": name, **others}
    return Item(name, versions, Timing(timing, timedelta(minutes=stagger)), **others)


def by_id(*accounts):
    return {each.id: each for each in accounts}


_minutes = st.integers(0, 4 * 24 * 4).map(lambda quarters: timedelta(minutes=15 * quarters))
_instants = _minutes.map(lambda after: NOW + after)
_paces = st.builds(
    Pace,
    st.sampled_from([timedelta(0), timedelta(minutes=45), timedelta(hours=3)]),
    st.none() | st.integers(1, 2),
    st.none() | st.integers(1, 3),
    st.none() | st.integers(0, 3),
    st.just(NOW - timedelta(minutes=5)),
    st.just(NOW + timedelta(hours=30)),
)
_campaigns = st.none() | st.just(UUID(int=99))


@st.composite
def _accounts(draw, number):
    booked = draw(
        st.lists(
            st.builds(
                Booked,
                _instants | st.just(NOW - timedelta(minutes=20)),
                st.none() | st.just(UUID(int=7)),
                st.none() | st.sampled_from(_STORIES),
                st.frozensets(st.sampled_from(_TOPICS), max_size=1),
            ),
            max_size=3,
            unique_by=lambda each: each.at,
        )
    )
    held = {each.at for each in booked}
    slots = draw(
        st.lists(
            st.builds(Slot, _instants, st.sampled_from(SlotType), _campaigns),
            max_size=20,
            unique_by=lambda each: each.at,
        )
    )
    spans = draw(st.lists(st.tuples(_instants, st.integers(1, 600)), max_size=2))
    return AccountCalendar(
        id=UUID(int=number + 1),
        key=f"account-{number}",
        platform="x",
        timezone=draw(st.sampled_from(_ZONES)),
        is_home=number == 0,
        pace=draw(_paces),
        sent=sorted(draw(st.lists(_minutes.map(lambda before: NOW - before), max_size=3))),
        booked=sorted(booked, key=lambda each: each.at),
        slots=sorted((slot for slot in slots if slot.at not in held), key=lambda slot: slot.at),
        values=draw(st.dictionaries(st.builds(PostingHour, st.integers(0, 6), st.integers(0, 23)), st.floats(0.1, 1))),
        closed=[Span(begins, begins + timedelta(minutes=length), "quiet hours") for begins, length in spans],
    )


@st.composite
def _items(draw, number, accounts):
    timing = draw(
        st.builds(
            Timing,
            st.sampled_from(TimingStrategy),
            st.sampled_from([timedelta(minutes=15), timedelta(minutes=60)]),
        )
    )
    chosen = draw(st.lists(st.sampled_from(accounts), min_size=1, max_size=3, unique_by=lambda each: each.id))
    versions = [
        Version(UUID(int=1000 * (number + 1) + nth), each.id, draw(st.none() | _instants))
        for nth, each in enumerate(chosen)
    ]
    window = draw(st.none() | st.tuples(_instants, st.integers(1, 72)))
    return Item(
        canonical_id=f"post-{number}",
        versions=versions,
        timing=timing,
        earliest=draw(_instants | st.just(NOW - timedelta(days=1))),
        story=draw(st.sampled_from(_STORIES)),
        post_id=UUID(int=7 + number),
        home_at=draw(st.none() | _instants | st.just(NOW - timedelta(hours=2))),
        deadline=draw(st.none() | _instants),
        window=window and Span(window[0], window[0] + timedelta(hours=window[1]), "campaign"),
        campaign_id=draw(_campaigns),
        topics=draw(st.frozensets(st.sampled_from(_TOPICS), max_size=2)),
        is_evergreen=draw(st.booleans()),
        manners=Manners(draw(st.sampled_from([timedelta(0), timedelta(hours=1)])), timedelta(minutes=30)),
    )


@st.composite
def worlds(draw):
    """Up to three accounts, the first a home, and up to six posts for them."""
    accounts = [draw(_accounts(number)) for number in range(draw(st.integers(1, 3)))]
    items = [draw(_items(number, accounts)) for number in range(draw(st.integers(0, 6)))]
    return items, by_id(*accounts)
