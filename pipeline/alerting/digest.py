"""Once a day: what was published, what needs a person and which command leads on, and what comes next."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from pipeline.alerting.notices import HEADLINES, Notice
from pipeline.clock import zone
from pipeline.settings import Settings
from pipeline.store import alerts, outbox
from pipeline.store import digest as store
from pipeline.store.digest import AccountDay, Listed

DAY: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Digest:
    """The last and the next 24 hours, seen at `made_at`, which is local to the newsroom's zone."""

    made_at: datetime
    accounts: Sequence[AccountDay]
    published: Listed
    in_need: Listed
    to_come: Listed
    open_alerts: Sequence[alerts.AlertRow]

    @property
    def title(self) -> str:
        return f"{self.made_at:%A, %d %B}: {self.published.count} published, {self.in_need.count} waiting for a person"


def read(connection: sa.Connection, settings: Settings) -> Digest:
    return Digest(
        made_at=datetime.now(UTC).astimezone(zone(settings.timezone)),
        accounts=store.accounts_day(connection, DAY),
        published=store.published(connection, DAY),
        in_need=store.in_need(connection),
        to_come=store.to_come(connection, DAY),
        open_alerts=alerts.open_alerts(connection),
    )


def as_notice(digest: Digest) -> Notice:
    return Notice(
        id=f"digest {digest.made_at.isoformat()}",
        title=digest.title,
        text=_render("digest.txt.j2", digest),
        html=_render("digest.html.j2", digest),
    )


def put(connection: sa.Connection, settings: Settings) -> None:
    """Put today's digest into the outbox, for each channel; one that is there already stays as it is."""
    digest = read(connection, settings)
    payload = asdict(as_notice(digest))
    for channel in alerts.CHANNELS:
        outbox.add(connection, f"digest.{channel}", f"digest:{digest.made_at:%Y-%m-%d}:{channel}", payload)


def _render(template: str, digest: Digest) -> str:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pipeline.alerting"),
        autoescape=jinja2.select_autoescape(["html.j2"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clock"] = lambda moment: _clock(moment, digest.made_at)
    environment.filters["headline"] = HEADLINES.__getitem__
    return environment.get_template(template).render(digest=digest)


def _clock(moment: datetime, now: datetime) -> str:
    """The hour for what is near, with the day for what is not; in the digest's own zone."""
    local = moment.astimezone(now.tzinfo)
    near: Any = abs(moment - now) < DAY
    return f"{local:%H:%M}" if near else f"{local:%Y-%m-%d %H:%M}"
