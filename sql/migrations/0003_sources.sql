create table content_sources (
    id uuid primary key default gen_random_uuid(),
    name text not null unique,
    kind source_kind not null,
    location text not null,
    column_mapping jsonb not null default '{}',
    vertical_id uuid not null references publisher_verticals (id),
    etag text,
    last_modified text,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on column content_sources.location is 'a URL or a file''s path';
comment on column content_sources.column_mapping is 'our field → the source''s column, for csv and jsonl';

create table raw_content (
    id uuid primary key default gen_random_uuid(),
    source_id uuid not null references content_sources (id),
    external_id text not null,
    account text,
    title text,
    caption text not null,
    description text,
    url text,
    author text,
    language text,
    media_urls text[] not null default '{}',
    posted_at timestamptz,
    reach bigint check (reach >= 0),
    engagements bigint check (engagements >= 0),
    likes bigint check (likes >= 0),
    comments bigint check (comments >= 0),
    shares bigint check (shares >= 0),
    engagement_rate fraction,
    engagement_percentile fraction,
    content_hash text not null,
    raw jsonb not null,
    -- The story made from it. `canonical_id` is the claim: set once, by the statement that picks candidates.
    canonical_id text unique,
    story_attempts integer not null default 0,
    story_lease_until timestamptz,
    story_error text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (source_id, external_id)
);
comment on column raw_content.engagement_rate is 'engagements / reach; null where the reach is unknown';
comment on column raw_content.engagement_percentile is 'share of the account''s items with no more engagements; stands in for the rate where the reach is unknown';

create index raw_content_account on raw_content (source_id, account, engagements);
create index raw_content_unclaimed on raw_content (id) where canonical_id is null;
create index raw_content_claimed on raw_content (story_lease_until) where canonical_id is not null;

create table ingest_runs (
    id bigint generated always as identity primary key,
    source_id uuid not null references content_sources (id),
    status ingest_status not null default 'running',
    rows_read integer not null default 0,
    rows_new integer not null default 0,
    rows_changed integer not null default 0,
    rows_unchanged integer not null default 0,
    rows_bad integer not null default 0,
    error text,
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    check (rows_read = rows_new + rows_changed + rows_unchanged + rows_bad)
);
create index ingest_runs_source on ingest_runs (source_id, started_at desc);

create table ingest_errors (
    run_id bigint not null references ingest_runs (id) on delete cascade,
    line integer not null,
    reason text not null,
    raw text not null,
    primary key (run_id, line)
);

create table content_analysis (
    id uuid primary key default gen_random_uuid(),
    content_id uuid not null unique references raw_content (id) on delete cascade,
    topics text[] not null default '{}',
    extracted_facts jsonb not null default '{"facts": []}',
    hook_strength smallint not null check (hook_strength between 0 and 100),
    language text not null,
    entities text[] not null default '{}',
    model text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check (jsonb_typeof(extracted_facts -> 'facts') = 'array')
);
comment on column content_analysis.extracted_facts is '{"facts": [{"text", "sentence"}], "brief": {…}}: the brief lives here, as the editorial flow says';

create index content_analysis_hook on content_analysis (hook_strength desc);

create trigger content_sources_touch before update on content_sources
    for each row execute function touch_updated_at();
create trigger raw_content_touch before update on raw_content
    for each row execute function touch_updated_at();
create trigger content_analysis_touch before update on content_analysis
    for each row execute function touch_updated_at();
