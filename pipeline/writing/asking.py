"""Asking a model: an answer that breaks its schema or the task's rules goes back once with what is wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from pipeline.writing.base import InvalidAnswerError, Written
from pipeline.writing.calls import CallBook
from pipeline.writing.endpoint import Endpoint, Request
from pipeline.writing.prompt import PromptTemplate
from pipeline.writing.schema import strict_schema

Answered = TypeVar("Answered", bound=BaseModel)

_ANSWERS: Final = 2  # the first, and one repaired
_TOLD: Final = 300


@dataclass(frozen=True, slots=True)
class Question(Generic[Answered]):
    """What is asked. `check` tells what is wrong with an answer that keeps to the schema.

    Attributes:
        task: what the bill calls it.
        template: its settings count, not its text.
        messages: (role, text), as they are sent.
    """

    task: str
    template: PromptTemplate
    messages: tuple[tuple[str, str], ...]
    answer_type: type[Answered]
    check: Callable[[Answered], list[str]]

    def problems(self, text: str) -> list[str]:
        try:
            answer = self.answer_type.model_validate_json(text)
        except ValidationError as error:
            return [_located(detail) for detail in error.errors(include_input=False, include_url=False)]
        return self.check(answer) + (["no text may hold the character U+0000"] if r"\u0000" in text else [])


def ask(endpoint: Endpoint, model: str, question: Question[Answered], book: CallBook) -> Written[Answered]:
    """The model's valid answer, after one repair where it needs one.

    Args:
        endpoint: where to ask.
        model: used where the template names none.
        question: what to ask.
        book: which knows what was answered before, and what may be spent.

    Raises:
        InvalidAnswerError: none that is valid.
        WriterError: none at all.
    """
    messages = list(question.messages)
    problems: list[str] = []
    attempt = 1
    for turn in range(1, _ANSWERS + 1):
        request = Request(
            task=question.task,
            model=question.template.model or model,
            messages=tuple(messages),
            schema_name=question.template.output_type,
            schema=strict_schema(question.answer_type),
            max_tokens=question.template.most_tokens,
            temperature=question.template.temperature,
        )
        answer, problems, attempt = endpoint.ask(
            request, book, question.problems, attempt=attempt, last=turn == _ANSWERS
        )
        if not problems:
            return Written(question.answer_type.model_validate_json(answer.text), answer.model)
        attempt += 1
        messages += [("assistant", answer.text), ("user", _complaint(problems))]
    raise InvalidAnswerError(
        f"the model's answer to {question.task} is not valid, nor is its repair: {'; '.join(problems)[:_TOLD]}"
    )


def _complaint(problems: list[str]) -> str:
    listed = "\n".join(f"- {problem}" for problem in problems)
    return f"That answer is not valid:\n{listed}\nAnswer again with the whole corrected JSON object, and nothing else."


def _located(detail: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in detail["loc"])
    return f"{place}: {detail['msg']}" if place else str(detail["msg"])
