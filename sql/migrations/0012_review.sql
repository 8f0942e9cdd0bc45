-- The review desk: what each text said, what was checked of it by whom, and what came of taking a post down.

-- Every text that a post had, written by the database itself, so that no way of changing one goes unnoticed.
create table post_revisions (
    post_id uuid not null references publisher_posts (id),
    number integer not null check (number > 0),
    title text not null,
    content text not null,
    excerpt text,
    meta_title text,
    meta_description text,
    target_keyword text,
    content_hash text not null,
    actor text not null,
    at timestamptz not null default clock_timestamp(),
    primary key (post_id, number)
);
create trigger post_revisions_append_only before update or delete on post_revisions
    for each row execute function refuse_change();

-- The post's row is locked by the statement that changed it, so no number is taken twice.
create function keep_post_revision() returns trigger
    language plpgsql as $$
begin
    insert into post_revisions (
        post_id, number, title, content, excerpt, meta_title, meta_description, target_keyword, content_hash, actor
    )
    select new.id, coalesce(max(number), 0) + 1, new.title, new.content, new.excerpt, new.meta_title,
        new.meta_description, new.target_keyword, new.content_hash, current_actor()
    from post_revisions where post_id = new.id;
    return null;
end;
$$;

create trigger publisher_posts_first_revision after insert on publisher_posts
    for each row execute function keep_post_revision();
create trigger publisher_posts_next_revision
    after update of title, content, excerpt, meta_title, meta_description, target_keyword, content_hash on publisher_posts
    for each row when (
        (old.title, old.content, old.excerpt, old.meta_title, old.meta_description, old.target_keyword, old.content_hash)
        is distinct from
        (new.title, new.content, new.excerpt, new.meta_title, new.meta_description, new.target_keyword, new.content_hash)
    )
    execute function keep_post_revision();

-- A post that is there already begins with the text it has.
insert into post_revisions (
    post_id, number, title, content, excerpt, meta_title, meta_description, target_keyword, content_hash, actor, at
)
select p.id, 1, p.title, p.content, p.excerpt, p.meta_title, p.meta_description, p.target_keyword, p.content_hash,
    u.full_name, p.created_at
from publisher_posts p join users u on u.id = p.author_id;

-- The checklist. `pipeline/vocabulary.py` holds the same words.
create domain review_item as text
    check (value in ('factual_accuracy', 'brand_voice', 'seo', 'affiliate_placement', 'images', 'legal'));

create table review_checks (
    id bigint generated always as identity primary key,
    post_id uuid not null references publisher_posts (id),
    item review_item not null,
    content_hash text not null,
    findings jsonb check (jsonb_typeof(findings) = 'array'),
    checked_by uuid references users (id),
    note text not null default '',
    at timestamptz not null default clock_timestamp(),
    check (num_nonnulls(findings, checked_by) = 1)
);
comment on column review_checks.content_hash is 'of the text and of its files: of another text nothing is checked';
comment on column review_checks.findings is 'the automated part; of one item and hash the latest row counts';
comment on column review_checks.checked_by is 'the human part: who looked at it and found it right';
create index review_checks_post on review_checks (post_id, content_hash, item, id desc);
create trigger review_checks_append_only before update or delete on review_checks
    for each row execute function refuse_change();

-- Which text a decision was about, and in the order in which the decisions were taken.
alter table reviews
    add column revision integer,
    add foreign key (post_id, revision) references post_revisions (post_id, number),
    alter column decided_at set default clock_timestamp();

create function refuse_own_approval() returns trigger
    language plpgsql as $$
begin
    if exists (select from publisher_posts where id = new.post_id and author_id = new.reviewer_id) then
        raise exception 'nobody approves a draft of their own' using errcode = 'check_violation';
    end if;
    return new;
end;
$$;
create trigger reviews_four_eyes before insert on reviews
    for each row when (new.decision = 'approved') execute function refuse_own_approval();

-- Why a post changed its status, as the application says with set_config('pressroom.note', …, true).
alter table post_events add column note text not null default '';

create or replace function log_post_status() returns trigger
    language plpgsql as $$
begin
    insert into post_events (post_id, from_status, to_status, actor, note)
    values (
        new.id, case when tg_op = 'UPDATE' then old.status end, new.status, current_actor(),
        coalesce(current_setting('pressroom.note', true), '')
    );
    return null;
end;
$$;

-- Taking down what is live.
alter table distributions
    add column taken_down_at timestamptz,
    add column takedown_error text,
    add check (taken_down_at is null or takedown_error is null);
comment on column distributions.taken_down_at is 'since when it is no longer on the platform, because its post was archived';
comment on column distributions.takedown_error is 'why it is still there';

create function log_takedown() returns trigger
    language plpgsql as $$
begin
    insert into distribution_events (distribution_id, from_status, to_status, reason, actor)
    values (
        new.id, old.status, new.status,
        case when new.taken_down_at is null then 'not taken down: ' || new.takedown_error else 'taken down' end,
        current_actor()
    );
    return null;
end;
$$;
create trigger distributions_log_takedown after update of taken_down_at, takedown_error on distributions
    for each row when (
        (new.taken_down_at, new.takedown_error) is distinct from (old.taken_down_at, old.takedown_error)
        and num_nonnulls(new.taken_down_at, new.takedown_error) = 1
    )
    execute function log_takedown();

-- What was on its way when its post was archived, and arrived: its worker knows nothing of that, so it is seen here.
create function take_down_late_arrival() returns trigger
    language plpgsql as $$
begin
    insert into outbox (topic, idempotency_key, payload)
    select 'takedown', 'takedown:' || new.id, jsonb_build_object('account', p.account_key, 'distribution_id', new.id)
    from publisher_posts post, platforms p
    where post.id = new.post_id and post.status = 'archived' and p.id = new.platform_id
    on conflict (idempotency_key) do nothing;
    return null;
end;
$$;
create trigger distributions_take_down_late after update of status on distributions
    for each row when (new.status = 'published' and old.status <> 'published') execute function take_down_late_arrival();

-- Everything that happened to a post, from the tables that only grow. In order by `at`, then `step`.
create view post_log as
select e.post_id, e.at, 4 as step, 'status' as kind, e.actor,
    concat_ws(' → ', e.from_status, e.to_status) as what, e.note as detail
from post_events e
union all
select r.post_id, r.at, 1, 'revision', r.actor, 'revision ' || r.number, ''
from post_revisions r
union all
select c.post_id, c.at, 2, 'check', coalesce(u.full_name, 'automated'), replace(c.item, '_', ' '),
    case when c.findings is null then concat_ws(': ', 'found right', nullif(c.note, '')) else
        jsonb_array_length(jsonb_path_query_array(c.findings, '$[*] ? (@.severity == "blocking")')) || ' blocking, ' ||
        jsonb_array_length(jsonb_path_query_array(c.findings, '$[*] ? (@.severity == "improvement")')) || ' to improve'
    end
from review_checks c left join users u on u.id = c.checked_by
union all
select r.post_id, r.decided_at, 3, 'decision', u.full_name,
    concat_ws(', ', replace(r.decision, '_', ' '), 'revision ' || r.revision), r.note
from reviews r join users u on u.id = r.reviewer_id
union all
select d.post_id, e.at, 5, 'takedown', e.actor, p.account_key, e.reason
from distribution_events e
join distributions d on d.id = e.distribution_id
join platforms p on p.id = d.platform_id
where d.post_id is not null and e.from_status = 'published' and e.to_status = 'published';
