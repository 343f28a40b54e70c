"""How commands speak: to people with rich, to programs with one JSON line an event on standard output."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from studio.core.events import Warned, encode_event

PROBLEMS_SHOWN: Final = 20

Advance = Callable[[int, int], None]
"""Called with how many are done and of how many."""


class Output:
    """`as_json`: nothing but events on standard output."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.console = Console(highlight=False, soft_wrap=True)

    def event(self, event: str, **data: object) -> None:
        """A line for programs; people do not see it."""
        if self.as_json:
            self.line(msgspec.json.encode({"event": event, **data}))

    def line(self, line: bytes) -> None:
        """One event that is JSON already."""
        sys.stdout.write(line.decode().rstrip("\n") + "\n")
        sys.stdout.flush()

    def warned(self, event: Warned) -> None:
        """A run's warning: as it is for programs, its sentence for people."""
        if self.as_json:
            self.line(encode_event(event))
        self.say(f"! {event.sentence}", style="yellow")

    def say(self, sentence: str, style: str | None = None) -> None:
        """A line for people; programs do not see it."""
        if not self.as_json:
            self.console.print(sentence, style=style, markup=False)

    def result(self, event: str, sentence: str, **data: object) -> None:
        """How a command ended: a sentence for people, an event with the sentence for programs."""
        self.event(event, sentence=sentence, **data)
        self.say(sentence)

    def problems(self, sentences: Sequence[str]) -> None:
        """Every one as an event, the first `PROBLEMS_SHOWN` for people."""
        for sentence in sentences:
            self.event("problem", sentence=sentence)
        for sentence in sentences[:PROBLEMS_SHOWN]:
            self.say(f"! {sentence}", style="yellow")
        if len(sentences) > PROBLEMS_SHOWN:
            self.say(f"! and {len(sentences) - PROBLEMS_SHOWN:,} more; --json lists them all", style="yellow")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], *, title: str | None = None) -> None:
        """For people; numbers are set flush right."""
        if self.as_json:
            return
        table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
        for number, column in enumerate(columns):
            right = all(_is_number(row[number]) for row in rows)
            table.add_column(column, justify="right" if right else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))  # a name may hold what rich takes for markup
        self.console.print(table)

    @contextmanager
    def progress(self, what: str) -> Iterator[Advance]:
        """A bar for people; an event whenever another hundredth is done for programs."""
        if self.as_json:
            yield _JsonProgress(self, what)
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self.console, transient=True) as bars:
            bar = bars.add_task(what, total=None)
            yield lambda done, total: bars.update(bar, completed=done, total=total)


class _JsonProgress:
    def __init__(self, output: Output, what: str) -> None:
        self._output = output
        self._what = what
        self._last = -1

    def __call__(self, done: int, total: int) -> None:
        hundredth = 100 * done // max(1, total)
        if hundredth != self._last:
            self._last = hundredth
            self._output.event("progress", what=self._what, done=done, total=total)


def _is_number(text: str) -> bool:
    return not text or text[:1].isdigit() or text[:1] == "-"
