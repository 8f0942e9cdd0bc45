"""One chat completion at an OpenAI-compatible endpoint: admitted, made, judged, and billed.

The SDK's own retries are off: they would be calls nobody counts. A rate limit is waited for where the endpoint says
how long and that is short; otherwise it is a WriterError that says when to come back.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, cast

from pydantic import SecretStr

from pipeline.vocabulary import AiOutcome
from pipeline.writing import rate_limits
from pipeline.writing.base import WriterError
from pipeline.writing.calls import Answer, Call, CallBook, Entry, Price, Usage
from pipeline.writing.pricing import price_of

if TYPE_CHECKING:
    from openai import APIStatusError, OpenAI
    from openai.types.chat import ChatCompletion, ChatCompletionMessageParam

Judge = Callable[[str], list[str]]
"""What is wrong with an answer's text; nothing where it is good."""

PROVIDER: Final = "openai-compatible"
_WORTHLESS_AGAIN: Final = frozenset({400, 413, 422})
_RATE_LIMITED: Final = 429
_SERVER_ERROR: Final = 500
_BAD_REQUEST: Final = 400
_NO_QUOTA: Final = "insufficient_quota"
_UNSUPPORTED: Final = frozenset({"unsupported_parameter", "unsupported_value"})
_DISPENSABLE: Final = frozenset({"max_tokens", "temperature"})
"""What some models refuse: newer ones take `max_completion_tokens` instead, and no temperature but their own."""
_AN_HOUR: Final = timedelta(hours=1)
_MARGIN_SECONDS: Final = 60.0
"""Between a call's time-out and when its process counts as dead: a frozen process may still bring the bill."""


@dataclass(frozen=True)
class Request:
    """A question as the endpoint gets it. `messages` are (role, text)."""

    task: str
    model: str
    messages: Sequence[tuple[str, str]]
    schema_name: str
    schema: Mapping[str, Any]
    max_tokens: int
    temperature: float | None = None

    @cached_property
    def key(self) -> str:
        """Of all that the answer depends on: the same question has the same key, at whatever endpoint."""
        parts = [self.model, self.messages, self.schema, self.max_tokens, self.temperature]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @cached_property
    def most_input_tokens(self) -> int:
        """No token is shorter than a byte; the roles and marks around a message are a few tokens each."""
        texts = [text for _, text in self.messages] + [json.dumps(self.schema)]
        return sum(len(text.encode("utf-8", "surrogatepass")) + 16 for text in texts)


class TruncatedError(WriterError):
    """The answer was cut off at the token limit."""


class Endpoint:
    """Safe to use from several threads: the SDK's client is, and what a model refuses is only ever added to.

    Args:
        base_url: with its version (`https://api.openai.com/v1`).
        api_key: None for endpoints without one.
        timeout_seconds: for one call, from its beginning to its last byte.
        prices: our own, which go before the list's.
    """

    def __init__(
        self, base_url: str, api_key: SecretStr | None, timeout_seconds: float, prices: Mapping[str, Price]
    ) -> None:
        self.base_url = base_url
        self._api_key = api_key
        self._timeout_seconds = timeout_seconds
        self._prices = prices
        self._refused: set[tuple[str, str]] = set()
        self._opening = Lock()

    def ask(
        self, request: Request, book: CallBook, judge: Judge, *, attempt: int, last: bool
    ) -> tuple[Answer, list[str], int]:
        """The answer, what is wrong with it, and the number of the attempt that brought it.

        An answer the book has is taken from there. A wrong one is kept as well, so that its repair is asked for at
        once the next time; but not the `last` one, which nothing would come after.

        Raises:
            TruncatedError: the answer was cut off at the token limit.
            WriterError: there is no answer, or a budget does not allow the call.
        """
        kept = book.answer(request.key)
        if kept is not None:
            if kept.truncated:
                raise _truncated(request)
            return kept, judge(kept.text), attempt
        waits = rate_limits.Waits()
        while True:
            call = _Call(self, request, book.admit(self._announced(request, attempt)))
            try:
                answer = call.complete()
            except _RefusedSettingError as error:
                self._refused.add((request.model, error.setting))
                attempt += 1
                continue
            except _RateLimitedError as error:
                pause = waits.next(error.wait)
                if pause is None:
                    raise error.told(request) from None
                time.sleep(pause)
                attempt += 1
                continue
            problems = judge(answer.text)
            call.bill(
                AiOutcome.INVALID if problems else AiOutcome.OK,
                "; ".join(problems)[:500] or None,
                None if problems and last else answer,
            )
            return answer, problems, attempt

    def _announced(self, request: Request, attempt: int) -> Call:
        price = self.price(request.model, asked_for=request.model, input_tokens=request.most_input_tokens)
        return Call(
            key=request.key,
            task=request.task,
            provider=PROVIDER,
            model=request.model,
            most_usd=None if price is None else price.cost(request.most_input_tokens, 0, request.max_tokens),
            seconds=self._timeout_seconds + _MARGIN_SECONDS,
            attempt=attempt,
        )

    def price(self, model: str, *, asked_for: str, input_tokens: int) -> Price | None:
        return price_of(model, self.base_url, self._prices, asked_for=asked_for, input_tokens=input_tokens)

    def takes(self, model: str, setting: str) -> bool:
        """Whether a model has not refused a setting so far."""
        return (model, setting) not in self._refused

    @property
    def client(self) -> "OpenAI":
        with self._opening:
            return self._client

    @cached_property
    def _client(self) -> "OpenAI":
        from openai import OpenAI

        from pipeline.writing.deadline import DeadlineClient

        return OpenAI(
            base_url=self.base_url,
            api_key=self._api_key.get_secret_value() if self._api_key else "none",
            timeout=self._timeout_seconds,
            max_retries=0,
            # The SDK takes clients of httpx as well as of the library its types name.
            http_client=DeadlineClient(self._timeout_seconds),  # type: ignore[arg-type]
        )


class _RefusedSettingError(Exception):
    """The model takes the request only without this setting."""

    def __init__(self, setting: str) -> None:
        super().__init__(setting)
        self.setting = setting


class _RateLimitedError(Exception):
    """`wait` is how long the endpoint says; None where it does not."""

    def __init__(self, wait: timedelta | None) -> None:
        super().__init__("rate limited")
        self.wait = wait

    def told(self, request: Request) -> WriterError:
        wait = self.wait or rate_limits.UNTOLD
        return WriterError(
            f"{request.task}: the endpoint is at its rate limit and says to wait {wait.total_seconds():.0f} s",
            not_before=datetime.now(UTC) + wait,
        )


class _Call:
    """One HTTP call, whose entry in the book is ended exactly once."""

    def __init__(self, endpoint: Endpoint, request: Request, entry: Entry) -> None:
        self._endpoint = endpoint
        self._request = request
        self._entry = entry
        self._completion: ChatCompletion | None = None
        self._sent: set[str] = set()
        self._started = perf_counter()

    def complete(self) -> Answer:
        """The model's whole answer, not yet billed. Whatever else happens is billed and raised."""
        import openai

        request = self._request
        self._sent = {setting for setting in _DISPENSABLE if self._endpoint.takes(request.model, setting)}
        takes_limit = "max_tokens" in self._sent
        takes_temperature = request.temperature is not None and "temperature" in self._sent
        try:
            completion = self._endpoint.client.chat.completions.create(
                model=request.model,
                messages=cast(
                    "list[ChatCompletionMessageParam]",
                    [{"role": role, "content": text} for role, text in request.messages],
                ),
                response_format={
                    "type": "json_schema",
                    "json_schema": {"name": request.schema_name, "schema": dict(request.schema), "strict": True},
                },
                # 0 is a temperature like any other; only None leaves it to the endpoint.
                temperature=request.temperature if takes_temperature else openai.omit,
                max_tokens=request.max_tokens if takes_limit else openai.omit,
                max_completion_tokens=openai.omit if takes_limit else request.max_tokens,
            )
        except openai.APIStatusError as error:
            raise self._turned_down(error) from None
        except openai.APITimeoutError:
            raise self._failed("no answer in time") from None
        except openai.APIConnectionError as error:
            raise self._failed(f"no connection ({type(error.__cause__).__name__})") from None
        except (openai.OpenAIError, ValueError) as error:
            raise self._failed(f"the answer can't be read ({type(error).__name__})") from None
        return self._answer_of(completion)

    def _turned_down(self, error: "APIStatusError") -> Exception:
        message = f"HTTP {error.status_code}{_code(error.code)}"
        free = error.status_code < _SERVER_ERROR
        if error.status_code == _RATE_LIMITED:
            self.bill(AiOutcome.FAILED, message, free=True)
            if error.code == _NO_QUOTA:
                return WriterError(
                    f"{self._request.task}: the account's quota at the model's provider is used up ({message})",
                    not_before=datetime.now(UTC) + _AN_HOUR,
                )
            return _RateLimitedError(rate_limits.told(error.response.headers))
        if error.status_code == _BAD_REQUEST and error.code in _UNSUPPORTED and error.param in self._sent:
            self.bill(AiOutcome.FAILED, f"{message}: no {error.param}", free=True)
            return _RefusedSettingError(str(error.param))
        return self._failed(message, retryable=error.status_code not in _WORTHLESS_AGAIN, free=free)

    def _answer_of(self, completion: "ChatCompletion") -> Answer:
        # The SDK builds its objects without checking them: an endpoint's garbage arrives here as it is.
        self._completion = completion
        choices = getattr(completion, "choices", None)
        message = getattr(choices[0], "message", None) if isinstance(choices, list) and choices else None
        if choices is None or message is None:
            raise self._failed("the answer is not a chat completion")
        finish_reason = choices[0].finish_reason
        if finish_reason == "length":
            text = message.content if isinstance(message.content, str) else ""
            cut = _truncated(self._request)
            self.bill(AiOutcome.TRUNCATED, str(cut), Answer(text, self._answered_by(), truncated=True))
            raise cut
        if message.refusal or finish_reason == "content_filter":
            raise self._failed("the model refused", AiOutcome.REFUSED, retryable=False)
        if not isinstance(message.content, str):
            raise self._failed("the answer has no text")
        return Answer(message.content, self._answered_by())

    def _answered_by(self) -> str:
        # The endpoint's own word on which model answered: an alias can point to another.
        answered = getattr(self._completion, "model", None)
        return answered if isinstance(answered, str) and answered else self._request.model

    def _failed(
        self, message: str, outcome: AiOutcome = AiOutcome.FAILED, *, retryable: bool = True, free: bool = False
    ) -> WriterError:
        self.bill(outcome, message, free=free)
        return WriterError(f"{self._request.task}: {message}", retryable=retryable)

    def bill(
        self, outcome: AiOutcome, error: str | None = None, answer: Answer | None = None, *, free: bool = False
    ) -> None:
        usage = getattr(self._completion, "usage", None)
        details = getattr(usage, "prompt_tokens_details", None)
        said = _count(getattr(usage, "prompt_tokens", None))
        written = _count(getattr(usage, "completion_tokens", None))
        cached = _count(getattr(details, "cached_tokens", None))
        model = self._answered_by()
        price = self._endpoint.price(model, asked_for=self._request.model, input_tokens=said or 0)
        cost: Decimal | None = None
        if price is not None and said is not None and written is not None:
            cost = price.cost(said, cached or 0, written)
        latency_ms = round((perf_counter() - self._started) * 1000)
        self._entry.keep(
            Usage(model, latency_ms, outcome, said, cached, written, cost, price, error, free=free), answer
        )


def _truncated(request: Request) -> TruncatedError:
    return TruncatedError(
        f"{request.task}: the answer was cut off at the limit of {request.max_tokens} tokens", retryable=False
    )


def _code(code: str | None) -> str:
    """The error's code where it looks like one. Messages are left out: they can repeat the key they refuse."""
    return f" ({code})" if code and len(code) <= 40 and code.replace("_", "").isalpha() else ""  # noqa: PLR2004


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None
