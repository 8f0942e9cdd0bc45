"""What Dagster loads."""

from pipeline.assembly import build_defs

defs = build_defs()
