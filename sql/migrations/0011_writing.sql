-- What a writer is given, what it answers, and what that costs.

alter table content_templates drop constraint content_templates_output_type_check;
alter table content_templates add constraint content_templates_output_type_check
    check (output_type in ('analysis', 'brief', 'article', 'section', 'thread', 'newsletter', 'carousel', 'script'));
comment on column content_templates.output_type is '''section'' is what is added to the article''s prompt where an article is written part by part';

alter table ai_usage
    add column attempt smallint not null default 1 check (attempt > 0),
    add column most_usd numeric check (most_usd >= 0),
    add column price_list text,
    add column input_usd_per_million numeric check (input_usd_per_million >= 0),
    add column cached_input_usd_per_million numeric check (cached_input_usd_per_million >= 0),
    add column output_usd_per_million numeric check (output_usd_per_million >= 0),
    add column answer_key text;
comment on column ai_usage.attempt is '1 asks, 2 asks for a repair or asks again after a rate limit, and so on';
comment on column ai_usage.most_usd is 'what the call can have cost at most; budgets count it where cost_usd is null';
comment on column ai_usage.price_list is 'where the prices were found at the time of the call: a list with its version, or ''own''';
create index ai_usage_vertical on ai_usage (vertical_id, created_at);
create index ai_usage_answer on ai_usage (answer_key) where answer_key is not null;

-- Answers that were paid for. The key is of the whole request: asked the same again, nobody pays again.
create table ai_answers (
    key text primary key,
    model text not null,
    answer text not null,
    truncated boolean not null default false,
    used_again integer not null default 0 check (used_again >= 0),
    created_at timestamptz not null default now()
);
comment on column ai_answers.used_again is 'how often a call was spared by it';

-- Calls under way: what each can cost at most counts as spent until its bill is here. One that outlives
-- `ends_before` died with its process; it becomes a row of ai_usage whose cost nobody knows.
create table ai_calls (
    id bigint generated always as identity primary key,
    task text not null,
    provider text not null,
    model text not null,
    attempt smallint not null check (attempt > 0),
    most_usd numeric not null check (most_usd >= 0),
    canonical_id text,
    vertical_id uuid references publisher_verticals (id),
    started_at timestamptz not null default now(),
    ends_before timestamptz not null
);

create domain budget_period as text
    check (value in ('day', 'month'));

create table ai_budgets (
    id bigint generated always as identity primary key,
    vertical_id uuid references publisher_verticals (id),
    period budget_period not null,
    most_usd numeric not null check (most_usd >= 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique nulls not distinct (vertical_id, period)
);
comment on column ai_budgets.vertical_id is 'null: all verticals together';
create trigger ai_budgets_touch before update on ai_budgets
    for each row execute function touch_updated_at();

-- Prices that are known better than by the list: a contract, a gateway, a model of one's own.
create table ai_prices (
    model text primary key,
    input_usd_per_million numeric not null check (input_usd_per_million >= 0),
    cached_input_usd_per_million numeric not null check (cached_input_usd_per_million >= 0),
    output_usd_per_million numeric not null check (output_usd_per_million >= 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create trigger ai_prices_touch before update on ai_prices
    for each row execute function touch_updated_at();

-- Posts that an editor returned to the writer: who writes one anew, and how often it was tried.
create table post_rewrites (
    review_id bigint primary key references reviews (id),
    post_id uuid not null references publisher_posts (id),
    attempts smallint not null default 1 check (attempts >= 0),
    lease_until timestamptz,
    error text,
    created_at timestamptz not null default now()
);
comment on column post_rewrites.review_id is 'the decision that asked for changes';
comment on column post_rewrites.lease_until is 'when the present worker counts as dead; null: it is left to a person';
create index post_rewrites_post on post_rewrites (post_id);
