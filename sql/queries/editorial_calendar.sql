-- Everything on its way, and what was published in the last days, in the vertical's own time.
--
-- days = 7    how far back published posts are shown
--
-- A scheduled post stands at the time it is scheduled for, a published one at the time it was published, and a draft
-- or a post in review, which has no time yet, at the time it was made.
--
-- reads: distribution_plan
-- every: hour
select
    entry.at at time zone vertical.timezone as local_time,
    vertical.timezone,
    entry.status,
    entry.canonical_id,
    entry.title,
    vertical.name as vertical,
    author.full_name as author
from (
    select
        case status when 'scheduled' then scheduled_at else created_at end as at,
        status, canonical_id, title, vertical_id, author_id
    from publisher_posts
    where status in ('draft', 'review', 'scheduled')
    union all
    select published_at, status, canonical_id, title, vertical_id, author_id
    from publisher_posts
    where status = 'published' and published_at > now() - make_interval(days => :days)
) as entry
join publisher_verticals vertical on vertical.id = entry.vertical_id
join users author on author.id = entry.author_id
order by entry.at, entry.canonical_id
