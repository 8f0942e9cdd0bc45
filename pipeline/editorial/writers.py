"""The writer that the settings ask for, with the templates and the prices that the database has."""

import sqlalchemy as sa

from pipeline.editorial.templates import templates_in_use
from pipeline.settings import settings
from pipeline.store import ai_prices
from pipeline.writing.base import Writer
from pipeline.writing.calls import Price
from pipeline.writing.choice import open_writer
from pipeline.writing.pricing import price_of


def writer_in_use(engine: sa.Engine) -> Writer:
    """The OpenAI-compatible writer where an endpoint is set, else the offline one."""
    return open_writer(settings(), templates_in_use(engine), _own_prices(engine))


def price_in_use(engine: sa.Engine, model: str) -> Price | None:
    """What a model's tokens would cost in the next call; None where nobody knows."""
    return price_of(model, settings().writer_base_url or "", _own_prices(engine))


def _own_prices(engine: sa.Engine) -> dict[str, Price]:
    with engine.connect() as connection:
        own = ai_prices.all_prices(connection)
    return {price.model: Price("own", price.input_usd, price.cached_input_usd, price.output_usd) for price in own}
