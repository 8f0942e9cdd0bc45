"""The Application Passwords of the site's users, under the keys the adapter uses. They open nothing anywhere else."""

from collections.abc import Mapping
from typing import Final

EDITOR: Final[Mapping[str, str]] = {
    "username": "sandbox-editor",
    "app_password": "sand boxs andb oxsa ndbo xsan",
}

CONTRIBUTOR: Final[Mapping[str, str]] = {
    "username": "sandbox-contributor",
    "app_password": "cont ribu torx cont ribu torx",
}
"""Of a user who may write posts and not publish them."""
