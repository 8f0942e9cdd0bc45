-- The weekday and hour at which each account's publications did best, in the account's own time, at equal age.
--
-- days = 90        how far back publications are looked at
-- age_hours = 48   the age at which they are compared
-- min_posts = 3    fewest publications for a time to be shown
--
-- Each publication counts with its last snapshot between half that age and that age: figures grow with time, and a
-- publication of last month must not win by being old. The rate is the sum of the engagements over the sum of the
-- impressions. A measured 0 counts; an unknown figure leaves the publication out.
select
    account.account_key as account,
    to_char(moment.at, 'FMDay') as weekday,
    cast(extract(hour from moment.at) as integer) as hour,
    count(*) as posts,
    sum(snapshot.impressions) as impressions,
    round(sum(snapshot.engagements) / sum(snapshot.impressions), 4) as engagement_rate
from distributions d
join platforms account on account.id = d.platform_id
cross join lateral (select d.published_at at time zone account.timezone as at) as moment
cross join lateral (
    select m.impressions, m.engagements
    from distribution_metrics m
    where m.distribution_id = d.id
        and m.recorded_hour >= d.published_at
        and m.recorded_hour <= d.published_at + make_interval(hours => :age_hours)
        and m.hours_since_publish between :age_hours / 2 and :age_hours
        and m.impressions is not null
        and m.engagements is not null
    order by m.recorded_hour desc
    limit 1
) as snapshot
where d.status = 'published'
    and d.published_at > now() - make_interval(days => :days)
    and d.published_at <= now() - make_interval(hours => :age_hours)
group by account.id, to_char(moment.at, 'FMDay'), extract(hour from moment.at)
having count(*) >= :min_posts and sum(snapshot.impressions) > 0
order by account.account_key, engagement_rate desc, min(moment.at)
