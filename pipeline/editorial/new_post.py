"""A new post: stored as a draft under the first slug that is free."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.editorial.hashing import post_content_hash
from pipeline.editorial.slugs import slugs
from pipeline.store import posts


def insert_post(connection: sa.Connection, seen: Mapping[str, Any], values: Mapping[str, Any]) -> UUID:
    """Insert the post; the unique constraint settles a race for a slug. `seen` are the columns that its hash covers,
    `values` its others.
    """
    for slug in slugs(seen["title"], values["canonical_id"]):
        row = {**seen, **values, "slug": slug, "content_hash": post_content_hash(**seen, slug=slug)}
        post_id = posts.create_post(connection, row)
        if post_id is not None:
            return post_id
    raise AssertionError("slugs never end")
