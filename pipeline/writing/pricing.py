"""Prices of models: our own where one is set, else the list of genai-prices as it is at the time of the call."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from typing import Any

from pipeline.writing.calls import Price


def price_of(
    model: str, base_url: str, own: Mapping[str, Price], *, asked_for: str | None = None, input_tokens: int = 0
) -> Price | None:
    """What a model's tokens cost; None where nobody knows.

    A known endpoint's own prices count. An unknown endpoint (a gateway, a proxy) is priced by the model's name.

    Args:
        model: the one that answered.
        base_url: the endpoint.
        own: prices that go before the list's, by model.
        asked_for: the name it was asked for by, which can be an alias with a price of its own.
        input_tokens: some models charge more for every token of a long prompt.
    """
    for name in (model, asked_for):
        if name is not None and name in own:
            return own[name]
    listed = _listed(model, base_url)
    if listed is None:
        return None
    input_price = _per_million(listed.input_mtok, input_tokens)
    output_price = _per_million(listed.output_mtok, input_tokens)
    if input_price is None or output_price is None:
        return None
    cached = _per_million(listed.cache_read_mtok, input_tokens)
    return Price(_list_name(), input_price, input_price if cached is None else cached, output_price)


@cache
def _list_name() -> str:
    return f"genai-prices {version('genai-prices')}"


def _listed(model: str, base_url: str) -> Any:
    from genai_prices import Usage, calc_price

    nothing = Usage(input_tokens=0, output_tokens=0)
    try:
        return calc_price(nothing, model, provider_api_url=base_url).model_price
    except LookupError:
        try:
            return calc_price(nothing, model).model_price
        except LookupError:
            return None


def _per_million(listed: Any, input_tokens: int) -> Decimal | None:
    """A price with tiers charges all tokens by the tier that the prompt's length reaches."""
    from genai_prices.types import TieredPrices

    if not isinstance(listed, TieredPrices):
        return None if listed is None else Decimal(listed)
    reached = [tier.price for tier in listed.tiers if input_tokens > tier.start]
    return Decimal(reached[-1] if reached else listed.base)
