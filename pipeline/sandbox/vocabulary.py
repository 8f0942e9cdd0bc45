"""The sandbox's own words, light to import."""

from enum import StrEnum


class FaultKind(StrEnum):
    """How a call to a platform goes wrong."""

    DELAY = "delay"
    """Effect and answer come `seconds` (1 unless told) late, the effect even if nobody waits for the answer."""
    DROP_BEFORE = "drop_before"
    """The connection is closed without an answer and without the effect."""
    DROP_AFTER = "drop_after"
    """The effect happens, then the connection is closed without an answer."""
    RATE_LIMIT = "rate_limit"
    """429 in the platform's form, for `seconds`; no effect."""
    SERVER_ERROR = "server_error"
    """`status` (500 unless told) without the effect."""
    SERVER_ERROR_AFTER = "server_error_after"
    """The effect happens, then `status` (500 unless told)."""
    GARBAGE = "garbage"
    """The effect happens, then a 200 whose body is no JSON."""
    UNAVAILABLE = "unavailable"
    """503 without the effect."""
