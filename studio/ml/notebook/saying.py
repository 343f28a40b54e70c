"""What the notebook says below a cell."""

from __future__ import annotations

import sys
import time
from typing import Final

OFTEN: Final = 0.2
"""Seconds between two states of the line that is written over."""


def say(sentence: str) -> None:
    print(sentence, flush=True)  # noqa: T201 - a notebook shows it


def somebody_watches() -> bool:
    """In a notebook and at a terminal a line can be written over; in a file each state would be a line."""
    return "ipykernel" in sys.modules or sys.stdout.isatty()


class ProgressLine:
    """One line that says how far a long cell is, written over again and gone in the end."""

    def __init__(self) -> None:
        self._width = 0
        self._written = 0.0

    def tell(self, text: str) -> None:
        now = time.monotonic()
        if now - self._written >= OFTEN and somebody_watches():
            self._write(text.ljust(self._width))
            self._width, self._written = len(text), now

    def clear(self) -> None:
        if self._width:
            self._write(" " * self._width)
            self._width = 0

    def _write(self, text: str) -> None:
        print(f"\r{text}\r" if text.isspace() else f"\r{text}", end="", flush=True)  # noqa: T201 - as in `say`
