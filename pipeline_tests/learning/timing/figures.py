"""Publications with figures at equal age, as the sync leaves them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa

from pipeline.store import tables
from pipeline_tests import factories

Publication = tuple[datetime, Mapping[int, int | None]]
"""When it went out, and the engagements that it had at each age in hours."""


def add(connection: sa.Connection, account_id: UUID, publications: Iterable[Publication]) -> None:
    """Publications of the account, told as variants of one post."""
    post_id, review_id = factories.approved_post(connection)
    of_all = [(uuid4(), at, engagements) for at, engagements in publications]
    connection.execute(
        tables.distributions.insert(),
        [
            {
                "id": id_,
                "post_id": post_id,
                "review_id": review_id,
                "variant_group": str(id_),
                "content_type": "generated",
                "platform_id": account_id,
                "body": "Cut above a bud.",
                "content_hash": "any",
                "status": "published",
                "published_at": at,
            }
            for id_, at, _ in of_all
        ],
    )
    connection.execute(
        tables.distribution_age_figures.insert(),
        [
            {
                "distribution_id": id_,
                "age_hours": age,
                "platform_id": account_id,
                "published_at": at,
                "measured_age_hours": age,
                "engagements": figure,
            }
            for id_, at, engagements in of_all
            for age, figure in engagements.items()
        ],
    )
