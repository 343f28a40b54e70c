"""A name for a folder that is to be made."""

from __future__ import annotations

import os
from pathlib import Path


def free_folder(source: Path, suffix: str) -> Path:
    """A folder that is not there yet, `source` with `-suffix`, and a number where that is taken: beside the source, or
    in the person's own folder where that cannot be written."""
    place = source.parent if os.access(source.parent, os.W_OK) else Path.home() / "Relearn Studio"
    wanted = place / f"{source.name}-{suffix}"
    number = 2
    while wanted.exists():
        wanted = place / f"{source.name}-{suffix}-{number}"
        number += 1
    return wanted
