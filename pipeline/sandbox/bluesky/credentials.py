"""The account and its app password, under the keys the adapter uses. They open nothing anywhere else."""

from collections.abc import Mapping
from typing import Final

DID: Final = "did:plc:sandboxpressroom22222222"
HANDLE: Final = "sandbox-press.example"
ACCOUNT: Final[Mapping[str, str]] = {"identifier": HANDLE, "app_password": "sand-boxp-pass-word"}
