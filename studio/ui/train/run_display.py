"""Keeps the middle and the list of runs showing what is chosen and what is going on."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from PySide6.QtCore import QObject, Signal

from studio.core.events import RunEvent, Warned, WentBack
from studio.core.outcome import Remedy, RunOutcome
from studio.core.recipe import Purpose
from studio.store import RunRecord
from studio.ui.run_control import RunControl
from studio.ui.run_history import RunHistory
from studio.ui.session import Session
from studio.ui.train.redraw import Job, Redraw
from studio.ui.train.remedies import Choice, choices
from studio.ui.train.run_files import can_review
from studio.ui.train.run_library import RunLibrary
from studio.ui.train.run_view import PlotTab, RunView
from studio.ui.train.run_words import (
    HeaderWords,
    live_words,
    probe_text,
    recorded_words,
    review_text,
    steered_text,
    trains_no_network,
)
from studio.ui.train.runs_panel import RunsPanel
from studio.ui.train.shown_runs import ShownRuns

_NO_LABELS: Final = "Nothing to train on yet: label some items, and the curves of the first run will grow here."
_NO_CURVES: Final = "This run trains no network, so it has no curves: what it finds is on the Review page."
_NO_RUN: Final = "Press Train, and the curves grow here while you go on labelling."


class RunDisplay(QObject):
    """`listed` when the project's runs, or what can be done with them, may have changed."""

    listed = Signal()

    def __init__(
        self,
        session: Session,
        control: RunControl,
        library: RunLibrary,
        shown: ShownRuns,
        view: RunView,
        panel: RunsPanel,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._control = control
        self._library = library
        self._shown = shown
        self._view = view
        self._panel = panel
        self._has_labels = True
        self._preparing = ""
        self.redraw = Redraw(self._drawings, self)
        panel.selection_changed.connect(self._choose)
        shown.changed.connect(self.show_chosen)
        session.runs_changed.connect(self.list_runs)
        session.review_changed.connect(self._show_state)
        control.preparing.connect(self._begin_preparing)
        control.started.connect(self._begin)
        control.events.connect(self._tell_warnings)
        control.events.connect(self._ask_redraw)
        control.state_changed.connect(self._show_state)
        control.ended.connect(self._end)
        control.failed.connect(view.outcome.show_problem)
        control.interrupted.connect(self._show_outcome)

    def join(self) -> None:
        """Show what there is: a run that is going already, or the newest one."""
        self.list_runs()
        if self._control.is_busy and self._control.record is not None:
            self._begin(self._control.record)
        elif self._shown.all_records:
            self._panel.select([self._shown.all_records[-1].id])
            if self._control.last_ending is not None:
                self._show_outcome(*self._control.last_ending)
        self.show_chosen()

    def list_runs(self) -> None:
        """Read the store's list of runs again."""
        records = [self._as_ended(record) for record in self._session.store.runs()]
        self._shown.know(records)
        self._panel.show_records(records, self._shown.live)
        self._view.table.show_records(records, self._shown.live)
        if not self._panel.selected and records:
            self._panel.select([records[-1].id])
        self._show_empty()
        self._show_state()

    def _as_ended(self, record: RunRecord) -> RunRecord:
        """How it ended is known here before it is written down."""
        ending = self._control.last_ending
        if record.outcome is not None or ending is None or ending[0].id != record.id:
            return record
        return replace(record, outcome=ending[1])

    def know_labels(self, has_labels: bool) -> None:
        """Whether there is anything to train on; it decides what an empty page says."""
        self._has_labels = has_labels
        self._show_empty()

    def show_chosen(self) -> None:
        """Draw the chosen runs from the beginning."""
        trainings = self._shown.trainings()
        self._panel.color_by_series({s.run: s.series for s in trainings} if len(trainings) > 1 else {})
        self._view.curves.show_runs(trainings)
        self._view.finder.show_history(*self._shown.finder())
        chosen = self._shown.records
        self._view.table.select([record.id for record in chosen])
        if chosen and self._view.tab is not PlotTab.TABLE:
            finds = all(record.spec.purpose is Purpose.LR_FIND for record in chosen)
            self._view.show_tab(PlotTab.RATE_FINDER if finds else PlotTab.CURVES)
        last = trainings[-1] if trainings else None
        folder = next((r.folder for r in chosen if last is not None and r.id == last.run), None)
        self._view.samples.show_run(folder, last.history if last is not None else RunHistory())
        self._show_empty()
        self._show_state()
        if self._view.isVisible():
            self.redraw.anew()

    def catch_up(self) -> None:
        """Draw what came while the page was hidden."""
        self._ask_redraw()

    def _choose(self, runs: list[str]) -> None:
        """Show these runs, and how the only one ended when something can be done about it."""
        self._shown.choose(runs)
        record = self._shown.record(runs[0]) if len(runs) == 1 else None
        outcome = record.outcome if record is not None and record.id != self._shown.live else None
        if record is not None and outcome is not None and outcome.remedy is not Remedy.NONE:
            self._show_outcome(record, outcome)
        elif self._view.outcome.run not in runs:
            self._view.outcome.hide()

    # ------------------------------------------------------------------------------------------------ a run's life
    def _begin_preparing(self, sentence: str) -> None:
        self._preparing = sentence
        self._view.outcome.hide()
        self._view.show_empty("")
        self._show_state()

    def _begin(self, record: RunRecord) -> None:
        self._library.forget(record.id)
        self._view.outcome.hide()
        self.list_runs()
        self._panel.select([record.id])
        self.show_chosen()

    def _end(self, record: RunRecord, outcome: RunOutcome) -> None:
        self._library.keep(record, self._control.history)
        self.redraw.ask()
        self.list_runs()
        self._show_outcome(record, outcome)

    def _show_outcome(self, record: RunRecord, outcome: RunOutcome) -> None:
        if record.spec.purpose in (Purpose.LR_FIND, Purpose.PROBE) and outcome.learnt_something:
            self._view.outcome.hide()  # the curve and its suggestions say it, and the batch that the recipe now has
            return
        self._view.outcome.show_outcome(
            record.id,
            outcome,
            self._choices(record, outcome),
            review=review_text(record.spec) if can_review(record) else "",
        )

    def _choices(self, record: RunRecord, outcome: RunOutcome) -> list[Choice]:
        history = self._shown.history(record)
        return choices(record, outcome, history.started if history is not None else None)

    def _tell_warnings(self, events: list[RunEvent]) -> None:
        """The last of what a run warns of stands over the plots, and all of it in the details, until it ends."""
        run = self._control.record.id if self._control.record is not None else ""
        for event in events:
            if isinstance(event, (Warned, WentBack)):
                earlier = self._control.history.warnings
                self._view.outcome.show_notice(run, f"Run {run}: {event.sentence}", earlier if len(earlier) > 1 else ())

    # ------------------------------------------------------------------------------------------------ drawing
    def _ask_redraw(self, _events: object = None) -> None:
        if self._view.isVisible():
            self.redraw.ask()

    def _drawings(self) -> list[Job]:
        view = self._view
        return [self._show_state, self._show_empty, *view.curves.drawings(), view.finder.refresh, view.samples.refresh]

    def _show_state(self, _what: str = "") -> None:
        live = self._control.is_busy
        self._view.header.show_words(self._words(), live=live)
        self.listed.emit()

    def _words(self) -> HeaderWords:
        control, chosen = self._control, self._shown.records
        if control.is_busy:
            run = control.record.id if control.record is not None else ""
            return live_words(run, control.state, control.history, self._preparing)
        if len(chosen) > 1:
            names = ", ".join(self._name(record) for record in chosen)
            return HeaderWords(title=f"Comparing {len(chosen)} runs", facts=names, share=None)
        if chosen:
            record = chosen[0]
            return recorded_words(record.id, record.spec, record.outcome, self._shown.history(record))
        return HeaderWords(title="No run yet", facts="", share=None)

    def _name(self, record: RunRecord) -> str:
        """With what a person made otherwise while the run went on."""
        history = self._shown.history(record)
        steered = steered_text(history) if history is not None else ""
        return f"{record.id} ({steered})" if steered else record.id

    def _show_empty(self) -> None:
        """Words where there are no curves to come: of a run that looks for a batch size, or of none at all."""
        chosen = self._shown.records
        if len(chosen) == 1 and chosen[0].spec.purpose is Purpose.PROBE:
            self._view.show_empty(probe_text(self._shown.history(chosen[0])))
        elif len(chosen) == 1 and trains_no_network(chosen[0].spec) and self._view.tab is PlotTab.CURVES:
            self._view.show_empty(_NO_CURVES)
        elif self._shown.all_records or self._control.is_busy:
            self._view.show_empty("")
        else:
            self._view.show_empty(_NO_RUN if self._has_labels else _NO_LABELS)
