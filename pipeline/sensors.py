"""What happens when the database says so. Each tick asks one indexed question and calls no platform."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from pipeline import jobs
from pipeline.autostart import SENSOR_STATUS
from pipeline.partitions import ACCOUNT, POST, accounts, posts, runs_over
from pipeline.resources.database import Database
from pipeline.resources.platforms import Platforms

_POSTS_A_TICK = 20
_STORY_LEASE = timedelta(hours=1)
"""Longer than a model takes for an article written part by part, waits for rate limits included: a lease that runs out
under a live worker has the same calls made twice."""
# A run whose machine died counts as started for as long as nobody says otherwise. One run more is harmless: what may be
# done, and by whom, is decided in the database.
_BELIEVED_FOR = timedelta(minutes=3)


@dg.sensor(
    target=jobs.take_in,
    minimum_interval_seconds=10,
    default_status=SENSOR_STATUS,
    description="Reads a source that was added and never read, without waiting for the hour.",
)
def new_sources(context: dg.SensorEvaluationContext, database: Database) -> dg.SkipReason | dg.RunRequest:
    from pipeline.store.sources import any_never_read

    if under_way(context, jobs.take_in.name):
        return dg.SkipReason("The sources are being read.")
    with database.engine.connect() as connection:
        waiting = any_never_read(connection)
    return dg.RunRequest() if waiting else dg.SkipReason("Every source has been read.")


@dg.sensor(
    target=jobs.analyse,
    minimum_interval_seconds=10,
    default_status=SENSOR_STATUS,
    description="Starts the analysis when there is content that has none, however it came in.",
)
def new_content(context: dg.SensorEvaluationContext, database: Database) -> dg.SkipReason | dg.RunRequest:
    from pipeline.editorial.budget import default_budget
    from pipeline.store.analysis_holds import held
    from pipeline.store.stories import anything_to_analyse

    if under_way(context, jobs.analyse.name, jobs.take_in.name):
        return dg.SkipReason("An analysis is under way.")
    with database.engine.connect() as connection:
        without_room = held(connection, default_budget())
        waiting = anything_to_analyse(connection, besides=without_room)
    if waiting:
        return dg.RunRequest()
    if without_room:
        return dg.SkipReason("What is left waits until the writer's budget has room for it; see `pressroom costs`.")
    return dg.SkipReason("Everything taken in is analysed.")


@dg.sensor(
    target=jobs.write_posts,
    minimum_interval_seconds=15,
    default_status=SENSOR_STATUS,
    description=(
        "Claims the strongest stories that are not posts yet, and asks for one run over them. A story whose run "
        "stopped half-way is taken up again when its claim runs out."
    ),
)
def new_stories(context: dg.SensorEvaluationContext, database: Database) -> dg.SensorResult | dg.SkipReason:
    from pipeline.store.database import transaction
    from pipeline.store.stories import claim_stories, stories_to_resume

    with transaction(database.engine, "sensor new_stories") as connection:
        stories = stories_to_resume(connection, limit=_POSTS_A_TICK, lease=_STORY_LEASE)
        stories += claim_stories(connection, limit=_POSTS_A_TICK - len(stories), lease=_STORY_LEASE)
    if not stories:
        return dg.SkipReason("No story is strong enough that is not a post already.")
    return _written(context, [story.canonical_id for story in stories])


@dg.sensor(
    target=jobs.write_posts,
    minimum_interval_seconds=15,
    default_status=SENSOR_STATUS,
    description=(
        "Takes drafts that a model wrote and a reviewer sent back to the writer again, with the reviewer's note. What "
        "a person has changed since then is left to that person."
    ),
)
def returned_drafts(context: dg.SensorEvaluationContext, database: Database) -> dg.SensorResult | dg.SkipReason:
    from pipeline.store.database import transaction
    from pipeline.store.rewrites import to_rewrite

    with transaction(database.engine, "sensor returned_drafts") as connection:
        keys = to_rewrite(connection, limit=_POSTS_A_TICK, lease=_STORY_LEASE)
    if not keys:
        return dg.SkipReason("No draft waits to be written anew.")
    return _written(context, keys)


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=SENSOR_STATUS,
    target=jobs.sync_metrics,
    description="Gives each new account its partition, and asks for its first figures.",
)
def new_accounts(context: dg.SensorEvaluationContext, database: Database) -> dg.SensorResult | dg.SkipReason:
    from pipeline.store.accounts import all_accounts

    with database.engine.connect() as connection:
        keys = [account.account_key for account in all_accounts(connection)]
    known = list(context.instance.get_dynamic_partitions(ACCOUNT))
    missing = [key for key in keys if key not in set(known)]
    if not missing:
        return dg.SkipReason("Every account has its partition.")
    return dg.SensorResult(
        dynamic_partitions_requests=[accounts.build_add_request(missing)],
        run_requests=[dg.RunRequest(tags=tags) for _, tags in runs_over(known, missing)],
    )


@dg.sensor(
    target=jobs.publish,
    minimum_interval_seconds=5,
    default_status=SENSOR_STATUS,
    description="Starts the publisher when an approved post is due inside its look-ahead window.",
)
def due_distributions(
    context: dg.SensorEvaluationContext, database: Database, platforms: Platforms
) -> dg.SkipReason | dg.RunRequest:
    from pipeline.store.claims import next_due
    from pipeline.store.workers import one_alive

    if under_way(context, jobs.publish.name):
        return dg.SkipReason("A publisher is under way; it takes what becomes due until nothing is.")
    with database.engine.connect() as connection:
        worker, wait = one_alive(connection), next_due(connection)
    if worker is not None:
        return dg.SkipReason(f"{worker} is at work and sees to it.")
    if wait is None:
        return dg.SkipReason("Nothing is scheduled that may be sent.")
    if wait > platforms.config.look_ahead:
        return dg.SkipReason(f"The next is due in {timedelta(seconds=round(wait.total_seconds()))}.")
    return dg.RunRequest()


@dg.sensor(
    target=jobs.reconcile,
    minimum_interval_seconds=15,
    default_status=SENSOR_STATUS,
    description="Starts the inquiry into publications whose outcome is unknown, or whose worker died.",
)
def unresolved_distributions(context: dg.SensorEvaluationContext, database: Database) -> dg.SkipReason | dg.RunRequest:
    from pipeline.store.claims import something_unresolved
    from pipeline.store.workers import one_alive

    if under_way(context, jobs.reconcile.name):
        return dg.SkipReason("An inquiry is under way.")
    with database.engine.connect() as connection:
        worker, unresolved = one_alive(connection), something_unresolved(connection)
    if worker is not None:
        return dg.SkipReason(f"{worker} is at work and sees to it.")
    return dg.RunRequest() if unresolved else dg.SkipReason("Every outcome is known.")


def _written(context: dg.SensorEvaluationContext, keys: Sequence[str]) -> dg.SensorResult:
    """Runs that take these posts from brief to review, as few as there can be."""
    known = list(context.instance.get_dynamic_partitions(POST))
    return dg.SensorResult(
        dynamic_partitions_requests=[posts.build_add_request([key for key in keys if key not in set(known)])],
        run_requests=[dg.RunRequest(tags=tags) for _, tags in runs_over(known, keys)],
    )


def under_way(context: dg.SensorEvaluationContext, *job_names: str) -> bool:
    """Whether a run of these jobs is queued or at work, and not so long that it may have died unnoticed."""
    unfinished = [
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
    ]
    recently = datetime.now(UTC) - _BELIEVED_FOR
    return any(
        context.instance.get_run_records(
            dg.RunsFilter(job_name=name, statuses=unfinished, created_after=recently), limit=1
        )
        for name in job_names
    )


ALL = [
    new_sources,
    new_content,
    new_stories,
    returned_drafts,
    new_accounts,
    due_distributions,
    unresolved_distributions,
]
