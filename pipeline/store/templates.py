"""Prompt templates: versions of each, one active for each kind of output."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa

from pipeline.store.tables import content_templates


@dataclass(frozen=True, slots=True)
class Template:
    """None leaves a setting to the endpoint, or the model to the writer."""

    id: UUID
    output_type: str
    system_prompt: str
    user_prompt_template: str
    model_name: str | None
    max_tokens: int | None
    temperature: float | None


def active(connection: sa.Connection) -> list[Template]:
    t = content_templates.c
    rows = connection.execute(
        sa.select(
            t.id, t.output_type, t.system_prompt, t.user_prompt_template, t.model_name, t.max_tokens, t.temperature
        ).where(t.is_active)
    )
    return [
        Template(
            r.id,
            r.output_type,
            r.system_prompt,
            r.user_prompt_template,
            r.model_name,
            r.max_tokens,
            _float(r.temperature),
        )
        for r in rows
    ]


def add_version(
    connection: sa.Connection,
    *,
    name: str,
    output_type: str,
    system_prompt: str,
    user_prompt_template: str,
    model_name: str | None = None,
    max_tokens: int | None = None,
    temperature: float | None = None,
) -> bool:
    """Add a version of a template where it says something new; False where the latest version says the same.

    It becomes the active one, unless a template of another name is active for its output.
    """
    # Two processes that start at once must not both find the version missing.
    connection.execute(sa.text("select pg_advisory_xact_lock(hashtext(:name))"), {"name": f"template {output_type}"})
    t = content_templates.c
    latest = connection.execute(
        sa.select(content_templates).where(t.name == name).order_by(t.version.desc()).limit(1)
    ).one_or_none()
    said = (system_prompt, user_prompt_template, model_name, max_tokens, temperature)
    if latest is not None and said == (
        latest.system_prompt,
        latest.user_prompt_template,
        latest.model_name,
        latest.max_tokens,
        _float(latest.temperature),
    ):
        return False
    connection.execute(
        content_templates.update().where(t.output_type == output_type, t.name == name).values(is_active=False)
    )
    taken = connection.scalar(sa.select(sa.exists().where(t.output_type == output_type, t.is_active)))
    connection.execute(
        content_templates.insert().values(
            name=name,
            version=latest.version + 1 if latest is not None else 1,
            output_type=output_type,
            system_prompt=system_prompt,
            user_prompt_template=user_prompt_template,
            model_name=model_name,
            max_tokens=max_tokens,
            temperature=temperature,
            is_active=not taken,
        )
    )
    return True


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
