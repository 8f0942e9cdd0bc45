-- Posts that a person brings in, chooses from elsewhere, or has told again in another form.

alter table publisher_posts
    add column platforms text[] check (cardinality(platforms) > 0 and '' <> all (platforms)),
    add column canonical_url text check (canonical_url ~ '^https?://'),
    add column repurposed_from uuid references publisher_posts (id),
    add column repurposed_as text check (repurposed_as in ('thread', 'newsletter', 'carousel', 'script')),
    add column language text check (language ~ '^[a-z]{2,3}$'),
    add column credit jsonb check (jsonb_typeof(credit) = 'object' and credit ->> 'url' ~ '^https?://' and credit ->> 'publisher' <> ''),
    add check (num_nulls(repurposed_from, repurposed_as) in (0, 2)),
    add check (repurposed_from is null or (content_type = 'repurposed' and platforms is not null and canonical_url is not null)),
    add check (credit is null or content_type = 'curated');
comment on column publisher_posts.platforms is 'names of the platforms it goes to; null: every account of its vertical';
comment on column publisher_posts.language is 'an ISO 639 code; null: its vertical''s';
comment on column publisher_posts.canonical_url is 'the page that its versions link to; null: its own';
comment on column publisher_posts.repurposed_from is 'the published article that it tells again; it has no page of its own';
comment on column publisher_posts.credit is 'of a curated post: {"publisher", "author", "url", "license"} of the original';

-- An article has one thread; a rejected one leaves room for another.
create unique index publisher_posts_repurposed on publisher_posts (repurposed_from, repurposed_as) where status <> 'archived';

-- What its other distributions wait for: the post's distributions on its home, or the original's of one that has no
-- page of its own.
create or replace function homes_of(post uuid) returns setof distributions
    language sql stable as $$
    -- An array, not a join: it is read once a statement, and a join would read all of platforms for each post.
    select d.* from distributions d
    where d.post_id = coalesce((select p.repurposed_from from publisher_posts p where p.id = post), post)
        and d.platform_id = any (array(select p.id from platforms p where p.is_home))
$$;

-- A page that an editor chose. Its source is never read again.
do $$
declare
    held name;
begin
    select conname into strict held from pg_constraint where contypid = 'source_kind'::regtype;
    execute format('alter domain source_kind drop constraint %I', held);
    alter domain source_kind add constraint source_kind_check check (value in ('feed', 'csv', 'jsonl', 'page'));
end;
$$;
