-- Who followed a link of ours, and what came of it.

-- What names one account's version of a post in links: in utm_content, and as the sub-id of affiliate links. Known
-- before the version is written, the same however often it is rewritten. 48 bits: among a million versions, two share
-- one with a chance of 0.2 %. `pipeline/distribution/tracking.py` says the same in Python; a test compares the two.
create function link_code(post_id uuid, platform_id uuid) returns text
    language sql immutable strict parallel safe as $$
    select left(encode(sha256(uuid_send(post_id) || uuid_send(platform_id)), 'hex'), 12)
$$;
alter table distributions add column link_code text generated always as (link_code(post_id, platform_id)) stored;
comment on column distributions.link_code is 'utm_content of its links and sub-id of its affiliate links; null: of no post';
create index distributions_link_code on distributions (link_code) where link_code is not null;

alter table platforms add column short_links boolean not null default false;
comment on column platforms.short_links is 'its versions lead readers through /r/CODE of the collector';

-- A code is made of its target too, so that what was approved is where it leads; a row never changes its target.
create table short_links (
    code text primary key check (code ~ '^[0-9a-z]{6,32}$'),
    target_url text not null check (target_url ~ '^https?://'),
    distribution_id uuid references distributions (id),
    post_id uuid references publisher_posts (id),
    created_at timestamptz not null default now()
);
comment on table short_links is 'where /r/CODE leads';
create index short_links_distribution on short_links (distribution_id) where distribution_id is not null;

create function keep_short_link() returns trigger
    language plpgsql as $$
begin
    raise exception 'short link "%" leads to what was approved; it is not moved', old.code
        using errcode = 'check_violation';
end;
$$;
create trigger short_links_stay before update of code, target_url on short_links
    for each row when (old.code <> new.code or old.target_url <> new.target_url) execute function keep_short_link();

-- Readers only: programs and pages fetched ahead of time are not counted.
create table link_clicks (
    id bigint generated always as identity primary key,
    code text not null references short_links (code),
    at timestamptz not null default clock_timestamp(),
    visitor text,
    referrer_host text
);
comment on column link_clicks.visitor is 'as in page_views: a first-party id, or the day''s salted hash';
comment on column link_clicks.referrer_host is 'without www.; null: not told';
create index link_clicks_code on link_clicks (code, at);
create index link_clicks_visitor on link_clicks (visitor, at) where visitor is not null;

create table exchange_rates (
    currency text not null check (currency ~ '^[A-Z]{3}$' and currency <> 'USD'),
    date date not null,
    usd_per_unit numeric not null check (usd_per_unit > 0),
    source text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (currency, date)
);
comment on column exchange_rates.usd_per_unit is 'dollars for one unit of the currency, on that day';
comment on column exchange_rates.source is 'where the rate was taken from';
create trigger exchange_rates_touch before update on exchange_rates
    for each row execute function touch_updated_at();

-- Dollars for an amount at an instant: by the rate of its day in UTC or, as on a weekend, of the last before it within
-- a week. Unknown is null.
create function in_usd(amount numeric, currency text, at timestamptz) returns numeric
    language sql stable parallel safe as $$
    select case when currency = 'USD' then amount else amount * (
        select r.usd_per_unit
        from exchange_rates r
        where r.currency = in_usd.currency
            and r.date between (at at time zone 'UTC')::date - 7 and (at at time zone 'UTC')::date
        order by r.date desc
        limit 1
    ) end
$$;

create domain conversion_status as text
    check (value in ('pending', 'confirmed', 'reversed'));

create table conversions (
    id uuid primary key default gen_random_uuid(),
    source text not null check (source <> ''),
    external_id text not null check (external_id <> ''),
    occurred_at timestamptz not null,
    received_at timestamptz not null default clock_timestamp(),
    told_at timestamptz not null default clock_timestamp(),
    kind text not null check (kind ~ '^[a-z][a-z0-9_]{0,39}$'),
    value numeric check (value <> 'NaN' and abs(value) < 1e15),
    currency text check (currency ~ '^[A-Z]{3}$'),
    usd numeric check (usd <> 'NaN'),
    visitor text,
    click_code text,
    distribution_id uuid references distributions (id),
    post_id uuid references publisher_posts (id),
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_content text,
    status conversion_status not null default 'confirmed',
    detail jsonb not null default '{}' check (jsonb_typeof(detail) = 'object'),
    revision integer not null default 1 check (revision > 0),
    updated_at timestamptz not null default clock_timestamp(),
    unique (source, external_id),
    check ((value is null) = (currency is null)),
    check (usd is null or value is not null)
);
comment on column conversions.source is 'who told of it: a shop''s name, an affiliate network';
comment on column conversions.external_id is 'what the source calls it: told twice, it is one conversion';
comment on column conversions.told_at is 'as of when this is the source''s word: older word, come late, only adds what was not known';
comment on column conversions.value is 'what it is worth to the publisher, in `currency`; null: unknown; below zero: taken back';
comment on column conversions.usd is 'value in dollars; null: no value, or no rate of its currency around its day';
comment on column conversions.click_code is 'the code that came with it: of a short link, or a distribution''s link_code';
comment on column conversions.status is 'pending: the network may still refuse it; reversed: refused or refunded, counts nothing';
comment on column conversions.revision is 'grows with every change, so that attribution knows what to do again';
create index conversions_occurred on conversions (occurred_at);
create index conversions_visitor on conversions (visitor, occurred_at) where visitor is not null;
create index conversions_distribution on conversions (distribution_id) where distribution_id is not null;
create index conversions_post on conversions (post_id) where post_id is not null;
create index conversions_foreign on conversions (currency, occurred_at) where currency <> 'USD';

create function count_conversion_change() returns trigger
    language plpgsql as $$
begin
    new.revision := old.revision + 1;
    new.updated_at := clock_timestamp();
    return new;
end;
$$;
-- Word that changes nothing is only dated anew.
create trigger conversions_revision before update on conversions
    for each row when (to_jsonb(old) - 'told_at' <> to_jsonb(new) - 'told_at')
    execute function count_conversion_change();
