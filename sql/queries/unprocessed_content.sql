-- Items worth a story that no story was made of yet, the best first.
--
-- min_hook = 70             weakest hook, 0 to 100
-- min_rate = 0.05           lowest engagement rate, a fraction of the reach
-- min_percentile = 0.8      lowest standing within the account, where the reach is unknown
-- rows = 20                 how many to show
--
-- An unknown rate is not a low one: the standing within the account takes its place, and where that is unknown too, as
-- in a feed without figures, the hook alone decides. Items with a known rate come first, then those with a standing.
--
-- reads: content_analysis
-- every: hour
select
    item.id,
    source.name as source,
    item.account,
    left(coalesce(item.title, item.caption), 120) as item,
    analysis.topics,
    analysis.hook_strength,
    item.engagement_rate,
    item.engagement_percentile,
    item.posted_at
from content_analysis analysis
join raw_content item on item.id = analysis.content_id
join content_sources source on source.id = item.source_id
where analysis.hook_strength >= :min_hook
    and item.canonical_id is null
    and not exists (select from publisher_posts post where post.source_content_id = item.id)
    and case
        when item.engagement_rate is not null then item.engagement_rate >= :min_rate
        when item.engagement_percentile is not null then item.engagement_percentile >= :min_percentile
        else true
    end
order by item.engagement_rate desc nulls last, item.engagement_percentile desc nulls last,
    analysis.hook_strength desc, item.id
limit :rows
