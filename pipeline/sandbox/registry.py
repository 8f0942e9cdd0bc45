"""Which platforms the sandbox stands in for."""

from importlib import import_module
from typing import Final

from pipeline.sandbox.service import StandIn

STAND_INS: Final = {
    "wordpress": "pipeline.sandbox.wordpress",
    "x": "pipeline.sandbox.x",
    "mailchimp": "pipeline.sandbox.mailchimp",
}


def stand_ins() -> dict[str, StandIn]:
    """Every stand-in by its platform's name."""
    return {name: import_module(module).STAND_IN for name, module in STAND_INS.items()}
