"""One finding: its sentence, what mends it, and the way to the items where it can be seen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from studio.preflight import Finding, Fix
from studio.ui.train.data_check.work import Done, Failed, PutBack

CarryOut = Callable[[Fix, Done, Failed], None]


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
        self._is_retired = False
        self._put_back: PutBack | None = None
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
        self._wait()
        self._carry_out(fix, self._mended, self._failed)

    def retire(self) -> None:
        """It goes; what it asked for may still be under way."""
        self._is_retired = True
        self.hide()
        self.deleteLater()

    def _mended(self, sentence: str, put_back: PutBack) -> None:
        self._put_back = put_back
        self._stand(sentence, mended=True)

    def _take_back(self) -> None:
        if self._put_back is not None:
            self._wait()
            self._put_back(lambda: self._stand(self._finding.sentence, mended=False), self._failed)

    def _failed(self, sentence: str) -> None:
        if not self._is_retired:
            self._stand(sentence, mended=self.back.isVisibleTo(self))

    def _wait(self) -> None:
        for button in (*self.fixes, self.back):
            button.setEnabled(False)

    def _show_next(self) -> None:
        items = self._finding.items
        self.wanted.emit(items[self._next % len(items)])
        self._next += 1
        self._name_next()

    def _stand(self, sentence: str, *, mended: bool) -> None:
        if self._is_retired:
            return
        self.sentence.setText(sentence)
        self.setProperty("tone", "ok" if mended else "warning")
        self.style().polish(self)
        for button in (*self.fixes, self.back):
            button.setEnabled(True)
        for button in self.fixes:
            button.setVisible(not mended)
        self.back.setVisible(mended)
        self.show_items.setVisible(bool(self._finding.items))
        self._name_next()

    def _name_next(self) -> None:
        many = len(self._finding.items)
        self.show_items.setText("Show" if many == 1 else f"Show {self._next % max(many, 1) + 1:,} of {many:,}")
