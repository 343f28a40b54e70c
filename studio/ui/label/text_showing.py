"""Bringing a document onto its pane: read off the GUI thread, the neighbours before they are asked for."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Final, cast

from PySide6.QtCore import QObject

from studio.core.errors import StudioError
from studio.core.items import Item
from studio.core.texts import as_read, read_document
from studio.ui.label.canvas import Canvas
from studio.ui.label.document_pane import DocumentPane
from studio.ui.label.item_showing import ItemShowing
from studio.ui.label.items_panel import ItemsPanel
from studio.ui.label.token_reading import TokenReading
from studio.ui.session import Session
from studio.ui.widgets.background import Background

_TEXTS_KEPT: Final = 12


class TextShowing(ItemShowing):
    """Follows the session's current item, as `ItemShowing` does for pictures; the text before stays until the next one
    is there."""

    def __init__(
        self, session: Session, canvas: Canvas, items: ItemsPanel, pane: DocumentPane, parent: QObject | None = None
    ) -> None:
        super().__init__(session, canvas, items, parent)
        self._pane = pane
        self._texts: OrderedDict[int, str] = OrderedDict()
        self._texts_reader = Background("texts", parent=self)
        self._texts_reader.done.connect(self._text_arrived)
        self._texts_reader.failed.connect(self._text_broke)
        self._token_reading = TokenReading(session, pane, self)

    @property
    def _is_visible(self) -> bool:
        return self._pane.isVisible()

    def show(self, item_id: int) -> None:
        self.problem.emit("")
        self._leave_document()
        self._item = None
        try:
            self._item = self._session.store.item(item_id)
            self._take_document(self._session.document(item_id))
        except StudioError as error:
            self.problem.emit(error.sentence)
        if self._item is not None:
            self._show_text_of(self._item)
        self.document_changed.emit()
        self.settled.emit()

    def close(self) -> None:
        self._texts_reader.close()
        self._token_reading.close()
        super().close()

    def _show_text_of(self, item: Item) -> None:
        near = [pair for pair in self._items.near(item.id) if pair[0] not in self._texts]
        self._texts_reader.keep_only([item.id, *(near_id for near_id, _ in near)])
        for near_id, path in reversed(near):
            self._ask(near_id, path)
        if item.id in self._texts:
            self._texts.move_to_end(item.id)
            self._pane.show_text(self._texts[item.id])
        else:
            self._ask(item.id, item.path)

    def _ask(self, item_id: int, path: Path) -> None:
        self._texts_reader.ask(item_id, lambda: as_read(read_document(path)))

    def _text_arrived(self, key: object, text: object) -> None:
        item_id = cast(int, key)
        self._texts[item_id] = cast(str, text)
        while len(self._texts) > _TEXTS_KEPT:
            self._texts.popitem(last=False)
        if self._item is not None and item_id == self._item.id:
            self._pane.show_text(self._texts[item_id])

    def _text_broke(self, key: object, error: object) -> None:
        if self._item is not None and key == self._item.id:
            self._pane.show_sentence(error.sentence if isinstance(error, StudioError) else f"{error}.")
