"""The section “Next to label”: how many items wait, which run chose them, and choosing anew."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLayout,
    QProgressBar,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from studio.core.counting import counted
from studio.core.model_choices import Standing
from studio.core.settings import TAG_TASKS
from studio.core.tag_words import prediction_words
from studio.store import QueueState
from studio.store.job_making import preferred_run, proposing_runs
from studio.ui.label.buttons import words_button
from studio.ui.label.item_showing import ItemShowing
from studio.ui.label.proposing.actions import ProposalActions
from studio.ui.label.proposing.control import ProposalControl
from studio.ui.label.queueing.actions import QueueActions
from studio.ui.label.queueing.choices import QueueChoices
from studio.ui.session import Session

_MOST_PLACES: Final = 999

_LINES: Final = 2
"""Lines of text that are always there, so that no button moves."""


class QueuePanel(QWidget):
    note_changed = Signal(str)
    """How many items wait, of how many; empty without a queue."""

    def __init__(
        self,
        session: Session,
        choices: QueueChoices,
        showing: ItemShowing,
        control: ProposalControl,
        actions: QueueActions,
        proposing: ProposalActions,
        accept: QAction,
    ) -> None:
        super().__init__()
        self.setObjectName("queue_panel")
        self._session = session
        self._choices = choices
        self._showing = showing
        self._control = control
        self._picked = ""
        """The run that the person chose here, in the place of the kept or the newest one."""
        self._newest = ""
        self.note = ""
        self._is_shut = False
        self.said = QLabel(wordWrap=True)
        self.said.setProperty("role", "muted")
        self.next_button = words_button(actions.next, "Next to label", primary=True)
        self.run = QComboBox()
        self.run.setAccessibleName("Run that says what to label next")
        self.run.setToolTip("The run whose model chooses: what it is least sure about, each unlike the others")
        self.run.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.places = QSpinBox(minimum=1, maximum=_MOST_PLACES)
        self.places.setAccessibleName("Number of items to queue")
        self.places.setToolTip("How many items are queued")
        self.places.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.rank_button = words_button(actions.rank, "")
        self.progress = QProgressBar(textVisible=False)
        self.progress.setAccessibleName("Items looked at")
        self.stop_button = words_button(proposing.cancel, "Stop")
        self.proposed = QLabel(wordWrap=True)
        self.proposed.setTextFormat(Qt.TextFormat.PlainText)
        self.accept_button = words_button(accept, "Accept")
        self.discard_button = words_button(proposing.discard, "Discard")
        self._asking, self._ranking, self._taking = QWidget(), QWidget(), QWidget()
        self._lay_out()
        self._connect()
        self._list_runs()

    def _connect(self) -> None:
        session, choices = self._session, self._choices
        self.run.activated.connect(self._pick_run)
        self.places.valueChanged.connect(choices.set_places)
        self.places.editingFinished.connect(self.places.clearFocus)
        choices.changed.connect(self._show)
        self._control.state_changed.connect(self._show)
        self._showing.prediction_changed.connect(self._show_proposed)
        session.runs_changed.connect(self._list_runs)
        session.queue_changed.connect(self._show)
        session.items_changed.connect(lambda _ids: self._show())

    def shut_down(self) -> None:
        """A ranking that ends from now on is not shown any more; to be called before the project's store is closed."""
        self._is_shut = True

    def _pick_run(self, _row: int) -> None:
        self._picked = str(self.run.currentData() or "")
        self._choices.choose_run(self._picked)

    def _list_runs(self) -> None:
        """The one whose model was kept, or the newest, is chosen, unless the person has picked another one."""
        runs = proposing_runs(self._session.store)
        with QSignalBlocker(self.run):
            self.run.clear()
            for run in runs:
                self.run.addItem(f"Run {run.id}" + (f" · {run.note}" if run.note else ""), run.id)
        self._newest = next((run.id for run in runs if run.standing is not Standing.SET_ASIDE), "")
        is_there = self.run.findData(self._picked) >= 0
        self._choices.choose_run(self._picked if is_there else preferred_run(self._session.store) or "")
        self._show()

    def _show(self) -> None:
        if self._is_shut:
            return
        state, control, choices = self._session.store.queue.state(), self._control, self._choices
        has_run, ranks = bool(choices.run), control.is_ranking
        with QSignalBlocker(self.run), QSignalBlocker(self.places):
            self.run.setCurrentIndex(self.run.findData(choices.run))
            self.places.setValue(choices.places)
        self.said.setText(self._sentence(state))
        self.next_button.setVisible(state.total > 0)
        self.next_button.setEnabled(state.left > 0)
        self.rank_button.setText("Rank again" if state.total else "Rank")
        self._asking.setVisible(has_run and not ranks)
        self._ranking.setVisible(ranks)
        self.progress.setRange(0, control.total)
        self.progress.setValue(control.done)
        self.note = f"{state.left:,} of {state.total:,}" if state.total else ""
        self.note_changed.emit(self.note)

    def _sentence(self, state: QueueState) -> str:
        control = self._control
        if control.is_ranking:
            return f"{control.what}… {control.done:,} of {control.total:,}" if control.total else "Looking…"
        if not state.total:
            if self._choices.run:
                return "A run's model finds the items that it would learn most from."
            return "Train a run first; then its model says what to label next."
        by = f"by run {state.run}" if state.run else "drawn at random"
        if not state.left:
            return f"{counted(state.total, 'item is', 'items are')} labelled, none is left. Train, then rank again."
        newer = f" Run {self._newest} is newer." if state.run and self._newest > state.run else ""
        return f"{state.left:,} left of {state.total:,}, {by}.{newer}"

    def _show_proposed(self) -> None:
        """Of classes of whole items the proposal is these words."""
        prediction = self._showing.prediction
        is_there = prediction is not None and prediction.is_proposal and prediction.tags is not None
        self._taking.setVisible(is_there)
        if prediction is not None and prediction.tags is not None:
            names = {c.id: c.name for c in self._session.settings.known_classes}
            label = self._session.store.read_tags(prediction.item)
            words = prediction_words(label, prediction.tags, names).replace(" %", "\N{NO-BREAK SPACE}%")
            self.proposed.setText(f"Proposed: {words}")

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 2, 10, 6)
        layout.setSpacing(5)
        self.said.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.said.setMinimumHeight(_LINES * self.said.fontMetrics().lineSpacing())
        layout.addWidget(self.said)
        layout.addWidget(self.next_button)
        how_many = QLabel("How many")
        how_many.setProperty("role", "muted")
        self._fill(self._taking, self.proposed, _row(self.accept_button, self.discard_button))
        self._fill(self._asking, self.run, _row(how_many, self.places), self.rank_button)
        self._fill(self._ranking, _row(self.progress, self.stop_button))
        for part in (self._taking, self._asking, self._ranking):
            layout.addWidget(part)
        layout.addStretch(1)
        self._taking.hide()
        if self._session.settings.task not in TAG_TASKS:
            self.proposed.hide()

    def _fill(self, box: QWidget, *parts: QWidget | QLayout) -> None:
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        for part in parts:
            if isinstance(part, QLayout):
                column.addLayout(part)
            else:
                column.addWidget(part)


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(6)
    for widget in widgets:
        row.addWidget(widget, max(1, widget.sizeHint().width()))
    return row
