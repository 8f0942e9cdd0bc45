"""Prompts: templates as text, and how a task is put into one so that scraped text can never speak for us."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pipeline.writing.base import ArticleTask, BriefTask, Source

OutputType = Literal["analysis", "brief", "article"]
OUTPUT_TYPES: tuple[OutputType, ...] = ("analysis", "brief", "article")

_TEMPERATURES: Mapping[OutputType, float] = {"analysis": 0.0, "brief": 0.2, "article": 0.7}
# Twice what the longest expected answer takes, so that only a runaway is cut off.
_MAX_TOKENS: Mapping[OutputType, int] = {"analysis": 4000, "brief": 2000, "article": 8000}


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """A row of `content_templates`, or a default. None leaves a setting to the endpoint, or the model to the writer."""

    output_type: OutputType
    system: str
    user: str
    model: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    system: str
    user: str


@cache
def default_templates() -> Mapping[OutputType, PromptTemplate]:
    """The templates that ship with the project, `prompts/`."""
    folder = files("pipeline.writing") / "prompts"
    return {
        name: PromptTemplate(
            output_type=name,
            system=(folder / f"{name}.system.md.j2").read_text(encoding="utf-8"),
            user=(folder / f"{name}.user.md.j2").read_text(encoding="utf-8"),
            max_tokens=_MAX_TOKENS[name],
            temperature=_TEMPERATURES[name],
        )
        for name in OUTPUT_TYPES
    }


def analysis_prompt(template: PromptTemplate, source: Source) -> Prompt:
    return _render(template, {"source_text": _source_text(source)})


def brief_prompt(template: PromptTemplate, task: BriefTask) -> Prompt:
    return _render(
        template,
        {
            "source_text": _source_text(task.source),
            "analysis_text": task.analysis.model_dump_json(indent=1),
            "vertical": task.vertical,
            "internal_slugs": task.internal_slugs,
            "products": task.products,
        },
    )


def article_prompt(template: PromptTemplate, task: ArticleTask) -> Prompt:
    return _render(
        template,
        {
            "source_text": _source_text(task.source),
            "brief_text": task.brief.model_dump_json(indent=1),
            "facts_text": json.dumps([fact.model_dump() for fact in task.facts], ensure_ascii=False, indent=1),
            "vertical": task.vertical,
            "voice": task.voice,
            "reviewer_note": task.reviewer_note,
        },
    )


def _render(template: PromptTemplate, values: Mapping[str, Any]) -> Prompt:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    # Templates can be edited in the database: they get values, not Python. Nothing here is HTML.
    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.globals["fenced"] = _fence(values)
    return Prompt(
        system=environment.from_string(template.system).render(values).strip(),
        user=environment.from_string(template.user).render(values).strip(),
    )


def _fence(values: Mapping[str, Any]) -> Callable[[str], str]:
    """A fence whose marker none of the values holds, so that none of them can close it."""
    marker = secrets.token_hex(8)
    while any(marker in str(value) for value in values.values()):
        marker = secrets.token_hex(8)
    return lambda text: f"----- data {marker} begins -----\n{text}\n----- data {marker} ends -----"


def _source_text(source: Source) -> str:
    fields = {
        "publisher": source.publisher,
        "url": source.url,
        "language": source.language,
        "title": source.title,
        "text": source.text,
    }
    return json.dumps({name: value for name, value in fields.items() if value}, ensure_ascii=False, indent=1)
