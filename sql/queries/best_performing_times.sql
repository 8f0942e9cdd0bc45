-- The weekday and hour at which each account's publications did best, in the account's own time, at equal age.
--
-- days = 90        how many days of publications are looked at
-- age_hours = 48 of 1, 6, 24, 48, 168, 720, 2160    the age at which publications are compared
-- min_posts = 3    fewest publications for a time to be shown
--
-- Each publication counts with its snapshot nearest that age: figures grow with time, and a publication of last month
-- must not win by being old. The rate is the sum of the engagements over the sum of the impressions, and nine times in
-- ten the truth lies between `low_rate` and `high_rate` (the standard error of a ratio: Cochran, Sampling Techniques,
-- 1977, section 6.4); with three publications that is a rough word. Times whose ranges overlap much may well be alike.
-- A measured 0 counts; an unknown figure leaves the publication out. What was learned from all this, with a weekday's
-- neighbours and other accounts taken into account, is shown by `pressroom timing`.
--
-- picture: dots of engagement_rate from low_rate to high_rate by account, weekday, hour
with times as (
    select
        account.id,
        account.account_key,
        date_part('isodow', figure.published_at at time zone account.timezone) as day,
        date_part('hour', figure.published_at at time zone account.timezone) as hour,
        count(*) as posts,
        sum(figure.impressions) as i,
        cast(sum(figure.engagements) as double precision) / nullif(sum(figure.impressions), 0) as rate,
        sum(cast(figure.impressions as double precision) * figure.impressions) as ii,
        sum(cast(figure.engagements as double precision) * figure.engagements) as ee,
        sum(cast(figure.impressions as double precision) * figure.engagements) as ie
    from distribution_age_figures figure
    join platforms account on account.id = figure.platform_id
    where figure.age_hours = :age_hours
        and figure.published_at > now() - make_interval(hours => :age_hours, days => :days)
        and figure.published_at <= now() - make_interval(hours => :age_hours)
        and figure.impressions is not null
        and figure.engagements is not null
    group by account.id, 3, 4
    having count(*) >= :min_posts and sum(figure.impressions) > 0
)
select
    times.account_key as account,
    to_char(date '2001-01-01' + cast(times.day as integer) - 1, 'FMDay') as weekday, -- that day was a Monday
    cast(times.hour as integer) as hour,
    times.posts,
    times.i as impressions,
    round(cast(times.rate as numeric), 4) as engagement_rate,
    round(cast(greatest(times.rate - 1.645 * error.of_rate, 0) as numeric), 4) as low_rate,
    round(cast(times.rate + 1.645 * error.of_rate as numeric), 4) as high_rate
from times
cross join lateral (
    select sqrt(
        greatest(times.ee - 2 * times.rate * times.ie + times.rate ^ 2 * times.ii, 0)
            * times.posts / nullif(times.posts - 1, 0)
    ) / times.i as of_rate
) as error
order by times.account_key, times.rate desc, times.day, times.hour
