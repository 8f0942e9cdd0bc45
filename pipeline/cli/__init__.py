"""The `pressroom` command. Each group of commands is a module of this package; none imports Dagster to answer."""

from pipeline.cli.app import main

__all__ = ["main"]
