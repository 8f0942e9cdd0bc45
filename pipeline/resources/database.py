"""Our database, for assets, ops, sensors and schedules."""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import PrivateAttr

if TYPE_CHECKING:
    import sqlalchemy as sa


class Database(dg.ConfigurableResource):  # type: ignore[type-arg]
    """PostgreSQL: `DATABASE_URL`, or the embedded server.

    It has no configuration: Dagster's launchpad writes a secret's default into the run's form as asterisks, and would
    start the run with them.
    """

    _engine: "sa.Engine | None" = PrivateAttr(default=None)

    @property
    def engine(self) -> "sa.Engine":
        """Opened at first use, and shared by the threads of a run."""
        if self._engine is None:
            from pipeline.settings import settings
            from pipeline.store import database

            self._engine = database.create_engine(database.database_url(settings()))
        return self._engine

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002 - Dagster's signature
        if self._engine is not None:
            self._engine.dispose()
