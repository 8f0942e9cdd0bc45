-- Recent posts that few people read and most left at once: candidates for a better title or opening.
--
-- min_age_days = 3          younger posts had no chance yet; all are compared over as many days
-- max_age_days = 14         older posts are past repair
-- max_views = 100           fewer views than this in their first days
-- min_bounce_rate = 0.7     more of the visits than this ended where they began
-- compared_days = 60        as many days of the vertical's posts tell what is usual
-- min_posts = 5             fewest such posts for anything to be usual
--
-- Views are those of the day of publication and the `min_age_days` days after it, in the vertical's own time, when
-- these are over; the bounce rate is weighted by them. A post without any known views is not listed, for unknown is
-- not few; neither is one whose bounce rate is unknown. Usual is the vertical's median over the same days of age. The
-- suggestion goes by the first rule that holds:
--   retitle   fewer than half as many came as usual: the title and the picture draw nobody
--   refresh   as many came as to others, or nobody knows what is usual, and they left: its opening does not keep them
--
-- reads: site_analytics
-- picture: dots of views against usual_views by title
with early as (
    select
        post.id,
        post.vertical_id,
        post.published_at at time zone vertical.timezone as published_local,
        vertical.name as vertical,
        first_days.views,
        first_days.bounce_rate
    from publisher_posts post
    join publisher_verticals vertical on vertical.id = post.vertical_id
    cross join lateral (
        select
            sum(day.views) as views,
            sum(day.bounce_rate * day.views) / nullif(sum(day.views) filter (where day.bounce_rate is not null), 0)
                as bounce_rate
        from publisher_post_analytics day
        where day.post_id = post.id
            and day.date >= cast(post.published_at at time zone vertical.timezone as date)
            and day.date <= cast(post.published_at at time zone vertical.timezone as date) + :min_age_days
    ) as first_days
    where post.status = 'published'
        and post.published_at > now() - make_interval(days => greatest(:max_age_days, :compared_days))
        and cast(post.published_at at time zone vertical.timezone as date) + :min_age_days
            < cast(now() at time zone vertical.timezone as date)
),
usual as (
    select vertical_id, percentile_cont(0.5) within group (order by views) as views
    from early
    group by vertical_id
    having count(views) >= :min_posts
)
select
    post.canonical_id,
    post.title,
    early.vertical,
    early.published_local,
    cast(floor(extract(epoch from now() - post.published_at) / 86400) as integer) as age_days,
    early.views,
    round(cast(usual.views as numeric)) as usual_views,
    round(early.bounce_rate, 4) as bounce_rate,
    case when early.views < usual.views / 2 then 'retitle' else 'refresh' end as suggestion
from early
join publisher_posts post on post.id = early.id
left join usual on usual.vertical_id = early.vertical_id
where post.published_at > now() - make_interval(days => :max_age_days)
    and early.views < :max_views
    and early.bounce_rate > :min_bounce_rate
order by early.views, post.published_at, post.canonical_id
