"""Posts as the planner reads them, and the versions it writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.posts import UnknownPostError
from pipeline.store.tables import cross_post_groups, distributions, publisher_posts
from pipeline.vocabulary import DistributionStatus, PostStatus


@dataclass(frozen=True, slots=True)
class PlannablePost:
    """`media` are described as a version's are; those of a post that tells another again are the other's, until it has
    its own. `platforms`: names; None is every account of the vertical. `account_id`: None is all of its platforms.
    `canonical_url`: None is a page of its own.
    """

    id: UUID
    canonical_id: str
    status: PostStatus
    vertical_id: UUID
    vertical: str
    vertical_slug: str
    base_url: str
    language: str
    generated_content_id: UUID | None
    content_type: str
    title: str
    slug: str
    content: str
    excerpt: str | None
    keywords: Sequence[str]
    author: str
    media: Sequence[Mapping[str, Any]]
    platforms: Sequence[str] | None
    account_id: UUID | None
    canonical_url: str | None
    repurposed_as: str | None
    credit: Mapping[str, Any] | None
    campaign: str | None


@dataclass(frozen=True, slots=True)
class StoredVersion:
    account_key: str
    status: DistributionStatus
    text: str
    hold_reason: str | None


def lock_post(connection: sa.Connection, canonical_id: str) -> PlannablePost:
    """The post, its row locked until the transaction ends. Raises: UnknownPostError."""
    return _post(connection, canonical_id, "for update of p")


def read_post(connection: sa.Connection, canonical_id: str) -> PlannablePost:
    """The post as it is. Raises: UnknownPostError."""
    return _post(connection, canonical_id, "")


def _post(connection: sa.Connection, canonical_id: str, locking: str) -> PlannablePost:
    row = connection.execute(
        sa.text(f"""
            select p.id, p.canonical_id, p.status, p.vertical_id, v.name as vertical,
                v.slug as vertical_slug, v.base_url, coalesce(p.language, v.language) as language,
                p.generated_content_id, p.content_type, p.title, p.slug, p.content, p.excerpt, p.keywords,
                u.full_name as author,
                coalesce((
                    select jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                        'kind', m.kind, 'mime_type', m.mime_type, 'size', m.bytes, 'width', m.width, 'height', m.height,
                        'duration_seconds', m.duration_seconds, 'url', m.url, 'sha256', m.sha256,
                        'alt_text', m.alt_text)) order by m.position)
                    from post_media m
                    where m.post_id = case
                        when exists (select from post_media own where own.post_id = p.id) then p.id
                        else coalesce(p.repurposed_from, p.id)
                    end
                ), '[]') as media,
                p.platforms, p.account_id, p.canonical_url, p.repurposed_as, p.credit,
                (select c.name from campaigns c where c.id = p.campaign_id) as campaign
            from publisher_posts p
            join publisher_verticals v on v.id = p.vertical_id
            join users u on u.id = p.author_id
            where p.canonical_id = :canonical_id
            {locking}
        """),  # noqa: S608 - our own text
        {"canonical_id": canonical_id},
    ).one_or_none()
    if row is None:
        raise UnknownPostError(f"There is no post {canonical_id}.")
    return PlannablePost(**{**row._mapping, "status": PostStatus(row.status)})  # noqa: SLF001 - the way to a row's names


def distributions_of(connection: sa.Connection, post_id: UUID) -> Sequence[sa.Row[Any]]:
    """The post's distributions, whole rows, the variants of an account in order."""
    return connection.execute(
        sa.select(distributions).where(distributions.c.post_id == post_id).order_by(distributions.c.variant_group)
    ).all()


def group_of(connection: sa.Connection, post: PlannablePost) -> UUID:
    """The group that holds the post's distributions together; made where there is none."""
    existing: UUID | None = connection.scalar(
        sa.select(distributions.c.cross_post_group_id).where(
            distributions.c.post_id == post.id, distributions.c.cross_post_group_id.is_not(None)
        )
    )
    if existing is not None:
        return existing
    group_id: UUID | None = connection.scalar(
        cross_post_groups.insert()
        .values(name=post.canonical_id, source_content_id=post.generated_content_id)
        .returning(cross_post_groups.c.id)
    )
    assert group_id is not None
    return group_id


def write_version(
    connection: sa.Connection, post: PlannablePost, group_id: UUID, version: Mapping[str, Any]
) -> UUID | None:
    """Insert the version, or rewrite it where it is not approved yet, and return its id; None of an approved one, which
    stays as it is.
    """
    statement = insert(distributions).values(
        post_id=post.id,
        content_id=post.generated_content_id,
        content_type=post.content_type,
        vertical_id=post.vertical_id,
        cross_post_group_id=group_id,
        **version,
    )
    written: UUID | None = connection.scalar(
        statement.on_conflict_do_update(
            index_elements=["post_id", "content_id", "platform_id", "variant_group"],
            set_=dict(version),
            where=distributions.c.status.in_([DistributionStatus.DRAFT, DistributionStatus.HELD]),
        ).returning(distributions.c.id)
    )
    return written


def accounts_with_versions(connection: sa.Connection, post_id: UUID) -> set[UUID]:
    """The ids of the accounts for which the post has a version already."""
    return set(connection.scalars(sa.select(distributions.c.platform_id).where(distributions.c.post_id == post_id)))


def send_to_review(connection: sa.Connection, post_id: UUID) -> None:
    connection.execute(publisher_posts.update().where(publisher_posts.c.id == post_id).values(status=PostStatus.REVIEW))


def versions_of(connection: sa.Connection, post_id: UUID) -> list[StoredVersion]:
    """The post's versions, its home first."""
    rows = connection.execute(
        sa.text("""
            select p.account_key, d.status, d.body as text, d.hold_reason
            from distributions d join platforms p on p.id = d.platform_id
            where d.post_id = :post_id
            order by p.is_home desc, p.account_key
        """),
        {"post_id": post_id},
    )
    return [StoredVersion(**{**row, "status": DistributionStatus(row["status"])}) for row in rows.mappings()]
