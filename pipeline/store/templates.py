"""Prompt templates: versions of each, one active for each kind of output."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.store.tables import content_templates, generated_content

_t = content_templates.c
_SAID = ("system_prompt", "user_prompt_template", "model_name", "max_tokens", "temperature")


@dataclass(frozen=True, slots=True)
class Template:
    """One version. None leaves the temperature to the endpoint, the model to the writer, the tokens to the output."""

    id: UUID
    name: str
    version: int
    output_type: str
    system_prompt: str
    user_prompt_template: str
    model_name: str | None
    max_tokens: int | None
    temperature: float | None
    is_active: bool
    created_at: datetime

    @property
    def said(self) -> dict[str, Any]:
        """What makes a version another one, by the columns' names."""
        return {column: getattr(self, column) for column in _SAID}


def active(connection: sa.Connection) -> list[Template]:
    return [_template(row) for row in connection.execute(sa.select(*_COLUMNS).where(_t.is_active)).mappings()]


def versions(connection: sa.Connection, output_type: str | None = None) -> list[Template]:
    """Every version, the newest first, of one kind of output or of all."""
    statement = sa.select(*_COLUMNS).order_by(_t.output_type, _t.created_at.desc(), _t.version.desc())
    if output_type is not None:
        statement = statement.where(_t.output_type == output_type)
    return [_template(row) for row in connection.execute(statement).mappings()]


def activate(connection: sa.Connection, template: Template) -> None:
    """Make one version the one its output is written by."""
    _one_at_a_time(connection, template.output_type)
    connection.execute(
        content_templates.update().where(_t.output_type == template.output_type, _t.is_active).values(is_active=False)
    )
    connection.execute(content_templates.update().where(_t.id == template.id).values(is_active=True))


def texts_written_by(connection: sa.Connection) -> dict[UUID, int]:
    """How many generated texts each version wrote; one that wrote none is missing."""
    rows = connection.execute(
        sa.select(generated_content.c.template_id, sa.func.count())
        .where(generated_content.c.template_id.is_not(None))
        .group_by(generated_content.c.template_id)
    )
    return {row[0]: row[1] for row in rows}


def wrote(connection: sa.Connection, canonical_id: str) -> str | None:
    """Which template a post's text was written by, such as "pressroom-article version 2"."""
    found: str | None = connection.scalar(
        sa.text("""
            select t.name || ' version ' || t.version
            from publisher_posts p
            join generated_content g on g.id = p.generated_content_id
            join content_templates t on t.id = g.template_id
            where p.canonical_id = :id
        """),
        {"id": canonical_id},
    )
    return found


def add_version(connection: sa.Connection, values: Mapping[str, Any], *, activate: bool = False) -> int | None:
    """Add a version of a template where it says something new; its number, or None where the latest says the same.

    Args:
        connection: in a transaction.
        values: `name`, `output_type` and what the template says, by the columns' names.
        activate: make it the one that is written by. Otherwise it is only where the version before it was, or none is.
    """
    name, output_type = values["name"], values["output_type"]
    _one_at_a_time(connection, output_type)
    latest = (
        connection.execute(sa.select(*_COLUMNS).where(_t.name == name).order_by(_t.version.desc()).limit(1))
        .mappings()
        .one_or_none()
    )
    if latest is not None and all(_template(latest).said[column] == values.get(column) for column in _SAID):
        return None
    number = latest["version"] + 1 if latest is not None else 1
    active_id = connection.scalar(sa.select(_t.id).where(_t.output_type == output_type, _t.is_active))
    takes_over = activate or active_id is None or (latest is not None and active_id == latest["id"])
    if takes_over:
        connection.execute(content_templates.update().where(_t.id == active_id).values(is_active=False))
    connection.execute(content_templates.insert().values(**values, version=number, is_active=takes_over))
    return number


def _one_at_a_time(connection: sa.Connection, output_type: str) -> None:
    # Two processes that start at once must not both find a version missing, or both make one active.
    connection.execute(sa.text("select pg_advisory_xact_lock(hashtext(:name))"), {"name": f"template {output_type}"})


def _template(row: sa.RowMapping) -> Template:
    return Template(**{**row, "temperature": _float(row["temperature"])})


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


_COLUMNS = [_t[field.name] for field in fields(Template)]
