"""The Proposals section at the page's right: which model proposes, for which items, how far it is, and what to take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSizePolicy,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from studio.core.proposals import FROM_STROKES
from studio.core.settings import Task
from studio.store.job_making import proposing_runs
from studio.ui.keyboard.bindings import key_bindings
from studio.ui.keyboard.keyed_texts import key_of
from studio.ui.label.buttons import words_button
from studio.ui.label.choices import Choices
from studio.ui.label.item_showing import ItemShowing
from studio.ui.label.proposing.actions import ProposalActions
from studio.ui.label.proposing.control import ProposalControl
from studio.ui.session import Session

_MOST_AHEAD: Final = 9999

_FROM_STROKES: Final = "My strokes"

_LINES: Final = 2
"""Lines of text that the longest sentence takes in the narrowest panel; always there, so that no button moves."""


class ProposalPanel(QWidget):
    def __init__(
        self,
        session: Session,
        choices: Choices,
        showing: ItemShowing,
        control: ProposalControl,
        actions: ProposalActions,
        accept_all: QAction,
    ) -> None:
        super().__init__()
        self.setObjectName("proposal_panel")
        self._session = session
        self._choices = choices
        self._actions = actions
        self._showing = showing
        self._control = control
        self.source = QComboBox()
        self.source.setAccessibleName("Model that proposes")
        self.source.setToolTip("A small model that learns from your strokes in seconds, or the model of a finished run")
        self.source.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.ahead = QSpinBox(minimum=1, maximum=_MOST_AHEAD)
        self.ahead.setAccessibleName("Number of items to propose for")
        self.ahead.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.here_button = words_button(actions.here, "Propose", primary=True)
        self.ahead_button = words_button(actions.ahead, "Next")
        which = "empty" if choices.task is Task.KEYPOINTS else "unpainted"
        self.everywhere_button = words_button(actions.everywhere, f"All {which}")
        self.progress = QProgressBar(textVisible=False)
        self.progress.setAccessibleName("How far the proposal is")
        self.progress.setAccessibleName("Proposals made")
        self.cancel_button = words_button(actions.cancel, "Stop")
        self.said = QLabel(wordWrap=True)
        self.said.setProperty("role", "muted")
        self.accept_button = words_button(accept_all, "Accept all" if actions.accept_class is not None else "Accept")
        self.class_button = (
            words_button(actions.accept_class, "This class") if actions.accept_class is not None else None
        )
        self.discard_button = words_button(actions.discard, "Discard")
        self.replaces = QCheckBox("Replace")
        self.replaces.setToolTip("Accepting also changes what is labelled already; void stays")
        self._asking, self._running, self._taking = QWidget(), QWidget(), QWidget()
        self._working = QStackedWidget()
        self._kept: str | None = None
        """The run whose model was kept when the sources were listed last."""
        self._lay_out()
        self._connect()
        self._list_sources()

    def _connect(self) -> None:
        proposals = self._choices.proposals
        self.source.activated.connect(lambda _row: proposals.choose_source(self.source.currentData() or ""))
        self.ahead.valueChanged.connect(proposals.set_ahead)
        self.ahead.editingFinished.connect(self.ahead.clearFocus)
        self.replaces.toggled.connect(proposals.set_replaces)
        proposals.changed.connect(self._show)
        self._control.state_changed.connect(self._show)
        key_bindings().changed.connect(self._show)
        self._showing.prediction_changed.connect(self._show)
        self._session.runs_changed.connect(self._list_sources)

    def _list_sources(self) -> None:
        """Strokes, where pixels are labelled, and every finished run, the newest first. The kept one is chosen at
        first, and in the place of another run once it was decided for."""
        proposals, kept = self._choices.proposals, self._session.store.kept_run()
        runs = proposing_runs(self._session.store)
        with QSignalBlocker(self.source):
            self.source.clear()
            if self._choices.task is Task.SEGMENTATION:
                self.source.addItem(_FROM_STROKES, FROM_STROKES)
            for run in runs:
                words = [f"Run {run.id}", run.standing, run.note]
                self.source.addItem(" · ".join(filter(None, words)), run.id)
        has_changed = kept is not None and kept != self._kept and proposals.source != FROM_STROKES
        if has_changed or self.source.findData(proposals.source) < 0:
            proposals.choose_source(str(self.source.itemData(max(0, self.source.findData(kept))) or ""))
        self._kept = kept
        self._show()

    def _show(self) -> None:
        proposals, control = self._choices.proposals, self._control
        prediction = self._showing.prediction
        has_proposal = prediction is not None and prediction.is_proposal
        with QSignalBlocker(self.source), QSignalBlocker(self.ahead), QSignalBlocker(self.replaces):
            self.source.setCurrentIndex(self.source.findData(proposals.source))
            self.ahead.setValue(proposals.ahead)
            self.replaces.setChecked(proposals.replaces)
        self.source.setVisible(self.source.count() > 0)
        self._working.setVisible(self.source.count() > 0)
        self._working.setCurrentWidget(self._running if control.is_proposing else self._asking)
        self.progress.setRange(0, control.total if control.total > 1 else 0)
        self.progress.setValue(control.done)
        self._taking.setVisible(self.source.count() > 0)
        self.said.setText(self._sentence(has_proposal))

    def _sentence(self, has_proposal: bool) -> str:
        proposals, control = self._choices.proposals, self._control
        if not self.source.count():
            return "Train a run first; then it proposes labels for the rest."
        if control.is_proposing:
            what = "Learning from your strokes" if proposals.source == FROM_STROKES else "Proposing"
            return f"{what}… {control.done:,} of {control.total:,}" if control.total > 1 else f"{what}…"
        if has_proposal and self._showing.prediction is not None:
            kept = self._session.store.proposals.of(self._showing.prediction.item)
            made = f"By run {kept.source}" if kept and kept.source != FROM_STROKES else "From strokes"
            return (
                f"{made}, {100 * kept.uncertainty:.0f} % uncertain" if kept and kept.uncertainty is not None else made
            )
        if proposals.source == FROM_STROKES:
            how = f"press {self._key}" if self._key else "propose"
            return f"Paint a few strokes of each class, {how}, fix, and {how} again."
        who = f"{self._key} proposes" if self._key else "Propose"
        return f"{who}; nothing counts as a label until you accept it."

    @property
    def _key(self) -> str:
        return key_of(self._actions.here)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 2, 10, 6)
        layout.setSpacing(5)
        _rows(self._asking, [self.here_button, self.everywhere_button], [self.ahead_button, self.ahead])
        _rows(self._running, [self.progress, self.cancel_button])
        self._working.addWidget(self._asking)
        self._working.addWidget(self._running)
        if self.class_button is not None:
            _rows(self._taking, [self.accept_button, self.class_button], [self.discard_button, self.replaces])
        else:
            _rows(self._taking, [self.accept_button, self.discard_button], [self.replaces])
        self.said.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.said.setMinimumHeight(_LINES * self.said.fontMetrics().lineSpacing())
        for part in (self.source, self.said, self._working, self._taking):
            layout.addWidget(part)
        layout.addStretch(1)


def _rows(box: QWidget, *rows: Sequence[QWidget]) -> None:
    """Fill `box` with rows of widgets."""
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(5)
    for widgets in rows:
        row = QHBoxLayout()
        row.setSpacing(6)
        for widget in widgets:
            row.addWidget(widget, max(1, widget.sizeHint().width()))
        column.addLayout(row)
    column.addStretch(1)
