-- `pending`: the platform works on what it was given, and will tell how that ended. In a block: right
-- after a domain's constraint was dropped PostgreSQL takes no savepoint, and each step of a migration is one.
do $$
begin
    alter domain error_kind drop constraint error_kind_check;
    alter domain error_kind add constraint error_kind_check
        check (value in ('validation', 'policy', 'auth', 'rate_limited', 'unavailable', 'duplicate', 'network',
                         'protocol', 'lost', 'pending'));
end
$$;

-- The files of a post: what was examined when they were added, and the digest that says whether they are still the same.

create domain media_kind as text
    check (value in ('image', 'video', 'audio'));

create table post_media (
    id uuid primary key default gen_random_uuid(),
    post_id uuid not null references publisher_posts (id) on delete cascade,
    position smallint not null check (position >= 0),
    kind media_kind not null,
    mime_type text not null,
    url text not null,
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    bytes bigint not null check (bytes > 0),
    width integer check (width > 0),
    height integer check (height > 0),
    duration_seconds double precision check (duration_seconds >= 0),
    alt_text text not null default '',
    created_at timestamptz not null default now(),
    unique (post_id, position),
    unique (post_id, sha256),
    constraint a_picture_says_what_it_shows check (kind <> 'image' or alt_text <> '')
);
comment on table post_media is 'in the order in which a platform that takes fewer takes them';
comment on column post_media.url is 'where a platform can fetch it: a file of the own site';
