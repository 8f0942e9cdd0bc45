"""The writer: a language model behind an OpenAI-compatible endpoint, or the offline writer where none is set."""

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    import sqlalchemy as sa

    from pipeline.writing.base import Writer


class WriterResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Chosen by PRESSROOM_WRITER_BASE_URL, PRESSROOM_WRITER_MODEL and PRESSROOM_WRITER_API_KEY."""

    def open(self, engine: "sa.Engine") -> "Writer":
        """The writer, with the prompt templates that are active in the database, and the prices set there."""
        from pipeline.editorial.writers import writer_in_use

        return writer_in_use(engine)
