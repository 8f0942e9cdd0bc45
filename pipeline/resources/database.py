"""Our database, for assets, ops, sensors and schedules."""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field, PrivateAttr

if TYPE_CHECKING:
    import sqlalchemy as sa


class Database(dg.ConfigurableResource):  # type: ignore[type-arg]
    """PostgreSQL: `DATABASE_URL`, or the embedded server."""

    url: str | None = Field(
        default=None,
        description="Only for tests and one-off runs. Unset: DATABASE_URL, or the embedded server.",
        json_schema_extra={"dagster__is_secret": True},
    )
    _engine: "sa.Engine | None" = PrivateAttr(default=None)

    @property
    def engine(self) -> "sa.Engine":
        """Opened at first use, and shared by the threads of a run."""
        if self._engine is None:
            import sqlalchemy as sa

            from pipeline.settings import settings
            from pipeline.store import database

            url = sa.make_url(self.url) if self.url else database.database_url(settings())
            self._engine = database.create_engine(url)
        return self._engine

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002 - Dagster's signature
        if self._engine is not None:
            self._engine.dispose()
