-- What the publish engine needs beyond its claim: the platform's own quota, who is at work, warnings, alerts.

alter table platforms
    add column quota_remaining integer check (quota_remaining >= 0),
    add column quota_reported_at timestamptz,
    add column quota_resets_at timestamptz,
    add check (num_nulls(quota_remaining, quota_reported_at, quota_resets_at) in (0, 3));
comment on column platforms.quota_remaining is 'how many posts the platform said, at quota_reported_at, that it would still take before quota_resets_at';

alter table distributions add column person_asked_at timestamptz;
comment on column distributions.person_asked_at is 'since when an unknown outcome waits for a person, because the platform could not tell in time';

-- When each active account may send next: by its own limits over rolling windows, by the platform's reset after a rate
-- limit, and by the quota it last reported. The journal is the ledger. Null: at once.
create or replace view account_pace as
select id as platform_id,
    greatest(
        held_until,
        case when min_interval_minutes > 0
            then nth_latest_attempt(id, 1) + make_interval(mins => min_interval_minutes) end,
        nth_latest_attempt(id, posts_per_hour) + interval '1 hour',
        nth_latest_attempt(id, posts_per_day) + interval '24 hours',
        case when quota_remaining = 0 or nth_latest_attempt(id, quota_remaining) > quota_reported_at
            then quota_resets_at end
    ) as free_at
from platforms
where state = 'active';

-- Processes that stay at work, so that others know: `pressroom worker`.
create table workers (
    name text primary key,
    started_at timestamptz not null default now(),
    seen_at timestamptz not null default now()
);

-- What would stop a scheduled distribution, found a day and an hour before its time.
create domain warning_kind as text
    check (value in ('account', 'credentials', 'quota', 'content', 'media', 'link', 'near_duplicate'));
create domain warning_stage as text
    check (value in ('day', 'hour'));

create table distribution_warnings (
    id bigint generated always as identity primary key,
    distribution_id uuid not null references distributions (id),
    kind warning_kind not null,
    message text not null check (message <> ''),
    raised_at timestamptz not null default clock_timestamp(),
    resolved_at timestamptz
);
create unique index distribution_warnings_open on distribution_warnings (distribution_id, kind) where resolved_at is null;

-- Which looks ahead were taken; a new time asks for new ones.
create table distribution_checks (
    distribution_id uuid not null references distributions (id),
    stage warning_stage not null,
    scheduled_for timestamptz not null,
    checked_at timestamptz not null default clock_timestamp(),
    primary key (distribution_id, stage, scheduled_for)
);

-- What a person is told of. One row while it lasts, however often it is seen.
create domain alert_kind as text
    check (value in ('failed', 'unknown', 'held', 'paused', 'warning', 'missed', 'stuck', 'undelivered'));

create table alerts (
    id bigint generated always as identity primary key,
    kind alert_kind not null,
    subject text not null check (subject <> ''),
    message text not null check (message <> ''),
    raised_at timestamptz not null default clock_timestamp(),
    last_seen_at timestamptz not null default clock_timestamp(),
    times integer not null default 1 check (times > 0),
    resolved_at timestamptz
);
comment on column alerts.subject is 'what it is about, and with the kind the key by which the same alert is told once: distribution 1234…, account x-main';
create unique index alerts_open on alerts (kind, subject) where resolved_at is null;
create index alerts_recent on alerts (raised_at desc);

alter table outbox add column given_up_at timestamptz;
comment on column outbox.given_up_at is 'when the tries were used up; a person may ask for it again';
drop index outbox_undelivered;
create index outbox_undelivered on outbox (available_at) where delivered_at is null and given_up_at is null;

-- By lane: the claim asks whether an account's lane is occupied.
drop index distributions_leased;
create index distributions_leased on distributions (platform_id, lease_until) where status = 'publishing';
