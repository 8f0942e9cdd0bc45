-- What conversions are owed to, and what articles, channels and verticals cost and bring in.

-- Which item a call analysed: an analysis comes before there is a post, and belongs to the story's.
alter table ai_usage add column content_id uuid references raw_content (id) on delete set null;
alter table ai_calls add column content_id uuid references raw_content (id) on delete set null;
comment on column ai_usage.content_id is 'the item that an analysis was of; null: of none, or from before this was kept';
create index ai_usage_item on ai_usage (content_id) where content_id is not null;

-- Every arrival of a visitor from outside: a short link that was followed, a page that a foreign page or a tagged link
-- led to. One arrival may be told by both. Of a repurposed post the post is what was published, not the page it leads to.
create view touches as
select c.visitor, c.at,
    coalesce(account.account_key, 'short link') as channel,
    l.distribution_id, coalesce(d.post_id, l.post_id) as post_id
from link_clicks c
join short_links l on l.code = c.code
left join distributions d on d.id = l.distribution_id
left join platforms account on account.id = d.platform_id
where c.visitor is not null
union all
select v.visitor, v.at,
    coalesce(
        account.account_key,
        left(lower(v.utm_source) || ' / ' || coalesce(lower(v.utm_medium), 'none'), 80),
        'referral'
    ),
    v.distribution_id, coalesce(d.post_id, v.post_id)
from page_views v
left join distributions d on d.id = v.distribution_id
left join platforms account on account.id = d.platform_id
where v.distribution_id is not null or v.utm_source is not null or v.referrer_host is not null;
comment on view touches is 'channel: the account''s key where the publication is known, else utm source and medium, else referral';

create table attribution_settings (
    is_only boolean primary key default true check (is_only),
    look_back_days integer not null check (look_back_days > 0),
    half_life_days numeric not null check (half_life_days > 0),
    updated_at timestamptz not null default now()
);
comment on table attribution_settings is 'one row at most: what the credits were worked out with; with other settings all are worked out anew';
create trigger attribution_settings_touch before update on attribution_settings
    for each row execute function touch_updated_at();

create table attribution_stale_months (
    id bigint generated always as identity primary key,
    month date not null
);
comment on table attribution_stale_months is 'whose sums are no longer those of the credits; as often as that was noticed';

-- A conversion may stand here more than once, since what comes while it is being credited must not get lost.
create table attribution_due (
    id bigint generated always as identity primary key,
    conversion_id uuid not null references conversions (id) on delete cascade
);
comment on table attribution_due is 'conversions to be credited, or credited anew: they are new, or what led to them changed';
create index attribution_due_conversion on attribution_due (conversion_id);

create function credit_new_conversions() returns trigger
    language plpgsql as $$
begin
    insert into attribution_due (conversion_id) select id from changed;
    return null;
end;
$$;
-- What one is worth, and whether it counts, changes the sums; only who came and when changes the credits. So a network
-- may take its months to confirm: by then the page views may be gone.
create function credit_changed_conversions() returns trigger
    language plpgsql as $$
begin
    insert into attribution_due (conversion_id)
    select c.id from changed c join before b on b.id = c.id
    where (c.visitor, c.occurred_at, c.distribution_id, c.post_id, c.utm_source, c.utm_medium)
        is distinct from (b.visitor, b.occurred_at, b.distribution_id, b.post_id, b.utm_source, b.utm_medium);
    insert into attribution_stale_months (month)
    select distinct date_trunc('month', c.occurred_at at time zone 'UTC')::date
    from changed c join before b on b.id = c.id
    where (c.status, c.usd, c.value, c.kind) is distinct from (b.status, b.usd, b.value, b.kind);
    return null;
end;
$$;
create trigger conversions_credit_new after insert on conversions
    referencing new table as changed for each statement execute function credit_new_conversions();
create trigger conversions_credit_change after update on conversions
    referencing old table as before new table as changed
    for each statement execute function credit_changed_conversions();

-- A touch that is told late, as by a log that is read the day after.
create function credit_what_followed() returns trigger
    language plpgsql as $$
begin
    insert into attribution_due (conversion_id)
    select distinct c.id from arrived a join conversions c on c.visitor = a.visitor and c.occurred_at >= a.at;
    return null;
end;
$$;
create trigger link_clicks_credit after insert on link_clicks
    referencing new table as arrived for each statement execute function credit_what_followed();
create trigger page_views_credit after insert on page_views
    referencing new table as arrived for each statement execute function credit_what_followed();

insert into attribution_due (conversion_id) select id from conversions;

-- What each touch is credited with, by each model: shares of one conversion that add up to exactly 1. Money is the share
-- of the conversion's own, so nothing here changes with a rate or a reversal.
create table attribution_credits (
    conversion_id uuid not null references conversions (id) on delete cascade,
    touch integer not null check (touch > 0),
    month date not null check (date_trunc('month', month) = month),
    at timestamptz not null,
    channel text not null check (channel <> ''),
    distribution_id uuid references distributions (id),
    post_id uuid references publisher_posts (id),
    first fraction not null,
    last fraction not null,
    linear fraction not null,
    time_decay fraction not null,
    position fraction not null,
    shapley fraction not null,
    primary key (conversion_id, touch)
);
comment on column attribution_credits.touch is '1 is the first of the path';
comment on column attribution_credits.month is 'of the conversion, in UTC';
comment on column attribution_credits.channel is '''direct'' where nothing is known to have led to the conversion';
create index attribution_credits_month on attribution_credits (month);
create index attribution_credits_post on attribution_credits (post_id) where post_id is not null;

-- The credits added up, for the reports; money in dollars.
create table attributed_months (
    month date not null,
    model text not null check (model in ('first', 'last', 'linear', 'time_decay', 'position', 'shapley')),
    channel text not null,
    distribution_id uuid references distributions (id),
    post_id uuid references publisher_posts (id),
    conversions numeric not null check (conversions >= 0),
    pending numeric not null check (pending >= 0),
    unvalued numeric not null check (unvalued >= 0),
    usd numeric,
    pending_usd numeric,
    unique nulls not distinct (month, model, channel, distribution_id, post_id)
);
comment on column attributed_months.conversions is 'confirmed ones; a part of one is counted as that part';
comment on column attributed_months.pending is 'those that may still be refused; in no other column but pending_usd';
comment on column attributed_months.unvalued is 'of `conversions`: should have brought money, but nobody knows how many dollars';
comment on column attributed_months.usd is 'of the confirmed ones whose dollars are known; null: there are none such';
create index attributed_months_post on attributed_months (post_id, model) where post_id is not null;


-- What an account costs besides work. What is published or asked at a platform's list price needs no row.
create table platform_fees (
    id bigint generated always as identity primary key,
    platform_id uuid not null references platforms (id),
    kind text not null check (kind in ('month', 'publication', 'call')),
    usd numeric not null check (usd >= 0),
    starts_on date not null,
    ends_on date check (ends_on >= starts_on),
    note text not null default '',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (platform_id, kind, starts_on),
    check (kind <> 'month' or date_trunc('month', starts_on) = starts_on)
);
comment on column platform_fees.kind is '''month'' is shared by the month''s publications; ''publication'' and ''call'' go before the platform''s list price; a call is the figures of one publication, asked for once';
comment on column platform_fees.starts_on is 'the first day, in UTC; a month''s fee is owed for each month that has begun by then and not ended before';
comment on column platform_fees.ends_on is 'the last day; null: still';
create trigger platform_fees_touch before update on platform_fees
    for each row execute function touch_updated_at();

create table publication_costs (
    distribution_id uuid primary key references distributions (id) on delete cascade,
    usd numeric not null check (usd >= 0),
    basis text not null check (basis in ('own rate', 'list price')),
    booked_at timestamptz not null default now()
);
comment on table publication_costs is 'what publishing it cost, at the price of the time it was booked; without a row it is unknown';

-- What each account published in a month and what that month cost it beyond the single publication.
create table account_months (
    platform_id uuid not null references platforms (id),
    month date not null check (date_trunc('month', month) = month),
    publications integer not null check (publications >= 0),
    fees_usd numeric not null check (fees_usd >= 0),
    reading_usd numeric not null check (reading_usd >= 0),
    primary key (platform_id, month)
);
comment on column account_months.reading_usd is 'what asking for figures cost: metrics_reads, or an own rate a call';

create table other_costs (
    id bigint generated always as identity primary key,
    day date not null,
    usd numeric not null check (usd >= 0),
    what text not null check (what <> ''),
    post_id uuid references publisher_posts (id),
    platform_id uuid references platforms (id),
    vertical_id uuid references publisher_verticals (id),
    created_at timestamptz not null default now(),
    check (num_nonnulls(post_id, platform_id, vertical_id) <= 1)
);
comment on table other_costs is 'whatever else was paid: an illustrator, a photograph, an advertisement; for one post, account or vertical, or for all';
create index other_costs_post on other_costs (post_id) where post_id is not null;

-- Which post a call to a model was for: what it says, or the post of the story that the analysed item tells.
create view post_calls as
select u.id as call_id, u.canonical_id
from ai_usage u
where u.canonical_id is not null
union all
select u.id, s.canonical_id
from ai_usage u
join story_items i on i.content_id = u.content_id
join stories s on s.id = i.story_id
where u.canonical_id is null and s.canonical_id is not null;

-- Everything that was paid for one post, line by line. Null is unknown; a call that cost nothing because it was turned
-- down before any work is left out. What an account costs beyond the single publication is shared evenly by what it
-- published in the month. The analyses are those of all items that tell the post's story; not by way of post_calls,
-- through which a post does not reach the indexes.
create view post_costs as
select p.id as post_id, 'writing' as kind, cast(null as uuid) as platform_id, u.created_at as at, u.cost_usd as usd
from publisher_posts p
join ai_usage u on u.canonical_id = p.canonical_id
where num_nulls(u.cost_usd, u.most_usd) < 2
union all
select p.id, 'analysis', null, u.created_at, u.cost_usd
from publisher_posts p
join stories s on s.canonical_id = p.canonical_id
join story_items i on i.story_id = s.id
join ai_usage u on u.content_id = i.content_id and u.canonical_id is null
where num_nulls(u.cost_usd, u.most_usd) < 2
union all
select d.post_id, 'publication', d.platform_id, d.published_at, c.usd
from distributions d
left join publication_costs c on c.distribution_id = d.id
where d.status = 'published'
union all
select d.post_id, 'account', d.platform_id, d.published_at, (m.fees_usd + m.reading_usd) / nullif(m.publications, 0)
from distributions d
join account_months m on m.platform_id = d.platform_id
    and m.month = date_trunc('month', d.published_at at time zone 'UTC')::date
where d.status = 'published' and m.fees_usd + m.reading_usd > 0
union all
select o.post_id, 'other', null, o.day at time zone 'UTC', o.usd
from other_costs o
where o.post_id is not null;

create index page_views_distribution on page_views (distribution_id) where distribution_id is not null;
