"""What is needed beside fsync for a file's name to outlast a power failure."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """A name that came, changed or went is durable once its folder is on the disk. Raises: OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
