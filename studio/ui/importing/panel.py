"""The import in the window: nothing modal, nothing slow on the GUI thread, and every problem as a sentence."""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QWidget,
)

from studio.core.counting import counted
from studio.formats import Recognised, importer, recognise
from studio.import_check import ImportPreview, check_import
from studio.ingest import ImportReport, import_into
from studio.ui.importing.preview import PreviewView
from studio.ui.importing.questions import QuestionForm
from studio.ui.widgets.free_folder import free_folder
from studio.ui.widgets.middle_card import new_card, put_in_the_middle
from studio.ui.widgets.problem_list import ProblemList
from studio.ui.widgets.work_queue import WorkQueue

_LOOKED_AT = 20_000
"""Pictures that an import looks at for damage: a tenth of a second; a check looks at all of them."""


class ImportPanel(QWidget):
    imported = Signal(str, str)
    """The folder of the project that was made, and a sentence to remember or nothing."""
    cancelled = Signal()
    _progressed = Signal(int, int)

    def __init__(self, folder: Path, project: Path | None = None) -> None:
        """`project` is the one that is open, which can be added to."""
        super().__init__()
        self.setObjectName("import_panel")
        self._folder = folder
        self._project = project
        self._recognised: Recognised | None = None
        self._form: QuestionForm | None = None
        self._stop = threading.Event()
        self._checking = False
        self._queue = WorkQueue("import", self)
        self._progressed.connect(self._show_progress)
        self.destroyed.connect(self._stop.set)
        self._build()
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            QShortcut(key, self, self._go.click)
        QShortcut(Qt.Key.Key_Escape, self, self._leave)
        self._queue.do(lambda: recognise(folder), self._show_found, self._show_nothing_found)

    def _build(self) -> None:
        card, self._card = new_card()
        heading = QLabel("Import a file" if self._folder.is_file() else "Import a folder")
        heading.setProperty("role", "heading")
        source = QLabel(str(self._folder))
        source.setProperty("role", "muted")
        source.setWordWrap(True)
        source.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._found = QLabel("Looking at what is in it…")
        self._found.setObjectName("import_found")
        self._found.setWordWrap(True)
        for label in (heading, source, self._found):
            self._card.addWidget(label)
        self._target_row = self._build_target()
        for widget in self._target_row:
            widget.hide()
            self._card.addWidget(widget)
        self._bar = QProgressBar()
        self._bar.setAccessibleName("How far the import is")
        self._bar.setTextVisible(False)
        self._bar.hide()
        self._card.addWidget(self._bar)
        self._preview = PreviewView()
        self._preview.hide()
        self._card.addWidget(self._preview)
        self._problems = ProblemList("Problems found while importing")
        self._card.addWidget(self._problems)
        self._card.addLayout(self._build_buttons())
        put_in_the_middle(self, card)

    def _build_target(self) -> tuple[QWidget, ...]:
        title = QLabel("PROJECT FOLDER")
        title.setProperty("role", "section")
        self._target = QLineEdit(
            str(free_folder(self._folder.with_suffix("") if self._folder.is_file() else self._folder, "studio"))
        )
        self._target.setObjectName("import_target")
        self._target.setAccessibleName("Project folder")
        note = QLabel("Labels, settings and runs go here. The pictures stay where they are and are never changed.")
        note.setProperty("role", "muted")
        note.setWordWrap(True)
        if self._project is None:
            return title, self._target, note
        self._into_open = QCheckBox(f"Add to the open project, {self._project.name}")
        self._into_open.setObjectName("import_into_open")
        self._into_open.setToolTip("Labels go to its classes of the same names; what it has already stays as it is")
        self._into_open.toggled.connect(self._choose_open)
        self._new_target = self._target.text()
        return title, self._target, self._into_open, note

    def _choose_open(self, on: bool) -> None:
        """The project that is open, or else the new one that was named before."""
        if on:
            self._new_target = self._target.text()
        self._target.setText(str(self._project) if on else self._new_target)
        self._target.setEnabled(not on)

    def _build_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self._check = QPushButton("Check first")
        self._check.setObjectName("import_check")
        self._check.setToolTip("Read everything and say what would come, without writing anything")
        self._check.setEnabled(False)
        self._check.clicked.connect(self._start_check)
        row.addWidget(self._check)
        row.addStretch(1)
        self._cancel = QPushButton("Cancel")
        self._cancel.setObjectName("import_cancel")
        self._cancel.clicked.connect(self._leave)
        self._go = QPushButton("Import")
        self._go.setObjectName("import_go")
        self._go.setProperty("primary", True)
        self._go.setEnabled(False)
        self._go.clicked.connect(self._start)
        row.addWidget(self._cancel)
        row.addWidget(self._go)
        return row

    def _show_found(self, recognised: Recognised) -> None:
        self._recognised = recognised
        self._found.setText(recognised.found)
        if recognised.questions:
            self._form = QuestionForm(recognised.questions)
            self._form.changed.connect(self._forget_check)
            self._card.insertWidget(3, self._form)
        for widget in self._target_row:
            widget.show()
        self._target.textChanged.connect(self._forget_check)
        self._show_damage()
        self._check.setEnabled(True)
        self._go.setEnabled(True)
        self._go.setFocus()

    def _show_nothing_found(self, sentence: str) -> None:
        self._found.setText(sentence)
        self._found.setProperty("role", "danger")
        self._found.style().polish(self._found)
        self._cancel.setText("Back")

    def _start_check(self) -> None:
        recognised = self._recognised
        if recognised is None:
            return
        target, answers = self._wanted()
        self._forget_check()
        self._checking = True
        self._set_busy(True)
        self._cancel.setText("Stop")
        self._queue.do(lambda: self._look_through(recognised, target, answers), self._show_preview, self._show_failure)

    def _look_through(self, recognised: Recognised, target: Path, answers: dict[str, str]) -> ImportPreview:
        """Runs on the background thread."""
        plan = importer(recognised.format).plan(recognised.source, **answers)
        return check_import(target, plan, progress=self._progressed.emit, cancelled=self._stop.is_set)

    def _show_preview(self, preview: ImportPreview) -> None:
        self._set_busy(False)
        self._preview.show_preview(preview)
        if preview.problems:
            self._problems.show_problems(preview.problems)

    def _forget_check(self) -> None:
        """What was told is about other answers, except what is wrong in the folder itself."""
        self._preview.hide()
        self._problems.hide()
        self._show_damage()

    def _wanted(self) -> tuple[Path, dict[str, str]]:
        """The project's folder and the answers, as they stand."""
        return Path(self._target.text()).expanduser(), self._form.answers() if self._form else {}

    def _start(self) -> None:
        recognised = self._recognised
        if recognised is None or self._checking:
            return
        target, answers = self._wanted()
        self._forget_check()
        self._set_busy(True)
        self._queue.do(
            lambda: self._carry_out(recognised, target, answers),
            lambda report: self._finish(target, report),
            self._show_failure,
        )

    def _carry_out(self, recognised: Recognised, target: Path, answers: dict[str, str]) -> ImportReport:
        """Runs on the background thread, which opens the project for itself."""
        plan = importer(recognised.format).plan(recognised.source, **answers)
        return import_into(
            target, plan, progress=self._progressed.emit, cancelled=self._stop.is_set, look_at_most=_LOOKED_AT
        )

    def _show_progress(self, done: int, total: int) -> None:
        self._bar.setRange(0, total)
        self._bar.setValue(done)

    def _finish(self, target: Path, report: ImportReport) -> None:
        self._queue.close()
        if not report.problems:
            self.imported.emit(str(target), _not_looked_at(report))
            return
        asked = [self._form] if self._form is not None else []
        for widget in (self._bar, self._check, *self._target_row, *asked):
            widget.hide()
        self._cancel.setText("Close")
        self._found.setText(f"{report.sentence} {_not_looked_at(report)}")
        self._problems.show_problems(report.problems)
        self._go.setText("Open the project")
        self._go.setEnabled(True)
        self._go.clicked.disconnect(self._start)
        self._go.clicked.connect(lambda: self.imported.emit(str(target), ""))

    def _show_damage(self) -> None:
        damage = self._recognised.damage if self._recognised is not None else None
        if damage is not None:
            self._problems.show_problems([f"{damage.sentence} An import brings the pictures in without it."])

    def _show_failure(self, sentence: str) -> None:
        self._set_busy(False)
        self._problems.show_problems([sentence])

    def _set_busy(self, busy: bool) -> None:
        if not busy:
            self._checking = False
            self._stop.clear()
            self._cancel.setText("Cancel")
        self._check.setEnabled(not busy)
        self._bar.setRange(0, 0)
        self._bar.setVisible(busy)
        self._go.setEnabled(not busy)
        self._target.setEnabled(not busy)
        if self._form is not None:
            self._form.setEnabled(not busy)

    def _leave(self) -> None:
        """Stop a check and stay; else, or when it is asked for again, leave, which stops an import."""
        stopped_before = self._stop.is_set()
        self._stop.set()
        if self._checking and not stopped_before:
            return
        self._queue.abandon()
        self.cancelled.emit()


def _not_looked_at(report: ImportReport) -> str:
    if not report.not_looked_at:
        return ""
    others = counted(report.not_looked_at, "picture has", "pictures have")
    return (
        f"{others} not been looked at for damage; “Check first” looks at all, and a bad one says so when it is opened."
    )
