"""Rolls of augmented samples kept in stock: asked for, drawn anew when the recipe or the labels change, and let go."""

from __future__ import annotations

import enum
from collections import deque
from functools import partial
from pathlib import Path
from typing import Final

from msgspec.structs import replace
from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.errors import StudioError
from studio.core.outcome import RunOutcome
from studio.core.recipe import RunSpec
from studio.engine import Engine, Run
from studio.ui.run_control import RunControl
from studio.ui.session import Session
from studio.ui.train.augmented.folders import LookFolders, remove
from studio.ui.train.augmented.job import LookJob, Roll
from studio.ui.train.augmented.pictures import SeenSample, read_roll
from studio.ui.train.recipe_draft import RecipeDraft
from studio.ui.widgets.background import Background
from studio.ui.widgets.work_queue import WorkQueue

QUIET_MS: Final = 600
"""The recipe is looked at again after so long without a change."""

_FEW: Final = 3
"""With so many rolls left more are asked for."""

_RESERVED_CORES: Final = 1
_SEEDS: Final = 2**31
_LEAVE_SECONDS: Final = 5.0

_BUSY: Final = "A run is going; the samples are drawn when it has ended."


class LookState(enum.Enum):
    NOTHING = enum.auto()
    DRAWING = enum.auto()
    SHOWN = enum.auto()
    WAITING = enum.auto()
    FAILED = enum.auto()


class AugmentedLook(QObject):
    """What a grid of samples shows. Lives on the GUI thread; a process of the engine draws, and the next roll's
    pictures are read before they are asked for.

    `seen` is the roll to show; while another is drawn it stays, so that nothing flickers. `shown_spec` is the recipe
    that it was drawn by.
    """

    changed = Signal()

    def __init__(
        self, session: Session, draft: RecipeDraft, run_control: RunControl, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._draft = draft
        self._control = run_control
        self._folders = LookFolders(session.store.root)
        self._work = WorkQueue("looks", self)
        self._reading = Background("looks-pictures", parent=self)
        self._reading.done.connect(self._read)
        self._reading.failed.connect(self._could_not_read)
        self._quiet = QTimer(self, singleShot=True, interval=QUIET_MS)
        self._quiet.timeout.connect(self._follow_recipe)
        self.state = LookState.NOTHING
        self.sentence = ""
        """Why there is nothing new to see; empty while all is well."""
        self.warning = ""
        self.seen: tuple[SeenSample, ...] = ()
        self.shown_spec: RunSpec | None = None
        self._wanted = False
        self._stale = False
        self._spec: RunSpec | None = None
        self._looks = 0
        self._jobs = 0
        self._job: LookJob | None = None
        self._making = False
        self._owed = False
        self._rolls: deque[Roll] = deque()
        self._pictures: dict[Roll, tuple[SeenSample, ...]] = {}
        draft.changed.connect(self._recipe_changed)
        draft.stage_selected.connect(self._recipe_changed)
        session.items_changed.connect(self._labels_changed)
        session.settings_changed.connect(self._labels_changed)
        run_control.state_changed.connect(self._follow_run)

    @property
    def next_is_read(self) -> bool:
        """Whether the next roll could be shown at once."""
        return len(self._rolls) > 1 and self._rolls[1] in self._pictures

    def show(self) -> None:
        """Somebody looks; draw where what is there is not of this recipe and these labels."""
        self._wanted = True
        is_good = self.state in (LookState.SHOWN, LookState.DRAWING)
        if not is_good or self._stale or self._spec != self._draft.look_spec():
            self._begin_anew()

    def hide(self) -> None:
        """Nobody looks any more; what is being drawn is finished for the next time."""
        self._wanted = False
        self._quiet.stop()

    def roll(self) -> None:
        """Show the next roll; it is there, unless somebody is faster than the process."""
        if self.state in (LookState.FAILED, LookState.NOTHING):
            self._begin_anew()
            return
        if len(self._rolls) > 1:
            self._let_go(self._rolls.popleft())
            self._show_first()
        else:
            self._owed = True
            self._set_state(LookState.DRAWING)
        if len(self._rolls) <= _FEW:
            self._draw_more()

    def close(self) -> None:
        """End what is going on and remove the files."""
        self._quiet.stop()
        self._looks += 1
        self._reading.close()
        for job in self.findChildren(LookJob):
            job.close()
            self._in_background(partial(_remove_after, job.run, job.folder))
        self._work.do(self._folders.clear, lambda _none: None, lambda _sentence: None)
        self._work.close()

    # ------------------------------------------------------------------------------------------------ when to draw
    def _recipe_changed(self, _stage: int = 0) -> None:
        if self._wanted:
            self._quiet.start()

    def _labels_changed(self, _items: object = None) -> None:
        self._stale = True
        self._recipe_changed()

    def _follow_recipe(self) -> None:
        if self._wanted and (self._stale or self._spec != self._draft.look_spec()):
            self._begin_anew()

    def _follow_run(self, _words: str = "") -> None:
        """A run has the processor to itself; what is drawn beside it would be in its way."""
        if self._control.is_busy:
            if self._job is not None or self._making:
                self._drop_job()
            if self.state is LookState.DRAWING:
                self._set_state(LookState.WAITING, _BUSY)
        elif self._wanted and self.state is LookState.WAITING:
            self._begin_anew()

    # ------------------------------------------------------------------------------------------------ drawing
    def _begin_anew(self) -> None:
        self._drop_job()
        folders = {roll.folder for roll in self._rolls}
        self._rolls.clear()
        self._pictures.clear()
        self._reading.keep_only(())
        for folder in folders:
            self._in_background(partial(remove, folder))
        self._spec, self._stale, self._jobs, self._owed, self.warning = self._draft.look_spec(), False, 0, False, ""
        self._draw_more()

    def _draw_more(self) -> None:
        """Have a process draw more rolls of the same recipe, with another seed each time."""
        if self._job is not None or self._making or self._spec is None:
            return
        if self._control.is_busy:
            if not self._rolls or self._owed:
                self._set_state(LookState.WAITING, _BUSY)
            return
        try:
            self._session.save_all()  # what is drawn is in the journal before the labels are frozen from there
        except StudioError as error:
            self._fail(error.sentence)
            return
        if not self._rolls:
            self._set_state(LookState.DRAWING)
        spec = replace(self._spec, seed=(self._spec.seed + self._jobs) % _SEEDS)
        self._jobs += 1
        self._making = True
        work = partial(_start, self._folders, self._control.engine, spec)
        self._work.do(work, partial(self._begin, self._looks), partial(self._could_not_begin, self._looks))

    def _begin(self, look: int, started: tuple[Path, Run]) -> None:
        folder, run = started
        if look != self._looks:
            run.kill()
            self._in_background(partial(_remove_after, run, folder))
            return
        self._making = False
        self._job = job = LookJob(folder, run, self)
        job.rolled.connect(self._take)
        job.warned.connect(self._warn)
        job.ended.connect(self._end)

    def _could_not_begin(self, look: int, sentence: str) -> None:
        if look == self._looks:
            self._making = False
            self._fail(sentence)

    def _drop_job(self) -> None:
        """End the process that draws, and the one that is about to. Its rolls in stock go with their files."""
        self._looks += 1
        self._making = False
        if self._job is not None:
            job, self._job = self._job, None
            job.drop()
            self._rolls = deque(roll for roll in self._rolls if roll.folder != job.folder)
            self._in_background(partial(_remove_after, job.run, job.folder))

    def _take(self, roll: Roll) -> None:
        self._rolls.append(roll)
        if self._owed and len(self._rolls) > 1:
            self._let_go(self._rolls.popleft())
        self._owed = False
        if len(self._rolls) <= 2:
            self._show_first()

    def _warn(self, sentence: str) -> None:
        self.warning = sentence
        self.changed.emit()

    def _end(self, outcome: RunOutcome) -> None:
        job, self._job = self._job, None
        if job is not None and job.rolls and outcome.learnt_something:
            if len(self._rolls) <= _FEW:
                self._draw_more()
        elif not self._rolls or self._owed:
            self._fail(outcome.sentence)

    # ------------------------------------------------------------------------------------------------ showing
    def _show_first(self) -> None:
        """The first roll in stock, or read its pictures; those of the second are read as well."""
        first = self._rolls[0]
        for roll in reversed([roll for roll in (first, *list(self._rolls)[1:2]) if roll not in self._pictures]):
            classes = self._session.settings.known_classes
            self._reading.ask(roll, partial(read_roll, roll.folder, roll.samples, classes))
        if first in self._pictures:
            self.seen, self.shown_spec = self._pictures[first], self._spec
            self._set_state(LookState.SHOWN)
        else:
            self._set_state(LookState.DRAWING)

    def _read(self, roll: Roll, pictures: tuple[SeenSample, ...]) -> None:
        if roll in self._rolls:
            self._pictures[roll] = pictures
            if roll is self._rolls[0]:
                self._show_first()

    def _could_not_read(self, roll: Roll, error: Exception) -> None:
        if roll not in self._rolls:
            return
        if not isinstance(error, StudioError | OSError):
            raise error
        self._fail(error.sentence if isinstance(error, StudioError) else "The samples' files are gone.")

    def _let_go(self, roll: Roll) -> None:
        self._pictures.pop(roll, None)
        if roll.last:
            self._in_background(partial(remove, roll.folder))

    # ------------------------------------------------------------------------------------------------ words
    def _fail(self, sentence: str) -> None:
        self._set_state(LookState.FAILED, sentence)

    def _set_state(self, state: LookState, sentence: str = "") -> None:
        self.state, self.sentence = state, sentence
        self.changed.emit()

    def _in_background(self, work: partial[None]) -> None:
        self._work.do(work, lambda _none: None, lambda _sentence: None)


def _start(folders: LookFolders, engine: Engine, spec: RunSpec) -> tuple[Path, Run]:
    """Ask the engine for a process; the next is got ready at once, so that a run need not wait for one."""
    folder = folders.make(spec)
    run = engine.submit(folder, reserve_cores=_RESERVED_CORES)
    engine.warm()
    return folder, run


def _remove_after(run: Run, folder: Path) -> None:
    """The folder of a process that was killed, once it writes there no more."""
    run.wait(_LEAVE_SECONDS)
    remove(folder)
