-- Who may take an instant of an account's calendar, and what planning leaves where it is.

alter table distributions add column is_pinned boolean not null default false;
comment on column distributions.is_pinned is 'its time is one that a person named, or now: planning never moves it';

-- What was approved before there was planning stays where it is.
update distributions set is_pinned = true
where scheduled_for is not null and status in ('scheduled', 'publishing', 'unknown', 'held', 'failed');

alter table publisher_verticals
    add column paused_at timestamptz,
    add column pause_reason text,
    add check ((paused_at is null) = (pause_reason is null));
comment on column publisher_verticals.paused_at is 'since when nothing of it goes out; what is scheduled keeps its time';

-- Every scheduled distribution holds the entry of its instant. Of two that stand at one instant the first keeps it; the
-- other is given one when it is next moved.
insert into publishing_calendar (date, time_slot, timezone, starts_at, platform_id, distribution_id)
select distinct on (d.platform_id, d.scheduled_for)
    (d.scheduled_for at time zone d.timezone)::date, (d.scheduled_for at time zone d.timezone)::time, d.timezone,
    d.scheduled_for, d.platform_id, d.id
from distributions d
where d.status in ('scheduled', 'publishing', 'unknown', 'held') and d.scheduled_for is not null
    and not exists (select from publishing_calendar c where c.distribution_id = d.id)
order by d.platform_id, d.scheduled_for, d.created_at, d.id
on conflict (platform_id, starts_at) do update set distribution_id = excluded.distribution_id
    where publishing_calendar.distribution_id is null;

-- What planning asks of an account's calendar: the next free entries, however many lie behind.
create index publishing_calendar_free on publishing_calendar (platform_id, starts_at)
    where distribution_id is null and not is_locked;

-- A new time is told where a change of status is: an event from scheduled to scheduled.
create or replace view post_log as
select e.post_id, e.at, 4 as step, 'status' as kind, e.actor,
    concat_ws(' → ', e.from_status, e.to_status) as what, e.note as detail
from post_events e
union all
select r.post_id, r.at, 1, 'revision', r.actor, 'revision ' || r.number, ''
from post_revisions r
union all
select c.post_id, c.at, 2, 'check', coalesce(u.full_name, 'automated'), replace(c.item, '_', ' '),
    case when c.findings is null then concat_ws(': ', 'found right', nullif(c.note, '')) else
        jsonb_array_length(jsonb_path_query_array(c.findings, '$[*] ? (@.severity == "blocking")')) || ' blocking, ' ||
        jsonb_array_length(jsonb_path_query_array(c.findings, '$[*] ? (@.severity == "improvement")')) || ' to improve'
    end
from review_checks c left join users u on u.id = c.checked_by
union all
select r.post_id, r.decided_at, 3, 'decision', u.full_name,
    concat_ws(', ', replace(r.decision, '_', ' '), 'revision ' || r.revision), r.note
from reviews r join users u on u.id = r.reviewer_id
union all
select d.post_id, e.at, case e.from_status when 'published' then 5 else 6 end,
    case e.from_status when 'published' then 'takedown' else 'move' end, e.actor, p.account_key, e.reason
from distribution_events e
join distributions d on d.id = e.distribution_id
join platforms p on p.id = d.platform_id
where d.post_id is not null and e.from_status = e.to_status and e.from_status in ('published', 'scheduled');
