"""Run by test_long_articles.py in a process of its own, which is killed: `DATABASE_URL BASE_URL CANONICAL_ID`."""

import sys

import sqlalchemy as sa

from pipeline.editorial.draft import write_draft
from pipeline.store.database import create_engine
from pipeline_tests.editorial.test_long_articles import short_winded

if __name__ == "__main__":
    database, base_url, canonical_id = sys.argv[1:]
    write_draft(create_engine(sa.make_url(database)), short_winded(base_url), canonical_id)
