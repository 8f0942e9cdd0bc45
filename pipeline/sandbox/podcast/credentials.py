"""The access keys and the bucket of the sandbox's show, under the names the adapter uses. They open nothing else."""

from collections.abc import Mapping
from typing import Any, Final

ACCESS: Final[Mapping[str, str]] = {
    "access_key_id": "SANDBOXPODCASTKEY",
    "secret_access_key": "sandbox-podcast-secret-access-key",
}
BUCKET: Final = "sandbox-show"
REGION: Final = "eu-sandbox-1"


def publish_config(sandbox: str) -> dict[str, Any]:
    return {
        "base_url": f"{sandbox}/podcast/files",
        "bucket": BUCKET,
        "endpoint": f"{sandbox}/podcast/s3",
        "region": REGION,
        "title": "The Sandbox Show",
        "description": "Read out by nobody real.",
        "author": "Sandbox Press (nobody real)",
        "email": "show@example.com",
        "category": "News > Tech News",
        "image_url": "https://example.com/cover.jpg",
    }
