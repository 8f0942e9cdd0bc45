"""A post that waits for review, with its people and its accounts, and what tests ask of it."""

import sqlalchemy as sa

from pipeline.editorial import review, revisions
from pipeline.editorial.checklist import ALL_ITEMS
from pipeline.store import tables, users
from pipeline.store.database import transaction
from pipeline.store.revisions import of_post
from pipeline_tests import factories

POST = "garden-1"
TEXT = "# How to prune\n\nCut above a bud, on a dry day.\n\nThen wait a week, and look at the cut."


def newsdesk(engine):
    """`garden-1` of a Berlin vertical, written by author@, with a drafted version on its site and one on X."""
    with transaction(engine, "test") as connection:
        author = factories.user(connection, roles=["writer", "reviewer", "admin"], email="author@example.com")
        for name, roles in (
            ("Ada Lovelace", ["reviewer"]),
            ("Grace Hopper", ["reviewer"]),
            ("Walter Writer", ["writer"]),
            ("Peter Publisher", ["publisher"]),
            ("Anna Admin", ["admin"]),
        ):
            email = f"{name.split()[0].lower()}@example.com"
            factories.user(connection, email=email, full_name=name, roles=roles)
        vertical_id = factories.vertical(connection, timezone="Europe/Berlin")
        post_id = factories.post(
            connection,
            vertical_id,
            author,
            canonical_id=POST,
            slug="prune",
            title="Prune",
            content=TEXT,
            content_hash="h1",
        )
        group_id = factories.insert(connection, tables.cross_post_groups, name=POST)
        for name, zone in (("site", "Europe/Berlin"), ("x", "America/New_York")):
            config = (
                {"folder": "/nowhere", "base_url": "http://127.0.0.1:9", "name": "Garden"} if name == "site" else {}
            )
            factories.insert(
                connection,
                tables.distributions,
                post_id=post_id,
                cross_post_group_id=group_id,
                content_type="generated",
                platform_id=factories.account(
                    connection,
                    name=name,
                    account_key=name,
                    is_home=name == "site",
                    timezone=zone,
                    publish_config=config,
                ),
                body="Cut above a bud.",
                content_hash=f"hash of {name}",
                status="draft",
            )
    return engine


def who(engine, name):
    with engine.connect() as connection:
        return users.find(connection, name if "@" in name else f"{name}@example.com")


def approve(engine, name="ada", **values):
    return review.approve(engine, POST, who(engine, name), checked=ALL_ITEMS, **values)


def text_of(engine):
    with engine.connect() as connection:
        return of_post(connection, POST)[-1].text


def revise(engine, name, **changes):
    from dataclasses import replace

    return revisions.revise(engine, POST, who(engine, name), replace(text_of(engine), **changes))


def post_of(engine):
    with engine.connect() as connection:
        return connection.execute(
            sa.select(tables.publisher_posts).where(tables.publisher_posts.c.canonical_id == POST)
        ).one()


def versions_of(engine):
    """Home first."""
    with engine.connect() as connection:
        return connection.execute(
            sa.select(tables.distributions)
            .join(tables.platforms, tables.platforms.c.id == tables.distributions.c.platform_id)
            .order_by(tables.platforms.c.is_home.desc(), tables.platforms.c.account_key)
        ).all()


def log_of(engine, kind):
    """What of one kind happened to the post: (actor, what, detail), in order."""
    query = "select actor, what, detail from post_log where kind = :kind order by at, step"
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query), {"kind": kind})]
