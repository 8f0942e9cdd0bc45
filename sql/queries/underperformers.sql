-- Recent posts that few people read and most left at once: candidates for a better title or opening.
--
-- min_age_days = 3          younger posts had no chance yet
-- max_age_days = 14         older posts are past repair
-- max_views = 100           fewer views than this in all
-- min_bounce_rate = 0.7     more of the visits than this ended where they began
--
-- Views are summed over the post's days, and the bounce rate is weighted by them. A post without any known views is
-- not listed, for unknown is not few; neither is one whose bounce rate is unknown.
select
    post.canonical_id,
    post.title,
    vertical.name as vertical,
    post.published_at at time zone vertical.timezone as published_local,
    cast(floor(extract(epoch from now() - post.published_at) / 86400) as integer) as age_days,
    total.views,
    round(total.bounce_rate, 4) as bounce_rate
from publisher_posts post
join publisher_verticals vertical on vertical.id = post.vertical_id
cross join lateral (
    select
        sum(day.views) as views,
        sum(day.bounce_rate * day.views) / nullif(sum(day.views) filter (where day.bounce_rate is not null), 0)
            as bounce_rate
    from publisher_post_analytics day
    where day.post_id = post.id
) as total
where post.status = 'published'
    and post.published_at > now() - make_interval(days => :max_age_days)
    and post.published_at <= now() - make_interval(days => :min_age_days)
    and total.views < :max_views
    and total.bounce_rate > :min_bounce_rate
order by total.views, post.published_at
