-- Experiments: what was fixed before the start, who was given which arm before anything was sent, what was counted at
-- the horizon, and what each look at it said.

create domain experiment_status as text
    check (value in ('draft', 'running', 'decided', 'stopped'));

create domain experiment_method as text
    check (value in ('fixed', 'bandit'));

create domain experiment_verdict as text
    check (value in ('winner', 'no_difference', 'undecided', 'spoilt'));

create domain varied as text
    check (value in ('title', 'body', 'image', 'time', 'sender'));

create table experiments (
    id uuid primary key default gen_random_uuid(),
    name slug not null unique,
    platform_id uuid not null references platforms (id),
    varies varied not null,
    hypothesis text not null check (hypothesis <> ''),
    metric text not null check (
        metric in ('impressions', 'reach', 'engagements', 'clicks', 'shares', 'comments', 'likes', 'saves', 'video_views',
            'engagement_rate', 'click_through_rate', 'open_rate', 'click_rate')
    ),
    horizon_hours integer not null check (horizon_hours in (1, 6, 24, 48, 168, 720, 2160)),
    method experiment_method not null default 'fixed',
    error_level numeric not null default 0.05 check (error_level > 0 and error_level < 0.5),
    margin numeric not null default 0.05 check (margin > 0 and margin < 1),
    most_posts integer not null check (most_posts > 0),
    spread numeric check (spread > 0),
    prior_successes numeric check (prior_successes > 0),
    prior_failures numeric check (prior_failures > 0),
    overdispersion numeric check (overdispersion >= 1),
    seed bigint not null default floor(random() * 9007199254740992),
    split jsonb check (jsonb_typeof(split) = 'object'),
    applies_winner boolean not null default true,
    status experiment_status not null default 'draft',
    created_at timestamptz not null default now(),
    created_by text not null default current_actor(),
    started_at timestamptz,
    ended_at timestamptz,
    verdict experiment_verdict,
    winner_id uuid,
    reason text,
    applied_at timestamptz,
    check ((metric in ('open_rate', 'click_rate')) = (split is not null)),
    check (split is null or (method = 'fixed' and varies in ('title', 'body', 'sender'))),
    check (split is not null or varies <> 'sender'),
    check (num_nulls(prior_successes, prior_failures, overdispersion) in (0, 3)),
    check ((status = 'draft') = (started_at is null)),
    check ((status in ('decided', 'stopped')) = (ended_at is not null)),
    check ((status = 'decided') = (verdict is not null)),
    check (coalesce(verdict = 'winner', false) = (winner_id is not null)),
    check (applied_at is null or winner_id is not null)
);
comment on column experiments.metric is 'the primary one: only by it is anything decided';
comment on column experiments.horizon_hours is 'the age at which each publication''s figures count, whatever they become later: a mark of distribution_age_figures';
comment on column experiments.error_level is 'a fraction of 1: how often, at most, arms that are alike are told apart, however often somebody looks';
comment on column experiments.margin is 'a fraction of the control''s figure: less than that is no difference';
comment on column experiments.most_posts is 'how many posts are given an arm; of an email split, how many campaigns';
comment on column experiments.spread is 'the standard deviation of the natural logarithm of a post''s figure, or of the ratios of an email''s arms, as expected before the start; null: nothing was known';
comment on column experiments.overdispersion is 'by how much clicks vary more from post to post than one rate would explain; 1: not at all';
comment on column experiments.split is 'an email''s: how the platform splits its readers at random; null: each post has one arm';
comment on column experiments.applied_at is 'since when versions are written as the winner has it';
-- Two experiments on one account at a time would each be the other's noise.
create unique index experiments_running on experiments (platform_id) where status = 'running';
create unique index experiments_applied on experiments (platform_id, varies) where applied_at is not null;

create table experiment_arms (
    id uuid primary key default gen_random_uuid(),
    experiment_id uuid not null references experiments (id) on delete cascade,
    name slug not null check (length(name) <= 40),
    place integer not null check (place >= 0),
    treatment jsonb check (jsonb_typeof(treatment) = 'object'),
    unique (experiment_id, name),
    unique (experiment_id, place),
    unique (experiment_id, id),
    check (place > 0 or treatment = '{}')
);
comment on column experiment_arms.place is '0 is the control, which changes nothing';
comment on column experiment_arms.treatment is 'what it changes; null: the words are given post by post';
alter table experiments add foreign key (id, winner_id) references experiment_arms (experiment_id, id);

create table experiment_words (
    experiment_id uuid not null,
    arm_id uuid not null,
    post_id uuid not null references publisher_posts (id),
    words text not null check (words <> ''),
    primary key (experiment_id, post_id, arm_id),
    foreign key (experiment_id, arm_id) references experiment_arms (experiment_id, id) on delete cascade
);
comment on table experiment_words is 'what an arm says of one post, in place of its template';

create table experiment_units (
    experiment_id uuid not null references experiments (id),
    post_id uuid not null references publisher_posts (id),
    turn integer not null check (turn >= 0),
    arm_id uuid,
    probability numeric not null check (probability > 0 and probability <= 1),
    assigned_at timestamptz not null default clock_timestamp(),
    primary key (experiment_id, post_id),
    unique (experiment_id, turn),
    foreign key (experiment_id, arm_id) references experiment_arms (experiment_id, id)
);
comment on table experiment_units is 'which post was given which arm, by lot, before its version was approved';
comment on column experiment_units.turn is 'in which order; posts of one block of as many as there are arms follow each other';
comment on column experiment_units.arm_id is 'null: an email, whose readers have all arms';
comment on column experiment_units.probability is 'with which it was given this arm';
create index experiment_units_post on experiment_units (post_id);
create trigger experiment_units_append_only before update or delete on experiment_units
    for each row execute function refuse_change();

create table experiment_outcomes (
    experiment_id uuid not null,
    post_id uuid not null,
    arm_id uuid not null,
    amount numeric check (amount >= 0),
    exposure numeric check (exposure >= 0),
    measured_at timestamptz not null,
    lost text check (lost <> ''),
    primary key (experiment_id, post_id, arm_id),
    foreign key (experiment_id, post_id) references experiment_units (experiment_id, post_id),
    foreign key (experiment_id, arm_id) references experiment_arms (experiment_id, id),
    check ((amount is null) = (lost is not null))
);
comment on column experiment_outcomes.amount is 'the metric''s count at the horizon: a rate''s numerator';
comment on column experiment_outcomes.exposure is 'a rate''s denominator at the horizon; null where the metric is a count';
comment on column experiment_outcomes.lost is 'why it has no figure: it counts as missing, never as zero';
create trigger experiment_outcomes_append_only before update or delete on experiment_outcomes
    for each row execute function refuse_change();

create table experiment_looks (
    experiment_id uuid not null references experiments (id),
    measured integer not null check (measured >= 0),
    at timestamptz not null default clock_timestamp(),
    found jsonb not null check (jsonb_typeof(found) = 'object'),
    primary key (experiment_id, measured)
);
comment on table experiment_looks is 'what the figures said when so many outcomes were there';

-- What was fixed beforehand stays fixed: metric, horizon, arms and rule are the experiment.
create function keep_experiment_design() returns trigger
    language plpgsql as $$
begin
    if old.status <> 'draft' and
        (new.platform_id, new.varies, new.metric, new.horizon_hours, new.method, new.error_level, new.margin,
            new.most_posts, new.seed, new.started_at)
        is distinct from
        (old.platform_id, old.varies, old.metric, old.horizon_hours, old.method, old.error_level, old.margin,
            old.most_posts, old.seed, old.started_at)
        or old.status <> 'draft' and
        (new.spread, new.prior_successes, new.prior_failures, new.overdispersion, new.split, new.applies_winner,
            new.hypothesis)
        is distinct from
        (old.spread, old.prior_successes, old.prior_failures, old.overdispersion, old.split, old.applies_winner,
            old.hypothesis)
    then
        raise exception 'experiment % has begun: its design is fixed', old.name using errcode = 'check_violation';
    end if;
    if old.status <> new.status and (old.status, new.status) not in
        (('draft', 'running'), ('running', 'decided'), ('running', 'stopped'))
    then
        raise exception 'an experiment that is % does not become %', old.status, new.status
            using errcode = 'check_violation';
    end if;
    if (old.verdict, old.winner_id) is distinct from (new.verdict, new.winner_id) and old.status <> 'running' then
        raise exception 'what experiment % found stays', old.name using errcode = 'check_violation';
    end if;
    return new;
end;
$$;
create trigger experiments_design before update on experiments
    for each row execute function keep_experiment_design();

create function keep_experiment_arms() returns trigger
    language plpgsql as $$
begin
    if exists (
        select from experiments
        where id = any (array[new.experiment_id, old.experiment_id]) and status <> 'draft'
    ) then
        raise exception 'the experiment has begun: its arms are fixed' using errcode = 'check_violation';
    end if;
    return coalesce(new, old);
end;
$$;
create trigger experiment_arms_fixed before insert or update or delete on experiment_arms
    for each row execute function keep_experiment_arms();
