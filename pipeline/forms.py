"""What the jobs share that a person starts: a form in the launchpad that asks who is acting, and refusals in words.

Every field has a default, because the launchpad fills in those that have one, and that is what makes it a form.
"""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from pipeline.resources.database import Database

if TYPE_CHECKING:
    from pipeline.store.users import User


class Person(dg.Config):
    """The field of every form. Dagster's UI has no log-in, so the name that is given stands in the history."""

    who: str = Field(default="", description="Your email or full name, of pressroom users. Empty: PRESSROOM_USER.")


def form(op: dg.OpDefinition, fields: type[dg.Config]) -> dg.ConfigMapping:
    """The launchpad shows the op's own fields and nothing of the resources, whose secrets it would put in masked."""
    return dg.ConfigMapping(
        config_schema=fields.to_config_schema().as_field(),
        config_fn=lambda filled_in: {"ops": {op.name: {"config": filled_in}}},
    )


def acting(database: Database, config: Person) -> "User":
    """Who filled in the form. Raises: dg.Failure: nobody is named, or nobody is called so."""
    from pipeline.settings import settings
    from pipeline.store.users import UnknownUserError, find

    who = config.who or settings().user
    if who is None:
        raise failure("Say who you are: fill in `who`, or set PRESSROOM_USER. It is kept in the history.")
    try:
        with database.engine.connect() as connection:
            return find(connection, who)
    except UnknownUserError as error:
        raise failure(str(error)) from None


def failure(description: str) -> dg.Failure:
    """What the run's page tells the person; trying again would not help."""
    return dg.Failure(description, allow_retries=False)
