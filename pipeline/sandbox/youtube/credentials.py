"""Access tokens of the sandbox's channel, under the keys the adapter uses. They open nothing anywhere else."""

from collections.abc import Mapping
from typing import Final

OWNER: Final[Mapping[str, str]] = {"access_token": "sandbox-youtube-access-token"}
UPLOADER: Final[Mapping[str, str]] = {"access_token": "sandbox-youtube-upload-only-token"}
"""Of somebody who agreed to uploads and to reading alone."""

_AUTH: Final = "https://www.googleapis.com/auth"
SCOPES: Final[Mapping[str, tuple[str, ...]]] = {
    OWNER["access_token"]: (f"{_AUTH}/youtube",),
    UPLOADER["access_token"]: (f"{_AUTH}/youtube.upload", f"{_AUTH}/youtube.readonly"),
}
READING: Final = frozenset({f"{_AUTH}/youtube", f"{_AUTH}/youtube.readonly"})
UPLOADING: Final = frozenset({f"{_AUTH}/youtube", f"{_AUTH}/youtube.upload"})
MANAGING: Final = frozenset({f"{_AUTH}/youtube"})
