-- How many follow each account, how many more or fewer than some days ago, and who came and went.
--
-- days = 30    how far back is looked
--
-- `followers` is the latest count of these days and `change` what it differs by from the earliest, from `since` on.
-- `gained` and `lost` are added up over the days for which the platform tells them; most tell neither. What is unknown
-- stays empty: a count that was taken once has no change.
--
-- reads: distribution_metrics
-- picture: bars of change by account
with counted as (
    select
        platform_id,
        (array_agg(followers order by day desc) filter (where followers is not null))[1] as followers,
        (array_agg(followers order by day) filter (where followers is not null))[1] as followers_before,
        min(day) filter (where followers is not null) as since,
        count(followers) as counts,
        sum(gained) as gained,
        sum(lost) as lost
    from account_snapshots
    where day >= current_date - :days
    group by platform_id
)
select
    account.account_key as account,
    account.name as platform,
    counted.followers,
    counted.since,
    case when counted.counts > 1 then counted.followers - counted.followers_before end as change,
    counted.gained,
    counted.lost
from counted
join platforms account on account.id = counted.platform_id
order by account.account_key
