"""`pressroom review show` and `log`: a post as a reviewer needs to see it, and everything that happened to it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import click
import typer
from rich.console import Group
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from pipeline.cli.console import canonical_id_of, engine, harmless, out
from pipeline.cli.layout import grid, print_grid
from pipeline.cli.review_desk import Post, interactive, say
from pipeline.vocabulary import ReviewItem

if TYPE_CHECKING:
    from pipeline.editorial.checklist import Checklist, Item
    from pipeline.editorial.findings import Finding
    from pipeline.store.ai_costs import Cost
    from pipeline.store.review_queue import Article

_SHOWN: Final = 400
_SHOWN_BRIEFLY: Final = 70
_NOTES: Final = 5
_STYLES: Final = {"blocking": "bold red", "improvement": "yellow", "good": "green"}


class Section(StrEnum):
    TEXT = "text"
    FINDINGS = "findings"
    CHECKLIST = "checklist"
    SOURCES = "sources"
    VERSIONS = "versions"
    NOTES = "notes"


def show(
    post: Post,
    only: Annotated[
        list[Section] | None, typer.Option("--only", help="Only this part; may be repeated. Default: all.")
    ] = None,
) -> None:
    """The article as it reads, what was found in it, who looked at what, and what each platform would get."""
    from pipeline.editorial import checklist
    from pipeline.store.ai_costs import cost_of
    from pipeline.store.review_queue import article

    canonical_id = canonical_id_of(post)
    found = checklist.run(engine(), canonical_id)
    with engine().connect() as connection:
        shown = article(connection, canonical_id)
        cost = cost_of(connection, [canonical_id]).get(canonical_id)
    assert shown is not None
    parts: Mapping[Section, Callable[[], None]] = {
        Section.TEXT: lambda: _print_text(shown),
        Section.FINDINGS: lambda: _print_findings(found),
        Section.CHECKLIST: lambda: print_checklist(found),
        Section.SOURCES: lambda: _print_sources(canonical_id),
        Section.VERSIONS: lambda: print_versions(canonical_id),
        Section.NOTES: lambda: _print_notes(canonical_id),
    }
    with _paged():
        _print_head(shown, cost)
        for section, print_part in parts.items():
            if not only or section in only:
                print_part()


def log(post: Post) -> None:
    """Everything that happened to it: revisions, checks, decisions with their notes, states, takedowns."""
    from pipeline.store.review_queue import log_of

    canonical_id = canonical_id_of(post)
    with engine().connect() as connection:
        entries = log_of(connection, canonical_id)
    table = grid(narrow=2)
    for entry in entries:
        told = Text(harmless(entry.what))
        told.append(f"  {harmless(entry.actor)}", "dim")
        if entry.detail:
            told.append(f"\n{harmless(entry.detail)}")
        table.add_row(f"{entry.at.astimezone():%Y-%m-%d %H:%M:%S}", entry.kind, told)
    with _paged():
        print_grid(table)


def print_checklist(found: "Checklist", only: ReviewItem | None = None) -> None:
    """Each item with both its parts; of one alone, its findings besides."""
    if only is None:
        _heading("Checklist")
    table = grid(narrow=1)
    for item in found.items:
        if only in (None, item.item):
            state, style = _state(item)
            told = Text.assemble((harmless(state), style), f", {_counted(item.findings)}")
            table.add_row(Text(_name(item.item), "bold"), told)
    print_grid(table, indent=2)
    if only is not None:
        for finding in next(item.findings for item in found.items if item.item == only):
            if finding.severity != "good":
                _print_finding(finding)


def print_versions(canonical_id: str, *, briefly: bool = False) -> None:
    """What each account would get, the home first, and which get nothing, and why."""
    from pipeline.distribution.preview import PreviewError, preview_post
    from pipeline.store.overview import versions_of
    from pipeline.text.rendering import readable

    with engine().connect() as connection:
        versions = versions_of(connection, canonical_id)
    if not briefly:
        _heading("What each account gets")
    for version in versions:
        text = readable(version.body)
        reason = f" · {version.hold_reason}" if version.hold_reason else ""
        if briefly:
            say((f"  {version.account_key}", "bold"), f"  {' '.join(text[:_SHOWN_BRIEFLY].split())}{reason}")
            continue
        body = text if len(text) <= _SHOWN else f"{text[:_SHOWN]} … ({len(text) - _SHOWN:,} more characters)"
        title = Text(harmless(f"{version.account_key} · {version.status}{reason}"))
        out.print(Panel(Text(harmless(body), overflow="fold"), title=title), highlight=False)
    try:
        left_out = preview_post(engine(), canonical_id).left_out
    except PreviewError as error:
        left_out = {"every account": str(error)}
    for account_key, why in left_out.items():
        say(("  left out  ", "yellow"), f"{account_key}: {why}")


def age(since: datetime) -> str:
    """How long ago, in the largest unit that says something."""
    minutes = int((datetime.now(since.tzinfo) - since).total_seconds() // 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def cost_told(cost: "Cost | None") -> str:
    if cost is None:
        return "cost nothing"
    if cost.cost_usd is None:
        return f"cost unknown ({cost.calls} calls)"
    return f"${cost.cost_usd:.4f}" + (f" and {cost.unpriced} calls without a price" if cost.unpriced else "")


def _print_head(shown: "Article", cost: "Cost | None") -> None:
    say((shown.title, "bold"))
    say(f"{shown.canonical_id} · {shown.status} · revision {shown.revision} · by {shown.author} · {cost_told(cost)}")


def _print_text(shown: "Article") -> None:
    facts = grid(narrow=1)
    for name, value in (
        ("Slug", shown.slug),
        ("Keyword", shown.target_keyword),
        ("Meta title", shown.meta_title),
        ("Description", shown.meta_description),
        ("Excerpt", shown.excerpt),
    ):
        facts.add_row(Text(name, "bold"), Text(harmless(value or "—")))
    out.print()
    out.print(Panel(Group(facts, Text(), Markdown(harmless(shown.content))), title=Text(shown.canonical_id)))


def _print_findings(found: "Checklist") -> None:
    for item in found.items:
        told = [finding for finding in item.findings if finding.severity != "good"]
        _heading(f"{_name(item.item)}: {_counted(item.findings)}")
        for finding in sorted(told, key=_order):
            _print_finding(finding)


def _print_finding(finding: "Finding") -> None:
    told = Text(overflow="fold")
    told.append(finding.severity, _STYLES[finding.severity])
    told.append(f"  {harmless(finding.message)}")
    if finding.what_to_do:
        told.append(f"\n→ {harmless(finding.what_to_do)}")
    where = " · ".join(part for part in (_group(finding), finding.place) if part)
    if where:
        told.append(f"\n{harmless(where)}", "dim")
    out.print(Padding(told, (0, 0, 0, 4)), highlight=False)


def _print_sources(canonical_id: str) -> None:
    from pipeline.editorial.grounding import sources_of

    statements = sources_of(engine(), canonical_id)
    _heading("What each sentence rests on")
    if not statements:
        say("  It has no source with facts in it.")
    for statement in statements:
        told = Text(harmless(statement.sentence), overflow="fold")
        for fact in statement.rests_on:
            as_it_stands = fact.sentence == statement.sentence
            told.append(f"\n← {'word for word' if as_it_stands else harmless(fact.text)}", "green")
            if fact.sentence not in (fact.text, statement.sentence):
                told.append(f"\n  “{harmless(fact.sentence)}”", "dim")
        if not statement.rests_on:
            told.append("\n← no fact says this", "yellow")
        told.append(f"\n{harmless(statement.place)}\n", "dim")
        out.print(Padding(told, (0, 0, 0, 2)), highlight=False)


def _print_notes(canonical_id: str) -> None:
    from pipeline.store.review_queue import notes_of

    with engine().connect() as connection:
        notes = notes_of(connection, canonical_id, _NOTES)
    if not notes:
        return
    _heading("Last notes")
    for note in notes:
        say(f"  {note.at.astimezone():%Y-%m-%d %H:%M}  {note.reviewer}, {note.decision.replace('_', ' ')}")
        out.print(Padding(Text(harmless(note.note)), (0, 0, 0, 4)), highlight=False)


def _state(item: "Item") -> tuple[str, str]:
    if item.blocking:
        return "blocked", "bold red"
    if item.confirmed is None:
        return "nobody has looked", "yellow"
    who = item.confirmed.by if item.confirmed.is_person else f"{item.confirmed.by}, no person,"
    return f"found right by {who} {item.confirmed.at.astimezone():%Y-%m-%d %H:%M}", "green"


def _name(item: ReviewItem) -> str:
    return "SEO" if item is ReviewItem.SEO else item.replace("_", " ").capitalize()


def _group(finding: "Finding") -> str:
    """Among which of the SEO report's findings it belongs; nothing where it is none of those."""
    from pipeline.editorial.seo import OTHER, group_of

    group = group_of(finding.check)
    return "" if group == OTHER else group


def _order(finding: "Finding") -> tuple[str, int]:
    """What blocks first, and then as the SEO report is grouped."""
    from pipeline.editorial.seo import GROUPS

    groups = list(GROUPS)
    group = _group(finding)
    return finding.severity, groups.index(group) if group in groups else len(groups)


def _counted(findings: "Sequence[Finding]") -> str:
    """As "1 blocking, 3 to improve, 12 good"."""
    words = {"blocking": "blocking", "improvement": "to improve", "good": "good"}
    counts = {word: sum(finding.severity == severity for finding in findings) for severity, word in words.items()}
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count) or "nothing found"


def _heading(text: str) -> None:
    say((f"\n{text}", "bold underline"))


@contextmanager
def _paged() -> Iterator[None]:
    """What is longer than the screen goes through a pager, where somebody sits in front of one."""
    if not interactive():
        yield
        return
    with out.capture() as captured:
        yield
    text = captured.get()
    if text.count("\n") < out.height:
        click.echo(text, nl=False)
    else:
        click.echo_via_pager(text)
