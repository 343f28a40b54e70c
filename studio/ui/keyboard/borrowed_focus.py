"""Who had the keyboard before something opened over the window, to get it back when that closes."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid


class BorrowedFocus:
    def __init__(self) -> None:
        self._lender: QWidget | None = None

    def borrow(self) -> None:
        """Remember who has the keyboard now."""
        self._lender = QApplication.focusWidget()

    def give_back(self) -> None:
        """Unless the lender has gone meanwhile, or does not show."""
        lender, self._lender = self._lender, None
        if lender is not None and isValid(lender) and lender.isVisible():
            lender.setFocus()
