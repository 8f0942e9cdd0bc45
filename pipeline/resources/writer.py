"""The writer: a language model behind an OpenAI-compatible endpoint, or the offline writer where none is set."""

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    import sqlalchemy as sa

    from pipeline.writing.base import Writer


class WriterResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Chosen by PRESSROOM_WRITER_BASE_URL, PRESSROOM_WRITER_MODEL and PRESSROOM_WRITER_API_KEY."""

    def open(self, engine: "sa.Engine") -> "Writer":
        """The writer, with the prompt templates that are active in the database."""
        from pipeline.editorial.templates import templates_in_use
        from pipeline.settings import settings
        from pipeline.writing.choice import open_writer

        return open_writer(settings(), templates_in_use(engine))
