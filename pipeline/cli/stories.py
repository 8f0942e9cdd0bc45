"""`pressroom stories`: which items become articles, which don't, and why."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.console import engine, fail, harmless, out
from pipeline.cli.layout import grid, print_grid, print_indented

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.store.story_overview import ItemState, KeptAnalysis

app = typer.Typer(help="Which items become articles, which don't, and why. Without a command: the overview.")

Item = Annotated[str, typer.Argument(help="An item's id (its beginning is enough), its address, or its story's id.")]

_SHOWN = 70


@app.callback(invoke_without_command=True)
def overview(
    context: typer.Context, *, most: Annotated[int, typer.Option("--limit", min=1, help="Lines of each kind.")] = 8
) -> None:
    if context.invoked_subcommand is not None:
        return
    from pipeline.editorial.candidacy import standing, too_weak
    from pipeline.store import story_overview as store

    def failure(item: "ItemState") -> str:
        return f"{item.story_error} ({item.story_attempts} attempts)"

    def figures(item: "ItemState") -> str:
        return f"hook {item.hook_strength}{_readers(item)}"

    sections: list[tuple[str, str, Callable[[ItemState], str]]] = [
        ("Next, the best first", store.CANDIDATES, figures),
        ("Taken up", store.CLAIMED, standing),
        ("Failed", store.FAILED, failure),
        ("Further sources of a story", store.FURTHER_SOURCES, standing),
        ("Not strong enough", store.TOO_WEAK, too_weak),
    ]
    with engine().connect() as connection:
        found = [(title, store.items(connection, which, limit=most), say) for title, which, say in sections]
    if not any(items for _, items, _ in found):
        out.print("There are no analysed items yet. Take some in: pressroom ingest FILE_OR_FEED")
        return
    for title, items, say in found:
        _print_items(title, _one_a_story(items) if title.startswith("Next") else items, say)
    out.print("One of them: pressroom stories show ITEM", highlight=False)


@app.command()
def show(item: Item) -> None:
    """What an item says, its facts, how its hook was scored, and who else tells its story."""
    from pipeline.editorial.candidacy import standing
    from pipeline.store import story_overview as store

    found = _item(item)
    with engine().connect() as connection:
        analysis = store.analysis_of(connection, found.content_id)
        tellers = store.that_tell(connection, found.story_id) if found.story_id else []
    print_indented(harmless(found.says), 0, "bold")
    facts = [("id", str(found.content_id)), ("from", found.publisher), ("address", found.url or "none")]
    facts += [("posted", f"{found.posted_at:%Y-%m-%d %H:%M} UTC")] if found.posted_at else []
    facts += [("readers", _readers(found).strip(", ") or "unknown"), ("now", standing(found))]
    _print_pairs([*facts, *([("error", found.story_error)] if found.story_error else [])])
    if analysis is not None:
        _print_analysis(found, analysis)
    others = [teller for teller in tellers if teller.content_id != found.content_id]
    if others:
        _print_items("The same story is told by", others, standing)


@app.command()
def pick(item: Item) -> None:
    """Have an article written about an item, whatever its hook and its readers."""
    from pipeline.editorial import candidacy

    try:
        canonical_id = candidacy.pick(engine(), _item(item))
    except candidacy.NoStoryError as error:
        fail(harmless(str(error)))
    out.print(f"Picked: {canonical_id}", highlight=False, soft_wrap=True)
    out.print("It is written within half a minute while `make run` is up; then: pressroom review", highlight=False)


@app.command()
def retry(item: Item) -> None:
    """Let a story, or an analysis, that failed for good begin anew."""
    from pipeline.editorial import candidacy

    try:
        candidacy.retry(engine(), _item(item))
    except candidacy.NoStoryError as error:
        fail(harmless(str(error)))
    out.print("It begins anew within half a minute while `make run` is up.")


def _item(words: str) -> "ItemState":
    """The one item that is meant, or the command ends."""
    from pipeline.store import story_overview as store

    with engine().connect() as connection:
        found = store.matching(connection, words)
    if not found:
        fail("No item has that id, address or story. `pressroom stories` lists them; an id's first 8 characters do.")
    if len(found) > 1:
        fail(f"It could be any of {', '.join(str(item.content_id) for item in found)}.")
    return found[0]


def _print_analysis(item: "ItemState", analysis: "KeptAnalysis") -> None:
    from pipeline.editorial.candidacy import scoring
    from pipeline.editorial.items import source_of
    from pipeline.store.stories import HOOK_STRENGTH
    from pipeline.store.story_items import all_that_tell
    from pipeline.writing import offline
    from pipeline.writing.base import Fact

    with engine().connect() as connection:
        given = source_of(all_that_tell(connection, item.content_id)[0])
    out.print("\n[bold]Text[/]")
    for paragraph in given.text.splitlines():
        print_indented(harmless(paragraph), 2)
    out.print("\n[bold]Facts[/], each with its sentence")
    for fact in analysis.facts:
        print_indented(harmless(f"• {fact['text']}"), 2)
        if fact["sentence"] != fact["text"]:
            print_indented(harmless(fact["sentence"]), 6, "dim")
    _print_pairs(
        [
            ("topics", ", ".join(analysis.topics) or "none"),
            ("entities", ", ".join(analysis.entities) or "none"),
            ("language", analysis.language),
            ("hook", f"{analysis.hook_strength}; {HOOK_STRENGTH} makes a story. Scored by {analysis.model}"),
        ]
    )
    if analysis.model == offline.MODEL:
        facts = [Fact.model_validate(fact) for fact in analysis.facts]
        table = grid(narrow=1)
        for what, points in scoring(given, facts, analysis.entities, analysis.language).items():
            table.add_row(f"{points:+.0f}", what)
        print_grid(table, indent=4)


def _print_items(title: str, items: "Sequence[ItemState]", say: "Callable[[ItemState], str]") -> None:
    if not items:
        return
    out.print(f"[bold]{title}[/]")
    for item in items:
        name = item.canonical_id or str(item.content_id)[:8]
        says = " ".join(harmless(item.says).split()) or "(no text)"
        print_indented(f"{name}  {says if len(says) <= _SHOWN else says[: _SHOWN - 1] + '…'}", 2)
        print_indented(harmless(f"{item.vertical} · {item.publisher} · {say(item)}"), 6, "dim")
    out.print()


def _print_pairs(pairs: "Sequence[tuple[str, str]]") -> None:
    table = grid(narrow=1)
    for name, value in pairs:
        table.add_row(name, harmless(value))
    print_grid(table, indent=2)


def _one_a_story(items: "Sequence[ItemState]") -> "list[ItemState]":
    """The best of each story; one that waits to be compared stands for itself."""
    return list({item.story_id or item.content_id: item for item in reversed(items)}.values())[::-1]


def _readers(item: "ItemState") -> str:
    if item.engagement_rate is not None:
        return f", {item.engagement_rate:.1%} of its readers engaged"
    if item.engagement_percentile is not None:
        return f", liked more than {item.engagement_percentile:.0%} of its account's"
    return ""
