"""The credentials the sandbox accepts, under the keys the adapters use. None opens anything anywhere else."""

from collections.abc import Mapping
from typing import Final

WORDPRESS: Final[Mapping[str, str]] = {
    "username": "sandbox-editor",
    "app_password": "sand boxs andb oxsa ndbo xsan",
}

WORDPRESS_CONTRIBUTOR: Final[Mapping[str, str]] = {
    "username": "sandbox-contributor",
    "app_password": "cont ribu torx cont ribu torx",
}
"""Of a user who may write posts and not publish them."""

X: Final[Mapping[str, str]] = {
    "api_key": "sandbox-api-key",
    "api_secret": "sandbox-api-secret",
    "access_token": "sandbox-access-token",
    "access_secret": "sandbox-access-secret",
}
X_READ_ONLY: Final[Mapping[str, str]] = {**X, "access_token": "sandbox-read-only-token"}
"""Given to the app when it might only read."""
X_BEARER_TOKEN: Final = "sandbox-user-bearer-token"  # noqa: S105 - opens nothing but the sandbox
"""An OAuth 2.0 user access token, accepted beside OAuth 1.0a."""
X_USER_ID: Final = "1000000000000000001"
X_HANDLE: Final = "sandbox_press"

MAILCHIMP: Final[Mapping[str, str]] = {
    "api_key": "sandbox0not0a0real0key-us99",
    "server_prefix": "us99",
}
MAILCHIMP_LIST_ID: Final = "5a0db0c501"
MAILCHIMP_SEGMENT_ID: Final = 50101

BY_PLATFORM: Final[Mapping[str, Mapping[str, str]]] = {"wordpress": WORDPRESS, "x": X, "mailchimp": MAILCHIMP}
