"""The sandbox's pages for people. Everything shown is escaped, or sanitised where it is HTML."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

import nh3
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipeline.sandbox.faults import Fault
from pipeline.sandbox.ledger import Effect
from pipeline.sandbox.service import StandIn

_TAGS: Final = nh3.ALLOWED_TAGS | {"video", "audio"}
_ATTRIBUTES: Final = nh3.ALLOWED_ATTRIBUTES | {tag: {"src", "controls", "aria-label"} for tag in ("video", "audio")}


def front(platforms: Iterable[StandIn], effects: Sequence[Effect], faults: Sequence[Fault]) -> str:
    """What the sandbox is, where its APIs are, and its latest effects, newest first."""
    return render("front.html", platforms=platforms, effects=effects, faults=faults)


def render(template: str, **values: Any) -> str:
    """A template of this package; every one extends `sandbox.html`, which says that it is not the real thing."""
    return _environment().get_template(template).render(**values)


def safe_html(html: str) -> Markup:
    """HTML of others with nothing active left in it."""
    return Markup(nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES))  # noqa: S704 - sanitised on this line


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("pipeline.sandbox"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
