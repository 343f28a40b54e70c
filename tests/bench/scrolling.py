"""The process that `review` measures: the real Review page, opened and scrolled. Prints its figures as JSON.

usage: scrolling.py PROJECT
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QObject, QSettings
from PySide6.QtWidgets import QApplication, QWidget

from studio.store import Store
from studio.ui.review import ReviewPage
from studio.ui.session import Session
from studio.ui.theme import ThemeMode, theme
from tests.bench.startup import rss_mib
from tests.e2e.screen import wait_until

_FRAME = 1 / 60
_STEPS = 200
_SLOW = 40
"""Pixels a step, about what a touch pad scrolls in a frame."""


class _Paints(QObject):
    """Counts what a widget paints."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() is QEvent.Type.Paint
        return super().eventFilter(watched, event)


def main() -> None:
    app = QApplication([])
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    theme().apply(ThemeMode.DARK)
    with Store.open(Path(sys.argv[1])) as store:
        figures = _figures(app, store)
    print(json.dumps(figures))


def _figures(app: QApplication, store: Store) -> dict[str, object]:
    begin, begun = time.perf_counter(), time.process_time()
    page = ReviewPage(Session(store))
    page.resize(1920, 1000)
    page.show()
    grid = page.gallery.grid
    drawn: list[object] = []
    page.gallery.tiles.ready.connect(drawn.append)
    paints = _Paints(grid.viewport())

    def seen(condition: bool) -> bool:
        app.processEvents()
        return condition

    wait_until(lambda: seen(page.gallery.model.rowCount() > 0), every=0.002)
    wait_until(lambda: seen(paints.count > 0), every=0.002)
    rows, rows_processor = time.perf_counter() - begin, time.process_time() - begun
    screenful = _visible_tiles(page)
    wait_until(lambda: seen(len(set(drawn)) >= screenful), every=0.002)
    first_screen, drawn_processor = time.perf_counter() - begin, time.process_time() - begun
    scrolled = {
        "slow": _scroll(app, page, _SLOW),
        "fast": _scroll(app, page, 3 * grid.viewport().height()),
    }
    rss = rss_mib(os.getpid())
    page.close()
    return {
        "rows_s": rows,
        "rows_processor_s": rows_processor,
        "drawn_s": first_screen,
        "drawn_processor_s": drawn_processor,
        "rss_mib": rss,
        **scrolled,
    }


def _visible_tiles(page: ReviewPage) -> int:
    """Tiles that are wholly in view."""
    grid = page.gallery.grid
    view = grid.viewport().rect()
    first = [
        grid.visualRect(page.gallery.model.index(row, 0)) for row in range(min(100, page.gallery.model.rowCount()))
    ]
    return sum(view.contains(place) for place in first)


def _scroll(app: QApplication, page: ReviewPage, pixels: int) -> dict[str, float]:
    """Milliseconds a frame on the GUI thread, by the clock and by the processor time that it got; the second says more
    where other programs want the processor too."""
    bar, viewport = page.gallery.grid.verticalScrollBar(), page.gallery.grid.viewport()
    times, processor = [], []
    for _ in range(_STEPS):
        before = bar.value()
        begin, begun = time.perf_counter(), time.thread_time()
        bar.setValue(before + pixels)
        viewport.repaint()
        busy = time.perf_counter() - begin
        assert bar.value() == before + pixels, "the grid came to its end"
        while True:
            turn = time.perf_counter()
            app.processEvents()
            now = time.perf_counter()
            busy += now - turn
            if now - begin >= _FRAME:
                break
            time.sleep(0.0005)
        times.append(busy * 1000)
        processor.append((time.thread_time() - begun) * 1000)
    return {
        "steps": _STEPS,
        "median_ms": float(np.median(times)),
        "p95_ms": float(np.percentile(times, 95)),
        "max_ms": max(times),
        "processor_median_ms": float(np.median(processor)),
        "processor_p95_ms": float(np.percentile(processor, 95)),
    }


if __name__ == "__main__":
    main()
