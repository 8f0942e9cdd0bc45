"""What a person reads of an alert. Its message says what happened, to which item, and which command leads on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pipeline.vocabulary import AlertKind


@dataclass(frozen=True, slots=True)
class Notice:
    """One message, whichever channel carries it. Its `id` is the same however often it is delivered."""

    id: str
    title: str
    text: str
    html: str | None = None
    replies_to: str | None = None


HEADLINES: Final = {
    AlertKind.FAILED: "Not published",
    AlertKind.UNKNOWN: "Published or not? Nobody knows",
    AlertKind.HELD: "Held back",
    AlertKind.PAUSED: "Account paused",
    AlertKind.WARNING: "Will not go out as it is",
    AlertKind.MISSED: "Slot missed",
    AlertKind.STUCK: "Stuck",
    AlertKind.UNDELIVERED: "Not delivered",
    AlertKind.NOT_TAKEN_BACK: "Not taken back from its platform",
    AlertKind.UNDERPERFORMING: "Does worse than others",
}


def of_alert(payload: Mapping[str, Any]) -> Notice:
    """The notice of an alert's beginning or end, from its outbox row (`store.alerts`)."""
    headline = f"{HEADLINES[AlertKind(payload['kind'])]}: {payload['subject']}"
    when = f"{datetime.fromisoformat(payload['at']):%Y-%m-%d %H:%M:%S} UTC"
    alert = f"alert {payload['id']} {payload['raised_at']}"
    if payload["event"] == "resolved":
        return Notice(
            id=f"{alert} resolved",
            title=f"Resolved: {headline}",
            text=f"It is over since {when}. It was:\n{payload['message']}",
            replies_to=alert,
        )
    return Notice(id=alert, title=headline, text=f"{payload['message']}\nSince {when}.")
