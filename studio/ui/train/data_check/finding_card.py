"""One finding: its sentence, what mends it, and the way to the items where it can be seen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from studio.core.errors import StudioError
from studio.preflight import Finding, Fix, Mended

CarryOut = Callable[[Fix], tuple[Mended, Callable[[], None]]]


class FindingCard(QFrame):
    """`wanted` names the item that the person wants to see; pressing again names the next."""

    wanted = Signal(int)

    def __init__(self, finding: Finding, carry_out: CarryOut) -> None:
        super().__init__()
        self.setObjectName("finding")
        self.setProperty("role", "card")
        self._finding = finding
        self._carry_out = carry_out
        self._next = 0
        self._put_back: Callable[[], None] = lambda: None
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        self.fixes = [self._fix_button(number, fix) for number, fix in enumerate(finding.fixes)]
        self.show_items = self._button("Show", "finding_show", self._show_next)
        self.back = self._button("Put back", "finding_back", self._take_back)
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in (*self.fixes, self.back, self.show_items):
            row.addWidget(button)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 10)
        layout.setSpacing(8)
        layout.addWidget(self.sentence)
        layout.addLayout(row)
        self._stand(finding.sentence, mended=False)

    def _fix_button(self, number: int, fix: Fix) -> QPushButton:
        return self._button(fix.words, f"finding_fix_{number}", lambda: self._mend(fix))

    def _button(self, words: str, name: str, pressed: Callable[[], None]) -> QPushButton:
        button = QPushButton(words.replace("&", "&&"))
        button.setObjectName(name)
        button.clicked.connect(pressed)
        return button

    def _mend(self, fix: Fix) -> None:
        try:
            mended, self._put_back = self._carry_out(fix)
        except StudioError as error:
            self._stand(error.sentence, mended=False)
            return
        self._stand(mended.sentence, mended=True)
        self.back.setFocus()

    def _take_back(self) -> None:
        self._put_back()
        self._stand(self._finding.sentence, mended=False)

    def _show_next(self) -> None:
        items = self._finding.items
        self.wanted.emit(items[self._next % len(items)])
        self._next += 1
        self._name_next()

    def _stand(self, sentence: str, *, mended: bool) -> None:
        self.sentence.setText(sentence)
        self.setProperty("tone", "ok" if mended else "warning")
        self.style().polish(self)
        for button in self.fixes:
            button.setVisible(not mended)
        self.back.setVisible(mended)
        self.show_items.setVisible(bool(self._finding.items))
        self._name_next()

    def _name_next(self) -> None:
        many = len(self._finding.items)
        self.show_items.setText("Show" if many == 1 else f"Show {self._next % max(many, 1) + 1:,} of {many:,}")
