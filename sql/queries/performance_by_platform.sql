-- What each account's publications of some weeks did by one age: how many, how widely seen, how often acted on.
--
-- days = 30         how many days of publications are looked at; they end where the youngest has reached the age
-- age_hours = 48 of 1, 6, 24, 48, 168, 720, 2160    the age at which publications are compared
--
-- Figures grow with time, so each publication counts with its snapshot nearest that age, and not at all before it is
-- as old. `before_rate` is the engagement rate of as many days just before. A row is an account, for two accounts of
-- one platform are two audiences. Rates are the sum of the actions over the sum of the impressions of the same
-- publications, so that one with ten impressions does not weigh as much as one with ten thousand; `measured` is how
-- many publications have known impressions. Unknown figures are left out, never taken as 0. What counts as an
-- impression differs by platform (an email has none): compare an account with itself.
--
-- picture: dots of engagement_rate against before_rate by account
with sums as (
    select
        figure.platform_id,
        figure.published_at > now() - make_interval(hours => :age_hours, days => :days) as is_recent,
        count(figure.impressions) as measured,
        avg(figure.impressions) as impressions,
        sum(figure.engagements) as engagements,
        sum(figure.clicks) as clicks,
        sum(figure.video_views) as video_views,
        sum(figure.video_watch_time_seconds) as watched_seconds,
        sum(figure.engagements) filter (where figure.impressions > 0)
            / nullif(sum(figure.impressions) filter (where figure.engagements is not null), 0) as engagement_rate,
        sum(figure.clicks) filter (where figure.impressions > 0)
            / nullif(sum(figure.impressions) filter (where figure.clicks is not null), 0) as click_through_rate
    from distribution_age_figures figure
    where figure.age_hours = :age_hours
        and figure.published_at > now() - make_interval(hours => :age_hours, days => 2 * :days)
        and figure.published_at <= now() - make_interval(hours => :age_hours)
    group by figure.platform_id, is_recent
)
select
    account.account_key as account,
    account.name as platform,
    published.publications,
    coalesce(recent.measured, 0) as measured,
    round(recent.impressions) as avg_impressions,
    round(recent.engagement_rate, 4) as engagement_rate,
    round(before.engagement_rate, 4) as before_rate,
    round(recent.click_through_rate, 4) as click_through_rate,
    recent.engagements,
    recent.clicks,
    recent.video_views,
    round(recent.watched_seconds / 3600, 1) as watched_hours
from platforms account
cross join lateral (
    select count(*) as publications
    from distributions d
    where d.platform_id = account.id
        and d.status = 'published'
        and d.published_at > now() - make_interval(hours => :age_hours, days => :days)
        and d.published_at <= now() - make_interval(hours => :age_hours)
) as published
left join sums recent on recent.platform_id = account.id and recent.is_recent
left join sums before on before.platform_id = account.id and not before.is_recent
where published.publications > 0
order by recent.engagement_rate desc nulls last, account.account_key
