-- What did not go out and needs a person, with the reason: failed, held, or not known to have gone out.
--
-- rows = 50    how many to show
--
-- reads: publications
-- every: hour
select
    d.id,
    account.account_key as account,
    d.status,
    coalesce(post.title, d.title, left(d.body, 60)) as title,
    d.scheduled_for,
    case d.status when 'held' then d.hold_reason else d.error_message end as reason,
    d.retry_count as retries,
    d.last_retry_at as last_tried_at
from distributions d
join platforms account on account.id = d.platform_id
left join publisher_posts post on post.id = d.post_id
where d.status in ('failed', 'held', 'unknown')
order by d.scheduled_for desc, d.id
limit :rows
