"""Many items: the key for the last row → that row painted, and the memory that 2,000 item switches leave behind."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.bench.pictures import SIZES, photograph, project_of
from tests.bench.startup import rss_mib
from tests.bench.table import Row
from tests.e2e.screen import Screen, wait_until

_ITEMS = 100_000
_LINKS = 50_000
"""Hard links to one file; ext4 takes 65,000."""

_SWITCHES = 2000
_PICTURES = 40
_WARM_UP = 100
"""Switches after which the caches are as full as they get."""


def measure(items: int = _ITEMS, switches: int = _SWITCHES) -> list[Row]:
    return [_scrolled(items), _switched(switches)]


def _scrolled(items: int) -> Row:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pictures").mkdir()
        links = [folder / "pictures" / f"frame {i:06}.jpg" for i in range(items)]
        for number, link in enumerate(links):
            if number % _LINKS == 0:
                original = photograph(folder / f"original {number}.jpg", 480, 640)
            os.link(original, link)
        project = project_of(links, folder / "project")
        with Screen() as screen:
            process = screen.start([sys.executable, "-m", "studio", str(project)])
            wait_until(lambda: screen.grab(760, 440, 240, 120).std() > 15, seconds=60)
            time.sleep(3)
            screen.click(120, 400)  # gives the list the keyboard
            times = [_jumped(screen, key) for key in ("End", "Home") * 5]
            process.terminate()
            process.wait()
    worst = max(times)
    return Row(
        what=f"{items:,} items: scroll to the end, and back",
        budget="≤ 100 ms",
        measured=f"median {statistics.median(times):.0f}, longest {worst:.0f} ms",
        met=worst <= 100,
    )


def _jumped(screen: Screen, key: str) -> float:
    """Milliseconds until the list shows other rows."""

    def rows() -> np.ndarray:
        return screen.grab(10, 300, 240, 500).astype(int)

    time.sleep(1.0)
    before = rows()
    begin = time.perf_counter()
    screen.key(key, pause=0)
    wait_until(lambda: bool((np.abs(rows() - before).max(axis=2) > 30).mean() > 0.005), seconds=5, every=0)
    return (time.perf_counter() - begin) * 1000


def _switched(switches: int) -> Row:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images = [photograph(folder / f"{i:03}.jpg", *SIZES["1920×1080"], seed=i) for i in range(_PICTURES)]
        project = project_of(images, folder / "project")
        with Screen() as screen:
            process = screen.start([sys.executable, "-m", "studio", str(project)])
            wait_until(lambda: screen.grab(760, 440, 240, 120).std() > 15, seconds=60)
            time.sleep(3)
            screen.click(800, 500)  # a click of the hand tool gives the canvas the keyboard
            _go(screen, _WARM_UP)
            before = rss_mib(process.pid)
            _go(screen, switches)
            after = rss_mib(process.pid)
            process.terminate()
            process.wait()
    growth = after / before - 1
    return Row(
        what=f"{switches:,} item switches, 1920×1080",
        budget="RSS grows by less than 5 %",
        measured=f"{before} → {after} MiB ({growth:+.1%})",
        met=growth < 0.05,
    )


def _go(screen: Screen, steps: int) -> None:
    """There and back through the project, with time for the picture to be shown."""
    for number in range(steps):
        forth = number % (2 * (_PICTURES - 1)) < _PICTURES - 1
        screen.key("Next" if forth else "Prior")
        time.sleep(0.07)
    time.sleep(3)
