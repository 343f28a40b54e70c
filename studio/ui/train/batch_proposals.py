"""Asking for a stage's batch size, and putting the answer into the recipe."""

from __future__ import annotations

from PySide6.QtCore import QObject

from studio.core.errors import StudioError
from studio.core.events import BatchFound, RunEvent
from studio.core.recipe import RunSpec, Stage
from studio.ui.run_control import RunControl
from studio.ui.session import Session, Tone
from studio.ui.train.recipe_draft import RecipeDraft


class BatchProposals(QObject):
    """The answer goes to the stage that it was asked for, if the recipe still has it in its place. Its run is then
    deleted, as nothing is left to see in it."""

    def __init__(self, session: Session, control: RunControl, draft: RecipeDraft, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._draft = draft
        self._control = control
        self._asked: tuple[int, Stage] | None = None
        self._taken: str | None = None
        """The run whose answer is in the recipe, until it is deleted."""
        control.events.connect(self._hear)
        session.runs_changed.connect(self._delete_taken)

    def spec(self) -> RunSpec:
        """The recipe of the run that looks for the selected stage's batch size."""
        self._asked = self._draft.selected, self._draft.selected_stage
        return self._draft.probe_spec()

    def _hear(self, events: list[RunEvent]) -> None:
        for event in events:
            if isinstance(event, BatchFound):
                self._session.say(event.sentence)
                self._take(event.batch_size)

    def _take(self, batch_size: int) -> None:
        if self._asked is None:
            return
        (index, stage), self._asked = self._asked, None
        if index < len(self._draft.stages) and _is_same(self._draft.stages[index], stage):
            self._draft.set_stage(index, batch_size=batch_size)
            self._taken = self._control.record.id if self._control.record is not None else None

    def _delete_taken(self) -> None:
        """Once its end is written down."""
        run = self._taken
        if run is None or self._control.is_busy:
            return
        try:
            if self._session.store.run(run).outcome is None:
                return
            self._taken = None
            self._session.store.delete_run(run)
        except StudioError as error:
            self._taken = None
            self._session.say(error.sentence, Tone.WARNING)
            return
        self._session.runs_changed.emit()


def _is_same(stage: Stage, asked: Stage) -> bool:
    """Whether what was found for one is true of the other: their pictures and what learns are alike."""
    return (stage.height, stage.width, stage.frozen, stage.unfrozen, stage.language) == (
        asked.height,
        asked.width,
        asked.frozen,
        asked.unfrozen,
        asked.language,
    )
