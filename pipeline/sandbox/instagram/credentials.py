"""The professional account's tokens, under the keys the adapter uses. They open nothing anywhere else."""

from collections.abc import Mapping
from typing import Final

ACCOUNT: Final[Mapping[str, str]] = {"access_token": "sandbox-instagram-token"}
READ_ONLY: Final[Mapping[str, str]] = {"access_token": "sandbox-instagram-reading-token"}
"""Given without the permission to publish."""
