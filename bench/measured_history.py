"""A year of publications with their snapshots, readers and costs, written many at once, as if all had been synced."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

ACCOUNTS = 8
YEAR = 365
AGES = (
    *(1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 28, 32, 36, 40, 48),
    *(54, 66, 78, 96, 120, 144, 168, 240, 312, 384, 480, 600, 720, 2160),
)
"""Hours after publication at which there is a snapshot: thirty, the marks of equal age among them."""

# Triggers and foreign keys are off while it is written.
_OFF = "set local session_replication_role = replica; set local synchronous_commit = off; set local time zone 'UTC'"
_PEOPLE = """
    insert into users (email, full_name, roles) values ('bench@example.com', 'Bench', '{writer}');
    insert into publisher_verticals (slug, name, base_url, timezone)
    select 'vertical-' || n, 'Vertical ' || n, 'http://127.0.0.1:9',
        (array['America/New_York', 'Europe/Berlin'])[1 + mod(n, 2)]
    from generate_series(1, 4) as n;
    insert into platforms (name, account_key, account_id, timezone, min_interval_minutes)
    select (array['x', 'linkedin', 'youtube', 'mailchimp', 'instagram', 'tiktok', 'mastodon', 'bluesky'])[n],
        'account-' || n, n::text, (array['America/New_York', 'Europe/Berlin', 'Asia/Kolkata'])[1 + mod(n, 3)], 0
    from generate_series(1, 8) as n
"""
_POSTS = """
    insert into publisher_posts (id, canonical_id, vertical_id, author_id, title, slug, content, status, content_hash,
        human_reviewed, reviewed_by, reviewed_at, published_at)
    select lpad(to_hex(n), 32, '0')::uuid, 'garden-' || n, v.id, u.id, 'How to prune, part ' || n, 'how-to-prune-' || n,
        repeat('Cut above a bud. ', 40), 'published', n::text, true, u.id, at, at
    from (
        select n, now() - ({posts} - n + random()) * (interval '365 days' / {posts}) as at
        from generate_series(1, {posts}) as n
    ) as made
    cross join users u
    join (select id, row_number() over () - 1 as place from publisher_verticals) v on v.place = mod(n, 4)
"""
_PUBLICATIONS = """
    insert into distributions (post_id, content_type, platform_id, body, link_url, content_hash, status, scheduled_for,
        next_attempt_at, published_at, external_id, next_metrics_at)
    select p.id, 'generated', a.id, repeat('Cut above a bud, at a slant, on a dry day. ', 6), 'https://garden.example/',
        p.slug, 'published', at, at, at, a.place || '-' || p.slug, now()
    from publisher_posts p
    cross join (select id, row_number() over () as place from platforms) a
    cross join lateral (select least(p.published_at + a.place * interval '7 minutes', now()) as at) as moment
    order by at
"""
_MONTH = """
    create table if not exists {name} partition of distribution_metrics for values from ('{begins}') to ('{ends}')
"""
# What a publication reaches in the end is known by its id, and two days bring most of it. In two of three the clicks
# are not told.
_GROWN = """
    create temporary view grown as
    select d.id, d.platform_id, d.published_at, age.hours, seen.n as impressions,
        seen.n * size.rate / 1000 as engagements,
        case when mod(size.rate, 3) = 0 then seen.n * size.rate / 3000 end as clicks,
        d.published_at + make_interval(hours => age.hours, mins => 4) as at
    from distributions d
    cross join unnest(array[{ages}]) as age (hours)
    cross join lateral (select hashtextextended(d.external_id, 0) as hash) as number
    cross join lateral (
        select (20 * exp(6 * (number.hash & 65535)::float8 / 65535))::bigint as most,
            2 + (number.hash >> 16 & 63) as rate
    ) as size
    cross join lateral (select (size.most * (1 - exp(-age.hours::float8 / 20)))::bigint as n) as seen
    where d.published_at + make_interval(hours => age.hours, mins => 4) <= now()
"""
_AT_EQUAL_AGE = """
    insert into distribution_age_figures (distribution_id, age_hours, platform_id, published_at, measured_age_hours,
        impressions, engagements, clicks)
    select id, hours, platform_id, published_at, hours + 0.067, impressions, engagements, clicks
    from grown where hours in (1, 6, 24, 48, 168, 720, 2160) order by at
"""
_SNAPSHOTS = """
    insert into distribution_metrics (distribution_id, recorded_at, recorded_hour, hours_since_publish, impressions,
        engagements, clicks)
    select id, at, date_trunc('hour', at), hours, impressions, engagements, clicks
    from grown where published_at >= '{begins}' and published_at < '{ends}'
"""
_LATEST = """
    update distributions d
    set impressions = f.impressions, reach = f.reach, engagements = f.engagements, clicks = f.clicks
    from distribution_age_figures f
    where f.distribution_id = d.id and f.age_hours = 48
"""
# Each post's first ten days, and the last eight weeks of one in six.
_READERS = """
    insert into publisher_post_analytics (post_id, date, views, bounce_rate, engagement_score)
    select p.id, day, 10 + (hashtext(p.id::text) & 255) / (1 + day - p.published_at::date), random(), random()
    from publisher_posts p
    cross join lateral (
        select p.published_at::date + n as day from generate_series(0, 9) as n
        union
        select current_date - n from generate_series(1, 56) as n
        where mod(hashtext(p.id::text), 6) = 0 and p.published_at < now() - interval '60 days'
    ) as days
    where day < current_date
    order by day
"""
_CALLS = """
    insert into ai_usage (task, provider, model, latency_ms, outcome, canonical_id, vertical_id, input_tokens,
        output_tokens, cost_usd, created_at)
    select 'write_article', 'p', 'm', 100, 'ok', p.canonical_id, p.vertical_id, 1000, 1000, 0.01, p.published_at
    from publisher_posts p cross join generate_series(1, 5) order by p.published_at
"""


def write(connection: sa.Connection, publications: int) -> None:
    """So many publications over a year and eight accounts, with thirty snapshots each, less what is too young."""
    posts = publications // ACCOUNTS
    connection.exec_driver_sql(_OFF)
    for statement in (_PEOPLE, _POSTS.format(posts=posts), _PUBLICATIONS, "analyze distributions"):
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(_GROWN.format(ages=", ".join(map(str, AGES))))
    with _indexed_afterwards(connection, "distribution_age_figures"):
        connection.exec_driver_sql(_AT_EQUAL_AGE)
    for statement in (_LATEST, _READERS, _CALLS):
        connection.exec_driver_sql(statement)
    months = _months(connection)
    for begins, ends in months:
        name = f"distribution_metrics_{begins[:7].replace('-', '_')}"
        connection.exec_driver_sql(_MONTH.format(name=name, begins=begins, ends=ends))
    with _indexed_afterwards(connection, "distribution_metrics"):
        for begins, ends in months:
            connection.exec_driver_sql(_SNAPSHOTS.format(begins=begins, ends=ends))


@contextmanager
def _indexed_afterwards(connection: sa.Connection, table: str) -> Iterator[None]:
    """The table without its indexes, which are made again at the end: millions of rows are written in half the time."""
    keys = connection.exec_driver_sql(f"""
        select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
        where conrelid = '{table}'::regclass and contype in ('p', 'u')
    """).all()  # noqa: S608 - our own names
    indexes = connection.exec_driver_sql(f"""
        select indexname as name, indexdef as definition from pg_indexes
        where tablename = '{table}' and indexname not in (select conname from pg_constraint)
    """).all()  # noqa: S608 - our own names
    for key in keys:
        connection.exec_driver_sql(f"alter table {table} drop constraint {key.name}")
    for index in indexes:
        connection.exec_driver_sql(f"drop index {index.name}")
    yield
    connection.exec_driver_sql("set local maintenance_work_mem = '512MB'")
    for key in keys:
        connection.exec_driver_sql(f"alter table {table} add constraint {key.name} {key.definition}")
    for index in indexes:
        connection.exec_driver_sql(index.definition)


def _months(connection: sa.Connection) -> list[tuple[str, str]]:
    """First days of the months of the last year, each with the next one's."""
    rows = connection.exec_driver_sql("""
        select month::date::text as begins, (month + interval '1 month')::date::text as ends
        from generate_series(date_trunc('month', now() - interval '13 months'), now(), interval '1 month') as month
    """)
    return [(row.begins, row.ends) for row in rows]
