"""The account's tokens, under the key the adapter uses. They open nothing anywhere else."""

from collections.abc import Mapping
from typing import Final

AUTHOR: Final[Mapping[str, str]] = {"access_token": "sandbox-mastodon-token"}
READER: Final[Mapping[str, str]] = {"access_token": "sandbox-mastodon-read-only-token"}
"""Of an app that was given no permission to write."""
SCOPES: Final[Mapping[str, tuple[str, ...]]] = {
    AUTHOR["access_token"]: ("read", "write"),
    READER["access_token"]: ("read",),
}
