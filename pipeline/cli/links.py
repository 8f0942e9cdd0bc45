"""`pressroom links`: the links between our own pages."""

import typer
from rich.markup import escape

from pipeline.cli.console import engine, harmless, out
from pipeline.cli.layout import print_indented

app = typer.Typer(help="The links between our own pages.", no_args_is_help=True)

_INDENT = 4


@app.callback()
def links() -> None:
    """Keeps `broken` a word of its own, as typer would drop that of a single command."""


@app.command()
def broken() -> None:
    """Published posts that link to a page that was taken down."""
    from pipeline.editorial.linking import broken_links

    with engine().connect() as connection:
        found = broken_links(connection)
    if not found:
        out.print("No published post links to a page that was taken down.")
        return
    for link in found:
        out.print(f"[bold]{link.canonical_id}[/]  {escape(harmless(link.title))}", highlight=False, soft_wrap=True)
        print_indented(harmless(f"“{link.words}” leads to “{link.target.title}”, taken down:"), _INDENT)
        print_indented(harmless(link.target.url), _INDENT, "dim")
    out.print(
        "\nReaders are told there that the page is gone (410). A published text is not changed: to be rid of a link, "
        "take its post down and publish it anew.",
        highlight=False,
    )
