-- What the publish engine needs beyond its claim: the platform's own quota, who is at work, warnings, alerts.

alter table platforms
    add column quota_remaining integer check (quota_remaining >= 0),
    add column quota_reported_at timestamptz,
    add column quota_resets_at timestamptz,
    add check (num_nulls(quota_remaining, quota_reported_at, quota_resets_at) in (0, 3));
comment on column platforms.quota_remaining is 'how many posts the platform said, at quota_reported_at, that it would still take before quota_resets_at';

alter table distributions add column person_asked_at timestamptz;
comment on column distributions.person_asked_at is 'since when an unknown outcome waits for a person, because the platform could not tell in time';

-- When each active account may send next, and by which of its limits: its own over rolling windows, the platform's reset
-- after a rate limit, and the quota it last reported. The journal is the ledger. Null: at once. (An offset may name a
-- column of the outer query; in a function it would be planned anew at each call.)
create or replace view account_pace as
select p.id as platform_id,
    greatest(p.held_until, pace.interval_until, pace.hour_until, pace.day_until, pace.quota_until) as free_at,
    p.is_home, last.attempt_at as last_attempt_at,
    pace.interval_until, pace.hour_until, pace.day_until, pace.quota_until
from platforms p
cross join lateral (
    select max(a.started_at) as attempt_at from publish_attempts a
    where a.platform_id = p.id and a.outcome is distinct from 'not_sent'
) as last
cross join lateral (
    select
        last.attempt_at + make_interval(mins => nullif(p.min_interval_minutes, 0)) as interval_until,
        (
            select a.started_at from publish_attempts a
            where a.platform_id = p.id and a.outcome is distinct from 'not_sent' and p.posts_per_hour is not null
            order by a.started_at desc
            offset p.posts_per_hour - 1 limit 1
        ) + interval '1 hour' as hour_until,
        (
            select a.started_at from publish_attempts a
            where a.platform_id = p.id and a.outcome is distinct from 'not_sent' and p.posts_per_day is not null
            order by a.started_at desc
            offset p.posts_per_day - 1 limit 1
        ) + interval '24 hours' as day_until,
        case when p.quota_remaining = 0 or (
            select a.started_at from publish_attempts a
            where a.platform_id = p.id and a.outcome is distinct from 'not_sent' and p.quota_remaining is not null
            order by a.started_at desc
            offset greatest(p.quota_remaining, 1) - 1 limit 1
        ) > p.quota_reported_at then p.quota_resets_at end as quota_until
) as pace
where p.state = 'active';

-- The account's attempts, the latest first, without those that certainly were not sent: they count against no limit.
drop index publish_attempts_window;
create index publish_attempts_pace on publish_attempts (platform_id, started_at desc) where outcome is distinct from 'not_sent';
create index publish_attempts_errors on publish_attempts (platform_id, started_at) where error_kind is not null;

-- A post's distributions on its home, which its other distributions wait for.
create function homes_of(post uuid) returns setof distributions
    language sql stable as $$
    -- An array, not a join: it is read once a statement, and a join would read all of platforms for each post.
    select d.* from distributions d
    where d.post_id = post and d.platform_id = any (array(select p.id from platforms p where p.is_home))
$$;

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

-- In the order of the claim, to the tie-break.
drop index distributions_due_lane;
create index distributions_due_lane on distributions (platform_id, next_attempt_at, id) where status = 'scheduled';

-- By lane: the claim asks whether an account's lane is occupied.
drop index distributions_leased;
create index distributions_leased on distributions (platform_id, lease_until) where status = 'publishing';

-- A worker writes many outcomes in one statement, so what follows a change of status is done once a statement: the guard,
-- the log, and the groups, whose rows are locked in order. The groups come last, so everybody locks accounts, then
-- distributions, then groups.
drop trigger distributions_guard on distributions;
drop trigger distributions_log_new on distributions;
drop trigger distributions_log_change on distributions;
drop trigger distributions_group_new on distributions;
drop trigger distributions_group_change on distributions;
drop function guard_distribution_status();
drop function log_distribution_status();
drop function derive_group_status();

-- The groups' rows are locked before their children are read, so that of two children that finish at once the second
-- sees the first.
create function derive_group_statuses(group_ids uuid[]) returns void
    language plpgsql as $$
begin
    perform from cross_post_groups where id = any (group_ids) order by id for no key update;
    update cross_post_groups g
    set status = derived.status
    from (
        select d.cross_post_group_id as id, case
            when count(*) filter (where d.status <> 'cancelled') = 0 then 'failed'
            when bool_and(d.status = 'published') filter (where d.status <> 'cancelled') then
                case when bool_or(d.status = 'cancelled') then 'partial' else 'completed' end
            when bool_and(d.status in ('failed', 'cancelled')) then 'failed'
            when bool_and(d.status in ('published', 'failed', 'cancelled')) then 'partial'
            when bool_or(d.status not in ('draft', 'scheduled', 'held', 'cancelled')) then 'in_progress'
            else 'pending'
        end as status
        from distributions d
        where d.cross_post_group_id = any (group_ids)
        group by d.cross_post_group_id
    ) as derived
    where g.id = derived.id and g.status is distinct from derived.status;
end;
$$;

create function follow_new_distributions() returns trigger
    language plpgsql as $$
begin
    insert into distribution_events (distribution_id, to_status, reason, actor)
    select id, status, case when status = 'held' then hold_reason else error_message end, current_actor()
    from added;
    perform derive_group_statuses(array(select distinct cross_post_group_id from added where cross_post_group_id is not null));
    return null;
end;
$$;

create function follow_distribution_changes() returns trigger
    language plpgsql as $$
declare
    moved record;
    group_ids uuid[];
begin
    for moved in
        select c.id, o.status as from_status, c.status as to_status
        from changed c join original o using (id)
        where c.status <> o.status
            and not exists (select from distribution_transitions t where t.from_status = o.status and t.to_status = c.status)
    loop
        raise exception 'distribution % cannot go from % to %', moved.id, moved.from_status, moved.to_status
            using errcode = 'check_violation';
    end loop;
    with logged as (
        insert into distribution_events (distribution_id, from_status, to_status, reason, actor)
        select c.id, o.status, c.status,
            case when c.status = 'held' then c.hold_reason
                 when c.status in ('failed', 'unknown', 'scheduled', 'cancelled') then c.error_message end,
            current_actor()
        from changed c join original o using (id)
        where c.status <> o.status
        returning distribution_id
    )
    select array_agg(distinct c.cross_post_group_id) into group_ids
    from logged join changed c on c.id = logged.distribution_id
    where c.cross_post_group_id is not null;
    if group_ids is not null then
        perform derive_group_statuses(group_ids);
    end if;
    return null;
end;
$$;

create trigger distributions_follow_new after insert on distributions
    referencing new table as added
    for each statement execute function follow_new_distributions();
create trigger distributions_follow_change after update on distributions
    referencing old table as original new table as changed
    for each statement execute function follow_distribution_changes();

create index outbox_given_up on outbox (given_up_at) where given_up_at is not null;
create index alerts_latest on alerts (kind, subject, id desc);

-- A drafted version whose platform would refuse it after an edit.
insert into distribution_transitions (from_status, to_status) values ('draft', 'held');
