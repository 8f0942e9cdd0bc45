"""What a call costs, by the price list of genai-prices at the time of the call."""

from decimal import Decimal


def cost_usd(
    model: str, base_url: str, *, input_tokens: int | None, cached_input_tokens: int | None, output_tokens: int | None
) -> float | None:
    """The price in US dollars; None where the tokens or the model's price are unknown.

    A known endpoint's own prices count. An unknown endpoint (a gateway, a proxy) is priced by the model's name.
    """
    if input_tokens is None or output_tokens is None:
        return None
    from genai_prices import Usage, calc_price

    usage = Usage(input_tokens=input_tokens, cache_read_tokens=cached_input_tokens or 0, output_tokens=output_tokens)
    price: Decimal
    try:
        price = calc_price(usage, model, provider_api_url=base_url).total_price
    except LookupError:
        try:
            price = calc_price(usage, model).total_price
        except LookupError:
            return None
    return float(price)
