-- Publications that did much worse than their account's others by the same age, and what to try.
--
-- days = 14             how many days of publications are looked at; they end where the youngest has the age
-- age_hours = 48 of 1, 6, 24, 48, 168, 720, 2160    the age at which publications are compared
-- compared_days = 60    as many days of the account's publications tell what is usual
-- min_posts = 20        fewest measured publications of the account in these days: below that, nothing is usual
-- min_usual = 10        fewest engagements that are usual: fewer come and go by chance
-- max_share = 0.3       engagements below this share of what is usual are much worse
-- rows = 100            how many to show
--
-- Usual is the account's own median, for platforms are never compared with each other. What was taken down, or is gone
-- from its platform, is not listed; neither is one whose engagements are unknown. The suggestion goes by the first
-- rule that holds:
--   retitle   as many saw it as usual, at least by half, and few did anything: its words or its picture did not draw
--   re-time   fewer saw it, and it went out at none of the hours that were learned to be good ones of the account
--   recycle   fewer saw it at a good hour, or nobody knows how many: tell it again, some other day
--
-- picture: dots of engagements against usual_engagements by account, title
with usual as (
    select
        platform_id,
        percentile_cont(0.5) within group (order by engagements) as engagements,
        percentile_cont(0.5) within group (order by impressions) as impressions
    from distribution_age_figures
    where age_hours = :age_hours
        and published_at > now() - make_interval(hours => :age_hours, days => :compared_days)
        and published_at <= now() - make_interval(hours => :age_hours)
    group by platform_id
    having count(engagements) >= :min_posts and percentile_cont(0.5) within group (order by engagements) >= :min_usual
),
learned as (
    select
        pattern.platform_id,
        array_agg(cast(hour.of ->> 'day_of_week' as integer) * 24 + cast(hour.of ->> 'hour' as integer)) as hours
    from platform_patterns pattern
    cross join lateral jsonb_array_elements(
        case jsonb_typeof(pattern.pattern_template) when 'object' then pattern.pattern_template -> 'hours'
            else pattern.pattern_template end
    ) as hour (of)
    where pattern.pattern_type = 'timing'
        and pattern.pattern_name = 'optimal_posting_times'
        and coalesce(cast(hour.of ->> 'value' as numeric), 1) >= 1 -- 1 is a good hour; the old form lists only such
    group by pattern.platform_id
)
select
    d.id,
    post.canonical_id,
    account.account_key as account,
    coalesce(post.title, d.title, left(d.body, 60)) as title,
    moment.at as published_local,
    figure.engagements,
    round(cast(usual.engagements as numeric)) as usual_engagements,
    figure.impressions,
    round(cast(usual.impressions as numeric)) as usual_impressions,
    case
        when figure.impressions >= usual.impressions / 2 then 'retitle'
        when figure.impressions is not null and not moment.hour = any (learned.hours) then 're-time'
        else 'recycle'
    end as suggestion
from distribution_age_figures figure
join usual on usual.platform_id = figure.platform_id
join platforms account on account.id = figure.platform_id
left join learned on learned.platform_id = figure.platform_id
join distributions d on d.id = figure.distribution_id
left join publisher_posts post on post.id = d.post_id
cross join lateral (
    select
        figure.published_at at time zone account.timezone as at,
        extract(dow from figure.published_at at time zone account.timezone) * 24
            + extract(hour from figure.published_at at time zone account.timezone) as hour
) as moment
where figure.age_hours = :age_hours
    and figure.published_at > now() - make_interval(hours => :age_hours, days => :days)
    and figure.published_at <= now() - make_interval(hours => :age_hours)
    and figure.engagements < :max_share * usual.engagements
    and d.status = 'published'
    and d.taken_down_at is null
    and d.metrics_state = 'live'
order by figure.engagements / usual.engagements, d.published_at desc, d.id
limit :rows
