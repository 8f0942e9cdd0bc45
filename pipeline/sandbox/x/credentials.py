"""The app's keys and its user's tokens, under the keys the adapter uses. They open nothing anywhere else."""

from collections.abc import Mapping
from typing import Final

USER: Final[Mapping[str, str]] = {
    "api_key": "sandbox-api-key",
    "api_secret": "sandbox-api-secret",
    "access_token": "sandbox-access-token",
    "access_secret": "sandbox-access-secret",
}
READ_ONLY: Final[Mapping[str, str]] = {**USER, "access_token": "sandbox-read-only-token"}
"""Given to the app when it might only read."""
BEARER_TOKEN: Final = "sandbox-user-bearer-token"  # noqa: S105 - opens nothing but the sandbox
"""An OAuth 2.0 user access token, accepted beside OAuth 1.0a."""
