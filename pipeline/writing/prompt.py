"""Prompts: templates as text, and how a task is put into one so that scraped text can never speak for us.

The same task is always the same prompt, to the letter: an answer that was paid for is found again by it.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from pipeline.writing.base import ArticleTask, BriefTask, Section, Source
from pipeline.writing.repurposing import RepurposeTask

if TYPE_CHECKING:
    from jinja2 import Template

OutputType = Literal["analysis", "brief", "article", "section", "thread", "newsletter", "carousel", "script", "again"]
"""`section` is what is added to the article's prompt where an article is written part by part."""
OUTPUT_TYPES: Final[tuple[OutputType, ...]] = get_args(OutputType)

FEWEST_OF_TARGET: Final = 0.6
MOST_OF_TARGET: Final = 1.25
"""An article's length, as parts of its brief's. The way down is longer: few facts are no reason to pad."""
_LEAST_LEEWAY: Final = 40
"""Words; models don't hit the length of a paragraph any better than that."""

_DEFAULT_TEMPERATURE: Final = 0.7
_TEMPERATURES: Final[Mapping[OutputType, float]] = {"analysis": 0.0, "brief": 0.2}
_DEFAULT_MAX_TOKENS: Final = 4000
# Twice what the longest expected answer takes, so that only a runaway is cut off.
_MAX_TOKENS: Final[Mapping[OutputType, int]] = {"brief": 2000, "article": 8000}


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """A row of `content_templates`, or a default.

    None leaves the temperature to the endpoint, the model to the writer, and the tokens to the output's own limit.
    `name` and `version` tell a person which template wrote a text.
    """

    output_type: OutputType
    system: str
    user: str
    model: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    id: str | None = None
    name: str = ""
    version: int = 0

    @property
    def most_tokens(self) -> int:
        """A call without a limit would have no most expensive outcome, and no budget could be kept."""
        return self.max_tokens or _MAX_TOKENS.get(self.output_type, _DEFAULT_MAX_TOKENS)


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
            max_tokens=_MAX_TOKENS.get(name, _DEFAULT_MAX_TOKENS),
            temperature=_TEMPERATURES.get(name, _DEFAULT_TEMPERATURE),
        )
        for name in OUTPUT_TYPES
    }


def analysis_prompt(template: PromptTemplate, source: Source) -> Prompt:
    return render(template, {"source_text": _source_text(source)})


def brief_prompt(template: PromptTemplate, task: BriefTask) -> Prompt:
    return render(
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
    return render(template, _article_values(task))


def section_prompt(template: PromptTemplate, task: ArticleTask, section: Section, written: str) -> Prompt:
    """What follows the article's own prompt: the part to be written now, and what stands before it."""
    fewest, most = word_range(section.word_count)
    return render(
        template,
        {
            **_article_values(task),
            "section_text": section.model_dump_json(),
            "is_intro": section.type == "intro",
            "written_text": written,
            "fewest_words": fewest,
            "most_words": most,
        },
    )


def repurpose_prompt(template: PromptTemplate, task: RepurposeTask) -> Prompt:
    article = {"title": task.article.title, "excerpt": task.article.excerpt, "content": task.article.content}
    return render(
        template,
        {
            "article_text": _json(article),
            "former_text": _json(list(task.former)) if task.former else "",
            "said_text": _json(list(task.said)) if task.said else "",
            "vertical": task.vertical,
            "voice": task.voice,
            "language": task.language,
            "reviewer_note": task.reviewer_note,
            **{name: value for name, value in asdict(task.limits).items() if name != "measure"},
        },
    )


def word_range(target: int) -> tuple[int, int]:
    """The fewest and the most words that are taken where so many are asked for."""
    fewest = min(round(target * FEWEST_OF_TARGET), target - _LEAST_LEEWAY)
    return max(fewest, 1), max(round(target * MOST_OF_TARGET), target + _LEAST_LEEWAY)


def render(template: PromptTemplate, values: Mapping[str, Any]) -> Prompt:
    """Raises: jinja2.TemplateError where the template asks for what is not there, or is none."""
    given = {**values, "fenced": _fence(values)}
    return Prompt(
        system=_compiled(template.system).render(given).strip(), user=_compiled(template.user).render(given).strip()
    )


@lru_cache(maxsize=64)
def _compiled(text: str) -> "Template":
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    # Templates can be edited by people: they get values, not Python. Nothing here is HTML.
    return SandboxedEnvironment(undefined=StrictUndefined, autoescape=False).from_string(text)


def _article_values(task: ArticleTask) -> dict[str, Any]:
    fewest, most = word_range(task.brief.target_word_count)
    return {
        "source_text": _source_text(task.source),
        "brief_text": task.brief.model_dump_json(indent=1),
        "facts_text": _json([fact.model_dump() for fact in task.facts]),
        "vertical": task.vertical,
        "voice": task.voice,
        "reviewer_note": task.reviewer_note,
        "former_text": task.former,
        "fewest_words": fewest,
        "most_words": most,
    }


def _fence(values: Mapping[str, Any]) -> Callable[[str], str]:
    """A fence whose marker none of the values holds, so that none of them can close it.

    The marker is a digest of the values themselves: a text that held it would have to hold its own digest.
    """
    marker = _digest(_json({name: str(value) for name, value in values.items()}))
    while any(marker in str(value) for value in values.values()):
        marker = _digest(marker)
    return lambda text: f"----- data {marker} begins -----\n{text}\n----- data {marker} ends -----"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _source_text(source: Source) -> str:
    fields = {
        "publisher": source.publisher,
        "url": source.url,
        "language": source.language,
        "title": source.title,
        "text": source.text,
    }
    return _json({name: value for name, value in fields.items() if value})


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
