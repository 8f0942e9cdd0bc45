"""Campaigns in arms: what may be tried out, how many get which, and what the rest is sent.

A campaign kept by a sandbox of before there were any has no `variate`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import product
from typing import Any, Final, Literal

from pydantic import BaseModel, Field, field_validator, model_validator

from pipeline.sandbox.growth import Growth
from pipeline.sandbox.ledger import Document
from pipeline.sandbox.mailchimp.audience import recipients
from pipeline.sandbox.service import Call

MOST: Final = 8
_ALL: Final = 100
_HOUR: Final = 60


class VariateSettings(BaseModel):
    """What is not tried out is the campaign's own; send times are tried out on everybody, and have no winner."""

    winner_criteria: Literal["opens", "clicks", "manual", "total_revenue"]
    wait_time: int = Field(default=1440, gt=0)
    test_size: int = Field(default=_ALL, ge=10, le=_ALL)
    subject_lines: list[str] = Field(default_factory=list, max_length=MOST)
    send_times: list[datetime] = Field(default_factory=list, max_length=MOST)
    from_names: list[str] = Field(default_factory=list, max_length=MOST)
    reply_to_addresses: list[str] = Field(default_factory=list, max_length=MOST)

    @field_validator("wait_time")
    @classmethod
    def _in_hours(cls, minutes: int) -> int:
        if minutes % _HOUR:
            raise ValueError("Must be in whole hours, specified in minutes.")
        return minutes

    @model_validator(mode="after")
    def _names_have_addresses(self) -> "VariateSettings":
        if len(self.from_names) != len(self.reply_to_addresses):
            raise ValueError("The number of from_names must match the number of reply_to_addresses.")
        return self

    def kept(self) -> Document:
        kept: Document = self.model_dump(mode="json")
        return kept | ({"test_size": _ALL} if self.send_times else {})


def combinations(campaign: Document) -> list[Document]:
    """Every combination of what is tried out, each a campaign of its own by its id."""
    settings = campaign["variate"]
    places = (
        ("subject_line", len(settings["subject_lines"])),
        ("send_time", len(settings["send_times"])),
        ("from_name", len(settings["from_names"])),
        ("content_description", len(campaign["contents"])),
    )
    choices = [dict(zip((name for name, _ in places), each, strict=True)) for each in _choices(places)]
    drawn = _drawn(campaign, len(choices)) if campaign["sent"] else [0] * len(choices)
    return [
        {"id": f"{campaign['id'][:8]}{number:02}", **chosen, "reply_to": chosen["from_name"], "recipients": count}
        for number, (chosen, count) in enumerate(zip(choices, drawn, strict=True))
    ]


def fault(campaign: Document) -> str | None:
    """Why it can't be sent."""
    count = len(combinations(campaign))
    if not 1 < count <= MOST:
        return f"There must be 2 to {MOST} combinations, and there are {count}."
    return None


def winner(call: Call, campaign: Document) -> Document | None:
    """The best combination, once the campaign's wait is over; none where all have got one, or a person is to choose."""
    settings = campaign["variate"]
    wait = timedelta(minutes=settings["wait_time"])
    if settings["test_size"] == _ALL or settings["winner_criteria"] == "manual" or _age(call, campaign) < wait:
        return None
    figure = "opens" if settings["winner_criteria"] == "opens" else "subscriber clicks"
    return max(combinations(campaign), key=lambda each: _share(each["id"], figure, wait))


def rest(campaign: Document) -> int:
    """How many get none of the test's emails."""
    return everybody(campaign) - sum(_drawn(campaign, len(combinations(campaign))))


def everybody(campaign: Document) -> int:
    return int(recipients(campaign["segment_id"])["recipient_count"])


def winning_campaign(campaign: Document) -> str:
    """The id of the campaign that is made for the rest."""
    return f"{campaign['id'][:8]}ff"


def shown(call: Call, campaign: Document) -> Mapping[str, Any]:
    chosen = winner(call, campaign) if campaign["sent"] else None
    return {
        **campaign["variate"],
        "contents": [each["content_label"] for each in campaign["contents"]],
        "combinations": combinations(campaign),
        "winning_combination_id": chosen["id"] if chosen else "",
        "winning_campaign_id": winning_campaign(campaign) if chosen else "",
    }


def _choices(places: tuple[tuple[str, int], ...]) -> list[tuple[int, ...]]:
    return list(product(*(range(max(count, 1)) for _, count in places)))


def _drawn(campaign: Document, arms: int) -> list[int]:
    """How many readers each arm gets, as evenly as can be: who they are is all the same where nobody is real."""
    tested = everybody(campaign) * campaign["variate"]["test_size"] // _ALL
    return [len(range(place, tested, arms)) for place in range(arms)]


def _age(call: Call, campaign: Document) -> timedelta:
    return call.age(datetime.fromisoformat(campaign["sent"]))


def _share(id_: str, figure: str, age: timedelta) -> int:
    low, high = (0.15, 0.45) if figure == "opens" else (0.01, 0.08)
    return Growth(f"mailchimp/{id_}", age).share(figure, 1_000_000, low, high)
