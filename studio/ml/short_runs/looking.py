"""A look at augmented samples as a run: the first stage's training items as its batches have them."""

from __future__ import annotations

from studio.core.outcome import OutcomeKind
from studio.ml.augmented_look import show_augmented
from studio.ml.control import Commands, StopRequested
from studio.ml.data.stage_data import DataSource
from studio.ml.event_log import EventSink
from studio.ml.text.text_source import TextSource


def look(source: DataSource | TextSource, *, commands: Commands, log: EventSink) -> OutcomeKind:
    """Raises what `show_augmented` does."""
    try:
        show_augmented(source, emit=log.emit, check=commands.check)
    except StopRequested:
        return OutcomeKind.STOPPED
    return OutcomeKind.FINISHED
