-- Every enumeration of the schema, once. `pipeline/vocabulary.py` holds the same words for Python;
-- a test compares the two. Domains over text, so that a column reads as text everywhere.

create domain post_status as text
    check (value in ('draft', 'review', 'scheduled', 'published', 'archived'));

create domain distribution_status as text
    check (value in ('draft', 'scheduled', 'publishing', 'published', 'failed', 'unknown', 'held', 'cancelled'));

create domain content_type as text
    check (value in ('generated', 'manual', 'repurposed', 'curated'));

create domain attempt_outcome as text
    check (value in ('published', 'rejected', 'not_sent', 'unknown'));

create domain error_kind as text
    check (value in ('validation', 'policy', 'auth', 'rate_limited', 'unavailable', 'duplicate', 'network', 'protocol', 'lost'));

create domain account_state as text
    check (value in ('active', 'paused'));

create domain lateness_policy as text
    check (value in ('publish_late', 'next_slot', 'hold'));

create domain slot_type as text
    check (value in ('regular', 'prime', 'test'));

create domain recurring_pattern as text
    check (value in ('daily', 'weekly', 'monthly'));

create domain timing_strategy as text
    check (value in ('simultaneous', 'staggered', 'optimized'));

create domain group_status as text
    check (value in ('pending', 'in_progress', 'completed', 'partial', 'failed'));

create domain review_decision as text
    check (value in ('approved', 'changes_requested', 'rejected'));

create domain source_kind as text
    check (value in ('feed', 'csv', 'jsonl'));

create domain ingest_status as text
    check (value in ('running', 'finished', 'failed'));

create domain user_role as text
    check (value in ('writer', 'reviewer', 'publisher', 'admin'));

create domain ai_outcome as text
    check (value in ('ok', 'truncated', 'invalid', 'refused', 'failed'));

create domain metrics_state as text
    check (value in ('live', 'gone'));

-- A fraction of 1: the only unit rates are stored in. Unknown is null.
create domain fraction as numeric
    check (value >= 0 and value <= 1);

-- Names only: whether the zone is in the IANA list is checked by a trigger on the tables that hold one,
-- because pg_timezone_names may not stand in a check constraint.
create domain zone_name as text
    check (value ~ '^[A-Za-z][A-Za-z0-9_+/-]*$');

create domain slug as text
    check (value ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(value) <= 120);


create function touch_updated_at() returns trigger
    language plpgsql as $$
begin
    new.updated_at = now();
    return new;
end;
$$;

create function check_timezone() returns trigger
    language plpgsql as $$
begin
    perform now() at time zone new.timezone;
    return new;
exception when invalid_parameter_value then
    raise exception 'time zone "%" is not an IANA zone', new.timezone
        using errcode = 'check_violation';
end;
$$;

create function refuse_change() returns trigger
    language plpgsql as $$
begin
    raise exception '% only grows: % is refused', tg_table_name, lower(tg_op)
        using errcode = 'insufficient_privilege';
end;
$$;

-- Who is acting, as set by the application with set_config('pressroom.actor', …, true) in each transaction.
create function current_actor() returns text
    language sql stable as $$
    select coalesce(nullif(current_setting('pressroom.actor', true), ''), current_user)
$$;
