"""Making the demo project while the window stays alive."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.core.settings import Task
from studio.ui.widgets.work_queue import WorkQueue


class DemoJob(QObject):
    """Draws the demo project once; `done` hands over its folder. It deletes itself afterwards."""

    done = Signal(str)
    failed = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._queue = WorkQueue("demo", self)

    def start(self, task: Task = Task.SEGMENTATION) -> None:
        self._queue.do(lambda: _make(task), self._finish, self._fail)

    def _finish(self, folder: Path) -> None:
        self._queue.close()
        self.done.emit(str(folder))
        self.deleteLater()

    def _fail(self, sentence: str) -> None:
        self._queue.close()
        self.failed.emit(sentence)
        self.deleteLater()


def _make(task: Task) -> Path:
    from studio.demo import default_demo_folder, make_demo  # noqa: PLC0415 - loads OpenCV, which nothing else here needs

    folder = default_demo_folder(task)
    make_demo(folder, task)
    return folder
