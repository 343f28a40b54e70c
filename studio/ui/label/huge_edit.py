"""An edit of a huge mask that is worked out on a thread while the person looks, or goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer

from studio.core.arrays import Mask
from studio.core.edits import MaskEdit
from studio.core.errors import StudioError
from studio.core.mask_document import MaskDocument
from studio.core.raster import Rect
from studio.core.tile_edits import Stopped
from studio.ui.widgets.latest import Latest

Work = Callable[[Mask, Callable[[], bool]], MaskEdit | None]
"""Finds out the edit of a mask; its second argument says whether that is wanted no more, and Stopped is raised then."""

_WAIT_MS: Final = 50


class HugeEdit(QObject):
    """One at a time. What was worked out while the mask changed counts for nothing and is worked out again."""

    def __init__(self, name: str, parent: QObject) -> None:
        super().__init__(parent)
        self._latest = Latest(name, self)
        self._stop = threading.Event()
        self._document: MaskDocument | None = None
        self._work: Work | None = None
        self._done: Callable[[bool], object] | None = None
        self._failed: Callable[[str], object] | None = None
        self._is_stale = False
        self._again = QTimer(self, singleShot=True, interval=_WAIT_MS)
        self._again.timeout.connect(self._ask)

    @property
    def is_running(self) -> bool:
        return self._document is not None

    def start(
        self,
        document: MaskDocument,
        work: Work,
        done: Callable[[bool], object],
        failed: Callable[[str], object],
    ) -> None:
        """Work the edit out and make it; `done` hears whether it changed anything, `failed` a sentence."""
        self.stop()
        self._document, self._work, self._done, self._failed = document, work, done, failed
        document.changed.connect(self._changed)
        self._ask()

    def stop(self) -> bool:
        """Nobody wants it any more; says whether there was anything to stop."""
        self._stop.set()
        self._again.stop()
        self._latest.drop()
        document, self._document = self._document, None
        if document is None:
            return False
        document.changed.disconnect(self._changed)
        return True

    def _ask(self) -> None:
        document, work = self._document, self._work
        if document is None or work is None:
            return
        if document.is_editing:
            self._again.start()
            return
        self._is_stale = False
        self._stop.set()
        stop = self._stop = threading.Event()
        mask = document.mask
        self._latest.ask(lambda: _worked_out(work, mask, stop), self._arrived)

    def _changed(self, _rect: Rect) -> None:
        if not self._is_stale:
            self._is_stale = True
            self._stop.set()
            self._latest.drop()
            self._again.start()

    def _arrived(self, found: MaskEdit | StudioError | None) -> None:
        document, done, failed = self._document, self._done, self._failed
        assert document is not None and done is not None and failed is not None
        self.stop()
        try:
            if isinstance(found, StudioError):
                raise found
            changed = found is not None and document.carry_out(found)
        except StudioError as error:
            failed(error.sentence)
        else:
            done(changed)


def _worked_out(work: Work, mask: Mask, stop: threading.Event) -> MaskEdit | StudioError | None:
    try:
        return work(mask, stop.is_set)
    except StudioError as error:
        return error
    except Stopped:  # and nobody waits for an answer
        return None
