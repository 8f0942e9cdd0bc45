"""Which adapter speaks to which platform: those that the installed packages name as entry points of one group.

A package adds a platform by its own `[project.entry-points."pressroom.platforms"]`, as Pressroom's does; the name there
is the one that accounts carry. The heavy SDKs load only when their account is used.
"""

from functools import cache
from importlib.metadata import EntryPoints, entry_points
from typing import Final, cast

from pipeline.platforms.base import Account, Adapter

_GROUP: Final = "pressroom.platforms"


class UnknownPlatformError(LookupError):
    """No adapter is to be had for the account's platform name; the message says why."""


def platform_names() -> tuple[str, ...]:
    """Of every platform that has an adapter, in alphabetical order."""
    return tuple(sorted(_registered().names))


@cache
def adapter_class(platform: str) -> type[Adapter]:
    """Raises: UnknownPlatformError."""
    found = tuple(_registered().select(name=platform))
    if not found:
        names = ", ".join(platform_names())
        raise UnknownPlatformError(f"No adapter for the platform {platform!r}; there are: {names}.")
    if len(found) > 1:  # nobody could say which of them would publish
        several = " and ".join(sorted(point.value for point in found))
        raise UnknownPlatformError(f"The platform {platform!r} has several adapters: {several}. Uninstall all but one.")
    try:
        return cast("type[Adapter]", found[0].load())
    except (ImportError, AttributeError) as error:
        raise UnknownPlatformError(
            f"The adapter for the platform {platform!r}, {found[0].value}, can't be loaded: {error}."
        ) from error


def open_adapter(account: Account) -> Adapter:
    """Raises: UnknownPlatformError."""
    return adapter_class(account.platform)(account)


@cache
def _registered() -> EntryPoints:
    return entry_points(group=_GROUP)
