-- Native scheduling: what is handed to a platform beforehand, which publishes it by itself at its time.

alter table platforms
    add column hand_over_ahead_minutes integer check (hand_over_ahead_minutes > 0);
comment on column platforms.hand_over_ahead_minutes is 'how long before its time what is scheduled is handed to the platform; null: never, we send it at its time';

-- The mark. While it stands, the platform holds the distribution, or may hold it, and no claim takes it. Only
-- `store/handovers.py` writes it; whoever moves, holds or cancels such a distribution leaves it alone.
alter table distributions
    add column handed_over_for timestamptz;
comment on column distributions.handed_over_for is 'the instant for which the platform holds it, or may hold it: an open row of handovers. Null: it is ours alone';

create domain handover_end as text
    check (value in ('published', 'taken_back', 'refused', 'not_sent', 'absent'));

-- The journal of what was handed over: a row before any call, closed when it is certain what became of it.
create table handovers (
    id bigint generated always as identity primary key,
    distribution_id uuid not null references distributions (id),
    platform_id uuid not null references platforms (id),
    held_for timestamptz not null,
    content_hash text not null,
    begun_at timestamptz not null default clock_timestamp(),
    held_since timestamptz,
    external_id text,
    external_url text,
    token bigint not null,
    rest_until timestamptz not null,
    look_at timestamptz not null,
    settle_until timestamptz not null,
    seen_at timestamptz not null,
    failures integer not null default 0 check (failures >= 0),
    ended_at timestamptz,
    ended_as handover_end,
    reason text,
    again_at timestamptz,
    check ((held_since is null) = (external_id is null)),
    check ((ended_at is null) = (ended_as is null))
);
comment on column handovers.content_hash is 'of what was handed over: what the distribution says by now may differ';
comment on column handovers.held_since is 'when the platform said that it holds it; null: nobody knows whether it does';
comment on column handovers.token is 'fencing: grows with each look, and every write of a worker names the one it holds';
comment on column handovers.rest_until is 'nobody else looks before: the lease of who does, or the rest after a failure';
comment on column handovers.look_at is 'when the platform is asked about it next, if nothing happens to it before';
comment on column handovers.settle_until is 'before this instant, finding nothing on the platform proves nothing';
comment on column handovers.seen_at is 'the distribution''s updated_at when it was last compared with what was handed over';
comment on column handovers.again_at is 'of what is not held any more: when it may be handed over for the same time again; null: never';
create unique index handovers_open on handovers (distribution_id) where ended_at is null;
create index handovers_distribution on handovers (distribution_id, held_for);
create index handovers_not_sent on handovers (platform_id, again_at) where ended_as = 'not_sent';

-- What an account's platform holds, by its time.
create index distributions_handed_over on distributions (platform_id, handed_over_for) where handed_over_for is not null;

-- In the order of the claim, to the tie-break. What is handed over is not on it: however much a platform holds, the
-- claim never walks over it.
drop index distributions_due_lane;
create index distributions_due_lane on distributions (platform_id, next_attempt_at, id)
    where status = 'scheduled' and handed_over_for is null;

-- In one statement, since after a domain's constraint was dropped PostgreSQL takes no savepoint.
do $$
begin
    alter domain alert_kind drop constraint alert_kind_check;
    alter domain alert_kind add constraint alert_kind_check
        check (value in ('failed', 'unknown', 'held', 'paused', 'warning', 'missed', 'stuck', 'undelivered',
                         'not_taken_back'));
end
$$;

-- As before; and what a platform may hold can be live whatever we want of it, since it publishes by itself.
create or replace function follow_distribution_changes() returns trigger
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
            and not (c.status = 'published' and o.handed_over_for is not null)
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

-- Until when an account that may send `most` in any window of this length must send nothing, because of what its platform
-- holds: with one more now, there would be too many in a window that begins before now or ends after it. In plpgsql, where
-- a plan is kept.
create function full_with_held(account uuid, most integer, length interval) returns timestamptz
    language plpgsql stable as $$
begin
    return (
        with ledger as materialized (
            select a.started_at as at from publish_attempts a
            where a.platform_id = account and a.outcome is distinct from 'not_sent' and a.started_at > now() - length
            union all
            select d.handed_over_for from distributions d
            where d.platform_id = account and d.handed_over_for > now() - length and d.handed_over_for < now() + length
        )
        select max(run.begins + length)
        from (
            select l.at as ends, lag(l.at, most - 1) over (order by l.at) as begins
            from ledger l
            where (select count(*) from ledger) >= most
        ) as run
        where greatest(run.ends, now()) - least(run.begins, now()) < length
    );
end;
$$;

-- When each active account may send next. What its platform holds counts at its own time, before it as after it.
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
    select exists (
        select from distributions d where d.platform_id = p.id and d.handed_over_for is not null
    ) as anything, make_interval(mins => nullif(p.min_interval_minutes, 0)) as apart
    offset 0  -- asked once, for all that follows
) as held
cross join lateral (
    select
        greatest(last.attempt_at, case when held.anything then (
            select max(d.handed_over_for) from distributions d
            where d.platform_id = p.id and d.handed_over_for < now() + held.apart
        ) end) + held.apart as interval_until,
        greatest((
            select a.started_at from publish_attempts a
            where a.platform_id = p.id and a.outcome is distinct from 'not_sent' and p.posts_per_hour is not null
            order by a.started_at desc
            offset p.posts_per_hour - 1 limit 1
        ) + interval '1 hour', case when held.anything and p.posts_per_hour is not null and exists (
            select from distributions d
            where d.platform_id = p.id and d.handed_over_for > now() - interval '1 hour'
                and d.handed_over_for < now() + interval '1 hour'
        ) then
            full_with_held(p.id, p.posts_per_hour, interval '1 hour')
        end) as hour_until,
        greatest((
            select a.started_at from publish_attempts a
            where a.platform_id = p.id and a.outcome is distinct from 'not_sent' and p.posts_per_day is not null
            order by a.started_at desc
            offset p.posts_per_day - 1 limit 1
        ) + interval '24 hours', case when held.anything and p.posts_per_day is not null then
            full_with_held(p.id, p.posts_per_day, interval '24 hours')
        end) as day_until,
        case when p.quota_remaining = 0 or (
            select a.started_at from publish_attempts a
            where a.platform_id = p.id and a.outcome is distinct from 'not_sent' and p.quota_remaining is not null
            order by a.started_at desc
            offset greatest(p.quota_remaining, 1) - 1 limit 1
        ) > p.quota_reported_at then p.quota_resets_at end as quota_until
) as pace
where p.state = 'active';
