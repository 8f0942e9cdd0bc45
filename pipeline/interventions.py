"""What a person may do with distributions, accounts and approved posts, as jobs: each has a form in the launchpad.

The rules are `distribution.intervene`'s and `editorial.withdrawal`'s; a job that could not do all that was asked fails,
and says why.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from pipeline.assets.distribution import record_publications
from pipeline.forms import Person, acting, failure, form
from pipeline.resources.database import Database
from pipeline.resources.platforms import Platforms

if TYPE_CHECKING:
    from pipeline.distribution.intervene import Result

_TIME = "As 2026-11-23 09:00, local to the distribution's own zone, or with an offset. Empty: "
_NOT_THERE = "You looked: what is unknown, and so may be live, is not on the platform. Else it is left alone."


class _Distributions(Person):
    distributions: list[str] = Field(
        default=[],
        description="Required. The distributions' ids, or their beginnings, as the asset publications shows them.",
    )


class Retry(_Distributions):
    at: str = Field(default="", description=f"{_TIME}now.")
    not_there: bool = Field(default=False, description=_NOT_THERE)
    reason: str = Field(default="", description="Kept in the history.")


class Release(_Distributions):
    at: str = Field(default="", description=f"{_TIME}now.")
    reason: str = Field(default="", description="Kept in the history.")


class Hold(_Distributions):
    reason: str = Field(default="", description="Required. Shown wherever the post is.")


class Cancel(_Distributions):
    reason: str = Field(default="", description="Required. Shown wherever the post is.")
    not_there: bool = Field(default=False, description=_NOT_THERE)


class MarkPublished(Person):
    distribution: str = Field(default="", description="Required. The distribution's id, or its beginning.")
    url: str = Field(default="", description="Required. Where it is live.")
    platform_id: str = Field(
        default="", description="The platform's id of the publication. Empty: as its address, or an earlier try, tells."
    )
    at: str = Field(default="", description=f"{_TIME}now; of an unknown one, when it was last tried.")


class Resume(Person):
    account: str = Field(default="", description="Required. The account's key.")
    unchecked: bool = Field(
        default=False, description="Don't ask the platform first whether it takes the credentials again."
    )


class Withdraw(Person):
    post: str = Field(default="", description="Required. The post's id, as the asset distribution_plan has it.")
    note: str = Field(default="", description="Required. Why; kept in the post's log.")


@dg.op(tags={"kind": "person"})
def retry(context: dg.OpExecutionContext, config: Retry, database: Database) -> None:
    """Puts into the queue again what failed, or what was unknown and is not on its platform."""
    from pipeline.distribution import intervene

    results = intervene.retry(
        database.engine,
        config.distributions,
        _actor(database, config),
        at=config.at or None,
        not_there=config.not_there,
        reason=config.reason or None,
    )
    _report(context, database, results)


@dg.op(tags={"kind": "person"})
def release(context: dg.OpExecutionContext, config: Release, database: Database) -> None:
    """Puts what is held into the queue, however late it is."""
    from pipeline.distribution import intervene

    actor = _actor(database, config)
    results = intervene.release(
        database.engine, config.distributions, actor, at=config.at or None, reason=config.reason or None
    )
    _report(context, database, results)


@dg.op(tags={"kind": "person"})
def hold(context: dg.OpExecutionContext, config: Hold, database: Database) -> None:
    """Keeps back what is scheduled until somebody releases it."""
    from pipeline.distribution import intervene

    actor = _actor(database, config)
    try:
        results = intervene.hold(database.engine, config.distributions, actor, reason=config.reason)
    except intervene.InterventionError as error:
        raise failure(str(error)) from None
    _report(context, database, results)


@dg.op(tags={"kind": "person"})
def cancel(context: dg.OpExecutionContext, config: Cancel, database: Database) -> None:
    """Gives up, for good, what is not out."""
    from pipeline.distribution import intervene

    actor = _actor(database, config)
    try:
        results = intervene.cancel(
            database.engine, config.distributions, actor, reason=config.reason, not_there=config.not_there
        )
    except intervene.InterventionError as error:
        raise failure(str(error)) from None
    _report(context, database, results)


@dg.op(tags={"kind": "person"})
def mark_published(context: dg.OpExecutionContext, config: MarkPublished, database: Database) -> None:
    """Notes that something is live, because a person found it there or put it there."""
    from pipeline.distribution import intervene
    from pipeline.settings import settings
    from pipeline.store.announcements import Announce

    result = intervene.mark_published(
        database.engine,
        config.distribution,
        _actor(database, config),
        url=config.url,
        platform_id=config.platform_id or None,
        at=config.at or None,
        announce=Announce.from_settings(settings()),
    )
    _report(context, database, [result])


@dg.op(tags={"kind": "person"})
def resume(context: dg.OpExecutionContext, config: Resume, database: Database, platforms: Platforms) -> None:
    """Asks the platform who we are, and if it still knows us, makes the account active."""
    from pipeline.distribution.resume import ResumeError, resume_account
    from pipeline.store.accounts import UnknownAccountError

    actor = _actor(database, config)
    try:
        name = resume_account(database.engine, platforms.adapters, config.account, actor, unchecked=config.unchecked)
    except (UnknownAccountError, ResumeError) as error:
        raise failure(str(error)) from None
    context.log.info("%s is active%s", config.account, "" if name is None else f": {name}")
    record_publications(context, database.engine, {config.account})


@dg.op(tags={"kind": "person"})
def unschedule(context: dg.OpExecutionContext, config: Withdraw, database: Database) -> None:
    """Takes an approval back: the post waits for review again."""
    from pipeline.editorial import withdrawal
    from pipeline.editorial.desk import ReviewError

    try:
        count = withdrawal.unschedule(database.engine, config.post, acting(database, config), config.note)
    except ReviewError as error:
        raise failure(str(error)) from None
    context.log.info("%s is in review again; versions that are drafts again: %s", config.post, count)


@dg.op(tags={"kind": "person"})
def archive(context: dg.OpExecutionContext, config: Withdraw, database: Database) -> None:
    """Takes a post out of the world: what is live is taken down, what is not is given up."""
    from pipeline.editorial import withdrawal
    from pipeline.editorial.desk import ReviewError

    try:
        done = withdrawal.archive(database.engine, config.post, acting(database, config), config.note)
    except ReviewError as error:
        raise failure(str(error)) from None
    context.log.info("%s is archived. Is being taken down on: %s", config.post, ", ".join(done.coming_down) or "none")
    for account, reason in done.staying.items():
        context.log.warning("Stays on %s: %s", account, reason)
    record_publications(context, database.engine, {*done.coming_down, *done.staying, *done.cancelled})


@dg.job(
    config=form(retry, Retry),
    description="Send again what failed, or what was unknown and is not on its platform: now, or at a time.",
)
def retry_distributions() -> None:
    retry()


@dg.job(config=form(release, Release), description="Let go out what is held, however late it is: now, or at a time.")
def release_distributions() -> None:
    release()


@dg.job(config=form(hold, Hold), description="Keep back what is scheduled until somebody releases it.")
def hold_distributions() -> None:
    hold()


@dg.job(config=form(cancel, Cancel), description="Give up, for good, what is not out.")
def cancel_distributions() -> None:
    cancel()


@dg.job(
    config=form(mark_published, MarkPublished),
    description="Note that something is live that is held, failed or unknown here. Nothing is sent.",
)
def mark_as_published() -> None:
    mark_published()


@dg.job(
    config=form(resume, Resume),
    description="Make a paused account active, once its platform takes the credentials again.",
)
def resume_account() -> None:
    resume()


@dg.job(
    config=form(unschedule, Withdraw),
    description="Take back the approval of a post that is not out: it waits for review again.",
)
def unschedule_post() -> None:
    unschedule()


@dg.job(
    config=form(archive, Withdraw),
    description="Take a post out of the world: what is live of it is taken down, what is not is given up.",
)
def archive_post() -> None:
    archive()


def _actor(database: Database, config: Person) -> str:
    return acting(database, config).full_name


def _report(context: dg.OpExecutionContext, database: Database, results: "Sequence[Result]") -> None:
    if not results:
        raise failure("Name the distributions: the asset publications shows their ids. Nothing was changed.")
    for result in results:
        if result.changed:
            context.log.info(result.message)
    record_publications(context, database.engine, {r.account_key for r in results if r.changed and r.account_key})
    refused = [result.message for result in results if not result.changed]
    if refused:
        raise failure("\n".join(refused))


ALL = [
    retry_distributions,
    release_distributions,
    hold_distributions,
    cancel_distributions,
    mark_as_published,
    resume_account,
    unschedule_post,
    archive_post,
]
