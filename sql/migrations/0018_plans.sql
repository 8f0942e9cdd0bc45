-- What planning proposed, so that what is applied is what somebody looked at, and the next plan can be compared with it.

create table schedule_plans (
    id bigint generated always as identity primary key,
    made_at timestamptz not null default clock_timestamp(),
    made_by text not null default current_actor(),
    begins timestamptz not null,
    ends timestamptz not null,
    entries jsonb not null check (jsonb_typeof(entries) = 'array'),
    applied_at timestamptz,
    applied_by text,
    check (begins < ends),
    check (num_nulls(applied_at, applied_by) in (0, 2))
);
comment on table schedule_plans is 'what planning proposed for [begins, ends)';
comment on column schedule_plans.entries is 'everything that was to go out, moved or not: what the next plan is compared with';
comment on column schedule_plans.applied_at is 'when the last of its moves was settled';
create index schedule_plans_applied on schedule_plans (applied_at desc) where applied_at is not null;

-- One row a distribution that the plan would move. It is written with the move itself, so a plan whose application was
-- stopped is finished by applying it again, and nothing is moved twice.
create table schedule_plan_moves (
    plan_id bigint not null references schedule_plans (id) on delete cascade,
    distribution_id uuid not null references distributions (id),
    post_id uuid not null references publisher_posts (id),
    from_at timestamptz not null,
    to_at timestamptz not null,
    moved_at timestamptz,
    refused_at timestamptz,
    refusal text,
    primary key (plan_id, distribution_id),
    check (from_at <> to_at),
    check (num_nulls(moved_at, refused_at) > 0),
    check (num_nulls(refused_at, refusal) in (0, 2))
);
comment on column schedule_plan_moves.refusal is 'what had changed under the plan, or who held the instant, in words';
create index schedule_plan_moves_open on schedule_plan_moves (plan_id, post_id)
    where moved_at is null and refused_at is null;
