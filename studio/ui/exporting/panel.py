"""The export in the window: nothing modal, nothing slow on the GUI thread, and every problem as a sentence."""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QWidget,
)

from studio.core.errors import StudioError
from studio.core.settings import Task
from studio.export import export_project
from studio.formats import ExportReport, exporters
from studio.store import Store
from studio.ui.panel_place import ProjectPanel
from studio.ui.session import Session
from studio.ui.widgets.free_folder import free_folder
from studio.ui.widgets.middle_card import new_card, put_in_the_middle
from studio.ui.widgets.problem_list import ProblemList
from studio.ui.widgets.work_queue import WorkQueue


class ExportPanel(ProjectPanel):
    _progressed = Signal(int, int)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("export_panel")
        self._session = session
        self._stop = threading.Event()
        self._exporting = False
        self._written: Path | None = None
        self._queue = WorkQueue("export", self)
        self._progressed.connect(self._show_progress)
        self._build()
        self._suggest()
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            QShortcut(key, self, self._press)
        QShortcut(Qt.Key.Key_Escape, self, self._leave)

    def come_up(self) -> None:
        self._go.setFocus()

    def shut_down(self) -> None:
        """Stop after the item in hand and wait for that, for the project is about to close."""
        self._stop.set()
        self._queue.close()

    # -- construction -------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        frame, card = new_card()
        heading = QLabel("Export the labels")
        heading.setProperty("role", "heading")
        self._said = QLabel(f"{self._session.store.root}\nEvery item that is not left out, its label as it is now.")
        self._said.setObjectName("export_said")
        self._said.setProperty("role", "muted")
        self._said.setWordWrap(True)
        self._said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        card.addWidget(heading)
        card.addWidget(self._said)
        self._questions = self._build_format() + self._build_folder()
        for widget in self._questions:
            card.addWidget(widget)
        self._bar = QProgressBar()
        self._bar.setAccessibleName("How far the export is")
        self._bar.setTextVisible(False)
        self._bar.hide()
        card.addWidget(self._bar)
        self._problems = ProblemList("Problems found while exporting")
        self._problems.setObjectName("export_problems")
        card.addWidget(self._problems)
        card.addLayout(self._build_buttons())
        put_in_the_middle(self, frame)

    def _build_format(self) -> list[QWidget]:
        self._format = QComboBox()
        self._format.setObjectName("export_format")
        self._format.setAccessibleName("Format")
        for each in exporters():
            if self._session.settings.task in each.tasks:
                self._format.addItem(each.title, each.name)
        self._format.currentIndexChanged.connect(self._suggest)
        return [_section("FORMAT"), self._format]

    def _build_folder(self) -> list[QWidget]:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        self._target = QLineEdit()
        self._target.setObjectName("export_target")
        self._target.setAccessibleName("New folder")
        self._choose = QPushButton("Choose…")
        self._choose.setObjectName("export_choose")
        self._choose.clicked.connect(self._browse)
        line.addWidget(self._target, 1)
        line.addWidget(self._choose)
        self._pictures = QCheckBox("Copy the pictures")
        self._pictures.setObjectName("export_pictures")
        self._pictures.setToolTip("Without them only the labels are written")
        self._pictures.setChecked(True)
        # Documents are written into the table itself.
        pictures = [] if self._session.settings.task is Task.TEXT else [self._pictures]
        return [_section("NEW FOLDER"), row, *pictures]

    def _build_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addStretch(1)
        self._cancel = QPushButton("Cancel")
        self._cancel.setObjectName("export_cancel")
        self._cancel.clicked.connect(self._leave)
        self._go = QPushButton("Export")
        self._go.setObjectName("export_go")
        self._go.setProperty("primary", True)
        self._go.clicked.connect(self._go_on)
        row.addWidget(self._cancel)
        row.addWidget(self._go)
        return row

    # -- what happens -------------------------------------------------------------------------------------------------

    def _suggest(self) -> None:
        """A new folder for the chosen format, unless the person named one."""
        if not self._target.isModified():
            self._target.setText(str(free_folder(self._session.store.root, self._format.currentData())))

    def _browse(self) -> None:
        """The desktop's own dialog, opened without holding the window's event loop."""
        dialog = QFileDialog(self, "Choose where the export goes")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self._place_in(Path(path)))
        dialog.open()

    def _place_in(self, chosen: Path) -> None:
        """An empty folder is taken as it is; in any other a new one is named."""
        in_it = free_folder(chosen / self._session.store.root.name, self._format.currentData())
        self._target.setText(str(in_it if _holds_something(chosen) else chosen))
        self._target.setModified(True)
        self._go.setFocus()

    def _press(self) -> None:
        """The button that has the focus, or else the one that goes on; a second Return does not stop an export."""
        if self._exporting:
            return
        focused = self.focusWidget()
        (focused if isinstance(focused, QPushButton) else self._go).click()

    def _go_on(self) -> None:
        if self._written is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._written)))
            return
        try:
            self._session.save_all()
        except StudioError as error:
            self._problems.show_problems([error.sentence])
            return
        if not self._target.text().strip():
            self._target.setModified(False)
            self._suggest()
        root, out = self._session.store.root, Path(self._target.text()).expanduser().absolute()
        name, images = str(self._format.currentData()), self._pictures.isChecked()
        self._set_busy(True)
        self._queue.do(
            lambda: self._carry_out(root, out, name, images),
            lambda report: self._show_done(out, report),
            self._show_failure,
        )

    def _carry_out(self, root: Path, out: Path, name: str, images: bool) -> ExportReport:
        """Runs on the background thread, which opens the project for itself."""
        with Store.open(root) as store:
            return export_project(
                store,
                out,
                format_name=name,
                images=images,
                progress=self._progressed.emit,
                cancelled=self._stop.is_set,
            )

    def _show_progress(self, done: int, total: int) -> None:
        self._bar.setRange(0, total)
        self._bar.setValue(done)

    def _show_done(self, out: Path, report: ExportReport) -> None:
        self._set_busy(False)
        self._written = out
        for widget in self._questions:
            widget.hide()
        self._said.setText(report.sentence)
        self._said.setProperty("role", None)
        self._said.style().polish(self._said)
        if report.problems:
            self._problems.show_problems(report.problems)
        self._go.setText("Open the folder")
        self._cancel.setText("Close")
        self._cancel.setFocus()

    def _show_failure(self, sentence: str) -> None:
        self._set_busy(False)
        self._problems.show_problems([sentence])
        self._suggest()
        self._target.setFocus()
        self._target.selectAll()

    def _set_busy(self, busy: bool) -> None:
        self._exporting = busy
        self._stop.clear()
        self._problems.hide()
        self._bar.setRange(0, 0)
        self._bar.setVisible(busy)
        self._cancel.setText("Stop" if busy else "Cancel")
        self._cancel.setEnabled(True)
        self._go.setEnabled(not busy)
        for widget in self._questions:
            widget.setEnabled(not busy)
        if busy:
            self._cancel.setFocus()

    def _leave(self) -> None:
        """Stop an export and stay, to tell what became of it; else leave."""
        if not self._exporting:
            self.left.emit()
            return
        self._stop.set()
        self._cancel.setText("Stopping…")
        self._cancel.setEnabled(False)


def _section(text: str) -> QLabel:
    title = QLabel(text)
    title.setProperty("role", "section")
    return title


def _holds_something(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except OSError:
        return False  # exporting says why it cannot be written
