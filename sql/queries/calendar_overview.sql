-- The days ahead, account by account: what is planned, which calendar slots are free.
--
-- days = 7    how many days ahead, today included, each in its own zone
--
-- Planned are the distributions that are to go out, with a slot of the calendar or without. A slot ahead is free when
-- it is not locked and nothing that can still go out, or has gone out, is in it.
--
-- reads: distribution_plan
-- every: hour
with entry as (
    select
        account.id as account_id,
        d.scheduled_for at time zone account.timezone as at,
        'planned' as kind
    from distributions d
    join platforms account on account.id = d.platform_id
    where (d.status = 'scheduled' or d.status = 'publishing' or d.status = 'held') -- each has a partial index
        and d.scheduled_for >= now() - interval '1 day'
        and d.scheduled_for < now() + make_interval(days => :days + 1)
    union all
    select
        slot.platform_id,
        slot.starts_at at time zone account.timezone,
        case when slot.is_locked then 'locked' else 'free' end
    from publishing_calendar slot
    join platforms account on account.id = slot.platform_id
    left join distributions d on d.id = slot.distribution_id
        and d.status in ('draft', 'scheduled', 'publishing', 'held', 'unknown', 'published')
    where d.id is null
        and slot.starts_at >= now()
        and slot.date between current_date - 1 and current_date + :days + 1
)
select
    cast(entry.at as date) as date,
    account.account_key as account,
    account.name as platform,
    count(*) filter (where entry.kind = 'planned') as planned,
    count(*) filter (where entry.kind = 'free') as free,
    string_agg(
        left(cast(cast(entry.at as time) as text), 5) || case entry.kind when 'planned' then '' else ' ' || entry.kind end,
        ', ' order by entry.at
    ) as times
from entry
join platforms account on account.id = entry.account_id
where cast(entry.at as date) >= cast(now() at time zone account.timezone as date)
    and cast(entry.at as date) < cast(now() at time zone account.timezone as date) + :days
group by cast(entry.at as date), account.id
order by cast(entry.at as date), account.account_key
