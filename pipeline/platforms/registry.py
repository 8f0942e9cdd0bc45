"""Which adapter speaks to which platform. The heavy SDKs load only when their account is used."""

from importlib import import_module
from typing import Final, cast

from pipeline.platforms.base import Account, Adapter

ADAPTERS: Final = {
    "site": "pipeline.platforms.site:SiteAdapter",
    "wordpress": "pipeline.platforms.wordpress:WordPressAdapter",
    "x": "pipeline.platforms.x:XAdapter",
    "mailchimp": "pipeline.platforms.mailchimp:MailchimpAdapter",
}


class UnknownPlatformError(LookupError):
    """No adapter is registered under the account's platform name."""


def adapter_class(platform: str) -> type[Adapter]:
    """Raises: UnknownPlatformError."""
    try:
        module, _, name = ADAPTERS[platform].partition(":")
    except KeyError:
        raise UnknownPlatformError(
            f"No adapter for the platform {platform!r}; there are: {', '.join(sorted(ADAPTERS))}."
        ) from None
    return cast("type[Adapter]", getattr(import_module(module), name))


def open_adapter(account: Account) -> Adapter:
    """Raises: UnknownPlatformError."""
    return adapter_class(account.platform)(account)
