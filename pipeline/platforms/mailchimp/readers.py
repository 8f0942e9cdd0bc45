"""Who reads an audience's emails: a list's members, and each day's comings and goings."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from pipeline.platforms.audience import Audience, AudienceDay
from pipeline.platforms.mailchimp.api import Api


def audience(api: Api, list_id: str) -> Audience:
    """Whoever is subscribed. Raises: CallError."""
    members = api.members(list_id)
    days = (_day(each) for each in api.activity(list_id))
    return Audience(members if isinstance(members, int) else None, tuple(day for day in days if day))


def _day(told: Mapping[str, Any]) -> AudienceDay | None:
    """With those that were imported, or removed by hand; None where the day can't be read."""
    try:
        day = date.fromisoformat(str(told.get("day")))
    except ValueError:
        return None
    return AudienceDay(day, _sum(told, "subs", "other_adds"), _sum(told, "unsubs", "other_removes"))


def _sum(told: Mapping[str, Any], *names: str) -> int | None:
    """None where one of them isn't told."""
    counts = [count for name in names if isinstance(count := told.get(name), int)]
    return sum(counts) if len(counts) == len(names) else None
