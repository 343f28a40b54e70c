"""Before/after reports: a chooser for them, newest first, and the chosen one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QFileDialog, QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from studio.core.counting import counted
from studio.core.errors import StudioError
from studio.core.model_choices import Kept
from studio.core.settings import TAG_TASKS
from studio.reports import RunReport
from studio.ui.review.empty import EmptyState
from studio.ui.review.keep_bar import KeepBar, framed_button
from studio.ui.review.loading import RunChoice, read_report, save_report
from studio.ui.review.report_view import ReportView
from studio.ui.review.view_focus import hand_focus_on
from studio.ui.session import Overlay, Page, Session, Tone
from studio.ui.widgets.elided_label import ElidedLabel
from studio.ui.widgets.page_actions import PageActions
from studio.ui.widgets.work_queue import WorkQueue


class ReportPage(QWidget):
    large_wanted = Signal(str, int)
    """A run and an item that is to be seen large with the run's answers: the Label page shows none to whole items."""

    def __init__(self, session: Session, work: WorkQueue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._work = work
        self._choices: dict[str, RunChoice] = {}
        self._run: str | None = None
        self._actions = PageActions("Review", self)
        self.keep = KeepBar(self._actions)
        self.keep.decided.connect(self._decide)
        self.save = self._actions.add(
            "save_report", "Save report…", "save", "Ctrl+S", "One page with pictures, for a browser or on paper"
        )
        self.save.triggered.connect(self._ask_where)
        self._writing = WorkQueue("report writer", self)
        for action in self._actions.all:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self.addAction(action)
        self.runs = QComboBox()
        self.runs.setObjectName("report_run")
        self.runs.setAccessibleName("Fine-tuned run")
        self.runs.setMinimumWidth(260)
        self.runs.activated.connect(lambda place: self.choose(self.runs.itemData(place)))
        self.title = ElidedLabel()
        self.title.setProperty("role", "muted")
        self.view = ReportView()
        self.view.opened.connect(self._open)
        self.trouble = EmptyState("warning", "No report of this run", "")
        self.stack = QStackedWidget()
        self.stack.addWidget(self.view)
        self.stack.addWidget(self.trouble)
        hand_focus_on(self, self.stack, self.view.table)
        bar = QFrame()
        bar_layout = QHBoxLayout(bar)
        bar_layout.setContentsMargins(14, 10, 14, 0)
        bar_layout.setSpacing(10)
        bar_layout.addWidget(self.runs)
        bar_layout.addWidget(self.title, 1)
        bar_layout.addWidget(framed_button(self.save))
        self.keep.setContentsMargins(14, 8, 14, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(bar)
        layout.addWidget(self.keep)
        layout.addWidget(self.stack, 1)

    def page_actions(self) -> list[QAction]:
        """For the menu bar."""
        return self._actions.all

    @property
    def run(self) -> str | None:
        """The fine-tuned run whose report shows."""
        return self._run

    def show_choices(self, choices: Sequence[RunChoice]) -> None:
        """Fine-tuned runs, newest first; the newest is chosen unless the chosen one is still there."""
        self._choices = {choice.id: choice for choice in choices}
        self.runs.clear()
        for choice in choices:
            self.runs.addItem(choice.words, choice.id)
        if choices and self._run not in self._choices:
            self.choose(choices[0].id)
        self.runs.setCurrentIndex(self.runs.findData(self._run))
        self._show_choice()

    def choose(self, run: str) -> None:
        self._run = run
        self.runs.setCurrentIndex(self.runs.findData(run))
        spec = self._choices[run].spec
        count = len(spec.fine_tune.corrections) if spec.fine_tune is not None else 0
        self.title.setText(f"Run {spec.parent} before, run {run} after fine-tuning on {counted(count, 'correction')}")
        self._show_choice()
        self._work.do(
            partial(read_report, self._session.store.root, run), partial(self._take, run), partial(self._fail, run)
        )

    def _take(self, run: str, report: RunReport) -> None:
        if run == self._run:
            self.view.show_report(report, self._session.settings.known_classes)
            self.stack.setCurrentWidget(self.view)

    def _fail(self, run: str, sentence: str) -> None:
        if run == self._run:
            self.trouble.sentence.setText(sentence)
            self.stack.setCurrentWidget(self.trouble)

    def _show_choice(self) -> None:
        self.keep.show_choice(self._session.store.models.of(self._run) if self._run is not None else None)

    def _decide(self, kept: Kept, note: str) -> None:
        assert self._run is not None
        store = self._session.store
        try:
            store.models.keep(self._run, kept, note=note, who=store.review.who)
        except StudioError as error:
            self._session.say(error.sentence, Tone.ERROR)
        self._show_choice()
        self._session.runs_changed.emit()

    def save_to(self, out: Path) -> None:
        """Write the report that shows, away from the GUI thread."""
        assert self._run is not None
        work = partial(save_report, self._session.store.root, self._run, out)
        self._session.say("Writing the report…")
        self._writing.do(
            work,
            lambda sentence: self._session.say(sentence, Tone.OK),
            lambda sentence: self._session.say(sentence, Tone.ERROR),
        )

    def shut_down(self) -> None:
        """Finish what is being written; to be called before the project's store is closed."""
        self._writing.close()

    def _ask_where(self) -> None:
        """The desktop's own dialog, opened without holding the window's event loop."""
        dialog = QFileDialog(self, "Save the report", str(Path.home()), "Web pages (*.html)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("html")
        name = re.sub(r"[^\w.-]+", "-", self._session.settings.name)
        dialog.selectFile(f"{name}-run-{self._run}.html")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.save_to(Path(path)))
        dialog.open()

    def _open(self, item: int) -> None:
        assert self._run is not None
        if self._session.settings.task in TAG_TASKS and self.view.is_predicted(item):
            self.large_wanted.emit(self._run, item)
            return
        self._session.open_item(item, Overlay(run=self._run, item=item, came_from=Page.REVIEW))
        self._session.show_page(Page.LABEL)
