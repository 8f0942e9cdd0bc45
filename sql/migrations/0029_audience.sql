-- How many follow each account, day by day.

create table account_snapshots (
    platform_id uuid not null references platforms (id),
    day date not null,
    followers bigint check (followers >= 0),
    counted_at timestamptz,
    gained integer check (gained >= 0),
    lost integer check (lost >= 0),
    updated_at timestamptz not null default now(),
    primary key (platform_id, day),
    check (followers is null or counted_at is not null)
);
comment on table account_snapshots is 'null is unknown: platforms tell of the days before only, or of the present only';
comment on column account_snapshots.day is 'in UTC of a count; of gained and lost, as the platform counts its days';
comment on column account_snapshots.counted_at is 'when the platform was asked how many; null: not on that day';
comment on column account_snapshots.gained is 'that day, as the platform last told: it counts late, and corrects itself';
create trigger account_snapshots_touch before update on account_snapshots
    for each row execute function touch_updated_at();

-- Why no analysis is begun for a vertical whose items wait for one: runs that could call nobody would follow each other.
create table analysis_holds (
    vertical_id uuid primary key references publisher_verticals (id),
    until timestamptz not null,
    needs_usd numeric check (needs_usd >= 0),
    created_at timestamptz not null default now()
);
create index raw_content_unanalysed on raw_content (source_id) where hook_strength is null and canonical_id is null;
comment on table analysis_holds is 'a budget had no room for the vertical''s next call; a row whose time is over means nothing';
comment on column analysis_holds.until is 'when there is room again: the next day or month';
comment on column analysis_holds.needs_usd is 'the most that the call could have cost: it may begin before, once the vertical''s budgets have room for it; null: it waits until then';
