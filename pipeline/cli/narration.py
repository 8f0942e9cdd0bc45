"""What happens, told line by line in the terminal of `pressroom up`, read from the database's own log."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from rich.markup import escape

from pipeline.cli.console import engine, err, out

_NEWS = sa.text("""
    select * from (
        select e.at, 'post' as subject, e.id, e.to_status as status, p.canonical_id as name, p.title,
            case e.to_status when 'review' then 'waits for you: pressroom review show ' || p.canonical_id
                when 'scheduled' then 'approved by ' || e.actor end as detail
        from post_events e join publisher_posts p on p.id = e.post_id
        where e.id > :post and e.to_status in ('review', 'scheduled', 'archived')
        union all
        select e.at, 'distribution', e.id, e.to_status, a.account_key, coalesce(post.title, d.title, left(d.body, 60)),
            coalesce(case when e.to_status = 'published' then d.external_url end, e.reason)
        from distribution_events e
        join distributions d on d.id = e.distribution_id
        join platforms a on a.id = d.platform_id
        left join publisher_posts post on post.id = d.post_id
        where e.id > :distribution and e.from_status is distinct from e.to_status
            and e.to_status in ('published', 'failed', 'held', 'unknown')
    ) as news
    order by at, id
    limit 200
""")
_COLOURS = {"published": "green", "failed": "red", "unknown": "red", "held": "yellow", "review": "cyan"}


@dataclass(slots=True)
class _Seen:
    post: int
    distribution: int


def narrate(stop: threading.Event, every_second: Callable[[], None]) -> None:
    """Until `stop`: call `every_second`, and tell what is new. A database that is away is told once, and waited for."""
    seen: _Seen | None = None
    complained = False
    while not stop.wait(1.0):
        every_second()
        try:
            seen = _tell_news(seen)
            complained = False
        except sa.exc.DBAPIError as error:
            if not complained:
                err.print(f"The database does not answer: {escape(str(error.orig).strip())}")
            complained = True


def _tell_news(seen: _Seen | None) -> _Seen:
    with engine().connect() as connection:
        if seen is None:
            latest = connection.execute(
                sa.text("""
                    select coalesce((select max(id) from post_events), 0) as post,
                        coalesce((select max(id) from distribution_events), 0) as distribution
                """)
            ).one()
            return _Seen(latest.post, latest.distribution)
        for row in connection.execute(_NEWS, {"post": seen.post, "distribution": seen.distribution}):
            setattr(seen, row.subject, max(getattr(seen, row.subject), row.id))
            colour = _COLOURS.get(row.status, "default")
            out.print(
                f"  {row.at.astimezone():%H:%M:%S}  [{colour}]{row.status:<10}[/] {escape(row.name)}  "
                f"[bold]{escape(row.title)}[/]  {escape(row.detail or '')}",
                highlight=False,
                soft_wrap=True,
            )
    return seen
