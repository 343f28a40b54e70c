"""The installed PySide6 keeps the singletons that signals carry (6.12.0 on Python 3.11 lost one `True` an emit)."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtCore import QObject, Signal


class _Sender(QObject):
    flag = Signal(bool)
    thing = Signal(object)


@pytest.mark.parametrize(
    ("name", "value"), [("flag", True), ("flag", False), ("thing", True), ("thing", False), ("thing", None)]
)
def test_emitting_a_singleton_fifty_times_leaves_its_reference_count_alone(
    qapp: object, name: str, value: bool | None
) -> None:
    sender = _Sender()
    signal = getattr(sender, name)
    received: list[object] = []
    signal.connect(received.append)
    signal.emit(value)
    received.clear()
    before = sys.getrefcount(value)
    for _ in range(50):
        signal.emit(value)
    held = len(received)
    received.clear()
    after = sys.getrefcount(value)
    assert held == 50
    assert abs(after - before) < 10
