create table distribution_metrics (
    id uuid not null default gen_random_uuid(),
    distribution_id uuid not null references distributions (id),
    recorded_at timestamptz not null default now(),
    recorded_hour timestamptz not null,
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
    platform_metrics jsonb not null default '{}',
    primary key (id, recorded_hour),
    unique (distribution_id, recorded_hour),
    check (recorded_at >= recorded_hour and recorded_at < recorded_hour + interval '1 hour')
) partition by range (recorded_hour);
comment on column distribution_metrics.recorded_hour is 'the hour of recorded_at, in UTC: one snapshot a distribution and hour';

create table distribution_metrics_default partition of distribution_metrics default;

-- Months from the current one on; called by the migration and then nightly. The default partition catches
-- what a missed night would lose.
create function ensure_metrics_partitions(months_ahead integer) returns integer
    language plpgsql set timezone to 'UTC' as $$
declare
    first_month timestamptz := date_trunc('month', now());
    month_start timestamptz;
    created integer := 0;
begin
    for i in 0..months_ahead loop
        month_start := first_month + make_interval(months => i);
        if to_regclass(format('distribution_metrics_%s', to_char(month_start, 'YYYY_MM'))) is null then
            execute format(
                'create table %I partition of distribution_metrics for values from (%L) to (%L)',
                'distribution_metrics_' || to_char(month_start, 'YYYY_MM'),
                month_start, month_start + interval '1 month'
            );
            created := created + 1;
        end if;
    end loop;
    return created;
end;
$$;
do $$ begin perform ensure_metrics_partitions(3); end $$;

create table platform_patterns (
    id uuid primary key default gen_random_uuid(),
    platform_id uuid not null references platforms (id),
    pattern_type text not null,
    pattern_name text not null,
    pattern_template jsonb not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (platform_id, pattern_type, pattern_name)
);
create trigger platform_patterns_touch before update on platform_patterns
    for each row execute function touch_updated_at();

create table pattern_feedback (
    id uuid primary key default gen_random_uuid(),
    pattern_id uuid not null references platform_patterns (id) on delete cascade,
    content_id uuid references generated_content (id),
    distribution_id uuid not null references distributions (id),
    pattern_applied boolean not null,
    impressions bigint check (impressions >= 0),
    engagements bigint check (engagements >= 0),
    clicks bigint check (clicks >= 0),
    shares bigint check (shares >= 0),
    engagement_rate numeric check (engagement_rate >= 0),
    posted_at timestamptz not null,
    day_of_week smallint not null check (day_of_week between 0 and 6),
    hour_of_day smallint not null check (hour_of_day between 0 and 23),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (pattern_id, distribution_id)
);
comment on column pattern_feedback.day_of_week is '0 is Sunday, in the account''s zone';
create trigger pattern_feedback_touch before update on pattern_feedback
    for each row execute function touch_updated_at();
