"""Whether a run that was interrupted left something to go on from."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from studio.core.review import SCORES_FILE

STATE_FILE: Final = "state.pt"
FOLDS_FOLDER: Final = "folds"


def can_go_on(run: Path) -> bool:
    """Of the run in a folder: the state of its training, or of a search for label errors a fold that is done or has
    such a state."""
    if (run / STATE_FILE).is_file():
        return True
    return any(any((run / FOLDS_FOLDER).glob(f"*/{name}")) for name in (STATE_FILE, SCORES_FILE))
