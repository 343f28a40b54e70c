"""What a person says about a run afterwards: a star and a note, in a small file of the run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from studio.core.atomic import write_atomically

REMARKS_FILE: Final = "remarks.json"


class Remarks(msgspec.Struct, frozen=True, kw_only=True):
    """`note` None: nothing was said beyond the recipe's own note."""

    starred: bool = False
    note: str | None = None


NO_REMARKS: Final = Remarks()


def read_remarks(folder: Path) -> Remarks:
    """Those of the run in `folder`; a file that cannot be read says nothing."""
    try:
        return msgspec.json.decode((folder / REMARKS_FILE).read_bytes(), type=Remarks)
    except (OSError, msgspec.DecodeError):
        return NO_REMARKS


def remarks_state(folder: Path) -> tuple[int, int, int] | None:
    """Another value once the file was replaced; None where there is none."""
    try:
        state = (folder / REMARKS_FILE).stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size, state.st_ino


def write_remarks(folder: Path, remarks: Remarks) -> None:
    """Raises CannotWrite."""
    write_atomically(folder / REMARKS_FILE, msgspec.json.encode(remarks))
