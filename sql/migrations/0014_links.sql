-- What articles link to: products in a stated order, our own posts by the phrases they go by, and who links to whom.

alter table affiliate_products add column priority integer not null default 0;
comment on column affiliate_products.priority is 'of two products with one keyword the higher one is linked, then the first by name';

-- What published posts with a page of their own go by: their keywords and titles, in lower case. A table and not an
-- array of the post's: an article asks for ten thousand phrases at once, which is a join here and a loop over both
-- arrays there.
create table published_phrases (
    vertical_id uuid not null references publisher_verticals (id),
    phrase text not null check (phrase <> ''),
    post_id uuid not null references publisher_posts (id),
    primary key (vertical_id, phrase, post_id)
);
create index published_phrases_post on published_phrases (post_id);

create function phrases_of(post publisher_posts) returns setof text
    language sql stable as $$
    -- What is longer stands in no text, and would not fit into the index.
    select distinct phrase from unnest(post.keywords || array[lower(post.target_keyword), lower(post.title)]) as phrase
    where phrase <> '' and length(phrase) <= 200 and post.status = 'published' and post.repurposed_from is null
$$;

create function keep_phrases() returns trigger
    language plpgsql as $$
begin
    delete from published_phrases where post_id = new.id;
    insert into published_phrases (vertical_id, phrase, post_id)
    select new.vertical_id, phrase, new.id from phrases_of(new) as phrase;
    return null;
end;
$$;
create trigger publisher_posts_phrases_new after insert on publisher_posts
    for each row when (new.status = 'published') execute function keep_phrases();
create trigger publisher_posts_phrases_change
    after update of status, title, target_keyword, keywords, vertical_id, repurposed_from on publisher_posts
    for each row when (old.status = 'published' or new.status = 'published') execute function keep_phrases();

insert into published_phrases (vertical_id, phrase, post_id)
select p.vertical_id, phrase, p.id from publisher_posts p cross join lateral phrases_of(p) as phrase;

-- The pages that a text names, as they are compared: without query, fragment and closing slash. Dear, so that the index
-- is asked.
create function linked_addresses(content text) returns text[]
    language sql immutable cost 10000 as $$
    select array(
        select distinct rtrim(split_part(split_part(found[1], '#', 1), '?', 1), '/')
        from (
            select regexp_matches(content, '(https?://[^[:space:]()<>"'']+)', 'g')
            union all
            select regexp_matches(content, '(?:\]\(|\]:|href=)[[:space:]<"'']*(/[^[:space:]()<>"'']+)', 'g')
        ) as addresses (found)
    )
$$;
create index publisher_posts_linked on publisher_posts using gin (linked_addresses(content)) where status = 'published';
