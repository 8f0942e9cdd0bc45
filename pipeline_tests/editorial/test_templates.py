"""Templates are versions that stay; one is only stored where it renders and keeps data fenced."""

import pytest
import sqlalchemy as sa

from pipeline.editorial import templates
from pipeline.editorial.templates import TemplateError, TemplateText, add_template, find_version, templates_in_use
from pipeline.store import tables
from pipeline.writing.prompt import OUTPUT_TYPES, default_templates
from pipeline.writing.rehearsal import template_problems

FENCED = "{{ fenced(brief_text) }} {{ fenced(facts_text) }} {{ fenced(source_text) }}"


def ours(**values: object) -> TemplateText:
    return TemplateText.model_validate(
        {"output": "article", "name": "house", "system": "Be dry.", "user": FENCED, **values}
    )


def test_every_shipped_template_passes_its_own_check():
    shipped = default_templates()
    assert set(shipped) == set(OUTPUT_TYPES)
    assert {name: problems for name in shipped if (problems := template_problems(shipped[name]))} == {}


def test_a_shipped_template_that_changes_is_a_new_version(engine):
    first = templates_in_use(engine)
    assert templates_in_use(engine) == first
    with engine.begin() as connection:
        connection.execute(
            sa.text("update content_templates set system_prompt = 'older' where output_type = 'article'")
        )
    second = templates_in_use(engine)
    assert (second["article"].name, second["article"].version) == ("pressroom-article", 2)
    assert second["article"].id != first["article"].id
    assert second["brief"] == first["brief"]


def test_a_template_of_ones_own_is_written_by_at_once_and_stays_when_the_shipped_one_changes(engine):
    templates_in_use(engine)
    assert add_template(engine, ours()) == 1
    with engine.begin() as connection:
        connection.execute(sa.text("update content_templates set system_prompt = 'older' where name like 'pressroom%'"))
    assert templates_in_use(engine)["article"].system == "Be dry."
    assert add_template(engine, ours()) is None
    assert add_template(engine, ours(system="Be drier.")) == 2
    with engine.connect() as connection:
        active = connection.execute(
            sa.select(tables.content_templates.c.version).where(
                tables.content_templates.c.is_active, tables.content_templates.c.output_type == "article"
            )
        )
        assert active.scalars().all() == [2]


def test_an_older_version_that_somebody_chose_stays_when_the_shipped_one_changes(engine):
    templates_in_use(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("update content_templates set system_prompt = 'older' where output_type = 'brief'"))
    templates_in_use(engine)
    templates.activate(engine, find_version(engine, "pressroom-brief", 1))
    with engine.begin() as connection:
        connection.execute(sa.text("update content_templates set system_prompt = 'other' where version = 2"))
    assert templates_in_use(engine)["brief"].system == "older"
    assert find_version(engine, "pressroom-brief").version == 3
    assert find_version(engine, "brief").version == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"user": FENCED + "{{ headline }}"}, "'headline' is undefined"),
        ({"user": FENCED + "{% if %}"}, "does not render"),
        ({"user": FENCED + "{{ source_text }}"}, "outside a fence"),
        ({"system": "Rules: {{ facts_text }}"}, "outside a fence"),
        ({"user": "Write."}, "nothing to write from"),
        ({"user": FENCED + "{{ ''.__class__.__mro__ }}"}, "does not render"),
        ({"system": "{% if reviewer_note %}{{ note }}{% endif %}"}, "'note' is undefined"),
        ({"name": "pressroom-mine"}, "the shipped templates'"),
    ],
)
def test_a_template_that_cannot_be_used_is_not_stored(engine, wrong, said):
    with pytest.raises(TemplateError, match=said):
        add_template(engine, ours(**wrong))
    with engine.connect() as connection:
        assert connection.scalar(sa.text("select count(*) from content_templates where name = 'house'")) == 0


def test_a_name_stays_with_its_output(engine):
    add_template(engine, ours())
    with pytest.raises(TemplateError, match="is a template for article"):
        add_template(engine, ours(output="brief", user="{{ fenced(source_text) }}"))
    with pytest.raises(TemplateError, match="no template house version 9"):
        find_version(engine, "house", 9)
