"""The readers of posts, as they are shown to people: by day, by vertical, the most read."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa


def post_days(connection: sa.Connection, post_id: UUID, since: date) -> list[sa.Row[Any]]:
    """A post's days from `since` on, newest first, with how often each was corrected and whose word it is."""
    return list(
        connection.execute(
            sa.text("""
                select a.date, a.views, a.unique_visitors, a.avg_time_on_page, a.bounce_rate, a.scroll_depth_avg,
                    a.engagement_score, s.source_key,
                    (
                        select count(*) - 1 from page_readings r join distributions d on d.id = r.distribution_id
                        where d.post_id = a.post_id and d.platform_id = s.platform_id and r.date = a.date
                    ) as corrections
                from publisher_post_analytics a left join analytics_sources s on s.id = a.source_id
                where a.post_id = :post_id and a.date >= :since
                order by a.date desc
            """),
            {"post_id": post_id, "since": since},
        )
    )


def daily_views(connection: sa.Connection, since: date) -> list[sa.Row[Any]]:
    """The views of each vertical's posts by day, from `since` on."""
    return list(
        connection.execute(
            sa.text("""
                select v.name as vertical, a.date, cast(sum(a.views) as bigint) as views
                from publisher_post_analytics a
                join publisher_posts p on p.id = a.post_id
                join publisher_verticals v on v.id = p.vertical_id
                where a.date >= :since
                group by v.name, a.date
                order by v.name, a.date
            """),
            {"since": since},
        )
    )


def most_read(connection: sa.Connection, since: date, rows: int) -> list[sa.Row[Any]]:
    """The posts with the most views from `since` on; the score is weighted by views, over the days that have one."""
    return list(
        connection.execute(
            sa.text("""
                select p.canonical_id, p.title, v.name as vertical, cast(sum(a.views) as bigint) as views,
                    sum(a.engagement_score * a.views)
                        / nullif(sum(a.views) filter (where a.engagement_score is not null), 0) as engagement_score
                from publisher_post_analytics a
                join publisher_posts p on p.id = a.post_id
                join publisher_verticals v on v.id = p.vertical_id
                where a.date >= :since
                group by p.id, v.name
                having sum(a.views) > 0
                order by sum(a.views) desc, p.canonical_id
                limit :rows
            """),
            {"since": since, "rows": rows},
        )
    )
