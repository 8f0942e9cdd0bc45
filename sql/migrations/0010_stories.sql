-- One story is told by many items: posted twice, taken from one agency, copied. They share a row of `stories`, which is
-- claimed at most once because it has room for one claim.

create table stories (
    id uuid primary key default gen_random_uuid(),
    canonical_id text unique references raw_content (canonical_id),
    created_at timestamptz not null default now()
);
comment on column stories.canonical_id is 'the claim; null while nobody has taken the story up';

create table story_items (
    content_id uuid primary key references raw_content (id) on delete cascade,
    story_id uuid references stories (id),
    digest text,
    bands bigint[],
    check (num_nulls(story_id, digest, bands) in (0, 3))
);
comment on table story_items is 'which story an item tells; all null until that was looked into';
comment on column story_items.digest is 'of what the text says: equal for exact copies';
comment on column story_items.bands is 'of the text''s MinHash signature: near duplicates share at least one';
create index story_items_story on story_items (story_id);
create index story_items_digest on story_items (digest);
create index story_items_bands on story_items using gin (bands);
create index story_items_waiting on story_items (content_id) where story_id is null;

-- The hook's strength and the rule for candidates stand beside the figures that readers made, so that what sensors
-- ask every few seconds is the first entry of an index, however many items there are.
alter table raw_content add column hook_strength smallint check (hook_strength between 0 and 100);
comment on column raw_content.hook_strength is 'the analysis'', kept the same by a trigger; null without one';
alter table raw_content disable trigger raw_content_touch;
update raw_content rc set hook_strength = ca.hook_strength from content_analysis ca where ca.content_id = rc.id;
alter table raw_content enable trigger raw_content_touch;
alter table raw_content add column is_candidate boolean not null generated always as (
    coalesce(hook_strength >= 70, false)
    and case when engagement_rate is null then coalesce(engagement_percentile >= 0.8, true)
        else engagement_rate >= 0.05 end
) stored;
comment on column raw_content.is_candidate is 'strong enough for a story; the percentile stands in for an unknown rate, and where nothing is known of the readers the hook decides alone';

create index raw_content_candidates on raw_content
    (engagement_rate desc nulls last, engagement_percentile desc nulls last, hook_strength desc, id)
    where is_candidate and canonical_id is null;
create index raw_content_waiting on raw_content
    (engagement_rate desc nulls last, engagement_percentile desc nulls last, id)
    where hook_strength is null and canonical_id is null;
drop index raw_content_unclaimed;

create function follow_analysis() returns trigger
    language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        -- What it says has changed, so it may tell another story now. A claimed item's text never changes.
        update raw_content set hook_strength = null where id = old.content_id;
        delete from story_items si using raw_content rc
        where si.content_id = old.content_id and rc.id = si.content_id and rc.canonical_id is null;
    else
        update raw_content set hook_strength = new.hook_strength where id = new.content_id;
        insert into story_items (content_id) values (new.content_id) on conflict do nothing;
    end if;
    return null;
end;
$$;
create trigger content_analysis_follow after insert or delete or update of hook_strength on content_analysis
    for each row execute function follow_analysis();

-- An item that comes in claimed, such as a page that an editor curates, tells its story without an analysis.
create function follow_claim() returns trigger
    language plpgsql as $$
begin
    insert into story_items (content_id) values (new.id) on conflict do nothing;
    return null;
end;
$$;
create trigger raw_content_follow_claim after insert on raw_content
    for each row when (new.canonical_id is not null) execute function follow_claim();

insert into story_items (content_id)
select id from raw_content where canonical_id is not null or hook_strength is not null;

-- What an article says that its sources don't: one report for each version of a post's text.
create table source_checks (
    id bigint generated always as identity primary key,
    post_id uuid not null references publisher_posts (id),
    content_hash text not null,
    findings jsonb not null check (jsonb_typeof(findings) = 'array'),
    created_at timestamptz not null default now(),
    unique (post_id, content_hash)
);
