"""The command's root: which groups there are."""

import typer

app = typer.Typer(
    name="pressroom",
    help="From scraped source to measured result.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals may hold credentials
)


def main() -> None:
    app()
