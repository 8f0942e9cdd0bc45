-- Who read our pages: as the analytics of each site tell it, or as counted here.

create table analytics_sources (
    id uuid primary key default gen_random_uuid(),
    source_key slug not null unique,
    kind text not null check (kind in ('plausible', 'ga4', 'matomo', 'first_party')),
    platform_id uuid not null references platforms (id),
    config jsonb not null default '{}' check (jsonb_typeof(config) = 'object'),
    credentials_secret_id text,
    is_active boolean not null default true,
    counts_since date not null,
    complete_through date check (complete_through >= counts_since),
    not_before timestamptz,
    last_synced_at timestamptz,
    last_error text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check (kind = 'first_party' or credentials_secret_id is not null)
);
comment on table analytics_sources is 'what counts the readers of an account''s pages';
comment on column analytics_sources.platform_id is 'the account whose pages are counted: a site or a WordPress';
comment on column analytics_sources.credentials_secret_id is 'a reference to where the secret is kept (env:NAME, db:NAME), never the secret';
comment on column analytics_sources.counts_since is 'its first whole day; of earlier ones it knows nothing, which is not zero';
comment on column analytics_sources.complete_through is 'every day up to this one has been read at least once';
comment on column analytics_sources.not_before is 'it is not asked before: its own word after a rate limit';
comment on column analytics_sources.last_error is 'why the latest sync failed; null: it did not';
-- Two at once would each overwrite what the other counts.
create unique index analytics_sources_account on analytics_sources (platform_id) where is_active;
create trigger analytics_sources_touch before update on analytics_sources
    for each row execute function touch_updated_at();

create table page_readings (
    id bigint generated always as identity primary key,
    distribution_id uuid not null references distributions (id),
    source_id uuid not null references analytics_sources (id),
    date date not null,
    read_at timestamptz not null default now(),
    views bigint check (views >= 0),
    unique_visitors bigint check (unique_visitors >= 0),
    avg_time_on_page numeric check (avg_time_on_page >= 0),
    bounce_rate fraction,
    scroll_depth_avg fraction
);
comment on table page_readings is 'what was told of a page and day: the first word, and one row for each correction; the last one holds';
comment on column page_readings.date is 'in the source''s own zone';
comment on column page_readings.avg_time_on_page is 'seconds';
create index page_readings_latest on page_readings (distribution_id, date, id desc) include (views);
create trigger page_readings_append_only before update or delete on page_readings
    for each row execute function refuse_change();

alter table publisher_post_analytics
    add column source_id uuid references analytics_sources (id);
comment on column publisher_post_analytics.date is 'in the zone of what counted it';
comment on column publisher_post_analytics.engagement_score is 'a fraction of 1; defined in pipeline/measurement/site_analytics/engagement.py';
create index publisher_post_analytics_date on publisher_post_analytics (date, post_id) include (views);

create table page_views (
    id uuid not null,
    at timestamptz not null,
    platform_id uuid not null references platforms (id),
    post_id uuid references publisher_posts (id),
    path text not null check (path like '/%'),
    visitor text not null,
    referrer_host text,
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_content text,
    distribution_id uuid references distributions (id),
    seconds numeric check (seconds >= 0),
    scroll fraction,
    source text not null check (source in ('beacon', 'log')),
    primary key (id, at)
) partition by range (at);
comment on table page_views is 'one row a page shown to a reader; robots are not kept. A table a month';
comment on column page_views.platform_id is 'the account whose page it is';
comment on column page_views.visitor is 'a hash of address and browser that changes each day, or an id that the browser keeps (id:…)';
comment on column page_views.referrer_host is 'of a foreign page only; null: ours, or not told';
comment on column page_views.distribution_id is 'what led here: the publication whose link was tagged with utm_content';
comment on column page_views.seconds is 'how long it was in sight; null: not known, as from a log';
comment on column page_views.scroll is 'how far down it was seen, as a fraction of its height';
create index page_views_site on page_views (platform_id, at);
create index page_views_post on page_views (post_id, at) where post_id is not null;
create index page_views_visitor on page_views (visitor, at);
create index page_views_arrivals on page_views (at) where utm_source is not null or referrer_host is not null;

-- Which post a path is the page of is asked for each view.
create index distributions_address on distributions (platform_id, external_url)
    where status = 'published' and external_url is not null;

-- Months that have a view to keep, those ahead included; nothing is ever without its table, so there is no default one.
create function ensure_page_views_partitions(first_at timestamptz, last_at timestamptz) returns integer
    language plpgsql set timezone to 'UTC' as $$
declare
    month_start timestamptz := date_trunc('month', first_at);
    created integer := 0;
    partition text;
begin
    while month_start <= last_at loop
        partition := 'page_views_' || to_char(month_start, 'YYYY_MM');
        if to_regclass(partition) is null then
            execute format(
                'create table if not exists %I partition of page_views for values from (%L) to (%L)',
                partition, month_start, month_start + interval '1 month'
            );
            created := created + 1;
        end if;
        month_start := month_start + interval '1 month';
    end loop;
    return created;
end;
$$;
do $$ begin perform ensure_page_views_partitions(now(), now() + interval '2 months'); end $$;

create table visitor_salts (
    day date primary key,
    salt bytea not null check (length(salt) = 32),
    created_at timestamptz not null default now()
);
comment on table visitor_salts is 'what a day''s visitors are hashed with; forgotten two days after it was made, and with it whom the hashes stand for';

create table log_readings (
    id bigint generated always as identity primary key,
    platform_id uuid not null references platforms (id),
    first_line text not null,
    read_to bigint not null default 0 check (read_to >= 0),
    last_line text,
    lines bigint not null default 0 check (lines >= 0),
    views bigint not null default 0 check (views >= 0),
    updated_at timestamptz not null default now(),
    unique (platform_id, first_line)
);
comment on table log_readings is 'how far each access log was read, whatever its file is called by now';
comment on column log_readings.first_line is 'SHA-256 of the log''s first line, by which a rotated or compressed file is known again';
comment on column log_readings.read_to is 'bytes of the uncompressed log';
comment on column log_readings.last_line is 'SHA-256 of the line that ends at read_to';
create trigger log_readings_touch before update on log_readings
    for each row execute function touch_updated_at();
