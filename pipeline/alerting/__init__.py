"""Telling people: alerts over their channels, the daily digest, and the watchdog that looks on from outside Dagster."""
