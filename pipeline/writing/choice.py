"""Which writer the settings ask for."""

from collections.abc import Mapping

from pipeline.settings import Settings
from pipeline.writing.base import Writer
from pipeline.writing.calls import Price
from pipeline.writing.offline import OfflineWriter
from pipeline.writing.prompt import OutputType, PromptTemplate


def open_writer(
    settings: Settings,
    templates: Mapping[OutputType, PromptTemplate] | None = None,
    prices: Mapping[str, Price] | None = None,
) -> Writer:
    """The OpenAI-compatible writer where an endpoint is set, else the offline one.

    `templates` are the active ones of `content_templates`; without them the shipped defaults serve. `prices` are our
    own, by model.
    """
    if not settings.writer_base_url:
        return OfflineWriter()
    from pipeline.writing.openai_compatible import OpenAICompatibleWriter

    return OpenAICompatibleWriter(
        base_url=settings.writer_base_url,
        model=settings.writer_model,
        api_key=settings.writer_api_key,
        templates=templates,
        prices=prices,
    )
