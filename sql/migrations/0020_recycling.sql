-- Evergreen articles told again on an account: by which rules, and where nothing new could be made of one.

alter table content_templates drop constraint content_templates_output_type_check;
alter table content_templates add constraint content_templates_output_type_check check (
    output_type in ('analysis', 'brief', 'article', 'section', 'thread', 'newsletter', 'carousel', 'script', 'again')
);

alter table publisher_posts drop constraint publisher_posts_repurposed_as_check;
alter table publisher_posts
    add constraint publisher_posts_repurposed_as_check
        check (repurposed_as in ('thread', 'newsletter', 'carousel', 'script', 'again')),
    add column account_id uuid references platforms (id),
    add check ((account_id is null) = (repurposed_as is distinct from 'again'));
comment on column publisher_posts.account_id is 'the one account that tells the article again; null: all of its platforms';

-- An article has one thread, but is told again many times: on one account by one post at a time.
drop index publisher_posts_repurposed;
create unique index publisher_posts_repurposed on publisher_posts (repurposed_from, repurposed_as)
    where status <> 'archived' and repurposed_as <> 'again';
create unique index publisher_posts_again_open on publisher_posts (repurposed_from, account_id)
    where repurposed_as = 'again' and status in ('draft', 'review', 'scheduled');
create index publisher_posts_again on publisher_posts (account_id, repurposed_from) where repurposed_as = 'again';
create index publisher_posts_retellings on publisher_posts (repurposed_from) where repurposed_from is not null;
create index publisher_posts_evergreen on publisher_posts (vertical_id, published_at)
    where is_evergreen and status = 'published';

-- All that an account ever said, for what must not be said again.
create index distributions_said on distributions (platform_id) where status <> 'cancelled';

create table recycling_rules (
    vertical_id uuid primary key references publisher_verticals (id),
    min_age_days integer not null check (min_age_days > 0),
    gap_days integer not null check (gap_days > 0),
    most_per_week integer not null check (most_per_week > 0),
    most_times integer not null check (most_times > 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table recycling_rules is 'a vertical without one recycles nothing by itself';
comment on column recycling_rules.min_age_days is 'from an article''s publication';
comment on column recycling_rules.gap_days is 'between two posts of one account that tell the same article';
comment on column recycling_rules.most_per_week is 'recycled posts of one account in any seven days';
comment on column recycling_rules.most_times is 'how often one account tells an article again';
create trigger recycling_rules_touch before update on recycling_rules
    for each row execute function touch_updated_at();

create table recycling_accounts (
    vertical_id uuid not null references recycling_rules (vertical_id) on delete cascade,
    platform_id uuid not null references platforms (id),
    primary key (vertical_id, platform_id)
);
comment on table recycling_accounts is 'where a rule has none, it is for all accounts of its vertical that can';

create table recycling_refusals (
    post_id uuid not null references publisher_posts (id),
    platform_id uuid not null references platforms (id),
    reason text not null check (reason <> ''),
    at timestamptz not null default now(),
    primary key (post_id, platform_id)
);
comment on table recycling_refusals is 'articles of which the writer made nothing that the account had not said, and when; tried again a week later';
