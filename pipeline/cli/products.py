"""`pressroom products`: what articles may carry affiliate links to."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pipeline.cli.console import engine, fail, harmless, out
from pipeline.cli.layout import print_indented

if TYPE_CHECKING:
    from pipeline.editorial.products import ProductsError
    from pipeline.store.products import Saved

app = typer.Typer(help="The products that articles may carry affiliate links to.", no_args_is_help=True)

Vertical = Annotated[str | None, typer.Option(help="The vertical's slug, where there are several.")]

_ACTOR = "pressroom products"
_INDENT = 4
_BAD_LINES_SHOWN = 20


@app.command("list")
def list_products(
    *,
    vertical: Vertical = None,
    removed: Annotated[bool, typer.Option("--all", help="Removed ones as well.")] = False,
) -> None:
    """Every product, with the keywords that lead to it; of two with one keyword the upper one is linked."""
    from pipeline.store.products import kept

    with engine().connect() as connection:
        found = kept(connection, vertical=vertical, removed=removed)
    if not found:
        out.print("No products yet: pressroom products add NAME URL --keyword KEYWORD")
    for product in found:
        state = "" if product.is_active else "  [red]removed[/]"
        priority = f"  priority {product.priority}" if product.priority else ""
        out.print(
            f"[bold]{escape(harmless(product.name))}[/]  [dim]{escape(product.vertical)} · "
            f"{escape(harmless(product.merchant))}[/]{priority}{state}",
            highlight=False,
        )
        print_indented(harmless(", ".join(product.keywords)), _INDENT)
        print_indented(harmless(product.affiliate_url), _INDENT, "dim")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Its name. One that is there is brought up to date.")],
    url: Annotated[str, typer.Argument(help="The affiliate address, with your id in it.")],
    keyword: Annotated[list[str], typer.Option(help="What in a text leads to it; may be repeated, plurals too.")],
    merchant: Annotated[str, typer.Option(help="Who sells it. Default: the address's host.")] = "",
    priority: Annotated[int, typer.Option(help="Of two products with one keyword the higher one is linked.")] = 0,
    vertical: Vertical = None,
) -> None:
    """Add a product, or bring one up to date."""
    from pipeline.editorial.products import ProductsError
    from pipeline.editorial.products import add as keep

    try:
        saved = keep(
            engine(),
            _ACTOR,
            name=name,
            url=url,
            keywords=keyword,
            vertical=vertical or _only_vertical(),
            merchant=merchant,
            priority=str(priority),
        )
    except ProductsError as error:
        fail(escape(harmless(str(error))))
    out.print(_told(saved), highlight=False)


@app.command()
def remove(name: str, *, vertical: Vertical = None) -> None:
    """Link to it no more. Articles keep the links they have; says which."""
    from pipeline.editorial.linking import posts_with_link
    from pipeline.store import products
    from pipeline.store.database import transaction

    chosen = vertical or _only_vertical()
    with transaction(engine(), _ACTOR) as connection:
        url = products.remove(connection, chosen, name)
        linking = [] if url is None else posts_with_link(connection, url)
    if url is None:
        fail(f"{escape(chosen)} has no product {escape(harmless(repr(name)))}; `pressroom products list` shows them.")
    out.print(f"Removed {escape(harmless(name))}.", highlight=False)
    if linking:
        out.print(f"{len(linking)} published posts link to it and keep their links:", highlight=False)
        print_indented(", ".join(linking), _INDENT)


@app.command("import")
def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            metavar="FILE.csv",
            help="With a heading: name, url, keywords (parted by |) and, as wanted, merchant, priority, vertical.",
        ),
    ],
    *,
    vertical: Vertical = None,
) -> None:
    """Add a file's products, or bring those of the same name up to date: all of them, or none."""
    from pipeline.editorial.products import ProductsError, import_csv

    known = _verticals()
    default = vertical or (known[0] if len(known) == 1 else None)
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            saved = import_csv(engine(), _ACTOR, lines, vertical=default)
    except UnicodeDecodeError as error:
        fail(f"{escape(str(file))} is not UTF-8 ({error.reason} at byte {error.start}); nothing was kept.")
    except ProductsError as error:
        _print_bad_lines(error)
        fail(escape(harmless(str(error))))
    out.print(_told(saved), highlight=False)


def _print_bad_lines(error: "ProductsError") -> None:
    for bad in error.lines[:_BAD_LINES_SHOWN]:
        out.print(f"  line {bad.line}: {escape(harmless(bad.reason))}", highlight=False, soft_wrap=True)
    if len(error.lines) > _BAD_LINES_SHOWN:
        out.print(f"  … and {len(error.lines) - _BAD_LINES_SHOWN:,} more", highlight=False)


def _told(saved: "Saved") -> str:
    return f"{saved.added:,} added, {saved.changed:,} changed, {saved.unchanged:,} as they were."


def _only_vertical() -> str:
    """The one there is; of several, the command needs to be told which."""
    known = _verticals()
    if len(known) != 1:
        fail(f"Say which vertical: --vertical {' or '.join(known) or 'SLUG; there is none yet'}.")
    return known[0]


def _verticals() -> list[str]:
    from pipeline.store.sources import verticals

    with engine().connect() as connection:
        return verticals(connection)
