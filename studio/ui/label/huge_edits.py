"""Edits of masks too large to be worked out at once: on a thread, one after the other, while the person goes on."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.arrays import Mask
from studio.core.document import Document, MaskDocument
from studio.core.edits import MaskEdit
from studio.core.errors import PaintedOver, StudioError
from studio.core.masks import is_huge
from studio.core.raster import Rect
from studio.core.tile_edits import Stopped
from studio.ui.widgets.latest import Latest

Work = Callable[[Mask, Callable[[], bool]], MaskEdit | None]
"""Finds out the edit of a mask, None for nothing to do; its second argument says whether that is wanted no more, and
Stopped is raised then."""

Found = MaskEdit | Exception | None

AT_ONCE_PIXELS: Final = 100_000
"""Masks of up to so many pixels are worked on at once; larger ones on a thread."""

_WAIT_MS: Final = 50
_REMIND_MS: Final = 2000
_MOST: Final = 8
_CLOSING_SECONDS: Final = 3.0


@dataclass(frozen=True, kw_only=True, eq=False)
class HugeEdit:
    """What a person asked for. `doing` names it as in “Filling”; `pixel` (column, row) is where they pointed, and once
    that is painted over the edit is refused; what was asked for before may change it. `done` hears of the edit that was
    made, which may have no patches, or of None where there was nothing to do; `failed` of a sentence."""

    document: MaskDocument
    doing: str
    pixel: tuple[int, int] | None
    work: Work
    done: Callable[[MaskEdit | None], object]
    failed: Callable[[str], object]


@dataclass(kw_only=True, eq=False)
class _Asked:
    """An edit that waits for its turn, or whose turn it is."""

    edit: HugeEdit
    head: int
    """Where its document stood when it was asked for; what follows is younger than it."""
    value: int | None
    """What its pixel was then."""

    @property
    def document(self) -> MaskDocument:
        return self.edit.document

    @property
    def is_painted_over(self) -> bool:
        return _value_at(self.edit) != self.value


class HugeEdits(QObject):
    """The first is worked on, the others wait for it; each is made after the stroke that is on, if one is. What was
    worked out while the mask changed counts for nothing and is worked out again."""

    said = Signal(str)
    """What is going on, and what can be done about it."""

    def __init__(self, shown: Callable[[], Document | None], is_drawing: Callable[[], bool], parent: QObject) -> None:
        """`shown` is the document on the canvas; `is_drawing` says whether Escape is the tool's."""
        super().__init__(parent)
        self._shown = shown
        self._is_drawing = is_drawing
        self._latest = Latest("huge edits", self)
        self._stop = threading.Event()
        self._asked: list[_Asked] = []
        self._has_begun = False
        """Whether the first one's turn has come."""
        self._is_stale = False
        self._again = QTimer(self, singleShot=True, interval=_WAIT_MS)
        self._again.timeout.connect(self._seek)
        self._reminder = QTimer(self, interval=_REMIND_MS)
        self._reminder.timeout.connect(self.remind)

    @property
    def is_running(self) -> bool:
        return bool(self._asked)

    def make(self, edit: HugeEdit) -> None:
        """At once on a small mask that nothing else is happening to, else when its turn comes."""
        document = edit.document
        if document.is_editing or self.is_running or document.mask.size > AT_ONCE_PIXELS:
            self.ask(edit)
        else:
            self._make(edit, _worked_out(edit.work, document.mask, threading.Event()))

    def ask(self, edit: HugeEdit) -> None:
        """Work it out and make it after those that were asked for before."""
        if len(self._asked) >= _MOST:
            self.said.emit(f"{_MOST} steps are on their way already; wait for the first, or Esc gives them all up.")
            return
        self._asked.append(_Asked(edit=edit, head=edit.document.head, value=_value_at(edit)))
        self._go_on()
        self._reminder.start()
        self.remind()

    def give_up(self) -> bool:
        """Nobody wants what is under way on the document that is shown; says whether there was anything."""
        return self._drop(self._here())

    def give_up_last(self) -> bool:
        """Take back the last that was asked for on the document that is shown, unless its label was changed since; says
        whether it was so."""
        last = self._here()[-1:]
        if not last or last[0].document.head != last[0].head:
            return False
        return self._drop(last)

    def item_left(self) -> None:
        """Another item is about to be shown: what is to be done to a huge mask is given up, for there is no memory for
        two of them; the rest goes on."""
        self._drop([asked for asked in self._here() if is_huge(asked.document.size)], left=True)

    def close(self) -> None:
        """Make what is asked for on masks of usual size, as far as a few seconds suffice, and drop the rest. A mistake
        of the program is reported and not raised, for there is more to be closed."""
        left = [asked for asked in self._asked if not is_huge(asked.document.size)]
        self._take(self._asked)
        end = time.monotonic() + _CLOSING_SECONDS
        while left and time.monotonic() < end:
            asked = left.pop(0)
            try:
                self._finish(asked, _found_at_once(asked), left)
            except Exception as mistake:  # noqa: BLE001 - it is seen all the same
                sys.excepthook(type(mistake), mistake, mistake.__traceback__)

    # -- one after the other ------------------------------------------------------------------------------------------

    def _go_on(self) -> None:
        """It is the first one's turn, unless that has come already."""
        if self._has_begun or not self._asked:
            return
        self._has_begun = True
        self._asked[0].document.changed.connect(self._changed)
        self._seek()

    def _seek(self) -> None:
        asked = self._asked[0]
        if self._is_painting(asked.document):
            self._again.start()
            return
        self._is_stale = False
        self._stop.set()
        stop = self._stop = threading.Event()
        if asked.is_painted_over:
            self._arrived(PaintedOver())
            return
        work, mask = asked.edit.work, asked.document.mask
        self._latest.ask(lambda: _worked_out(work, mask, stop), self._arrived)

    def _changed(self, _rect: Rect) -> None:
        if not self._is_stale:
            self._is_stale = True
            self._stop.set()
            self._latest.drop()
            self._again.start()

    def _arrived(self, found: Found) -> None:
        asked = self._asked[0]
        if self._is_painting(asked.document):  # a stroke that has not changed anything yet
            self._again.start()
            return
        self._take([asked])
        try:
            self._finish(asked, found, self._asked)
        finally:
            self._go_on()
            self.remind()

    def _finish(self, asked: _Asked, found: Found, waiting: list[_Asked]) -> None:
        """Make it. To what waits on the same document the pixel counts as it is then, and it stays the youngest, unless
        that pixel or label had been changed before by somebody else."""
        document = asked.document
        waiting = [other for other in waiting if other.document is document]
        intact = [other for other in waiting if not other.is_painted_over]
        youngest = [other for other in waiting if other.head == document.head]
        try:
            self._make(asked.edit, found)
        finally:
            for other in intact:
                other.value = _value_at(other.edit)
            for other in youngest:
                other.head = document.head

    def _make(self, edit: HugeEdit, found: Found) -> None:
        """Raises what is a mistake of the program, once the person was told."""
        try:
            if isinstance(found, Exception):
                raise found
            if found is not None:
                edit.document.carry_out(found)
        except PaintedOver as error:
            self.said.emit(error.sentence)
        except StudioError as error:
            edit.failed(error.sentence)
        except Exception as mistake:
            edit.failed(f"{edit.doing} failed: the program made a mistake ({type(mistake).__name__}: {mistake}).")
            raise
        else:
            edit.done(found)

    def _take(self, taken: list[_Asked]) -> None:
        """Take these away; if the first is among them its turn ends."""
        first = self._asked[0] if self._asked else None
        self._asked = [asked for asked in self._asked if asked not in taken]
        if not self._asked:
            self._reminder.stop()
        if first is not None and first in taken:
            self._stop.set()
            self._again.stop()
            self._latest.drop()
            first.document.changed.disconnect(self._changed)
            self._has_begun = False

    def _here(self) -> list[_Asked]:
        """What is under way on the document that is shown."""
        shown = self._shown()
        return [asked for asked in self._asked if asked.document is shown]

    def _is_painting(self, document: MaskDocument) -> bool:
        """Whether a stroke is on; an edit that only waits for the disk is none."""
        return document.is_editing and (document.refused is None or self._is_drawing())

    # -- what the person is told --------------------------------------------------------------------------------------

    def _drop(self, dropped: list[_Asked], *, left: bool = False) -> bool:
        if not dropped:
            return False
        self._take(dropped)
        self._go_on()
        why = ", as its picture was left" if left else ""
        doing, others = dropped[0].edit.doing, len(dropped) - 1
        if others:
            steps = "the step that waited" if others == 1 else f"the {others} steps that waited"
            self.said.emit(f"{doing} and {steps} were given up{why}; none of them changed anything.")
        else:
            self.said.emit(f"{doing} was given up{why}; nothing was changed.")
        return True

    def remind(self) -> None:
        """Say what is under way on the document that is shown, if anything is."""
        here = self._here()
        if not here:
            return
        more = f" and {len(here) - 1} more" if len(here) > 1 else ""
        what, them = f"{here[0].edit.doing}{more}", "them" if more else "it"
        if self._is_painting(here[0].document):
            self.said.emit(f"{what}: as soon as this stroke is done.")
        elif self._is_drawing():
            self.said.emit(f"{what}… Esc gives up what you are drawing first, then {'these' if more else 'this'}.")
        else:
            self.said.emit(f"{what}… Esc gives {them} up.")


def _value_at(edit: HugeEdit) -> int | None:
    return int(edit.document.mask[edit.pixel[1], edit.pixel[0]]) if edit.pixel is not None else None


def _found_at_once(asked: _Asked) -> Found:
    if asked.is_painted_over:
        return PaintedOver()
    return _worked_out(asked.edit.work, asked.document.mask, threading.Event())


def _worked_out(work: Work, mask: Mask, stop: threading.Event) -> Found:
    try:
        return work(mask, stop.is_set)
    except Stopped:  # and nobody waits for an answer
        return None
    except Exception as error:  # noqa: BLE001 - raised again where it is seen
        return error
