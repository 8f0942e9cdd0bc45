-- What subscribers of the calendar go by: how often an entry has moved, and where the feed is.

alter table distributions
    add column calendar_sequence integer not null default 0,
    add column calendar_changed_at timestamptz not null default now();
comment on column distributions.calendar_sequence is 'iCalendar''s SEQUENCE: grows whenever its entry in a calendar moves, comes, goes or becomes uncertain';
comment on column distributions.calendar_changed_at is 'when calendar_sequence last grew';

-- By trigger, so that no way of moving a distribution goes unnoticed. Of its states only those that a calendar tells
-- apart count: a claim and its return to the queue change nothing there.
create function calendar_standing(status distribution_status) returns text
    language sql immutable parallel safe as $$
    select case
        when status in ('draft', 'cancelled') then 'none'
        when status in ('held', 'failed') then 'tentative'
        else 'confirmed'
    end
$$;

create function count_calendar_change() returns trigger
    language plpgsql as $$
begin
    new.calendar_sequence := old.calendar_sequence + 1;
    new.calendar_changed_at := clock_timestamp();
    return new;
end;
$$;

create trigger distributions_calendar before update of scheduled_for, published_at, status, taken_down_at on distributions
    for each row when (
        old.scheduled_for is distinct from new.scheduled_for
        or old.published_at is distinct from new.published_at
        or old.taken_down_at is distinct from new.taken_down_at
        or calendar_standing(old.status) <> calendar_standing(new.status)
    )
    execute function count_calendar_change();

-- Readable, not hashed, because the address is shown again to whoever may see the calendar anyway, which is here.
create table calendar_feed (
    is_only boolean primary key default true check (is_only),
    token text not null check (length(token) >= 32),
    created_at timestamptz not null default clock_timestamp()
);
comment on table calendar_feed is 'one row at most: the secret part of the calendar feed''s address';
