"""`pressroom site`: the publisher's own site on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import console
from pipeline.settings import settings

app = typer.Typer(help="The publisher's own site.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The publisher's own site."""


@app.command()
def serve(
    folder: Annotated[
        Path | None, typer.Option(help="The built site; by default the one `make run` publishes to.")
    ] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="By default PRESSROOM_SITE_PORT.")] = None,
) -> None:
    """Serve the built site to this machine, until interrupted."""
    from pipeline.platforms.site import server

    folder = folder or settings().home / "site"
    port = port or settings().site_port
    console.out.print(f"The site: http://127.0.0.1:{port}/ (from {folder})", soft_wrap=True)
    try:
        server.run(folder, port=port)
    except OSError as error:
        console.fail(f"The site's folder can't be served: {error.strerror or error}.")
