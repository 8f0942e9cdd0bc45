"""How many readers pages had, as whoever runs the sandbox tells it. The same figures for each of the stand-ins."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.responses import JSONResponse, Response

from pipeline.sandbox.ledger import Ledger
from pipeline.sandbox.service import Call, Endpoint

_PLATFORM: Final = "analytics"
_KIND: Final = "page-day"


class Readers(BaseModel):
    """A page's readers on one day. `entries` visits began there, `bounces` of them ended there; `depth` in per cent."""

    model_config = ConfigDict(extra="forbid")

    path: str
    date: date
    host: str = "127.0.0.1"
    views: int = Field(ge=0)
    visitors: int = Field(ge=0)
    visits: int = Field(ge=0)
    entries: int = Field(default=0, ge=0)
    bounces: int = Field(default=0, ge=0)
    seconds: float = Field(default=0, ge=0)
    """In all its visits together."""
    depth: int | None = Field(default=None, ge=0, le=100)


_MANY: Final = TypeAdapter(list[Readers])


def put(call: Call) -> Response:
    """Says how many readers pages had; again, it corrects it."""
    try:
        told = _MANY.validate_json(call.body)
    except ValidationError as error:
        return JSONResponse({"errors": [str(error)]}, 400)
    for each in told:
        key = f"{each.date} {each.host} {each.path}"
        call.ledger.put(_PLATFORM, _KIND, key, each.model_dump(mode="json"))
    return JSONResponse({"kept": len(told)})


ENDPOINT: Final = Endpoint("PUT", "/readers", put)
"""No vendor has it: the sandbox's own."""


def between(ledger: Ledger, first: date, last: date) -> Sequence[Readers]:
    """Those of the days, both included, by day and path."""
    known = [Readers.model_validate(each) for each in ledger.newest(_PLATFORM, _KIND)]
    return sorted((each for each in known if first <= each.date <= last), key=lambda each: (each.date, each.path))
