"""What an article says that its sources don't, and what it took from them word for word.

Nothing here decides: a number, a quotation or a name that no source has may be right, and a reviewer looks it up. Only
a model's text that copies long runs of its source can't be approved.
"""

from pipeline.editorial.grounding.check import check_sources, sources_of
from pipeline.editorial.grounding.finding import findings
from pipeline.editorial.grounding.statements import Statement

__all__ = ["Statement", "check_sources", "findings", "sources_of"]
