-- When accounts may post, and when they must not: rules that are made into slots of the calendar.

create table campaigns (
    id uuid primary key default gen_random_uuid(),
    name slug not null unique,
    vertical_id uuid not null references publisher_verticals (id),
    begins timestamptz not null,
    ends timestamptz not null check (ends > begins),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table campaigns is 'posts that go out between two instants, in slots that may be kept for them';
create trigger campaigns_touch before update on campaigns
    for each row execute function touch_updated_at();

create table posting_rules (
    id uuid primary key default gen_random_uuid(),
    platform_id uuid not null references platforms (id),
    rrule text not null check (rrule ~ '^FREQ='),
    times time[] not null,
    starts_on date not null,
    ends_on date check (ends_on >= starts_on),
    slot_type slot_type not null default 'regular',
    is_locked boolean not null default false,
    campaign_id uuid references campaigns (id) on delete cascade,
    is_default boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique nulls not distinct (platform_id, rrule, times, starts_on, ends_on, slot_type, is_locked, campaign_id)
);
comment on column posting_rules.rrule is 'RFC 5545, by the account''s clock, from starts_on: its days, or, with no times, its instants';
comment on column posting_rules.times is 'on each of its days; none: rrule says the hour itself';
comment on column posting_rules.ends_on is 'the last day; null: none';
comment on column posting_rules.campaign_id is 'its slots are kept for that campaign''s posts, and lie within its window';
comment on column posting_rules.is_default is 'made for an account without rules of its own; its first own rule replaces it';
create unique index posting_rules_default on posting_rules (platform_id) where is_default;
create trigger posting_rules_touch before update on posting_rules
    for each row execute function touch_updated_at();

create table quiet_hours (
    id uuid primary key default gen_random_uuid(),
    platform_id uuid references platforms (id),
    days smallint[] not null check (cardinality(days) > 0 and days <@ array[0, 1, 2, 3, 4, 5, 6]::smallint[]),
    begins time not null,
    ends time not null,
    created_at timestamptz not null default now(),
    unique nulls not distinct (platform_id, days, begins, ends)
);
comment on table quiet_hours is 'by the account''s clock; ends that is not after begins is on the next day';
comment on column quiet_hours.platform_id is 'null: every account';
comment on column quiet_hours.days is 'the days on which they begin, 0 for Sunday';

create table blackouts (
    id uuid primary key default gen_random_uuid(),
    platform_id uuid references platforms (id),
    begins timestamp not null,
    ends timestamp not null check (ends > begins),
    reason text not null check (reason <> ''),
    created_at timestamptz not null default now(),
    unique nulls not distinct (platform_id, begins, ends)
);
comment on table blackouts is 'nothing is planned from begins until, and without, ends, each by the account''s clock';
comment on column blackouts.platform_id is 'null: every account';

create table holiday_calendars (
    id uuid primary key default gen_random_uuid(),
    platform_id uuid references platforms (id),
    country text not null check (country ~ '^[A-Z]{2}$'),
    subdivision text check (subdivision <> ''),
    created_at timestamptz not null default now(),
    unique nulls not distinct (platform_id, country, subdivision)
);
comment on table holiday_calendars is 'whose public holidays are blackouts: ISO 3166-1 and 3166-2';
comment on column holiday_calendars.platform_id is 'null: every account';

alter table publishing_calendar
    add column rule_id uuid references posting_rules (id) on delete set null,
    add column campaign_id uuid references campaigns (id) on delete set null,
    add column lock_set_by text check (lock_set_by <> '');
comment on column publishing_calendar.rule_id is 'null: an entry of its distribution''s own, gone when that gives it back';
comment on column publishing_calendar.campaign_id is 'kept for that campaign''s posts';
comment on column publishing_calendar.lock_set_by is 'who said of this one slot whether it is locked; null: its rule does';
create index publishing_calendar_rule on publishing_calendar (rule_id) where rule_id is not null;
create index publishing_calendar_campaign on publishing_calendar (campaign_id) where campaign_id is not null;

-- How far each account's calendar is made. A table of its own: the claim locks rows of platforms.
create table calendar_horizons (
    platform_id uuid primary key references platforms (id),
    timezone zone_name,
    until timestamptz,
    synced_at timestamptz,
    check (until is null or num_nulls(timezone, synced_at) = 0)
);
comment on column calendar_horizons.until is 'null: to be made anew, since a rule or a closure has changed';
comment on column calendar_horizons.timezone is 'the account''s when it was made';

alter table publisher_posts
    add column expires_at timestamptz,
    add column is_evergreen boolean not null default false,
    add column campaign_id uuid references campaigns (id) on delete set null,
    add check (not is_evergreen or expires_at is null);
comment on column publisher_posts.expires_at is 'from then on it is of no use: nothing of it goes out';
comment on column publisher_posts.is_evergreen is 'worth as much later as now';
create index publisher_posts_campaign on publisher_posts (campaign_id) where campaign_id is not null;

alter table publisher_verticals
    add column site_buffer_minutes integer not null default 60 check (site_buffer_minutes >= 0),
    add column story_spacing_minutes integer not null default 30 check (story_spacing_minutes >= 0),
    add column topic_gap_hours integer not null default 24 check (topic_gap_hours >= 0);
comment on column publisher_verticals.site_buffer_minutes is 'between two posts on the home';
comment on column publisher_verticals.story_spacing_minutes is 'between two accounts that tell the same story';
comment on column publisher_verticals.topic_gap_hours is 'between two posts of one account that share a topic';
