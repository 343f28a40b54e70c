"""Qt objects in a cycle of references are taken apart on the GUI thread, whichever thread makes the garbage."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from studio.ui.garbage import Collector, GuiThreadGarbage


class _Knot(QObject):
    """Refers to itself, so that only the collector frees it."""

    moved = Signal()

    def __init__(self, freed_on: list[int]) -> None:
        super().__init__()
        self.itself = self
        self._freed_on = freed_on
        self.moved.connect(self.nothing)

    def nothing(self) -> None: ...

    def __del__(self) -> None:
        self._freed_on.append(threading.get_ident())


@pytest.fixture
def collecting_as_python_does() -> Iterator[None]:
    gc.enable()
    yield
    gc.disable()


def _make_objects_on_a_thread() -> list[Any]:
    """Many more than any threshold; they live as long as the list is held."""
    made: list[Any] = []
    thread = threading.Thread(target=lambda: made.extend([] for _ in range(200_000)))
    thread.start()
    thread.join()
    return made


def test_left_to_itself_python_collects_on_the_thread_that_makes_most(collecting_as_python_does: None) -> None:
    freed_on: list[int] = []
    _Knot(freed_on)
    made = _make_objects_on_a_thread()
    assert made
    assert freed_on
    assert freed_on != [threading.get_ident()]


def test_a_thread_that_makes_many_objects_collects_nothing(qtbot: QtBot, collecting_as_python_does: None) -> None:
    freed_on: list[int] = []
    garbage = GuiThreadGarbage()
    _Knot(freed_on)
    made = _make_objects_on_a_thread()
    assert made
    assert not freed_on
    qtbot.waitUntil(lambda: bool(freed_on))
    garbage.stop()
    assert freed_on == [threading.get_ident()]
    assert gc.isenabled()


def test_old_objects_are_looked_at_again_only_once_a_quarter_as_many_are_new() -> None:
    full: list[int] = []

    def told(phase: str, info: dict[str, int]) -> None:
        if phase == "start" and info["generation"] == 2:
            full.append(1)

    def look(times: int, kept: list[Any] | None = None) -> int:
        """How many full collections there are while many objects are made between one look and the next."""
        before = len(full)
        for _ in range(times):
            made: list[Any] = [[] for _ in range(1000)]
            for knot in made:
                knot.append(knot)
            if kept is not None:
                kept += made
            del knot, made
            collector.collect_due()
        return len(full) - before

    collector = Collector()
    gc.callbacks.append(told)
    try:
        while not full:
            look(1)
        assert look(400) == 0
        old = len(gc.get_objects())
        assert look(old // 4000 + 200, []) > 0
    finally:
        gc.callbacks.remove(told)
