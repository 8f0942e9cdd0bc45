-- What each account's publications of the last weeks did: how many, how widely seen, how often acted on.
--
-- days = 30    how far back publications are looked at
--
-- A row is an account, for two accounts of one platform are two audiences. Rates are the sum of the actions over the
-- sum of the impressions of the same publications, so that one with ten impressions does not weigh as much as one with
-- ten thousand; `measured` is how many publications have known impressions. Unknown figures are left out, never taken
-- as 0. What counts as an impression differs by platform (an email has none): compare an account with itself.
select
    account.account_key as account,
    account.name as platform,
    count(*) as publications,
    count(d.impressions) as measured,
    round(avg(d.impressions)) as avg_impressions,
    round(
        sum(d.engagements) filter (where d.impressions > 0)
            / nullif(sum(d.impressions) filter (where d.engagements is not null), 0),
        4
    ) as engagement_rate,
    round(
        sum(d.clicks) filter (where d.impressions > 0)
            / nullif(sum(d.impressions) filter (where d.clicks is not null), 0),
        4
    ) as click_through_rate,
    sum(d.engagements) as engagements,
    sum(d.clicks) as clicks
from distributions d
join platforms account on account.id = d.platform_id
where d.status = 'published' and d.published_at > now() - make_interval(days => :days)
group by account.id
order by engagement_rate desc nulls last, account.account_key
