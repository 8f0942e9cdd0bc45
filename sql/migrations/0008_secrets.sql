-- Credentials that accounts name as db:NAME, encrypted by a key that is not here (PRESSROOM_SECRET_KEYS).

create table secrets (
    name text primary key check (name ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    ciphertext bytea not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on column secrets.ciphertext is 'a Fernet token: AES-128-CBC and HMAC-SHA256, with the time it was written';

create trigger secrets_touch before update on secrets
    for each row execute function touch_updated_at();
