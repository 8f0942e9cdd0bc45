"""How this project's processes log."""

import structlog


def configure() -> None:
    """Plain tracebacks: structlog's own show every local variable, and one of them may be a secret."""
    processors = structlog.get_config()["processors"]
    renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*processors[:-1], renderer])
