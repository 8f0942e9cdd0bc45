-- What each published article cost and brought in, to this day.
--
-- days = 30    published within this many days
-- rows = 50    how many to show, the dearest losses and the best profits alike by the size of what they moved
-- model = linear of first, last, linear, time_decay, position, shapley    which touches a conversion is owed to
--
-- Revenue is what confirmed conversions brought that the article, or what was published of it, is credited with. Cost is
-- every call to a model for it, the analyses of its story's items, what publishing it cost, its share of what its
-- accounts cost by the month, and what was noted by hand. `unvalued` are conversions that should have brought money
-- whose dollars nobody knows, `unknown_costs` counts costs nobody knows; while there are any, the profit is unknown, and
-- the sums beside it are those of what is known. Sums are exact; a table shows them rounded.
--
-- reads: attribution
-- picture: bars of profit_usd by title
with listed as (
    select post.id, post.title, post.published_at, vertical.name as vertical
    from publisher_posts post
    join publisher_verticals vertical on vertical.id = post.vertical_id
    where post.status = 'published' and post.published_at > now() - make_interval(days => :days)
), summed as (
    select listed.*, earned.*, spent.*
    from listed
    cross join lateral (
        select
            coalesce(sum(m.conversions), 0) as conversions,
            coalesce(sum(m.pending), 0) as pending,
            coalesce(sum(m.unvalued), 0) as unvalued,
            sum(m.usd) as revenue_usd
        from attributed_months m
        where m.post_id = listed.id and m.model = :model
    ) as earned
    cross join lateral (
        select count(*) as costs, count(*) filter (where c.usd is null) as unknown_costs, sum(c.usd) as cost_usd
        from post_costs c
        where c.post_id = listed.id
    ) as spent
), told as (
    select
        summed.*,
        case when unvalued = 0 then coalesce(revenue_usd, 0) else revenue_usd end as known_revenue,
        case when unknown_costs = 0 then coalesce(cost_usd, 0) else cost_usd end as known_cost
    from summed
)
select
    title,
    vertical,
    published_at,
    trim_scale(conversions) as conversions,
    trim_scale(pending) as pending,
    trim_scale(unvalued) as unvalued,
    unknown_costs,
    trim_scale(known_revenue) as revenue_usd,
    trim_scale(known_cost) as cost_usd,
    case when unvalued = 0 and unknown_costs = 0 then trim_scale(known_revenue - known_cost) end as profit_usd
from told
order by coalesce(known_revenue, 0) + coalesce(known_cost, 0) desc, published_at desc, id
limit :rows
