-- What each channel brought in and cost, month by month.
--
-- months = 3    how many calendar months (UTC), the present one included
-- model = linear of first, last, linear, time_decay, position, shapley    which touches a conversion is owed to
--
-- A channel is an account, or what a link's tags or a foreign page said; `direct` is what nothing is known to have led
-- to. A conversion counts in its own month. Cost is the channel's own: its publications, its fees, what asking for its
-- figures cost, and what was noted for it by hand; what articles cost to make is in the reports by article and by
-- vertical. A channel that is no account has no costs that could be known here, so its profit is its revenue.
--
-- reads: attribution
-- picture: bars of profit_usd by channel, month
with span as (
    select (date_trunc('month', now() at time zone 'UTC') - make_interval(months => :months - 1))::date as first_month
), earned as (
    select m.month, m.channel, sum(m.conversions) as conversions, sum(m.pending) as pending,
        sum(m.unvalued) as unvalued, sum(m.usd) as usd
    from attributed_months m, span
    where m.month >= span.first_month and m.model = :model
    group by m.month, m.channel
), published as (
    select date_trunc('month', d.published_at at time zone 'UTC')::date as month, d.platform_id,
        sum(c.usd) as usd, count(*) filter (where c.usd is null) as unknown_costs
    from distributions d
    left join publication_costs c on c.distribution_id = d.id, span
    where d.status = 'published' and d.published_at >= span.first_month at time zone 'UTC'
    group by 1, 2
), noted as (
    select date_trunc('month', o.day)::date as month, o.platform_id, sum(o.usd) as usd
    from other_costs o, span
    where o.platform_id is not null and o.day >= span.first_month
    group by 1, 2
), spent as (
    select month, account.account_key as channel, a.publications,
        a.fees_usd + a.reading_usd + coalesce(noted.usd, 0) + coalesce(published.usd, 0) as usd,
        coalesce(published.unknown_costs, 0) as unknown_costs
    from (select a.* from account_months a, span where a.month >= span.first_month) as a
    full join noted using (platform_id, month)
    left join published using (platform_id, month)
    join platforms account on account.id = platform_id
)
select
    month,
    channel,
    coalesce(publications, 0) as publications,
    trim_scale(coalesce(conversions, 0)) as conversions,
    trim_scale(coalesce(pending, 0)) as pending,
    trim_scale(coalesce(unvalued, 0)) as unvalued,
    coalesce(unknown_costs, 0) as unknown_costs,
    trim_scale(case when coalesce(unvalued, 0) = 0 then coalesce(earned.usd, 0) else earned.usd end) as revenue_usd,
    trim_scale(coalesce(spent.usd, 0)) as cost_usd,
    case when coalesce(unvalued, 0) = 0 and coalesce(unknown_costs, 0) = 0
        then trim_scale(coalesce(earned.usd, 0) - coalesce(spent.usd, 0)) end as profit_usd
from earned
full join spent using (month, channel)
order by month desc, revenue_usd desc nulls last, channel
