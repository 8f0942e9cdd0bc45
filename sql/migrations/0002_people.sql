create table users (
    id uuid primary key default gen_random_uuid(),
    email text not null check (email = lower(email) and email like '%_@_%'),
    full_name text not null check (full_name <> ''),
    roles text[] not null default '{}' check (cast(roles as user_role[]) is not null),
    is_person boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (email)
);
comment on column users.is_person is 'false for scripted actors, such as the writer and the demo reviewer; their names say so as well';

create table publisher_verticals (
    id uuid primary key default gen_random_uuid(),
    slug slug not null unique,
    name text not null,
    description text not null default '',
    base_url text not null check (base_url ~ '^https?://' and base_url not like '%/'),
    language text not null default 'en',
    timezone zone_name not null default 'America/New_York',
    voice_profile jsonb not null default '{}',
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on column publisher_verticals.base_url is 'where the vertical''s pages live: its subdomain, without a trailing slash';

create trigger users_touch before update on users
    for each row execute function touch_updated_at();
create trigger publisher_verticals_touch before update on publisher_verticals
    for each row execute function touch_updated_at();
create trigger publisher_verticals_zone before insert or update of timezone on publisher_verticals
    for each row execute function check_timezone();
