"""A vertical with an account, an experiment on it, and posts that are planned, published and measured."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.distribution.plan import plan_post
from pipeline.learning.experiments.founding import Wanted, founded
from pipeline.store import accounts, experiments, tables
from pipeline.store.database import transaction
from pipeline.store.experiments import ExperimentRow
from pipeline.vocabulary import ExperimentMethod, Varied
from pipeline_tests import factories

LINKEDIN = {"author": "urn:li:organization:1"}
MAILCHIMP = {"list_id": "a", "from_name": "Garden", "reply_to": "garden@example.com"}


class Laboratory:
    """`key`: the account's. Everything is committed at once."""

    def __init__(self, engine: sa.Engine, platform: str = "bluesky", **account: Any) -> None:
        self.engine = engine
        self.key = platform
        with engine.begin() as connection:
            self.vertical_id = factories.vertical(connection)
            self.author_id = factories.user(connection, roles=["writer"])
            self.account_id = factories.account(connection, name=platform, account_key=platform, **account)
        self._posts = 0

    def found(self, **changes: Any) -> ExperimentRow:
        """A draft of an experiment."""
        wanted: dict[str, Any] = {
            "name": "questions",
            "varies": Varied.BODY,
            "hypothesis": "Questions are clicked more often.",
            "metric": "clicks",
            "arms": [("question", "Do you know? {excerpt}")],
            "most_posts": 40,
            "method": ExperimentMethod.FIXED,
        }
        with transaction(self.engine, "test") as connection:
            new = founded(connection, accounts.get(connection, self.key), Wanted(**{**wanted, **changes}))
            experiments.add(connection, new)
            return experiments.get(connection, new.name)

    def start(self, **changes: Any) -> ExperimentRow:
        experiment = self.found(**changes)
        with transaction(self.engine, "test") as connection:
            experiments.start(connection, experiment)
            return experiments.get(connection, experiment.name)

    def experiment(self, name: str = "questions") -> ExperimentRow:
        with self.engine.connect() as connection:
            return experiments.get(connection, name)

    def post(self, **values: Any) -> str:
        """A draft; its id."""
        self._posts += 1
        canonical_id = f"garden-{self._posts}"
        with self.engine.begin() as connection:
            defaults = {"canonical_id": canonical_id, "status": "draft", "excerpt": f"What to cut, part {self._posts}."}
            factories.post(connection, self.vertical_id, self.author_id, **{**defaults, **values})
        return canonical_id

    def plan(self, canonical_id: str | None = None) -> sa.Row[Any]:
        """The version that is written of a post."""
        canonical_id = canonical_id or self.post()
        plan_post(self.engine, canonical_id)
        return self.version(canonical_id)

    def version(self, canonical_id: str) -> sa.Row[Any]:
        d, p = tables.distributions, tables.publisher_posts
        query = sa.select(d).join(p, p.c.id == d.c.post_id).where(p.c.canonical_id == canonical_id)
        with self.engine.connect() as connection:
            return connection.execute(query).one()

    def publish(
        self,
        distribution_id: UUID,
        figures: Mapping[str, int | None] | None,
        age_hours: int = 48,
        hours_ago: int | None = None,
    ) -> None:
        """As if it had gone out long enough ago; `figures` at that age, None where none were told."""
        published_at = datetime.now(UTC) - timedelta(hours=hours_ago or 2 * age_hours)
        with self.engine.begin() as connection:
            # The way there is not what is tested.
            connection.execute(sa.text("set local session_replication_role = replica"))
            connection.execute(
                tables.distributions.update()
                .where(tables.distributions.c.id == distribution_id)
                .values(status="published", published_at=published_at, external_id=str(distribution_id))
            )
            if figures is not None:
                connection.execute(
                    tables.distribution_age_figures.insert().values(
                        distribution_id=distribution_id,
                        age_hours=age_hours,
                        platform_id=self.account_id,
                        published_at=published_at,
                        measured_age_hours=age_hours,
                        **figures,
                    )
                )
