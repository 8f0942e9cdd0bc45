"""The prompt templates in use: the shipped ones, kept as versions in `content_templates`, unless others are active."""

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field

from pipeline.store import templates
from pipeline.store.database import transaction
from pipeline.store.templates import Template
from pipeline.writing.prompt import OUTPUT_TYPES, OutputType, PromptTemplate, default_templates
from pipeline.writing.rehearsal import template_problems

_SHIPPED: Final = "pressroom"
_ACTOR: Final = "templates"


class TemplateError(Exception):
    """A template that can't be used; the message says why."""


class TemplateText(BaseModel):
    """A template as a person writes it. What is left out is left to the writer, the endpoint, or the output's limit."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    output: OutputType
    name: str = Field(min_length=1, max_length=80)
    system: str = ""
    user: str = Field(min_length=1)
    model: str | None = None
    max_tokens: int | None = Field(default=None, gt=0)
    temperature: float | None = Field(default=None, ge=0, le=2)


def templates_in_use(engine: sa.Engine) -> Mapping[OutputType, PromptTemplate]:
    """The active templates. A shipped one that changed since it was last kept becomes a new version first."""
    with transaction(engine, _ACTOR) as connection:
        for output_type, template in default_templates().items():
            templates.add_version(
                connection,
                {
                    "name": f"{_SHIPPED}-{output_type}",
                    "output_type": output_type,
                    "system_prompt": template.system,
                    "user_prompt_template": template.user,
                    "model_name": None,
                    "max_tokens": template.max_tokens,
                    "temperature": template.temperature,
                },
            )
        active = {template.output_type: template for template in templates.active(connection)}
    return {output_type: _prompt_template(output_type, active[output_type]) for output_type in OUTPUT_TYPES}


def add_template(engine: sa.Engine, text: TemplateText) -> int | None:
    """Store a template as a new version and write by it from now on; its number, or None where it says nothing new.

    Raises:
        TemplateError: it does not render with the values that its output has, or shows data outside a fence.
    """
    values = {
        "name": text.name,
        "output_type": text.output,
        "system_prompt": text.system,
        "user_prompt_template": text.user,
        "model_name": text.model,
        "max_tokens": text.max_tokens,
        "temperature": text.temperature,
    }
    if text.name.startswith(f"{_SHIPPED}-"):
        raise TemplateError(f"Names that begin with {_SHIPPED}- are the shipped templates'; give yours another.")
    if problems := template_problems(PromptTemplate(text.output, text.system, text.user)):
        raise TemplateError("\n".join(problems))
    with transaction(engine, _ACTOR) as connection:
        owner = next((t for t in templates.versions(connection) if t.name == text.name), None)
        if owner is not None and owner.output_type != text.output:
            raise TemplateError(f"{text.name} is a template for {owner.output_type}; give this one another name.")
        return templates.add_version(connection, values, activate=True)


def find_version(engine: sa.Engine, name: str, version: int | None = None) -> Template:
    """A template's version: the newest where none is named, or its output's active one where `name` is an output.

    Raises: TemplateError.
    """
    templates_in_use(engine)
    with engine.connect() as connection:
        known = templates.versions(connection)
    found = [template for template in known if template.name == name and version in {None, template.version}]
    found += [template for template in known if template.output_type == name and template.is_active and not version]
    if not found:
        asked = name if version is None else f"{name} version {version}"
        raise TemplateError(f"There is no template {asked}; `pressroom templates list` shows those there are.")
    return max(found, key=lambda template: template.version)


def text_of(template: Template) -> TemplateText:
    """As a file that `add_template` takes."""
    values: dict[str, Any] = {
        "output": template.output_type,
        "name": template.name,
        "system": template.system_prompt,
        "user": template.user_prompt_template,
        "model": template.model_name,
        "max_tokens": template.max_tokens,
        "temperature": template.temperature,
    }
    return TemplateText(**values)


def activate(engine: sa.Engine, template: Template) -> None:
    """Write by this version from now on."""
    with transaction(engine, _ACTOR) as connection:
        templates.activate(connection, template)


def _prompt_template(output_type: OutputType, template: Template) -> PromptTemplate:
    return PromptTemplate(
        output_type=output_type,
        system=template.system_prompt,
        user=template.user_prompt_template,
        model=template.model_name,
        max_tokens=template.max_tokens,
        temperature=template.temperature,
        id=str(template.id),
        name=template.name,
        version=template.version,
    )
