"""The writer over an OpenAI-compatible endpoint: its answers are held to a JSON schema and to each task's own rules."""

from collections.abc import Callable, Mapping

from pydantic import SecretStr

from pipeline.writing.article_rules import article_problems
from pipeline.writing.asking import Answered, Question, ask
from pipeline.writing.base import Analysis, Article, ArticleTask, Brief, BriefTask, Source, Written
from pipeline.writing.brief_rules import brief_problems
from pipeline.writing.calls import CallBook, Price
from pipeline.writing.endpoint import Endpoint, TruncatedError
from pipeline.writing.long_articles import fits_one_answer, write_in_parts
from pipeline.writing.prompt import (
    OutputType,
    Prompt,
    PromptTemplate,
    analysis_prompt,
    article_prompt,
    brief_prompt,
    default_templates,
    repurpose_prompt,
)
from pipeline.writing.repurposing import Repurposed, RepurposeTask, problems
from pipeline.writing.text import squeeze


class OpenAICompatibleWriter:
    """Safe to use from several threads.

    Args:
        base_url: the endpoint, with its version (`https://api.openai.com/v1`).
        model: used where a template names none.
        api_key: None for endpoints without one.
        templates: the prompts; a missing one is the shipped default.
        timeout_seconds: for one call. An article takes a model a minute or more.
        prices: our own, by model, which go before the list's.
    """

    def __init__(
        self,
        *,
        base_url: str,
        model: str,
        api_key: SecretStr | None = None,
        templates: Mapping[OutputType, PromptTemplate] | None = None,
        timeout_seconds: float = 180.0,
        prices: Mapping[str, Price] | None = None,
    ) -> None:
        self.model = model
        self.templates: Mapping[OutputType, PromptTemplate] = {**default_templates(), **(templates or {})}
        self._endpoint = Endpoint(base_url, api_key, timeout_seconds, prices or {})

    def analyse(self, source: Source, book: CallBook, /) -> Written[Analysis]:
        given = squeeze(f"{source.title or ''} {source.text}").casefold()

        def check(answer: Analysis) -> list[str]:
            return [
                f"facts.{index}.sentence: not a sentence of the item"
                for index, fact in enumerate(answer.facts)
                if squeeze(fact.sentence).casefold() not in given
            ]

        prompt = analysis_prompt(self.templates["analysis"], source)
        return self._ask(self._question("analyse", "analysis", prompt, Analysis, check), book)

    def write_brief(self, task: BriefTask, book: CallBook, /) -> Written[Brief]:
        prompt = brief_prompt(self.templates["brief"], task)
        return self._ask(self._question("write_brief", "brief", prompt, Brief, brief_problems), book)

    def write_article(self, task: ArticleTask, book: CallBook, /) -> Written[Article]:
        """In one answer where that can hold it, else part by part."""
        template = self.templates["article"]
        if fits_one_answer(task, template):
            prompt = article_prompt(template, task)
            whole = self._question(
                "write_article", "article", prompt, Article, lambda article: article_problems(task, article)
            )
            try:
                return self._ask(whole, book)
            except TruncatedError:
                if len(task.brief.structure) == 1:
                    raise
        return write_in_parts(self._endpoint, self.model, self.templates, task, book)

    def repurpose(self, task: RepurposeTask, book: CallBook, /) -> Written[Repurposed]:
        prompt = repurpose_prompt(self.templates[task.format], task)
        question = self._question("repurpose", task.format, prompt, Repurposed, lambda answer: problems(task, answer))
        return self._ask(question, book)

    def _question(
        self,
        task: str,
        output_type: OutputType,
        prompt: Prompt,
        answer_type: type[Answered],
        check: Callable[[Answered], list[str]],
    ) -> Question[Answered]:
        messages = (("system", prompt.system), ("user", prompt.user))
        return Question(task, self.templates[output_type], messages, answer_type, check)

    def _ask(self, question: Question[Answered], book: CallBook) -> Written[Answered]:
        return ask(self._endpoint, self.model, question, book)
