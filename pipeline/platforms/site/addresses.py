"""Which place an address names: a folder of this machine, or one in any store that fsspec reaches."""

from pathlib import Path

from pipeline.platforms.site.local import LocalFolder
from pipeline.platforms.site.storage import Storage


def open_storage(address: str) -> Storage:
    """What is behind an address that `check_address` let pass."""
    if "://" not in address:
        return LocalFolder(Path(address))
    from upath import UPath

    from pipeline.platforms.site.remote import RemoteFolder

    if address.partition("://")[0] in {"file", "local"}:
        return LocalFolder(Path(UPath(address).path))
    # A store's listing is asked for each time: a place in a list is free or taken now, not a minute ago.
    return RemoteFolder(UPath(address, use_listings_cache=False))


def check_address(address: str) -> str:
    """The address, if a site can be kept there. Raises: ValueError, for the person who set it."""
    scheme, found, _ = address.partition("://")
    if not found:
        if not Path(address).is_absolute():
            raise ValueError(f"must be an absolute path, not {address!r}")
        return address
    import fsspec

    try:
        fsspec.get_filesystem_class(scheme)
    except ImportError as error:
        raise ValueError(f"needs a package that is not installed: {error}") from None
    except ValueError:
        raise ValueError(f"is at {scheme!r}, which fsspec does not know") from None
    return address
