-- What waits for a reviewer, the longest wait first.
--
-- A post is in the queue because its status is review; that it was reviewed before, and sent back, takes nothing away.
-- The SEO score and the blocking findings are those of the text as it stands; without a report for it they are unknown.
--
-- reads: seo_report
-- every: hour
select
    post.canonical_id,
    post.title,
    vertical.name as vertical,
    author.full_name as author,
    waiting.since as waiting_since,
    seo.score as seo_score,
    jsonb_array_length(jsonb_path_query_array(seo.findings, '$[*] ? (@.severity == "blocking")')) as blocking_findings
from publisher_posts post
join publisher_verticals vertical on vertical.id = post.vertical_id
join users author on author.id = post.author_id
left join seo_reports seo on seo.post_id = post.id and seo.content_hash = post.content_hash
cross join lateral (
    select coalesce(max(event.at), post.created_at) as since
    from post_events event
    where event.post_id = post.id and event.to_status = 'review'
) as waiting
where post.status = 'review'
order by waiting.since, post.canonical_id
