"""What became of the distributions, and whether our database and the platforms tell the same story.

The platforms' ledger is the truth; for the site, the folder that readers are served from.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.platforms.offer import Guarantee
from pipeline.platforms.registry import adapter_class
from pipeline.store import tables
from pipeline_tests.torture.newsroom import Newsroom, Sent

_AT_REST = ("published", "failed", "held", "cancelled")


@dataclass(frozen=True, slots=True)
class Effect:
    """`at` is None on the site: a file does not tell when it was first there."""

    external_id: str
    at: datetime | None


@dataclass(slots=True)
class Verdict:
    """`violations` are sentences, by distribution."""

    counts: Counter[str] = field(default_factory=Counter)
    violations: dict[UUID, list[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        return "\n".join(f"{id_}: {said}" for id_, all_said in self.violations.items() for said in all_said)


VIOLATIONS = (
    "lost",
    "stuck",
    "duplicated",
    "marked but absent",
    "live but unmarked",
    "misremembered",
    "requeued blindly",
)

_OPEN = sa.text("select distribution_id from publish_attempts where outcome is null")
# Each attempt leaves the state `publishing` once. Most platforms refuse a repetition or recognise it, and so hide that
# one was tried; the journal does not.
_REQUEUED_BLINDLY = sa.text("""
    with attempts as (
        select distribution_id, outcome, row_number() over (partition by distribution_id order by lease_token) as n
        from publish_attempts
    ), ends as (
        select distribution_id, to_status, row_number() over (partition by distribution_id order by id) as n
        from distribution_events where from_status = 'publishing'
    )
    select distribution_id from attempts join ends using (distribution_id, n)
    where ends.to_status = 'scheduled' and attempts.outcome is distinct from 'not_sent'
""")


def judge(room: Newsroom, sent: Sequence[Sent]) -> Verdict:
    """Compare every distribution's row with its effects, once everything is at rest."""
    effects = effects_of(room, sent)
    with room.engine.connect() as connection:
        rows = {
            row.id: row
            for row in connection.execute(
                sa.select(tables.distributions).where(tables.distributions.c.id.in_([each.id for each in sent]))
            )
        }
        never_closed = set(connection.scalars(_OPEN))
        blindly = set(connection.scalars(_REQUEUED_BLINDLY))
    verdict = Verdict()
    for each in sent:
        row = rows.get(each.id)
        verdict.counts[row.status if row else "row is gone"] += 1
        faults = _faults(each, row, effects[each.id]) if row else [("lost", "its row is gone")]
        if each.id in never_closed:
            faults.append(("stuck", "an attempt in the journal was never closed"))
        if each.id in blindly:
            faults.append(("requeued blindly", "an attempt that may have been sent was to be repeated unasked"))
        for kind, said in faults:
            verdict.counts[kind] += 1
            verdict.violations.setdefault(each.id, []).append(f"{kind}: {each.platform}: {said}")
    return verdict


def effects_of(room: Newsroom, sent: Iterable[Sent]) -> Mapping[UUID, list[Effect]]:
    """What readers saw of each distribution."""
    kinds = {sending.effect for sending in room.sendings.values()}
    ledger = [
        (f"{entry.title} {entry.text}", Effect(entry.external_id, entry.at))
        for entry in room.outside.sandbox.effects()
        if entry.kind in kinds
    ]
    pages = [(folder.name, Effect(folder.name, None)) for folder in _pages(room.outside.site_folder)]
    return {
        each.id: [effect for words, effect in (pages if each.platform == "site" else ledger) if each.mark in words]
        for each in sent
    }


def _pages(site: Path) -> list[Path]:
    """The folders of articles that are served; those that the site's own list does not name are only half there."""
    listed = "".join(sitemap.read_text() for sitemap in site.glob("sitemap*.xml"))
    return [page.parent for page in site.glob("*/index.html") if f"/{page.parent.name}/</loc>" in listed]


def _faults(each: Sent, row: sa.Row[Any], effects: list[Effect]) -> list[tuple[str, str]]:
    faults = []
    reason = row.hold_reason if row.status == "held" else row.error_message
    a_person_knows = row.status == "unknown" and row.person_asked_at is not None
    may_ask = adapter_class(each.platform).capabilities.guarantee is Guarantee.A_PERSON_DECIDES
    if len(effects) > 1:
        faults.append(("duplicated", f"{len(effects)} effects: {effects}"))
    if row.status == "published" and not effects:
        faults.append(("marked but absent", f"published as {row.external_id}, and nothing is there"))
    if row.status == "published" and effects and row.external_id != effects[0].external_id:
        faults.append(("misremembered", f"is {effects[0].external_id}, and is kept as {row.external_id}"))
    if effects and row.status != "published" and not a_person_knows:
        faults.append(("live but unmarked", f"{row.status} ({reason}), and live as {effects[0].external_id}"))
    if row.status not in _AT_REST and not (a_person_knows and may_ask):
        faults.append(("stuck", f"{row.status} ({reason})"))
    if row.status in ("failed", "held") and not reason:
        faults.append(("lost", f"{row.status} without a reason"))
    return faults


def story(engine: sa.Engine, distribution_id: UUID) -> str:
    """The journal of one distribution, for whoever looks for the fault.

    Where time was made to pass, the attempts' times have moved with it, and the others' have not.
    """
    with engine.connect() as connection:
        told = [
            *connection.execute(
                sa.text("""
                    select at, 'became ' || to_status || coalesce(': ' || reason, '') || ' (' || actor || ')'
                    from distribution_events where distribution_id = :id
                    union all
                    select started_at, 'attempt ' || lease_token || ' by ' || worker || ': '
                        || coalesce(outcome, 'open') || coalesce(', ' || error_message, '')
                    from publish_attempts where distribution_id = :id
                    union all
                    select recorded_at, 'recorded ' || step || ' ' || handle
                    from publish_handles where distribution_id = :id
                    order by 1
                """),
                {"id": distribution_id},
            )
        ]
    return "\n".join(f"  {at:%H:%M:%S.%f} {what}" for at, what in told)
