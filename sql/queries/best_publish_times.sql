-- The weekday and hour at which published posts found most readers in their first week, in the vertical's own time.
--
-- days = 90        how far back posts are looked at
-- min_posts = 3    fewest posts for a time to be shown
-- rows = 10        how many times to show
--
-- Each post counts once, with its views of the seven days from its publication, and only when they are over: older
-- posts would win by age alone otherwise. A day without known views adds nothing; a post without any is left out.
-- The engagement score is the mean of the posts' means, over those that have one.
--
-- reads: site_analytics
-- picture: bars of avg_views by vertical, weekday, hour
select
    vertical.name as vertical,
    to_char(moment.at, 'FMDay') as weekday,
    cast(extract(hour from moment.at) as integer) as hour,
    count(*) as posts,
    round(avg(week.views)) as avg_views,
    round(avg(week.engagement_score), 3) as avg_engagement_score
from publisher_posts post
join publisher_verticals vertical on vertical.id = post.vertical_id
cross join lateral (select post.published_at at time zone vertical.timezone as at) as moment
cross join lateral (
    select sum(day.views) as views, avg(day.engagement_score) as engagement_score
    from publisher_post_analytics day
    where day.post_id = post.id
        and day.date >= cast(moment.at as date)
        and day.date < cast(moment.at as date) + 7
) as week
where post.status = 'published'
    and post.published_at > now() - make_interval(days => :days)
    and post.published_at <= now() - interval '7 days'
    and week.views is not null
group by vertical.id, vertical.name, to_char(moment.at, 'FMDay'), extract(hour from moment.at)
having count(*) >= :min_posts
order by avg(week.views) desc, vertical.name, min(moment.at)
limit :rows
