create table content_templates (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    version integer not null default 1,
    output_type text not null check (output_type in ('analysis', 'brief', 'article')),
    system_prompt text not null,
    user_prompt_template text not null,
    model_name text,
    max_tokens integer check (max_tokens > 0),
    temperature numeric check (temperature between 0 and 2),
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    unique (name, version)
);
create unique index content_templates_active on content_templates (output_type) where is_active;

create table generated_content (
    id uuid primary key default gen_random_uuid(),
    source_content_id uuid references raw_content (id),
    template_id uuid references content_templates (id),
    content_type content_type not null default 'generated',
    title text not null,
    content text not null,
    excerpt text not null,
    meta_title text not null,
    meta_description text not null,
    word_count integer not null check (word_count >= 0),
    reading_time integer not null check (reading_time >= 0),
    metadata jsonb not null default '{}',
    model text not null,
    input_hash text not null unique,
    business_unit text,
    created_at timestamptz not null default now()
);
comment on column generated_content.input_hash is 'of everything the writer was given: the same input is never paid for twice';

create table publisher_posts (
    id uuid primary key default gen_random_uuid(),
    canonical_id text unique not null,
    vertical_id uuid not null references publisher_verticals (id),
    author_id uuid not null references users (id),
    content_type content_type not null default 'generated',
    title text not null check (title <> ''),
    slug slug not null,
    content text not null check (content <> ''),
    excerpt text,
    status post_status not null default 'draft',
    meta_title text,
    meta_description text,
    target_keyword text,
    keywords text[] not null default '{}',
    featured_image_url text,
    content_hash text not null,
    ai_generated boolean not null default false,
    ai_model text,
    source_content_id uuid references raw_content (id),
    generated_content_id uuid references generated_content (id),
    human_reviewed boolean not null default false,
    reviewed_by uuid references users (id),
    reviewed_at timestamptz,
    scheduled_at timestamptz,
    published_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (vertical_id, slug),
    check (status not in ('scheduled', 'published') or (human_reviewed and reviewed_by is not null and reviewed_at is not null)),
    check (status <> 'scheduled' or scheduled_at is not null),
    check (status <> 'published' or published_at is not null)
);
create unique index publisher_posts_source on publisher_posts (source_content_id);
create index publisher_posts_open on publisher_posts (status, created_at) where status in ('draft', 'review', 'scheduled');
create index publisher_posts_published on publisher_posts (vertical_id, published_at desc) where status = 'published';

-- The transition table. `pipeline/vocabulary.py` holds the same pairs; a test compares them.
create table post_transitions (
    from_status post_status not null,
    to_status post_status not null,
    primary key (from_status, to_status)
);
insert into post_transitions (from_status, to_status) values
    ('draft', 'review'), ('draft', 'archived'),
    ('review', 'draft'), ('review', 'scheduled'), ('review', 'archived'),
    ('scheduled', 'review'), ('scheduled', 'published'), ('scheduled', 'archived'),
    ('published', 'archived');

create table post_events (
    id bigint generated always as identity primary key,
    post_id uuid not null references publisher_posts (id),
    from_status post_status,
    to_status post_status not null,
    actor text not null,
    at timestamptz not null default clock_timestamp()
);
create index post_events_post on post_events (post_id, id);
create trigger post_events_append_only before update or delete on post_events
    for each row execute function refuse_change();

create function guard_post_status() returns trigger
    language plpgsql as $$
begin
    if not exists (select from post_transitions where from_status = old.status and to_status = new.status) then
        raise exception 'post "%" cannot go from % to %', old.canonical_id, old.status, new.status
            using errcode = 'check_violation';
    end if;
    return new;
end;
$$;

create function log_post_status() returns trigger
    language plpgsql as $$
begin
    insert into post_events (post_id, from_status, to_status, actor)
    values (new.id, case when tg_op = 'UPDATE' then old.status end, new.status, current_actor());
    return null;
end;
$$;

create trigger publisher_posts_guard before update of status on publisher_posts
    for each row when (old.status is distinct from new.status) execute function guard_post_status();
create trigger publisher_posts_log_new after insert on publisher_posts
    for each row execute function log_post_status();
create trigger publisher_posts_log_change after update of status on publisher_posts
    for each row when (old.status is distinct from new.status) execute function log_post_status();
create trigger publisher_posts_touch before update on publisher_posts
    for each row execute function touch_updated_at();

create table seo_reports (
    id bigint generated always as identity primary key,
    post_id uuid not null references publisher_posts (id),
    content_hash text not null,
    score smallint not null check (score between 0 and 100),
    findings jsonb not null check (jsonb_typeof(findings) = 'array'),
    created_at timestamptz not null default now(),
    unique (post_id, content_hash)
);

create table reviews (
    id bigint generated always as identity primary key,
    post_id uuid not null references publisher_posts (id),
    reviewer_id uuid not null references users (id),
    decision review_decision not null,
    note text not null default '',
    content_hash text not null,
    decided_at timestamptz not null default now(),
    check (decision = 'approved' or note <> '')
);
create index reviews_post on reviews (post_id, id desc);
create trigger reviews_append_only before update or delete on reviews
    for each row execute function refuse_change();

create table publisher_post_analytics (
    id uuid primary key default gen_random_uuid(),
    post_id uuid not null references publisher_posts (id),
    date date not null,
    views bigint check (views >= 0),
    unique_visitors bigint check (unique_visitors >= 0),
    avg_time_on_page numeric check (avg_time_on_page >= 0),
    bounce_rate fraction,
    scroll_depth_avg fraction,
    engagement_score fraction,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (post_id, date)
);
comment on column publisher_post_analytics.avg_time_on_page is 'seconds';
create trigger publisher_post_analytics_touch before update on publisher_post_analytics
    for each row execute function touch_updated_at();

create table affiliate_products (
    id uuid primary key default gen_random_uuid(),
    vertical_id uuid not null references publisher_verticals (id),
    name text not null,
    merchant text not null,
    affiliate_url text not null check (affiliate_url ~ '^https?://'),
    keywords text[] not null check (cardinality(keywords) > 0 and '' <> all (keywords)),
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (vertical_id, name)
);
create trigger affiliate_products_touch before update on affiliate_products
    for each row execute function touch_updated_at();

create table ai_usage (
    id bigint generated always as identity primary key,
    task text not null,
    provider text not null,
    model text not null,
    input_tokens integer check (input_tokens >= 0),
    cached_input_tokens integer check (cached_input_tokens >= 0),
    output_tokens integer check (output_tokens >= 0),
    cost_usd numeric check (cost_usd >= 0),
    latency_ms integer not null check (latency_ms >= 0),
    outcome ai_outcome not null,
    error text,
    canonical_id text,
    vertical_id uuid references publisher_verticals (id),
    created_at timestamptz not null default now()
);
create index ai_usage_day on ai_usage (created_at);
create index ai_usage_story on ai_usage (canonical_id);
