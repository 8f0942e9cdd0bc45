-- What each published article cost: the calls to a model that it took, those that failed included.
--
-- days = 30    published within this many days
-- rows = 50    how many to show
--
-- A call of unknown price is counted as unpriced and adds nothing: the cost is then a least one. No calls is no cost.
-- The analyses of the story's items, which come before there is an article, are part of it.
--
-- reads: article_draft
-- picture: bars of cost_usd by title
select
    post.title,
    vertical.name as vertical,
    post.published_at,
    coalesce(bill.calls, 0) as calls,
    coalesce(bill.failed, 0) as failed,
    coalesce(bill.unpriced, 0) as unpriced,
    case when bill.calls is null then 0 else bill.cost_usd end as cost_usd
from publisher_posts post
join publisher_verticals vertical on vertical.id = post.vertical_id
left join lateral (
    select
        count(*) as calls,
        count(*) filter (where u.outcome <> 'ok') as failed,
        count(*) filter (where u.cost_usd is null) as unpriced,
        sum(u.cost_usd) as cost_usd
    from post_calls c
    join ai_usage u on u.id = c.call_id
    where c.canonical_id = post.canonical_id
    group by c.canonical_id
) as bill on true
where post.status = 'published'
    and post.published_at > now() - make_interval(days => :days)
order by post.published_at desc, post.id
limit :rows
