"""How a group of commands reads what is typed."""

from typing import Any

from typer.core import TyperGroup


class ShowUnlessCommand(TyperGroup):
    """`pressroom THINGS ONE` is short for `pressroom THINGS show ONE`, where ONE is the name of no command."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in self.commands and not args[0].startswith("-"):
            args = ["show", *args]
        return super().resolve_command(ctx, args)
