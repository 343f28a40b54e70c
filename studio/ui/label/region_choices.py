"""What to do to a region, and by how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, Signal

from studio.core.region_wishes import RegionOperation, RegionWish


@dataclass(frozen=True)
class Amount:
    """What an operation can be given: the words around the number, where it begins, and its bounds."""

    tip: str
    first: int
    most: int
    suffix: str = " px"


AMOUNTS: Final = {
    RegionOperation.GROW: Amount("How far to grow", 1, 100),
    RegionOperation.SHRINK: Amount("How far to shrink", 1, 100),
    RegionOperation.SMOOTH: Amount("Radius to smooth by", 3, 60),
    RegionOperation.REMOVE_SPECKS: Amount("Pieces with fewer pixels are removed", 50, 100_000),
}
"""Of the operations that have one."""

OPPOSITES: Final = {
    RegionOperation.GROW: RegionOperation.SHRINK,
    RegionOperation.SHRINK: RegionOperation.GROW,
}


class RegionChoices(QObject):
    """Grow and shrink have one amount between them, so that either undoes the other."""

    changed = Signal()
    """Another operation or amount."""
    wanted = Signal(object)
    """A `RegionWish` to carry out on the item that is shown."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._operation = RegionOperation.GROW
        self._amounts = {operation: amount.first for operation, amount in AMOUNTS.items()}

    @property
    def operation(self) -> RegionOperation:
        """What a click of the tool does."""
        return self._operation

    def choose(self, operation: RegionOperation) -> None:
        if operation is not self._operation:
            self._operation = operation
            self.changed.emit()

    def amount(self, operation: RegionOperation) -> int:
        return self._amounts.get(operation, 1)

    def set_amount(self, operation: RegionOperation, amount: int) -> None:
        for each in (operation, OPPOSITES.get(operation, operation)):
            if each in self._amounts:
                self._amounts[each] = min(max(amount, 1), AMOUNTS[each].most)
        self.changed.emit()

    def ask(
        self, operation: RegionOperation, class_id: int, pixel: tuple[int, int] | None = None, *, whole: bool = False
    ) -> None:
        amount = self.amount(operation)
        self.wanted.emit(RegionWish(operation=operation, class_id=class_id, pixel=pixel, whole=whole, amount=amount))
