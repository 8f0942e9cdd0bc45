-- What each vertical brought in and cost, month by month; everything that is known, so the lines add up to the whole.
--
-- months = 3    how many calendar months (UTC), the present one included
-- model = linear of first, last, linear, time_decay, position, shapley    which touches a conversion is owed to
--
-- A conversion counts in its own month for the vertical of the post that it is credited to, a call to a model in the
-- month in which it was made, analyses that came to nothing included. An account's monthly cost is shared by what it
-- published in the month; an account that published nothing counts for its own vertical. The line without a vertical is
-- what belongs to none. `unknown_costs` are calls and publications whose cost nobody knows; while there are any, or
-- conversions without a known value, the profit is unknown.
--
-- reads: attribution
-- picture: bars of profit_usd by vertical, month
with span as (
    select (date_trunc('month', now() at time zone 'UTC') - make_interval(months => :months - 1))::date as first_month
), earned as (
    select m.month, p.vertical_id, sum(m.conversions) as conversions, sum(m.pending) as pending,
        sum(m.unvalued) as unvalued, sum(m.usd) as usd
    from attributed_months m
    left join publisher_posts p on p.id = m.post_id, span
    where m.month >= span.first_month and m.model = :model
    group by 1, 2
), published as (
    select date_trunc('month', d.published_at at time zone 'UTC')::date as month, d.platform_id,
        coalesce(p.vertical_id, d.vertical_id) as vertical_id, count(*) as publications, sum(c.usd) as usd,
        count(*) filter (where c.usd is null) as unknown_costs
    from distributions d
    left join publisher_posts p on p.id = d.post_id
    left join publication_costs c on c.distribution_id = d.id, span
    where d.status = 'published' and d.published_at >= span.first_month at time zone 'UTC'
    group by 1, 2, 3
), spent as (
    select date_trunc('month', u.created_at at time zone 'UTC')::date as month, u.vertical_id, sum(u.cost_usd) as usd,
        count(*) filter (where u.cost_usd is null) as unknown_costs
    from ai_usage u, span
    where u.created_at >= span.first_month at time zone 'UTC' and num_nulls(u.cost_usd, u.most_usd) < 2
    group by 1, 2
    union all
    select month, vertical_id, usd, unknown_costs from published
    union all
    select a.month, coalesce(p.vertical_id, case when p.month is null then account.vertical_id end),
        (a.fees_usd + a.reading_usd) * coalesce(cast(p.publications as numeric) / a.publications, 1), 0
    from account_months a
    join platforms account on account.id = a.platform_id
    left join published p on p.platform_id = a.platform_id and p.month = a.month, span
    where a.month >= span.first_month and a.fees_usd + a.reading_usd > 0
    union all
    select date_trunc('month', o.day)::date, coalesce(p.vertical_id, account.vertical_id, o.vertical_id), o.usd, 0
    from other_costs o
    left join publisher_posts p on p.id = o.post_id
    left join platforms account on account.id = o.platform_id, span
    where o.day >= span.first_month
), costs as (
    select month, vertical_id, sum(usd) as usd, sum(unknown_costs) as unknown_costs from spent group by 1, 2
), lines as (
    select month, vertical_id from earned union select month, vertical_id from costs
)
select
    lines.month,
    coalesce(v.name, 'no vertical') as vertical,
    trim_scale(coalesce(e.conversions, 0)) as conversions,
    trim_scale(coalesce(e.pending, 0)) as pending,
    trim_scale(coalesce(e.unvalued, 0)) as unvalued,
    coalesce(c.unknown_costs, 0) as unknown_costs,
    trim_scale(case when coalesce(e.unvalued, 0) = 0 then coalesce(e.usd, 0) else e.usd end) as revenue_usd,
    trim_scale(case when coalesce(c.unknown_costs, 0) = 0 then coalesce(c.usd, 0) else c.usd end) as cost_usd,
    case when coalesce(e.unvalued, 0) = 0 and coalesce(c.unknown_costs, 0) = 0
        then trim_scale(coalesce(e.usd, 0) - coalesce(c.usd, 0)) end as profit_usd
from lines
left join earned e on e.month = lines.month and e.vertical_id is not distinct from lines.vertical_id
left join costs c on c.month = lines.month and c.vertical_id is not distinct from lines.vertical_id
left join publisher_verticals v on v.id = lines.vertical_id
order by lines.month desc, revenue_usd desc nulls last, vertical
