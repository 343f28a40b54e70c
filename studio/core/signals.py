"""A signal without Qt, so that documents can be watched by widgets and by plain code alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVarTuple

Args = TypeVarTuple("Args")


class Signal(Generic[*Args]):
    """Calls its listeners in the order they connected, on the thread that emits."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[*Args], object]] = []

    def connect(self, listener: Callable[[*Args], object]) -> None:
        self._listeners.append(listener)

    def disconnect(self, listener: Callable[[*Args], object]) -> None:
        self._listeners.remove(listener)

    def emit(self, *args: *Args) -> None:
        for listener in tuple(self._listeners):
            listener(*args)
