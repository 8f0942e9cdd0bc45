-- Figures at equal age and day by day, what reading them costs, and what an account may spend on it.

alter table platforms
    add column metrics_budget_usd numeric check (metrics_budget_usd >= 0),
    add column metrics_retry_at timestamptz;
comment on column platforms.metrics_budget_usd is 'the most that reading its figures may cost in a calendar month (UTC), in dollars; null is no limit';
comment on column platforms.metrics_retry_at is 'its figures are not asked for before: the platform''s own reset, or a rest; publishing is held by held_until alone';

alter table distributions
    add column video_views bigint check (video_views >= 0),
    add column video_watch_time_seconds bigint check (video_watch_time_seconds >= 0),
    add column metrics_at timestamptz;
comment on column distributions.metrics_at is 'when a figure was last told of it; each figure beside it is the latest that was known';

create index distributions_gone on distributions (platform_id) where metrics_state = 'gone';

-- The one definition of a rate: a fraction of 1, unknown where either figure is, or where there is nothing to divide by.
create function rate_of(part bigint, whole bigint) returns numeric
    language sql immutable parallel safe as $$
    select cast(part as numeric) / nullif(whole, 0)
$$;

create table metrics_reads (
    platform_id uuid not null references platforms (id),
    day date not null,
    calls integer not null default 0 check (calls >= 0),
    publications integer not null default 0 check (publications >= 0),
    usd numeric not null default 0 check (usd >= 0),
    primary key (platform_id, day)
);
comment on table metrics_reads is 'what reading an account''s figures took, by the UTC day';
comment on column metrics_reads.calls is 'questions put to its adapter, each of one batch';
comment on column metrics_reads.publications is 'publications asked for, each as often as it was';
comment on column metrics_reads.usd is 'by the platform''s price list, written before the question; 0 where reading is free';

create table distribution_age_figures (
    distribution_id uuid not null references distributions (id),
    age_hours smallint not null check (age_hours in (1, 6, 24, 48, 168, 720, 2160)),
    platform_id uuid not null references platforms (id),
    published_at timestamptz not null,
    measured_age_hours numeric not null check (measured_age_hours >= 0),
    impressions bigint check (impressions >= 0),
    reach bigint check (reach >= 0),
    engagements bigint check (engagements >= 0),
    clicks bigint check (clicks >= 0),
    shares bigint check (shares >= 0),
    comments bigint check (comments >= 0),
    likes bigint check (likes >= 0),
    saves bigint check (saves >= 0),
    video_views bigint check (video_views >= 0),
    video_watch_time_seconds bigint check (video_watch_time_seconds >= 0),
    followers_gained integer check (followers_gained >= 0),
    followers_lost integer check (followers_lost >= 0),
    primary key (distribution_id, age_hours)
);
comment on table distribution_age_figures is 'publications at equal age: of each mark the snapshot nearest to it, of those at most a quarter of its age away';
comment on column distribution_age_figures.measured_age_hours is 'the true age of the snapshot, in hours';
comment on column distribution_age_figures.published_at is 'the distribution''s, as is platform_id, so that a report reads this table alone';
create index distribution_age_figures_published on distribution_age_figures (age_hours, published_at);
create index distribution_age_figures_account on distribution_age_figures (age_hours, platform_id, published_at);

-- Brings the marks of these distributions up to date from their snapshots since then; returns how many rows changed.
create function keep_age_figures(ids uuid[], since timestamptz) returns bigint
    language sql as $$
    with kept as (
        insert into distribution_age_figures as f (
            distribution_id, age_hours, platform_id, published_at, measured_age_hours, impressions, reach, engagements,
            clicks, shares, comments, likes, saves, video_views, video_watch_time_seconds, followers_gained, followers_lost
        )
        select distinct on (m.distribution_id, mark.hours) m.distribution_id, mark.hours, d.platform_id, d.published_at,
            round(age.hours, 3), m.impressions, m.reach, m.engagements, m.clicks, m.shares, m.comments, m.likes, m.saves,
            m.video_views, m.video_watch_time_seconds, m.followers_gained, m.followers_lost
        from distribution_metrics m
        join distributions d on d.id = m.distribution_id
        cross join lateral (select extract(epoch from m.recorded_at - d.published_at) / 3600 as hours) as age
        join (values (1), (6), (24), (48), (168), (720), (2160)) as mark (hours)
            on age.hours > mark.hours * 0.75 and age.hours <= mark.hours * 1.25
        where m.distribution_id = any (ids) and m.recorded_hour >= since
        order by m.distribution_id, mark.hours, abs(age.hours - mark.hours)
        on conflict (distribution_id, age_hours) do update
        set platform_id = excluded.platform_id,
            published_at = excluded.published_at,
            measured_age_hours = excluded.measured_age_hours,
            impressions = excluded.impressions,
            reach = excluded.reach,
            engagements = excluded.engagements,
            clicks = excluded.clicks,
            shares = excluded.shares,
            comments = excluded.comments,
            likes = excluded.likes,
            saves = excluded.saves,
            video_views = excluded.video_views,
            video_watch_time_seconds = excluded.video_watch_time_seconds,
            followers_gained = excluded.followers_gained,
            followers_lost = excluded.followers_lost
        where abs(excluded.measured_age_hours - f.age_hours) <= abs(f.measured_age_hours - f.age_hours)
        returning 1
    )
    select count(*) from kept
$$;
do $$ begin
    perform keep_age_figures(array(select id from distributions where published_at is not null), '-infinity');
end $$;

create table distribution_metrics_daily (
    distribution_id uuid not null references distributions (id),
    day date not null,
    recorded_at timestamptz not null,
    hours_since_publish integer not null check (hours_since_publish >= 0),
    impressions bigint check (impressions >= 0),
    reach bigint check (reach >= 0),
    engagements bigint check (engagements >= 0),
    clicks bigint check (clicks >= 0),
    shares bigint check (shares >= 0),
    comments bigint check (comments >= 0),
    likes bigint check (likes >= 0),
    saves bigint check (saves >= 0),
    video_views bigint check (video_views >= 0),
    video_watch_time_seconds bigint check (video_watch_time_seconds >= 0),
    followers_gained integer check (followers_gained >= 0),
    followers_lost integer check (followers_lost >= 0),
    primary key (distribution_id, day)
);
comment on table distribution_metrics_daily is 'of each publication the last snapshot of each UTC day that is over; what is left of them once snapshots are pruned';

create table metrics_days_kept (
    day date primary key,
    publications integer not null check (publications >= 0),
    kept_at timestamptz not null default clock_timestamp()
);
comment on table metrics_days_kept is 'the UTC days that distribution_metrics_daily has; a month of snapshots is pruned once it has them all';

-- Snapshots come in order of time, so a few pages of this find a day's.
create index distribution_metrics_hours on distribution_metrics using brin (recorded_hour);

-- As before, and a month whose first snapshots went to the default partition takes them over.
create or replace function ensure_metrics_partitions(months_ahead integer) returns integer
    language plpgsql set timezone to 'UTC' as $$
declare
    first_month timestamptz := date_trunc('month', now());
    month_start timestamptz;
    partition text;
    created integer := 0;
begin
    for i in 0..months_ahead loop
        month_start := first_month + make_interval(months => i);
        partition := 'distribution_metrics_' || to_char(month_start, 'YYYY_MM');
        if to_regclass(partition) is null then
            execute format('create table %I (like distribution_metrics including all)', partition);
            execute format(
                'with strayed as (delete from distribution_metrics_default where recorded_hour >= %L and recorded_hour < %L returning *)'
                ' insert into %I select * from strayed',
                month_start, month_start + interval '1 month', partition
            );
            execute format(
                'alter table distribution_metrics attach partition %I for values from (%L) to (%L)',
                partition, month_start, month_start + interval '1 month'
            );
            created := created + 1;
        end if;
    end loop;
    return created;
end;
$$;
