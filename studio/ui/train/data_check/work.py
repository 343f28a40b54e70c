"""The look itself, off the GUI thread: at what the database knows after every change, at the files on demand."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.errors import StudioError
from studio.preflight import Checked, Fix, Mended, check_data, mend
from studio.ui.session import Session
from studio.ui.widgets.work_queue import WorkQueue

_QUIET_MS: Final = 800
"""The database is looked at again after so long without a change."""


class DataCheck(QObject):
    """`glanced` brings what the database alone tells, `read` what a look at the files found."""

    glanced = Signal(object)
    read = Signal(object)
    progressed = Signal(int, int)
    failed = Signal(str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._work = WorkQueue("check-data", self)
        self._stop = threading.Event()
        self._later = QTimer(self, singleShot=True, interval=_QUIET_MS)
        self._later.timeout.connect(self._glance)
        session.items_changed.connect(self.glance_soon)
        session.settings_changed.connect(self.glance_soon)

    def glance_soon(self, _items: object = None) -> None:
        self._later.start()

    def look(self) -> None:
        """Read every picture and label; what is half drawn is kept first, so that it is seen as well."""
        try:
            self._session.save_all()
        except StudioError as error:
            self.failed.emit(error.sentence)
            return
        root = self._session.store.root
        self._stop.clear()
        self._work.do(
            lambda: check_data(root, progress=self.progressed.emit, cancelled=self._stop.is_set),
            self.read.emit,
            self.failed.emit,
        )

    def stop(self) -> None:
        """End the look after the item in hand; what was found until then is told."""
        self._stop.set()

    def carry_out(self, fix: Fix) -> tuple[Mended, Callable[[], None]]:
        """What was done, and what takes it back. Raises StudioError."""
        before = self._session.settings
        mended = mend(self._session.store, fix)
        if mended.settings is not None:
            self._session.save_settings(mended.settings)
        self._tell(fix)

        def put_back() -> None:
            mended.put_back()
            if mended.settings is not None:
                self._session.save_settings(before)
            self._tell(fix)

        return mended, put_back

    def close(self) -> None:
        self._later.stop()
        self._stop.set()
        self._work.abandon()

    def _tell(self, fix: Fix) -> None:
        if fix.items:
            self._session.items_changed.emit(list(fix.items))

    def _glance(self) -> None:
        root = self._session.store.root
        self._work.do(lambda: check_data(root, files=False), self._glanced, lambda _sentence: None)

    def _glanced(self, checked: Checked) -> None:
        self.glanced.emit(checked)
