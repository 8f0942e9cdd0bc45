-- Week by week, what each account's publications did by one age, in the account's own weeks.
--
-- weeks = 12        how many weeks are looked at; the last is the latest whose publications all have the age
-- age_hours = 48 of 1, 6, 24, 48, 168, 720, 2160    the age at which publications are compared
--
-- Rates are the sum of the actions over the sum of the impressions of the same publications. A week without known
-- figures of an account is not listed, for unknown is not none.
--
-- picture: lines of engagement_rate over week by account
select
    account.account_key as account,
    cast(date_trunc('week', figure.published_at at time zone account.timezone) as date) as week,
    count(*) as publications,
    sum(figure.impressions) as impressions,
    sum(figure.engagements) as engagements,
    sum(figure.clicks) as clicks,
    round(
        sum(figure.engagements) filter (where figure.impressions > 0)
            / nullif(sum(figure.impressions) filter (where figure.engagements is not null), 0),
        4
    ) as engagement_rate
from platforms account
cross join lateral (
    select date_trunc('week', (now() - make_interval(hours => :age_hours)) at time zone account.timezone) as ends
) as local
join distribution_age_figures figure on figure.platform_id = account.id
where figure.age_hours = :age_hours
    and figure.published_at >= (local.ends - make_interval(weeks => :weeks)) at time zone account.timezone
    and figure.published_at < local.ends at time zone account.timezone
group by account.id, 2
having num_nonnulls(sum(figure.impressions), sum(figure.engagements), sum(figure.clicks)) > 0
order by account.account_key, week
