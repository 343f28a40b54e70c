"""The first words of documents for a list: read in the background, a bounded number of them in memory."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Final, cast

from PySide6.QtCore import QObject, Signal

from studio.core.texts import first_words
from studio.ui.widgets.background import Background

_KEPT: Final = 2000


class FirstWords(QObject):
    """By item id. `get` never waits: it answers with what is there, or asks for it and announces it with `ready`."""

    ready = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: OrderedDict[int, str | None] = OrderedDict()
        self._background = Background("first words", threads=1, waiting=128, parent=self)
        self._background.done.connect(self._arrived)
        self._background.failed.connect(lambda item, _error: self._arrived(item, None))

    def get(self, item_id: int, path: Path) -> str | None:
        """The words, or None when they are not there yet or cannot be read (see `is_broken`)."""
        if item_id in self._words:
            self._words.move_to_end(item_id)
            return self._words[item_id]
        self._background.ask(item_id, lambda: first_words(path))
        return None

    def is_broken(self, item_id: int) -> bool:
        return item_id in self._words and self._words[item_id] is None

    def close(self) -> None:
        """End the thread; nothing arrives any more."""
        self._background.close()

    def _arrived(self, item: object, words: object) -> None:
        item_id = cast(int, item)
        self._words[item_id] = cast("str | None", words)
        while len(self._words) > _KEPT:
            self._words.popitem(last=False)
        self.ready.emit(item_id)
