"""The prompt templates in use: the shipped ones, kept as versions in `content_templates`, unless others are active."""

from collections.abc import Mapping

import sqlalchemy as sa

from pipeline.store import templates
from pipeline.store.database import transaction
from pipeline.writing.prompt import OUTPUT_TYPES, OutputType, PromptTemplate, default_templates

_SHIPPED = "pressroom"


def templates_in_use(engine: sa.Engine) -> Mapping[OutputType, PromptTemplate]:
    """The active templates. A shipped one that changed since it was last kept becomes a new version first."""
    with transaction(engine, "templates") as connection:
        for output_type, template in default_templates().items():
            templates.add_version(
                connection,
                name=f"{_SHIPPED}-{output_type}",
                output_type=output_type,
                system_prompt=template.system,
                user_prompt_template=template.user,
                max_tokens=template.max_tokens,
                temperature=template.temperature,
            )
        active = {template.output_type: template for template in templates.active(connection)}
    return {
        output_type: PromptTemplate(
            output_type=output_type,
            system=active[output_type].system_prompt,
            user=active[output_type].user_prompt_template,
            model=active[output_type].model_name,
            max_tokens=active[output_type].max_tokens,
            temperature=active[output_type].temperature,
            id=str(active[output_type].id),
        )
        for output_type in OUTPUT_TYPES
    }
