"""`pressroom preview`: a post as each account would get it."""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pipeline.cli.console import canonical_id_of, engine, fail, harmless, out

if TYPE_CHECKING:
    from pipeline.distribution.preview import VersionPreview
    from pipeline.platforms.content import Measure

_SHOWN: Final = 400
_SHOWN_OF_A_DETAIL: Final = 160
_NARROWEST: Final = 56
"""Columns of a panel below which a text is hard to read."""
_HEAD: Final = re.compile("<head>.*?</head>", re.DOTALL)


def preview(
    post: Annotated[str, typer.Argument(help="The post's id; its beginning is enough.")],
    *,
    account: Annotated[str | None, typer.Option(help="Only this account.", metavar="KEY")] = None,
    text: Annotated[bool, typer.Option("--text", help="The whole text of each version.")] = False,
) -> None:
    """What each account would get of a post: text, lengths, warnings. Nothing is written or sent.

    A draft is adapted now; later, the stored versions are shown, with their status.
    """
    from pipeline.distribution.preview import PreviewError, preview_post

    try:
        found = preview_post(engine(), canonical_id_of(post), account)
    except PreviewError as error:
        fail(escape(harmless(str(error))))
    panels = [_panel(version, whole=text) for version in found.versions]
    abreast = max(1, min(len(panels), out.width // _NARROWEST))
    table = Table.grid(expand=True)
    for _ in range(abreast):
        table.add_column(ratio=1)
    for start in range(0, len(panels), abreast):
        table.add_row(*panels[start : start + abreast])
    out.print(f"{escape(found.canonical_id)} is {_state(found.status)}.", highlight=False)
    out.print(table, highlight=False)
    for key, reason in found.left_out.items():
        out.print(Text.assemble(("left out", "yellow"), "  ", harmless(f"{key}: {reason}")), soft_wrap=True)


def _panel(version: "VersionPreview", *, whole: bool) -> Panel:
    said = Text(overflow="fold")
    for line, style in _lines(version, whole=whole):
        said.append(f"{harmless(line)}\n", style)
    said.rstrip()
    status = version.status or "not stored"
    heading = Text(harmless(f"{version.account_key} · {version.platform} · {status}"))
    return Panel(said, title=heading, border_style="red" if version.problems else "yellow" if version.warnings else "")


def _lines(version: "VersionPreview", *, whole: bool) -> Iterator[tuple[str, str]]:
    """What a panel says, each part with its style."""
    yield from _objections(version)
    if version.title:
        yield f"{version.title}\n", "bold"
    body = _as_read(version.body)
    yield f"{body if whole else _beginning(body, _SHOWN)}\n", ""
    yield from _lengths_and_details(version, whole=whole)
    if version.link_url:
        yield f"link  {version.link_url}", "dim"
    for media in version.media:
        yield f"media  {media.url} ({media.alt_text or 'no alternative text'})", "dim"
    if version.hashtags:
        yield f"hashtags  {' '.join(version.hashtags)}", "dim"


def _objections(version: "VersionPreview") -> Iterator[tuple[str, str]]:
    for problem in version.problems:
        yield f"problem  {problem.field}: {problem.message}", "bold red"
    if version.hold_reason:
        yield f"held  {version.hold_reason}", "bold red"
    for warning in version.warnings:
        yield f"warning  {warning}", "yellow"


def _lengths_and_details(version: "VersionPreview", *, whole: bool) -> Iterator[tuple[str, str]]:
    measures = {measure.field: measure for measure in version.measures}
    for name, measure in measures.items():
        if name not in version.details:
            yield f"{_words(name)}  {_counted(measure)}", _style(measure)
    for name, value in version.details.items():
        detail = _written(value)
        counted = f" ({_counted(measures[name])})" if name in measures else ""
        shown = detail if whole else _beginning(detail, _SHOWN_OF_A_DETAIL)
        yield f"{_words(name)}{counted}  {shown}", _style(measures.get(name))


def _as_read(body: str) -> str:
    """What a reader sees: HTML as its text, without what stands in a page's head; any other text as it is."""
    from pipeline.text.rendering import text_of

    return text_of(_HEAD.sub("", body, count=1), links=True) if body.lstrip().startswith("<") else body


def _counted(measure: "Measure") -> str:
    limit = "" if measure.limit is None else f" of {measure.limit:,}"
    over = f", {measure.used - measure.limit:,} too many" if measure.limit is not None and measure.is_over else ""
    return f"{measure.used:,}{limit} {measure.unit}{over}"


def _style(measure: "Measure | None") -> str:
    return "bold red" if measure is not None and measure.is_over else "dim"


def _beginning(text: str, most: int) -> str:
    left = len(text) - most
    return text if left <= 0 else f"{text[:most]} … ({left:,} more characters)"


def _written(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _state(status: str) -> str:
    return "a draft" if status == "draft" else "in review" if status == "review" else status
