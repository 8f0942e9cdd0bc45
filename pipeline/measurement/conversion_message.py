"""What a shop says of conversions, in JSON: a message of the type `conversion` with one of them, or a list.

    {"type": "conversion", "timestamp": "2026-11-21T10:00:00Z",
     "data": {"source": "shop", "id": "order-17", "occurred_at": "2026-11-21T09:59:00Z", "kind": "sale",
              "value": "19.90", "currency": "EUR", "code": "1f0c…", "visitor": "…", "status": "confirmed"}}

`code` is `utm_content`, or the code of a short link, with which the reader came; the whole `utm_…` may be given too. A
refund is the same conversion with the status `reversed`.
"""

import json
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from pipeline.store.conversions import ToldConversion
from pipeline.vocabulary import ConversionStatus

MOST: Final = 1000
"""Conversions in a message."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,200}$")]
Money = Annotated[Decimal, Field(max_digits=18, decimal_places=6)]


class Conversion(BaseModel):
    """One of them; what is not said is not known."""

    model_config = ConfigDict(extra="forbid")

    source: Name
    id: Name
    occurred_at: AwareDatetime
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")] = "sale"
    value: Money | None = None
    currency: Annotated[str, StringConstraints(to_upper=True, pattern=r"^[A-Za-z]{3}$")] | None = None
    status: ConversionStatus = ConversionStatus.CONFIRMED
    visitor: Code | None = None
    code: Code | None = None
    post: Name | None = None
    utm_source: Name | None = None
    utm_medium: Name | None = None
    utm_campaign: Name | None = None
    utm_content: Name | None = None
    detail: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _money_has_a_currency(self) -> "Conversion":
        if (self.value is None) != (self.currency is None):
            raise ValueError("value and currency are given together")
        return self

    @field_validator("detail")
    @classmethod
    def _can_be_kept(cls, detail: dict[str, Any]) -> dict[str, Any]:
        """As JSON that PostgreSQL takes; a number with a point as its text, so that no digit is lost."""
        text = json.dumps(detail, default=str, allow_nan=False, ensure_ascii=False)
        text.encode()  # raises where half of a surrogate pair stands alone
        if "\\u0000" in text:
            raise ValueError("it holds a NUL")
        plain: dict[str, Any] = json.loads(text)
        return plain

    def told(self, as_of: datetime, post_id: UUID | None) -> ToldConversion:
        said = self.model_dump(exclude={"id", "code", "post"})
        return ToldConversion(**said, external_id=self.id, click_code=self.code, told_at=as_of, post_id=post_id)


def _as_list(data: Any) -> Any:
    return data if isinstance(data, list) else [data]


class Message(BaseModel):
    """`timestamp` is when what it says came to be; other fields of an envelope are the sender's own."""

    type: Literal["conversion"]
    timestamp: AwareDatetime | None = None
    conversions: Annotated[
        list[Conversion], BeforeValidator(_as_list), Field(alias="data", min_length=1, max_length=MOST)
    ]
