"""`pressroom media`: the pictures, films and sounds of a post."""

from typing import Annotated

import typer
from rich.markup import escape

from pipeline.cli.console import engine, fail, out
from pipeline.cli.layout import print_indented
from pipeline.settings import settings

_INDENT = 4

app = typer.Typer(help="The pictures, films and sounds of a post that is not approved yet.", no_args_is_help=True)

Post = Annotated[str, typer.Argument(help="Its canonical id: see `pressroom review list`.")]


@app.command("list")
def list_(post: Post) -> None:
    """What the post has, in the order in which platforms take it."""
    from pipeline.distribution.plan import article_of
    from pipeline.store.plans import read_post
    from pipeline.store.posts import UnknownPostError

    try:
        with engine().connect() as connection:
            media = article_of(read_post(connection, post)).media
    except UnknownPostError as error:
        fail(escape(str(error)))
    if not media:
        out.print("It has none. Add one: pressroom media add POST FILE --alt TEXT", highlight=False)
        return
    for each in media:
        shape = f"{each.width} x {each.height}" if each.width else ""
        length = f"{each.duration_seconds:.0f} s" if each.duration_seconds else ""
        size = ", ".join(part for part in (shape, length, f"{each.size / 1024:,.0f} KiB") if part)
        out.print(f"[bold]{each.kind}[/]  {size}", highlight=False)
        if each.alt_text:
            print_indented(each.alt_text, _INDENT)
        out.print(f"{' ' * _INDENT}{escape(each.url)}", highlight=False, soft_wrap=True)


@app.command()
def add(
    post: Post,
    file: Annotated[str, typer.Argument(help="A path, or a web address.")],
    *,
    alt: Annotated[str, typer.Option(help="What it shows, for those who can't see it; a picture needs it.")] = "",
) -> None:
    """Add a file. It is examined, copied to the site, and every account's version is written again."""
    from pipeline.editorial.media import PostMediaError, add_media
    from pipeline.store.posts import UnknownPostError

    try:
        media = add_media(engine(), post, file, alt, allow_private=settings().allow_private_sources)
    except (PostMediaError, UnknownPostError) as error:
        fail(escape(str(error)))
    out.print(f"Added: {media.kind}, {media.mime_type}, {escape(media.url)}", highlight=False, soft_wrap=True)
    _plan_again(post)


@app.command()
def remove(post: Post, url: Annotated[str, typer.Argument(help="As `pressroom media list` shows it.")]) -> None:
    """Take a file away; every account's version is written again."""
    from pipeline.editorial.media import PostMediaError, remove_media
    from pipeline.store.posts import UnknownPostError

    try:
        remove_media(engine(), post, url)
    except (PostMediaError, UnknownPostError) as error:
        fail(escape(str(error)))
    _plan_again(post)


def _plan_again(post: str) -> None:
    from pipeline.cli.new import tell_plan
    from pipeline.distribution.plan import PlanError, plan_post

    try:
        tell_plan(plan_post(engine(), post))
    except PlanError as error:
        fail(escape(str(error)))
