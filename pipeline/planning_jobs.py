"""Applying a plan from Dagster's launchpad."""

import dagster as dg
from pydantic import Field

from pipeline.forms import Person, acting, failure, form
from pipeline.resources.database import Database


class Apply(Person):
    plan: int = Field(
        default=0, description="The plan's number, as the asset publishing_plan shows it. 0: the one made last."
    )


@dg.op(tags={"kind": "person"})
def apply_moves(context: dg.OpExecutionContext, config: Apply, database: Database) -> None:
    """Makes the moves of a plan; what changed since it was made stays where it is, and is named."""
    from datetime import UTC, datetime

    from pipeline.editorial.permissions import Action, PermissionDeniedError, require
    from pipeline.scheduling.applying import PlanError, apply

    user = acting(database, config)
    try:
        require(user, Action.RESCHEDULE)
        applied = apply(database.engine, user.full_name, plan_id=config.plan or None, now=datetime.now(UTC))
    except (PermissionDeniedError, PlanError) as error:
        raise failure(str(error)) from None
    context.log.info("Plan %s is applied: %s moved", applied.plan_id, len(applied.moved))
    if applied.refused:
        raise failure(
            "\n".join(
                f"Not moved: “{each.move.title}” on {each.move.account_key}: {each.reason}." for each in applied.refused
            )
        )


@dg.job(
    config=form(apply_moves, Apply),
    description="Make the moves of a plan. Look at the asset publishing_plan first: it shows what would go where.",
)
def apply_plan() -> None:
    apply_moves()
