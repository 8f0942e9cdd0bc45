-- Older posts whose readers fall away faster than those of the vertical's other posts of their age.
--
-- window_days = 28      these last days are compared with as many before them
-- min_age_days = 90     younger posts are still on their way down from their beginning
-- min_views = 100       fewest views in the earlier days: fewer come and go by chance
-- min_posts = 5         fewest other posts of the same age for a curve
-- max_share = 0.6       fewer views than this share of what the curve leads one to expect
-- rows = 50             how many to show
--
-- The curve is what became of the views of the vertical's other posts of like age (90 to 180 days, 180 to 360, and so
-- on) over the same days, so that a quiet month of the whole site is nobody's decay. A post's expected views are its
-- own earlier ones, changed as theirs were. Days whose views are unknown are left out on both sides: a mean day times
-- the window is compared, where at least half of the days are known. The suggestion goes by the first rule that holds:
--   unlist    older than a year, and hardly one reader in twenty of those to be expected is left
--   recycle   evergreen: tell it again where it was told
--   refresh   bring it up to date, and its title
--
-- reads: site_analytics
-- picture: dots of views against expected_views by title
with counted as (
    select
        post_id,
        avg(views) filter (where date >= current_date - :window_days) * :window_days as views,
        avg(views) filter (where date < current_date - :window_days) * :window_days as before
    from publisher_post_analytics
    where date >= current_date - 2 * :window_days and date < current_date
    group by post_id
    having count(views) filter (where date >= current_date - :window_days) * 2 >= :window_days
        and count(views) filter (where date < current_date - :window_days) * 2 >= :window_days
),
aged as (
    select
        post.id,
        post.vertical_id,
        counted.views,
        counted.before,
        floor(log(2, cast(age.days / :min_age_days as numeric))) as doublings,
        age.days
    from counted
    join publisher_posts post on post.id = counted.post_id
    cross join lateral (select extract(epoch from now() - post.published_at) / 86400 as days) as age
    where post.status = 'published' and age.days >= :min_age_days
),
compared as (
    select
        aged.*,
        count(*) over peers - 1 as others,
        aged.before * (sum(aged.views) over peers - aged.views)
            / nullif(sum(aged.before) over peers - aged.before, 0) as expected
    from aged
    window peers as (partition by aged.vertical_id, aged.doublings)
)
select
    post.canonical_id,
    post.title,
    vertical.name as vertical,
    cast(floor(compared.days) as integer) as age_days,
    round(compared.before) as views_before,
    round(compared.views) as views,
    round(compared.expected) as expected_views,
    round(1 - compared.views / compared.expected, 4) as lost_rate,
    case
        when compared.days > 365 and compared.views < compared.expected / 20 then 'unlist'
        when post.is_evergreen then 'recycle'
        else 'refresh'
    end as suggestion
from compared
join publisher_posts post on post.id = compared.id
join publisher_verticals vertical on vertical.id = compared.vertical_id
where compared.others >= :min_posts
    and compared.before >= :min_views
    and compared.views < :max_share * compared.expected
order by compared.expected - compared.views desc, post.canonical_id
limit :rows
