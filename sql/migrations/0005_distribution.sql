create table platforms (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    account_key slug not null unique,
    state account_state not null default 'active',
    state_reason text,
    timezone zone_name not null default 'America/New_York',
    vertical_id uuid references publisher_verticals (id),
    max_content_length integer check (max_content_length > 0),
    max_title_length integer check (max_title_length > 0),
    publish_config jsonb not null default '{}',
    webhook_url text,
    credentials_secret_id text,
    posts_per_hour integer check (posts_per_hour > 0),
    posts_per_day integer check (posts_per_day > 0),
    min_interval_minutes integer not null default 60 check (min_interval_minutes >= 0),
    lateness_policy lateness_policy not null default 'publish_late',
    max_lateness_minutes integer not null default 1440 check (max_lateness_minutes >= 0),
    supports_scheduling boolean not null default true,
    supports_editing boolean not null default true,
    supports_deletion boolean not null default true,
    supports_analytics boolean not null default true,
    account_id text,
    account_name text,
    followers_count integer check (followers_count >= 0),
    last_published_at timestamptz,
    last_metrics_sync_at timestamptz,
    api_errors_24h integer not null default 0 check (api_errors_24h >= 0),
    held_until timestamptz,
    is_home boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique nulls not distinct (name, account_id, vertical_id),
    check (state = 'active' or state_reason is not null)
);
comment on table platforms is 'one row an account: two accounts of one platform are two rows';
comment on column platforms.name is 'which adapter speaks to it: site, wordpress, x, …';
comment on column platforms.account_key is 'how people and Dagster''s partitions name the account';
comment on column platforms.credentials_secret_id is 'a reference to where the secret is kept (env:NAME, file:PATH), never the secret';
comment on column platforms.held_until is 'nothing is sent before: the platform''s own reset after a rate limit';
comment on column platforms.is_home is 'the post''s home: its other distributions wait until this one is live';
create trigger platforms_touch before update on platforms
    for each row execute function touch_updated_at();
create trigger platforms_zone before insert or update of timezone on platforms
    for each row execute function check_timezone();

create table cross_post_groups (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    source_content_id uuid references generated_content (id),
    timing_strategy timing_strategy not null default 'simultaneous',
    stagger_minutes integer check (stagger_minutes > 0),
    status group_status not null default 'pending',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check (timing_strategy <> 'staggered' or stagger_minutes is not null)
);
comment on column cross_post_groups.status is 'derived from the group''s distributions by trigger; never written by hand';
create index cross_post_groups_open on cross_post_groups (created_at) where status in ('pending', 'in_progress');
create trigger cross_post_groups_touch before update on cross_post_groups
    for each row execute function touch_updated_at();

create table distributions (
    id uuid primary key default gen_random_uuid(),
    post_id uuid references publisher_posts (id),
    content_id uuid references generated_content (id),
    content_type content_type not null,
    platform_id uuid not null references platforms (id),
    title text,
    body text not null check (body <> ''),
    media_urls text[] not null default '{}',
    link_url text,
    platform_specific jsonb not null default '{}',
    content_hash text not null,
    review_id bigint references reviews (id),
    scheduled_for timestamptz,
    scheduled_local timestamp,
    timezone zone_name not null default 'America/New_York',
    status distribution_status not null default 'draft',
    published_at timestamptz,
    external_id text,
    external_url text,
    error_message text,
    retry_count integer not null default 0 check (retry_count >= 0),
    last_retry_at timestamptz,
    next_attempt_at timestamptz,
    lease_token bigint not null default 0,
    lease_until timestamptz,
    leased_by text,
    settle_until timestamptz,
    reconcile_at timestamptz,
    hold_reason text,
    lateness_policy lateness_policy,
    impressions bigint check (impressions >= 0),
    reach bigint check (reach >= 0),
    engagements bigint check (engagements >= 0),
    clicks bigint check (clicks >= 0),
    shares bigint check (shares >= 0),
    comments bigint check (comments >= 0),
    likes bigint check (likes >= 0),
    saves bigint check (saves >= 0),
    engagement_rate numeric check (engagement_rate >= 0),
    click_through_rate numeric check (click_through_rate >= 0),
    metrics_state metrics_state not null default 'live',
    next_metrics_at timestamptz,
    variant_group text,
    is_control boolean not null default false,
    cross_post_group_id uuid references cross_post_groups (id),
    business_unit text,
    vertical_id uuid references publisher_verticals (id),
    client_id uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique nulls not distinct (post_id, content_id, platform_id, variant_group),
    check (status <> 'scheduled' or (scheduled_for is not null and next_attempt_at is not null and review_id is not null)),
    check ((status = 'publishing') = (lease_until is not null)),
    check (status <> 'published' or published_at is not null),
    check (status <> 'unknown' or (settle_until is not null and reconcile_at is not null)),
    check (status <> 'held' or hold_reason is not null),
    check (status <> 'failed' or error_message is not null)
);
comment on column distributions.scheduled_for is 'the intended instant; a retry never moves it (see next_attempt_at)';
comment on column distributions.scheduled_local is 'the local wall-clock time that was asked for, in `timezone`';
comment on column distributions.next_attempt_at is 'when it may next be sent: scheduled_for, or later after a retry';
comment on column distributions.lease_token is 'fencing: grows with each claim, and every write of a worker names the one it holds';
comment on column distributions.settle_until is 'after an unknown outcome: before this instant, finding nothing on the platform proves nothing';
comment on column distributions.reconcile_at is 'when the platform is next asked about an unknown outcome';
comment on column distributions.engagement_rate is 'engagements / impressions, a fraction of 1; can pass 1 where one impression brings several engagements';

create index distributions_due on distributions (next_attempt_at) where status = 'scheduled';
create index distributions_due_lane on distributions (platform_id, next_attempt_at) where status = 'scheduled';
create index distributions_leased on distributions (lease_until) where status = 'publishing';
create index distributions_unknown on distributions (reconcile_at) where status = 'unknown';
create index distributions_attention on distributions (scheduled_for desc) where status in ('failed', 'held', 'unknown');
create index distributions_published on distributions (published_at desc) where status = 'published';
create index distributions_metrics_due on distributions (platform_id, next_metrics_at) where status = 'published' and next_metrics_at is not null;
create index distributions_group on distributions (cross_post_group_id) where cross_post_group_id is not null;
create unique index distributions_external on distributions (platform_id, external_id) where external_id is not null;

create table distribution_transitions (
    from_status distribution_status not null,
    to_status distribution_status not null,
    primary key (from_status, to_status)
);
insert into distribution_transitions (from_status, to_status) values
    ('draft', 'scheduled'), ('draft', 'cancelled'),
    ('scheduled', 'publishing'), ('scheduled', 'held'), ('scheduled', 'cancelled'), ('scheduled', 'draft'),
    ('publishing', 'published'), ('publishing', 'scheduled'), ('publishing', 'failed'), ('publishing', 'unknown'),
    ('publishing', 'held'),
    ('unknown', 'published'), ('unknown', 'scheduled'), ('unknown', 'failed'), ('unknown', 'cancelled'),
    ('held', 'scheduled'), ('held', 'draft'), ('held', 'cancelled'), ('held', 'published'),
    ('failed', 'scheduled'), ('failed', 'published'), ('failed', 'draft'), ('failed', 'cancelled');

create table distribution_events (
    id bigint generated always as identity primary key,
    distribution_id uuid not null references distributions (id),
    from_status distribution_status,
    to_status distribution_status not null,
    reason text,
    actor text not null,
    at timestamptz not null default clock_timestamp()
);
create index distribution_events_distribution on distribution_events (distribution_id, id);
create trigger distribution_events_append_only before update or delete on distribution_events
    for each row execute function refuse_change();

create function guard_distribution_status() returns trigger
    language plpgsql as $$
begin
    if not exists (select from distribution_transitions where from_status = old.status and to_status = new.status) then
        raise exception 'distribution % cannot go from % to %', old.id, old.status, new.status
            using errcode = 'check_violation';
    end if;
    return new;
end;
$$;

create function log_distribution_status() returns trigger
    language plpgsql as $$
begin
    insert into distribution_events (distribution_id, from_status, to_status, reason, actor)
    values (
        new.id,
        case when tg_op = 'UPDATE' then old.status end,
        new.status,
        case when new.status = 'held' then new.hold_reason
             when new.status in ('failed', 'unknown', 'scheduled') then new.error_message end,
        current_actor()
    );
    return null;
end;
$$;

-- The group's row is locked before its children are read, so that of two children that finish at once
-- the second sees the first.
create function derive_group_status() returns trigger
    language plpgsql as $$
begin
    perform from cross_post_groups where id = new.cross_post_group_id for update;
    update cross_post_groups g
    set status = derived.status
    from (
        select case
            when count(*) filter (where d.status <> 'cancelled') = 0 then 'failed'
            when bool_and(d.status = 'published') filter (where d.status <> 'cancelled') then
                case when bool_or(d.status = 'cancelled') then 'partial' else 'completed' end
            when bool_and(d.status in ('failed', 'cancelled')) then 'failed'
            when bool_and(d.status in ('published', 'failed', 'cancelled')) then 'partial'
            when bool_or(d.status not in ('draft', 'scheduled', 'held', 'cancelled')) then 'in_progress'
            else 'pending'
        end as status
        from distributions d
        where d.cross_post_group_id = new.cross_post_group_id
    ) as derived
    where g.id = new.cross_post_group_id and g.status is distinct from derived.status;
    return null;
end;
$$;

create trigger distributions_guard before update of status on distributions
    for each row when (old.status is distinct from new.status) execute function guard_distribution_status();
create trigger distributions_log_new after insert on distributions
    for each row execute function log_distribution_status();
create trigger distributions_log_change after update of status on distributions
    for each row when (old.status is distinct from new.status) execute function log_distribution_status();
create trigger distributions_group_new after insert on distributions
    for each row when (new.cross_post_group_id is not null) execute function derive_group_status();
create trigger distributions_group_change after update of status on distributions
    for each row when (new.cross_post_group_id is not null and old.status is distinct from new.status)
    execute function derive_group_status();
create trigger distributions_touch before update on distributions
    for each row execute function touch_updated_at();
create trigger distributions_zone before insert or update of timezone on distributions
    for each row execute function check_timezone();

-- The journal: a row before any call to a platform, closed when its outcome is known.
create table publish_attempts (
    id bigint generated always as identity primary key,
    distribution_id uuid not null references distributions (id),
    platform_id uuid not null references platforms (id),
    lease_token bigint not null,
    worker text not null,
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    outcome attempt_outcome,
    error_kind error_kind,
    error_code text,
    http_status integer,
    error_message text,
    retry_at timestamptz,
    unique (distribution_id, lease_token),
    check ((finished_at is null) = (outcome is null))
);
create index publish_attempts_window on publish_attempts (platform_id, started_at desc);

-- When each active account may send next, by its own limits over rolling windows and by the platform's reset. The journal
-- is the ledger: an attempt counts unless it certainly was not sent. Null: at once.
create view account_pace as
select p.id as platform_id,
    greatest(
        p.held_until,
        sent.latest + make_interval(mins => p.min_interval_minutes),
        sent.hourly_limit_reached_by + interval '1 hour',
        sent.daily_limit_reached_by + interval '24 hours'
    ) as free_at
from platforms p
cross join lateral (
    select max(a.started_at) as latest,
        max(a.started_at) filter (where a.recency = p.posts_per_hour) as hourly_limit_reached_by,
        max(a.started_at) filter (where a.recency = p.posts_per_day) as daily_limit_reached_by
    from (
        select started_at, row_number() over (order by started_at desc) as recency
        from publish_attempts
        where platform_id = p.id and started_at > now() - interval '24 hours' and outcome is distinct from 'not_sent'
    ) as a
) as sent
where p.state = 'active';

-- What an irreversible step left on the platform, committed before the next step.
create table publish_handles (
    distribution_id uuid not null references distributions (id),
    step text not null,
    handle text not null,
    recorded_at timestamptz not null default clock_timestamp(),
    primary key (distribution_id, step)
);

-- The versions an approval is about: what is sent must have the hash that was approved.
create table review_versions (
    review_id bigint not null references reviews (id),
    distribution_id uuid not null references distributions (id),
    content_hash text not null,
    primary key (review_id, distribution_id)
);
create trigger review_versions_append_only before update or delete on review_versions
    for each row execute function refuse_change();

create table publishing_calendar (
    id uuid primary key default gen_random_uuid(),
    date date not null,
    time_slot time not null,
    timezone zone_name not null default 'America/New_York',
    starts_at timestamptz not null,
    platform_id uuid not null references platforms (id),
    distribution_id uuid unique references distributions (id),
    slot_type slot_type not null default 'regular',
    is_locked boolean not null default false,
    recurring_pattern recurring_pattern,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (platform_id, starts_at)
);
comment on column publishing_calendar.starts_at is 'the instant of date + time_slot in timezone: what uniqueness is about';
create index publishing_calendar_day on publishing_calendar (date, platform_id);
create trigger publishing_calendar_touch before update on publishing_calendar
    for each row execute function touch_updated_at();
create trigger publishing_calendar_zone before insert or update of timezone on publishing_calendar
    for each row execute function check_timezone();

-- What must follow a publication, written in the transaction that publishes, delivered at least once.
create table outbox (
    id bigint generated always as identity primary key,
    topic text not null,
    idempotency_key text not null unique,
    payload jsonb not null,
    available_at timestamptz not null default now(),
    attempts integer not null default 0,
    delivered_at timestamptz,
    last_error text,
    created_at timestamptz not null default now()
);
create index outbox_undelivered on outbox (available_at) where delivered_at is null;
