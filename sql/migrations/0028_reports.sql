-- What the reports are asked by, and that somebody is told of what does badly.

-- In one statement, since after a domain's constraint was dropped PostgreSQL takes no savepoint.
do $$
begin
    alter domain alert_kind drop constraint alert_kind_check;
    alter domain alert_kind add constraint alert_kind_check
        check (value in ('failed', 'unknown', 'held', 'paused', 'warning', 'missed', 'stuck', 'undelivered',
                         'not_taken_back', 'underperforming'));
end
$$;

-- How many an account has published in a time, and the posts of a time whatever their vertical.
create index distributions_account_published on distributions (platform_id, published_at) where status = 'published';
create index publisher_posts_published_at on publisher_posts (published_at desc, id) where status = 'published';
