"""`pressroom sandbox`: the stand-in platforms, run and steered."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import err, fail, out
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.vocabulary import FaultKind
from pipeline.settings import settings

app = typer.Typer(help="Stand-ins for the platforms on this machine, for rehearsing.", no_args_is_help=True)

_HOST = "127.0.0.1"
_SHOWN = 70

Port = Annotated[int | None, typer.Option(help="The sandbox's port; PRESSROOM_SANDBOX_PORT unless told.")]


@app.command()
def run(
    port: Port = None,
    ledger: Annotated[Path | None, typer.Option(help="The file that keeps what was published here.")] = None,
    speed: Annotated[
        float, typer.Option(min=1, help="How much faster figures age: 60 lets an hour pass in a minute.")
    ] = 1.0,
) -> None:
    """Serve the stand-ins until Ctrl-C."""
    from pipeline.sandbox import server
    from pipeline.sandbox.registry import stand_ins

    port = port or settings().sandbox_port
    path = ledger or settings().home / "sandbox.sqlite"
    out.print(f"[bold]Pressroom sandbox[/] on {_url(port)}. {server.LABEL}", highlight=False)
    for platform in stand_ins().values():
        out.print(f"  {platform.title}: {_url(port)}/{platform.name}{platform.api}", highlight=False)
    out.print(f"  Ledger: {escape(str(path))}", highlight=False, soft_wrap=True)
    try:
        server.run(_HOST, port, path, speed)
    except OSError as error:
        fail(f"Can't listen on port {port}: {error.strerror}.")
    except KeyboardInterrupt:
        err.print("Sandbox stopped.")


@app.command()
def ledger(
    port: Port = None,
    platform: Annotated[str | None, typer.Option(help="Only this platform's effects.")] = None,
) -> None:
    """Show what was published, changed and taken down here, oldest first."""
    with _asking(port) as sandbox:
        effects = sandbox.effects(platform)
    table = Table("When (UTC)", "Platform", "Effect", "Id", "What", box=None, header_style="bold")
    for effect in effects:
        what = " ".join((effect.title or effect.text or "").split())
        shown = escape(what if len(what) <= _SHOWN else f"{what[: _SHOWN - 1]}…")
        table.add_row(
            f"{effect.at:%Y-%m-%d %H:%M:%S}",
            effect.platform,
            effect.kind.replace("_", " "),
            effect.external_id,
            f"[link={effect.url}]{shown}[/link]" if effect.url else shown,
        )
    out.print(table if effects else "Nothing has been published here yet.")


@app.command()
def fault(
    platform: Annotated[str, typer.Argument(help="Its name, such as x; a wrong one is answered with the list.")],
    kind: Annotated[FaultKind, typer.Argument(help="What goes wrong.")],
    *,
    port: Port = None,
    count: Annotated[int, typer.Option(min=1, help="For how many calls.")] = 1,
    seconds: Annotated[float | None, typer.Option(min=0, help="How long a delay or a rate limit lasts.")] = None,
    status: Annotated[int | None, typer.Option(min=500, max=599, help="The status of a server error.")] = None,
    path: Annotated[str | None, typer.Option(help="Only calls whose path contains this.")] = None,
    method: Annotated[str | None, typer.Option(help="Only calls with this method, such as POST.")] = None,
) -> None:
    """Let the platform's next calls go wrong. The *_after kinds, delay and garbage let the effect happen."""
    asked: dict[str, Any] = {"count": count, "seconds": seconds, "status": status, "path": path}
    with _asking(port) as sandbox:
        sandbox.fault(platform, kind, **asked, method=method.upper() if method else None)
    out.print(f"The next {'call' if count == 1 else f'{count} calls'} to {escape(platform)}: {kind}.", highlight=False)


@app.command()
def readers(
    *,
    port: Port = None,
    count: Annotated[int, typer.Option(min=1, max=100_000, help="How many come, each by one link.")] = 100,
    buying: Annotated[float, typer.Option(min=0, max=1, help="The share of them that buys something.")] = 0.05,
    seed: Annotated[int | None, typer.Option(help="The same number: the same readers.")] = None,
) -> None:
    """Let readers follow links in what was published here, read the pages, and a few of them buy.

    They buy where PRESSROOM_CONVERSIONS_SECRET is set, here and for `pressroom up`.
    """
    from pipeline.sandbox.readers import ReadersError, send

    secret = settings().conversions_secret
    with _asking(port) as sandbox:
        effects = sandbox.effects()
    try:
        visits = send(
            effects,
            count=count,
            buying=buying,
            secret=secret.get_secret_value() if secret else None,
            seed=seed,
        )
    except ReadersError as error:
        fail(escape(str(error)))
    out.print(f"{visits.came:,} came, {visits.counted:,} were counted, {visits.bought:,} bought.", highlight=False)
    if visits.came and not visits.counted:
        out.print("The pages have no script that counts: pressroom analytics script ACCOUNT", highlight=False)
    elif buying and secret is None:
        out.print("Nobody buys without PRESSROOM_CONVERSIONS_SECRET.", highlight=False)


@app.command()
def clear(port: Port = None) -> None:
    """Forget everything that was published here, and the faults still to come."""
    with _asking(port) as sandbox:
        sandbox.clear()
    out.print("The sandbox is empty.")


@contextmanager
def _asking(port: int | None) -> Iterator[Sandbox]:
    """The running sandbox; what it refuses, and that it isn't there, in a sentence."""
    import httpx

    sandbox = Sandbox(_url(port or settings().sandbox_port))
    try:
        yield sandbox
    except httpx.HTTPStatusError as error:
        fail(escape(f"The sandbox refused: {error.response.text}"))
    except httpx.HTTPError:
        fail(f"No sandbox answers on {sandbox.url}. Start one with: pressroom sandbox run")


def _url(port: int) -> str:
    return f"http://{_HOST}:{port}"
