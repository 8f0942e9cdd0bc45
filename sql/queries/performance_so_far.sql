-- What each account's publications of the last days have brought so far: the latest figures, added up.
--
-- days = 30    how far back publications are looked at
--
-- These are totals and of unequal ages: whether an account does better than it did is told by
-- `performance_by_platform`. Rates are the sum of the actions over the sum of the impressions of the same
-- publications; `measured` is how many have known impressions. Unknown figures are left out, never taken as 0. What
-- counts as an impression differs by platform (an email has none): accounts are not compared with each other.
--
-- every: hour
select
    account.account_key as account,
    account.name as platform,
    count(*) as publications,
    count(d.impressions) as measured,
    sum(d.impressions) as impressions,
    sum(d.engagements) as engagements,
    sum(d.clicks) as clicks,
    sum(d.video_views) as video_views,
    round(sum(d.video_watch_time_seconds) / 3600, 1) as watched_hours,
    round(
        sum(d.engagements) filter (where d.impressions > 0)
            / nullif(sum(d.impressions) filter (where d.engagements is not null), 0),
        4
    ) as engagement_rate,
    round(
        sum(d.clicks) filter (where d.impressions > 0)
            / nullif(sum(d.impressions) filter (where d.clicks is not null), 0),
        4
    ) as click_through_rate
from distributions d
join platforms account on account.id = d.platform_id
where d.status = 'published' and d.published_at > now() - make_interval(days => :days)
group by account.id
order by account.account_key
