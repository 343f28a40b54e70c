"""The look itself, off the GUI thread: at what the database knows after every change, at the files on demand."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.errors import StudioError
from studio.core.recipe import RunSpec
from studio.preflight import (
    Checked,
    Fix,
    FixKind,
    ItemsMended,
    SettingsMended,
    check_data,
    estimate,
    mend_items,
    mend_settings,
    put_items_back,
)
from studio.store import Store
from studio.ui.session import Session
from studio.ui.widgets.work_queue import WorkQueue

Result = TypeVar("Result")
Failed = Callable[[str], None]
PutBack = Callable[[Callable[[], None], Failed], None]
Done = Callable[[str, PutBack], None]

_OF_ITEMS: Final = (FixKind.LEAVE_OUT, FixKind.TO_TRAIN, FixKind.TO_VALID)
_QUIET_MS: Final = 800
"""The database is looked at again after so long without a change."""


class DataCheck(QObject):
    """`glanced` brings what the database alone tells, `read` what a look at the files found."""

    glanced = Signal(object)
    read = Signal(object)
    estimated = Signal(str)
    """What a recipe will take, in a sentence; empty where nothing can be told."""
    progressed = Signal(int, int)
    failed = Signal(str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._work = WorkQueue("check-data", self)
        self._estimates = WorkQueue("estimates", self)
        self._stop = threading.Event()
        self._is_watching = False
        self._later = QTimer(self, singleShot=True, interval=_QUIET_MS)
        self._later.timeout.connect(self._glance)
        session.items_changed.connect(self.glance_soon)
        session.settings_changed.connect(self.glance_soon)

    def begin(self) -> None:
        """The page shows: glance now and after every change."""
        self._is_watching = True
        self.glance_soon()

    def rest(self) -> None:
        """The page is hidden, and labelling must not pay for what nobody sees."""
        self._is_watching = False
        self._later.stop()

    def glance_soon(self, _items: object = None) -> None:
        if self._is_watching:
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

    def estimate(self, spec: RunSpec) -> None:
        """Tell what a run of this recipe will take. Reads earlier runs, and so is done beside."""
        root = self._session.store.root
        self._estimates.do(
            lambda: _beside(root, lambda store: estimate(store, spec)),
            self.estimated.emit,
            lambda _sentence: self.estimated.emit(""),
        )

    def stop(self) -> None:
        """End the look after the item in hand; what was found until then is told."""
        self._stop.set()

    def carry_out(self, fix: Fix, done: Done, failed: Failed) -> None:
        """`done` gets what was done in words, and what takes it back."""
        if fix.kind not in _OF_ITEMS:
            self._mend_settings(fix, done, failed)
            return
        root = self._session.store.root

        def tell(mended: ItemsMended) -> None:
            self._session.items_changed.emit(list(fix.items))
            done(mended.sentence, partial(self._put_back, mended, fix.items))

        self._work.do(lambda: _beside(root, lambda store: mend_items(store, fix)), tell, failed)

    def close(self) -> None:
        self._later.stop()
        self._stop.set()
        self._work.abandon()
        self._estimates.abandon()

    def _mend_settings(self, fix: Fix, done: Done, failed: Failed) -> None:
        try:
            mended = mend_settings(self._session.store, fix)
            self._session.save_settings(mended.settings)
        except StudioError as error:
            failed(error.sentence)
            return
        done(mended.sentence, partial(self._put_settings_back, mended))

    def _put_back(self, mended: ItemsMended, items: tuple[int, ...], done: Callable[[], None], failed: Failed) -> None:
        root = self._session.store.root

        def tell(_none: None) -> None:
            self._session.items_changed.emit(list(items))
            done()

        self._work.do(lambda: _beside(root, lambda store: put_items_back(store, mended)), tell, failed)

    def _put_settings_back(self, mended: SettingsMended, done: Callable[[], None], failed: Failed) -> None:
        try:
            self._session.save_settings(mended.put_back(self._session.settings))
        except StudioError as error:
            failed(error.sentence)
            return
        done()

    def _glance(self) -> None:
        root = self._session.store.root
        nothing = Checked(())  # what keeps it from looking is told by the look that a person asks for
        self._work.do(
            lambda: check_data(root, files=False), self.glanced.emit, lambda _sentence: self.glanced.emit(nothing)
        )


def _beside(root: Path, work: Callable[[Store], Result]) -> Result:
    """Work on the project through a store of its own, as another thread must."""
    with Store.open(root) as store:
        return work(store)
