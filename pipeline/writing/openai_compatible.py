"""The writer over an OpenAI-compatible endpoint: one chat completion a task, its answer held to a JSON schema.

Every call is billed, failed ones too. An answer that breaks the schema or the task's own rules is sent back once with
what is wrong; after that it is a WriterError. The SDK's own retries are off: they would be calls nobody counts.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from pipeline.vocabulary import AiOutcome
from pipeline.writing.base import Analysis, Article, ArticleTask, Brief, BriefTask, Source, Usage, WriterError, Written
from pipeline.writing.prompt import (
    OutputType,
    Prompt,
    PromptTemplate,
    analysis_prompt,
    article_prompt,
    brief_prompt,
    default_templates,
)
from pipeline.writing.schema import strict_schema
from pipeline.writing.text import squeeze

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.chat import ChatCompletion, ChatCompletionMessageParam

Answer = TypeVar("Answer", bound=BaseModel)
Check = Callable[[Answer], list[str]]

PROVIDER = "openai-compatible"
_ANSWERS = 2  # the first, and one repaired
_WORTHLESS_AGAIN = frozenset({400, 413, 422})


class OpenAICompatibleWriter:
    """Safe to use from several threads: the SDK's client is, and nothing else is kept.

    Args:
        base_url: the endpoint, with its version (`https://api.openai.com/v1`).
        model: used where a template names none.
        api_key: None for endpoints without one.
        templates: the prompts; a missing one is the shipped default.
        timeout_seconds: for one call. An article takes a model a minute or more.
    """

    def __init__(
        self,
        *,
        base_url: str,
        model: str,
        api_key: SecretStr | None = None,
        templates: Mapping[OutputType, PromptTemplate] | None = None,
        timeout_seconds: float = 180.0,
    ) -> None:
        self.model = model
        self.templates: Mapping[OutputType, PromptTemplate] = {**default_templates(), **(templates or {})}
        self.base_url = base_url
        self._api_key = api_key
        self._timeout_seconds = timeout_seconds
        self._opening = Lock()

    def analyse(self, source: Source) -> Written[Analysis]:
        prompt = analysis_prompt(self.templates["analysis"], source)
        given = squeeze(f"{source.title or ''} {source.text}").casefold()

        def check(answer: Analysis) -> list[str]:
            return [
                f"facts.{index}.sentence: not a sentence of the item"
                for index, fact in enumerate(answer.facts)
                if squeeze(fact.sentence).casefold() not in given
            ]

        return self._ask("analyse", "analysis", prompt, Analysis, check)

    def write_brief(self, task: BriefTask) -> Written[Brief]:
        return self._ask("write_brief", "brief", brief_prompt(self.templates["brief"], task), Brief, lambda _: [])

    def write_article(self, task: ArticleTask) -> Written[Article]:
        prompt = article_prompt(self.templates["article"], task)
        return self._ask("write_article", "article", prompt, Article, _opens_with_its_title)

    def _ask(
        self, task: str, output_type: OutputType, prompt: Prompt, answer_type: type[Answer], check: Check[Answer]
    ) -> Written[Answer]:
        messages: list[ChatCompletionMessageParam] = [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": prompt.user},
        ]
        usages: list[Usage] = []
        problems: list[str] = []
        for _ in range(_ANSWERS):
            call = _Call(self, task, self.templates[output_type], usages)
            text = call.complete(messages, strict_schema(answer_type))
            try:
                answer = answer_type.model_validate_json(text)
                problems = check(answer) + (["no text may hold the character U+0000"] if r"\u0000" in text else [])
            except ValidationError as error:
                problems = [_located(detail) for detail in error.errors(include_input=False, include_url=False)]
            else:
                if not problems:
                    call.bill(AiOutcome.OK)
                    return Written(answer, usages[-1].model, tuple(usages))
            call.bill(AiOutcome.INVALID, "; ".join(problems)[:500])
            messages += [{"role": "assistant", "content": text}, {"role": "user", "content": _complaint(problems)}]
        message = f"the model's answer to {task} is not valid, nor is its repair: {'; '.join(problems)[:300]}"
        raise WriterError(message, usages=usages)

    @property
    def client(self) -> "OpenAI":
        with self._opening:
            return self._client

    @cached_property
    def _client(self) -> "OpenAI":
        from openai import OpenAI

        return OpenAI(
            base_url=self.base_url,
            api_key=self._api_key.get_secret_value() if self._api_key else "none",
            timeout=self._timeout_seconds,
            max_retries=0,
        )


class _Call:
    """One HTTP call and its bill, which is added to `usages` exactly once."""

    def __init__(
        self, writer: OpenAICompatibleWriter, task: str, template: PromptTemplate, usages: list[Usage]
    ) -> None:
        self._writer = writer
        self._task = task
        self._template = template
        self._usages = usages
        self._model = template.model or writer.model
        self._completion: ChatCompletion | None = None
        self._started = perf_counter()

    def complete(self, messages: "list[ChatCompletionMessageParam]", schema: Mapping[str, Any]) -> str:
        """The model's whole answer. Raises WriterError, billed, where there is none."""
        import openai

        try:
            completion = self._writer.client.chat.completions.create(
                model=self._model,
                messages=messages,
                response_format={
                    "type": "json_schema",
                    "json_schema": {"name": self._template.output_type, "schema": dict(schema), "strict": True},
                },
                # 0 is a temperature like any other; only None leaves it to the endpoint.
                temperature=openai.omit if self._template.temperature is None else self._template.temperature,
                max_tokens=openai.omit if self._template.max_tokens is None else self._template.max_tokens,
            )
        except openai.APIStatusError as error:
            retryable = error.status_code not in _WORTHLESS_AGAIN
            raise self._failed(f"HTTP {error.status_code}{_code(error.code)}", retryable=retryable) from None
        except openai.APITimeoutError:
            raise self._failed("no answer in time") from None
        except openai.APIConnectionError as error:
            raise self._failed(f"no connection ({type(error.__cause__).__name__})") from None
        except (openai.OpenAIError, ValueError) as error:
            raise self._failed(f"the answer can't be read ({type(error).__name__})") from None
        return self._text_of(completion)

    def _text_of(self, completion: "ChatCompletion") -> str:
        # The SDK builds its objects without checking them: an endpoint's garbage arrives here as it is.
        self._completion = completion
        choices = getattr(completion, "choices", None)
        message = getattr(choices[0], "message", None) if isinstance(choices, list) and choices else None
        if choices is None or message is None:
            raise self._failed("the answer is not a chat completion")
        finish_reason = choices[0].finish_reason
        if finish_reason == "length":
            raise self._failed("the answer was cut off at the token limit", AiOutcome.TRUNCATED, retryable=False)
        if message.refusal or finish_reason == "content_filter":
            raise self._failed("the model refused", AiOutcome.REFUSED, retryable=False)
        if not isinstance(message.content, str):
            raise self._failed("the answer has no text")
        return message.content

    def _failed(self, message: str, outcome: AiOutcome = AiOutcome.FAILED, *, retryable: bool = True) -> WriterError:
        self.bill(outcome, message)
        return WriterError(f"{self._task}: {message}", usages=self._usages, retryable=retryable)

    def bill(self, outcome: AiOutcome, error: str | None = None) -> None:
        from pipeline.writing.pricing import cost_usd

        usage = getattr(self._completion, "usage", None)
        details = getattr(usage, "prompt_tokens_details", None)
        tokens = {
            "input_tokens": _count(getattr(usage, "prompt_tokens", None)),
            "cached_input_tokens": _count(getattr(details, "cached_tokens", None)),
            "output_tokens": _count(getattr(usage, "completion_tokens", None)),
        }
        # The endpoint's own word on which model answered: an alias can point to another.
        answered = getattr(self._completion, "model", None)
        model = answered if isinstance(answered, str) and answered else self._model
        self._usages.append(
            Usage(
                task=self._task,
                provider=PROVIDER,
                model=model,
                latency_ms=round((perf_counter() - self._started) * 1000),
                outcome=outcome,
                cost_usd=cost_usd(model, self._writer.base_url, **tokens),
                error=error,
                **tokens,
            )
        )


def _opens_with_its_title(article: Article) -> list[str]:
    lines = article.content.lstrip().splitlines()
    if lines and lines[0].startswith("# "):
        return []
    return ["content: the first line must be the title as a level-1 heading"]


def _complaint(problems: list[str]) -> str:
    listed = "\n".join(f"- {problem}" for problem in problems)
    return f"That answer is not valid:\n{listed}\nAnswer again with the whole corrected JSON object, and nothing else."


def _located(detail: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in detail["loc"])
    return f"{place}: {detail['msg']}" if place else str(detail["msg"])


def _code(code: str | None) -> str:
    """The error's code where it looks like one. Messages are left out: they can repeat the key they refuse."""
    return f" ({code})" if code and len(code) <= 40 and code.replace("_", "").isalpha() else ""  # noqa: PLR2004


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None
