"""An email in two or three arms, which Mailchimp sends to parts of the audience that it draws at random.

A version says so under `variate` in its `platform_specific`: one thing that `varies`, what it is in each of the `arms`
(the control first), on how many percent of the readers it is tested, and how Mailchimp chooses what the others get.
https://mailchimp.com/developer/marketing/api/campaigns/add-campaign/ (`variate_settings`, read in November 2026).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.platforms.base import PlatformError, Rejected
from pipeline.platforms.content import Content, Problem
from pipeline.platforms.failures import CallError
from pipeline.platforms.mailchimp import newsletter
from pipeline.vocabulary import ErrorKind

KEY: Final = "variate"
MOST_ARMS: Final = 3
"""More of them, or several things at once, take a plan with multivariate tests."""
MOST_FROM_NAME: Final = 100
UNSCHEDULABLE: Final = PlatformError(
    ErrorKind.VALIDATION, "the arms have times of their own: publish it, and Mailchimp holds each until then", code=KEY
)
_QUARTER_HOURS: Final = (0, 15, 30, 45)
_HOUR: Final = 60
_ALL: Final = 100


class Varies(StrEnum):
    SUBJECT = "subject"
    FROM_NAME = "from_name"
    BODY = "body"
    SEND_TIME = "send_time"


class Arm(BaseModel):
    """`value` is the text; of a body its `html` and `plain_text`; of a time an instant in ISO 8601."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    value: str | dict[str, str]


class Variate(BaseModel):
    """`wait_minutes` is from the sending to the choice of what the rest is sent; `manual` chooses nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    varies: Varies
    arms: tuple[Arm, ...] = Field(min_length=2, max_length=MOST_ARMS)
    test_percent: int = Field(default=_ALL, ge=10, le=_ALL)
    winner: str = Field(default="manual", pattern="^(opens|clicks|manual)$")
    wait_minutes: int | None = Field(default=None, ge=_HOUR)

    @model_validator(mode="after")
    def _is_of_one_piece(self) -> "Variate":
        if self.varies is Varies.SEND_TIME and self.test_percent != _ALL:
            raise ValueError("send times are tested on all of the readers")
        if self.test_percent < _ALL and (self.winner == "manual" or self.wait_minutes is None):
            raise ValueError("where not all get the test, it takes a winner (opens, clicks) and wait_minutes")
        if (self.wait_minutes or 0) % _HOUR:
            raise ValueError("wait_minutes are whole hours")
        return self


def of(platform_specific: Mapping[str, Any]) -> Variate | None:
    """None where the email goes to all as it is.

    Raises:
        CallError: it can't be told what is meant. It would be one email for all otherwise.
    """
    if KEY not in platform_specific:
        return None
    try:
        return Variate.model_validate(platform_specific[KEY])
    except ValidationError as error:
        raise CallError(Rejected(PlatformError(ErrorKind.VALIDATION, _said(error), code=KEY))) from None


def problems(content: Content, tags: Sequence[str]) -> list[Problem]:
    """What keeps the arms from being sent, each by its name; `tags` must be in every body."""
    try:
        variate = of(content.platform_specific)
    except CallError as failure:
        return [Problem(KEY, failure.error.message)]
    if variate is None:
        return []
    faults = _FAULTS[variate.varies]
    found = [
        Problem(KEY, f"Arm {arm.name}: {fault}") for arm in variate.arms for fault in faults(arm.value, tuple(tags))
    ]
    if any(arm.value in [other.value for other in variate.arms[:place]] for place, arm in enumerate(variate.arms)):
        found.append(Problem(KEY, "Two arms are the same, and nothing could be learned of them."))
    return found


def has_own_times(content: Content) -> bool:
    """Raises: CallError: as `of`."""
    variate = of(content.platform_specific)
    return variate is not None and variate.varies is Varies.SEND_TIME


def settings(variate: Variate, reply_to: str) -> dict[str, Any]:
    """A campaign's `variate_settings`; the bodies of its arms come with its content.

    A name takes an address to reply to, in each arm the account's.
    """
    values = [arm.value for arm in variate.arms]
    asked: dict[str, Any] = {"winner_criteria": variate.winner, "test_size": variate.test_percent}
    if variate.wait_minutes is not None:
        asked["wait_time"] = variate.wait_minutes
    match variate.varies:
        case Varies.SUBJECT:
            asked["subject_lines"] = values
        case Varies.FROM_NAME:
            asked |= {"from_names": values, "reply_to_addresses": [reply_to] * len(values)}
        case Varies.SEND_TIME:
            moments = [datetime.fromisoformat(str(value)).astimezone(UTC) for value in values]
            asked["send_times"] = [moment.strftime("%Y-%m-%d %H:%M:%S") for moment in moments]
    return asked


def contents(variate: Variate, only: Mapping[str, str]) -> list[dict[str, str]]:
    """A campaign's `variate_contents`: one for each arm, or the `only` one where the bodies are the same."""
    if variate.varies is not Varies.BODY:
        return [{"content_label": "all", **only}]
    return [{"content_label": arm.name, **dict(arm.value)} for arm in variate.arms if isinstance(arm.value, dict)]


def _subject(value: str | dict[str, str], _tags: tuple[str, ...]) -> list[str]:
    return _text(value, newsletter.SUBJECT_LIMIT)


def _from_name(value: str | dict[str, str], _tags: tuple[str, ...]) -> list[str]:
    return _text(value, MOST_FROM_NAME)


def _body(value: str | dict[str, str], tags: tuple[str, ...]) -> list[str]:
    if not isinstance(value, dict) or value.keys() != {"html", "plain_text"}:
        return ["its value is html and plain_text."]
    return [f"the email must hold the tag {tag}." for tag in tags if tag not in value["html"]]


def _send_time(value: str | dict[str, str], _tags: tuple[str, ...]) -> list[str]:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return ["its value is no time in ISO 8601."]
    if moment.tzinfo is None:
        return ["its time has no zone."]
    moment = moment.astimezone(UTC)
    if moment.minute not in _QUARTER_HOURS or moment.second or moment.microsecond:
        return ["Mailchimp sends at :00, :15, :30 or :45."]
    return []


_FAULTS: Final[Mapping[Varies, Callable[[str | dict[str, str], tuple[str, ...]], list[str]]]] = {
    Varies.SUBJECT: _subject,
    Varies.FROM_NAME: _from_name,
    Varies.BODY: _body,
    Varies.SEND_TIME: _send_time,
}


def _text(value: str | dict[str, str], limit: int) -> list[str]:
    if not isinstance(value, str) or not value.strip():
        return ["its value is a text."]
    if len(value) > limit:
        return [f"it has {len(value)} characters; {limit} are allowed."]
    return []


def _said(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    message = first["msg"].removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
