"""What an account's earlier posts had at an age: what an experiment on it can expect."""

from uuid import UUID

import sqlalchemy as sa

from pipeline.store.tables import distribution_age_figures

_MOST = 2000


def figures(
    connection: sa.Connection, platform_id: UUID, age_hours: int, amount: str, exposure: str | None
) -> list[tuple[int, int | None]]:
    """(amount, exposure) of the account's latest posts of the last year at that age, where they are known.

    Raises:
        ValueError: there is no such figure.
    """
    if not {amount, exposure or amount} <= {each.name for each in distribution_age_figures.columns}:
        raise ValueError(f"{amount} / {exposure} is no figure of a publication")
    whole = exposure or "null"
    known = f"and {exposure} is not null" if exposure else ""
    rows = connection.execute(
        sa.text(f"""
            select {amount} as amount, cast({whole} as bigint) as exposure
            from distribution_age_figures
            where platform_id = :id and age_hours = :age and published_at > now() - interval '1 year'
                and {amount} is not null {known}
            order by published_at desc
            limit :most
        """),  # noqa: S608 - columns' names, checked above
        {"id": platform_id, "age": age_hours, "most": _MOST},
    )
    return [(row.amount, row.exposure) for row in rows]
