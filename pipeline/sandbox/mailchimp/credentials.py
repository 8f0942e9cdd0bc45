"""The account's API key, under the keys the adapter uses. It opens nothing anywhere else."""

from collections.abc import Mapping
from typing import Final

ACCOUNT: Final[Mapping[str, str]] = {
    "api_key": "sandbox0not0a0real0key-us99",
    "server_prefix": "us99",
}
