"""Films made to fit by ffmpeg, a program that this machine may or may not have."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

from pipeline.platforms.media.facts import Facts, MediaError
from pipeline.platforms.media.rules import MP4, MediaRule, misfits

_MOST_SECONDS: Final = 1800
_MOST_MESSAGE: Final = 200


def fitted(path: Path, facts: Facts, rule: MediaRule, folder: Path) -> Path:
    """The film as the rule takes it: `path` itself where it fits, else a new MP4 (H.264, AAC) in the folder.

    Raises:
        MediaError: it needs ffmpeg and there is none, or ffmpeg fails.
    """
    wrong = misfits(facts, rule)
    if not wrong or MP4 not in rule.mime_types:
        return path
    program = shutil.which("ffmpeg")
    if program is None:
        raise MediaError(f"{' '.join(wrong)} To convert films, ffmpeg must be installed, and it is not.")
    made = folder / "fitted"
    widest = rule.width[1] if rule.width else facts.width
    command = [program, "-nostdin", "-v", "error"]
    # As the container that was seen, and from this file alone: a film may refer to others, here and elsewhere.
    command += ["-protocol_whitelist", "file", "-f", "mov", "-i", str(path), "-map_metadata", "-1"]
    command += [
        "-vf",
        f"scale='trunc(min({widest},iw)/2)*2':-2",
        "-c:v",
        "libx264",
        "-pix_fmt",
        "yuv420p",
        "-c:a",
        "aac",
    ]
    command += ["-movflags", "+faststart", "-f", "mp4", str(made)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_MOST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise MediaError(f"ffmpeg took longer than {_MOST_SECONDS} s to convert the film.") from None
    if done.returncode != 0 or not made.exists():
        raise MediaError(f"ffmpeg could not convert the film: {' '.join(done.stderr.split())[-_MOST_MESSAGE:]}")
    return made
