"""Entries of a calendar as tests make them up."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from pipeline.store.calendar_view import Entry
from pipeline.vocabulary import DistributionStatus

AT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)

# What PostgreSQL can hold of a text.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200)


def entry(**values: Any) -> Entry:
    """A post of x-main on Monday, 23 November 2026, at nine in New York."""
    return Entry(
        **{
            "distribution_id": UUID(int=1),
            "account_key": "x-main",
            "timezone": "America/New_York",
            "at": AT,
            "status": DistributionStatus.SCHEDULED,
            "is_pinned": False,
            "canonical_id": "garden-1",
            "title": "How to prune",
            "url": None,
            "note": None,
            "sequence": 0,
            "changed_at": datetime(2026, 11, 20, 8, 0, tzinfo=UTC),
            **values,
        }
    )
