"""Tells people of publications and posts that do badly, each with what to try: the reports that find them, as alerts.

The reports have a minimum age (a publication of an hour had no chance yet) and compare at equal age; see their heads
in `sql/queries`. What they suggest is a rule's word, not a judgement, and the alert says what it goes by.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from pipeline.store import alerts
from pipeline.store.database import transaction
from pipeline.store.reports import Report, run_report
from pipeline.vocabulary import AlertKind

ACTOR: Final = "performance watch"
MOST_OPEN: Final = 10
"""Alerts of one report that are open at a time, the worst first. More of them nobody acts on; the report has all."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does badly: the alert's subject, and what a person is told."""

    subject: str
    message: str


@dataclass(frozen=True, slots=True)
class Told:
    """Subjects: what people hear of now, and what is over, either way. `untold` counts what waits for room."""

    raised: Sequence[str]
    over: Sequence[str]
    untold: int


def tell(engine: sa.Engine) -> Told:
    """Raise an alert for what does badly, and end those of what does not any more. Safe to repeat at any time."""
    with engine.connect() as connection:
        reports = {name: run_report(connection, name) for name in _FINDS}
        open_subjects = {
            alert.subject for alert in alerts.open_alerts(connection) if alert.kind is AlertKind.UNDERPERFORMING
        }
    found = {name: [_FINDS[name](row) for row in _rows(report)] for name, report in reports.items()}
    subjects = {finding.subject for findings in found.values() for finding in findings}
    over = sorted(open_subjects - subjects)
    for subject in over:
        with transaction(engine, ACTOR) as connection:
            _end(connection, subject)
    raised, untold = [], 0
    for findings in found.values():
        due = [finding for finding in findings if finding.subject not in open_subjects]
        room = max(0, MOST_OPEN - (len(findings) - len(due)))
        untold += len(due[room:])
        for finding in due[:room]:
            with transaction(engine, ACTOR) as connection:
                alerts.raise_alert(connection, AlertKind.UNDERPERFORMING, finding.subject, finding.message)
            raised.append(finding.subject)
    return Told(raised, over, untold)


def _end(connection: sa.Connection, subject: str) -> None:
    """A fading post that is read again is good news. A first chance that passed has only become too old to tell of."""
    if subject.startswith(_FADING):
        alerts.resolve(connection, AlertKind.UNDERPERFORMING, subject)
    else:
        alerts.put_away(connection, AlertKind.UNDERPERFORMING, subject)


def _rows(report: Report) -> list[dict[str, Any]]:
    return [dict(zip(report.columns, row, strict=True)) for row in report.rows]


_FADING: Final = "fading post "


def _publication(row: Mapping[str, Any]) -> Finding:
    did = (
        f"“{row['title']}” had {_count(row['engagements'])} engagements on {row['account']} at an age at which "
        f"{_count(row['usual_engagements'])} are usual there. "
    )
    again = f" pressroom recycle now {row['canonical_id']} --on {row['account']}" if row["canonical_id"] else ""
    advice = {
        "retitle": "As many saw it as see others, and few did anything. Try other words or another picture:"
        f"{again or ' tell it again in other words.'}",
        "re-time": f"Fewer saw it, and it went out at none of the account's good hours (pressroom timing "
        f"{row['account']}). Tell it again at one of them:{again or ' as a new post.'}",
        "recycle": f"Too few saw it to say what it is worth. Tell it again some other day:{again or ' as a new post.'}",
    }
    return Finding(alerts.about(row["id"]), did + advice[row["suggestion"]])


def _new_post(row: Mapping[str, Any]) -> Finding:
    usual = f", where {_count(row['usual_views'])} are usual" if row["usual_views"] is not None else ""
    did = (
        f"“{row['title']}” had {_count(row['views'])} views in its first days{usual}, and {row['bounce_rate']:.0%} of "
        "its visitors left at once. "
    )
    advice = {
        "retitle": "Few come at all: announce it again in other words, with another picture: pressroom recycle now "
        f"{row['canonical_id']}",
        "refresh": "They come and do not stay: give it another opening. A live page is not changed; write it anew, "
        f"pressroom new, and take this one down: pressroom review archive {row['canonical_id']}",
    }
    return Finding(f"post {row['canonical_id']}", did + advice[row["suggestion"]])


def _fading_post(row: Mapping[str, Any]) -> Finding:
    did = (
        f"“{row['title']}” had {_count(row['views'])} views in the last weeks, {_count(row['views_before'])} in those "
        f"before; like others of its age it would have had {_count(row['expected_views'])}. "
    )
    advice = {
        "recycle": f"It is evergreen: tell it again. pressroom recycle now {row['canonical_id']}",
        "refresh": "Bring it up to date: write it anew, pressroom new, and take this one down: "
        f"pressroom review archive {row['canonical_id']}",
        "unlist": f"Hardly anybody is left to miss it. Take it down: pressroom review archive {row['canonical_id']}",
    }
    return Finding(f"{_FADING}{row['canonical_id']}", did + advice[row["suggestion"]])


def _count(value: float) -> str:
    return f"{value:,.0f}"


_FINDS: Final = {"weak_publications": _publication, "underperformers": _new_post, "content_decay": _fading_post}
