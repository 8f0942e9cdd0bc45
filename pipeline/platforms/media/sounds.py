"""How long an MP3 plays."""

from pathlib import Path

from pipeline.platforms.media.facts import Facts, MediaError
from pipeline.vocabulary import MediaKind


def examine(path: Path) -> Facts:
    """Raises: MediaError: it holds no sound."""
    from tinytag import TinyTag

    try:
        with path.open("rb") as file:
            seconds = TinyTag.get(file_obj=file, tags=False).duration
    except OSError:
        raise
    except Exception:  # noqa: BLE001 - over bytes that somebody made up, a reader may raise anything
        seconds = None
    if not seconds:
        raise MediaError("The file begins like an MP3 and holds no sound.")
    return Facts(MediaKind.AUDIO, "audio/mpeg", path.stat().st_size, duration_seconds=seconds)
