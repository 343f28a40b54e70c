"""What a person can ask for runs that are there: go on, try again differently, review, start from, delete."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace
from PySide6.QtCore import QObject

from studio.core.errors import StudioError, UnknownRun
from studio.core.outcome import Remedy
from studio.core.recipe import Purpose
from studio.store import RunRecord
from studio.store.run_remarks import Remarks
from studio.ui.run_control import RunControl
from studio.ui.session import Overlay, Page, Session, Tone
from studio.ui.train.outcome_bar import OutcomeBar
from studio.ui.train.recipe_draft import RecipeDraft
from studio.ui.train.remedies import changed
from studio.ui.train.run_library import RunLibrary
from studio.ui.train.shown_runs import ShownRuns

_SMALLEST_BATCH = "The batch is a single item already; choose a smaller height and width instead."


class RunRequests(QObject):
    """Carries requests out through the run control, the draft, the store and the session's other pages."""

    def __init__(
        self,
        session: Session,
        control: RunControl,
        draft: RecipeDraft,
        shown: ShownRuns,
        library: RunLibrary,
        bar: OutcomeBar,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._control = control
        self._draft = draft
        self._shown = shown
        self._library = library
        self._bar = bar
        self._deleted = [[run] for run in session.store.trashed_runs()]
        bar.remedy_chosen.connect(self.carry_out)
        bar.review_asked.connect(self.review_run)

    def carry_out(self, run: str, remedy: Remedy) -> None:
        """Do what one click promises about a run that ended."""
        record = self._shown.record(run)
        if record is None:
            return
        if remedy in (Remedy.RESUME, Remedy.GO_BACK):
            self._control.submit(record.spec, record.id, lower_rate=remedy is Remedy.GO_BACK)
            return
        spec = changed(record.spec, remedy)
        if spec == record.spec:
            self._bar.show_problem(_SMALLEST_BATCH)
            return
        if spec.purpose is Purpose.TRAIN:
            self._draft.load(spec)
        self._control.submit(spec)

    def resume(self) -> None:
        """Go on with the selected run from its last checkpoint."""
        self._with_selected(self._resume)

    def review(self) -> None:
        self._with_selected(lambda record: self.review_run(record.id))

    def review_run(self, run: str) -> None:
        """Show on the Review page what the run made of the items."""
        self._session.show_page(Page.REVIEW)
        self._session.run_review_asked.emit(run)

    def start_from(self) -> None:
        """Let the recipe start from the selected run's weights."""
        self._with_selected(lambda record: self._draft.start_from_run(record.id, record.spec.model))

    def repeat(self) -> None:
        """A new run of the selected one's recipe."""
        self._with_selected(self._repeat)

    def _repeat(self, record: RunRecord) -> None:
        if record.spec.purpose is Purpose.TRAIN:
            self._draft.load(record.spec)
        self._control.submit(record.spec)

    def star(self) -> None:
        """Mark the selected runs, or, where all are marked, take it back."""
        records = self._shown.records
        starred = not all(record.remarks.starred for record in records)
        for record in records:
            self.remark(record.id, replace(record.remarks, starred=starred))

    def remark(self, run: str, remarks: Remarks) -> None:
        """Keep what a person says of a run."""
        try:
            self._session.store.set_remarks(run, remarks)
        except StudioError as error:
            self._session.say(error.sentence, Tone.ERROR)
        self._session.runs_changed.emit()

    @property
    def can_undo_delete(self) -> bool:
        return bool(self._deleted)

    def undo_delete(self) -> None:
        """Take the runs that were deleted last out of the trash; those that cannot come now can be asked for again."""
        back: list[str] = []
        stuck: list[str] = []
        complaints: list[str] = []
        for run in self._deleted.pop() if self._deleted else ():
            try:
                self._session.store.restore_run(run)
            except UnknownRun as error:  # somebody emptied the trash
                complaints.append(error.sentence)
            except StudioError as error:
                complaints.append(error.sentence)
                stuck.append(run)
            else:
                self._library.forget(run)  # a table that sorted itself may have looked for it in vain
                back.append(run)
        if complaints:
            self._session.say(complaints[-1], Tone.ERROR)
        elif back:
            self._session.say(f"Run {back[0]} is back." if len(back) == 1 else f"{len(back)} runs are back.")
        if stuck:
            self._deleted.append(stuck)
        self._session.runs_changed.emit()

    def delete(self) -> None:
        """Move the selected runs to the trash, except the one that is going; `undo_delete` brings them back."""
        deleted: list[str] = []
        for record in self._shown.records:
            if record.id == self._shown.live:
                continue
            try:
                self._session.store.delete_run(record.id)
            except StudioError as error:
                self._session.say(error.sentence, Tone.ERROR)
            else:
                self._library.forget(record.id)
                deleted.append(record.id)
        if deleted:
            self._deleted.append(deleted)
            named = f"Run {deleted[0]} is" if len(deleted) == 1 else f"{len(deleted)} runs are"
            self._session.say(
                f"{named} in the trash; “Undo delete” over the list brings back what was deleted.", Tone.INFO
            )
        self._session.runs_changed.emit()

    def open_sample(self, item: int) -> None:
        """Open a watched item in the editor, with the shown run's prediction over it."""
        records = self._shown.records
        self._session.open_item(item, Overlay(run=records[-1].id, item=item) if records else None)
        self._session.show_page(Page.LABEL)

    def _resume(self, record: RunRecord) -> None:
        self._control.submit(record.spec, record.id)

    def _with_selected(self, act: Callable[[RunRecord], object]) -> None:
        records = self._shown.records
        if len(records) == 1:
            act(records[0])
