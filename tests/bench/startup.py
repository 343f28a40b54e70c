"""Process start → picture on the screen, for this program and for a bare PySide6 window, in turn."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.pictures import SIZES, photograph, project_of
from tests.bench.table import Row
from tests.e2e.screen import Screen, wait_until

_RUNS = 5


def measure(runs: int = _RUNS) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        image = photograph(Path(folder) / "big.jpg", *SIZES["3840×2160"])
        project = project_of([image], Path(folder) / "project")
        window = [sys.executable, "-m", "studio", str(project)]
        floor = [sys.executable, str(Path(__file__).with_name("floor.py")), "window", str(image)]
        picture_seen(window)  # a first run fills the file cache and the window's own caches
        ours, theirs = [], []
        for _ in range(runs):
            ours.append(picture_seen(window))
            theirs.append(picture_seen(floor))
    seconds = statistics.median(s for s, _ in ours)
    return [
        Row(
            what="start → 3840×2160 picture on screen",
            budget="≤ 0.8 s",
            measured=f"{seconds:.2f} s, {ours[-1][1]} MiB",
            floor=f"{statistics.median(s for s, _ in theirs):.2f} s, {theirs[-1][1]} MiB",
            met=seconds <= 0.8,
        )
    ]


def picture_seen(argv: Sequence[str], *, seconds: float = 60) -> tuple[float, int]:
    """Seconds until noise, which only the picture has, covers the middle of the screen; and the RSS in MiB then."""
    with Screen() as screen:
        begin = time.perf_counter()
        process = screen.start(argv)
        wait_until(lambda: is_noisy(screen), seconds=seconds)
        passed = time.perf_counter() - begin
        resident = rss_mib(process.pid)
        process.terminate()
        process.wait()
    return passed, resident


def rss_mib(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4 // 1024


def is_noisy(screen: Screen) -> bool:
    """Whether the middle of the screen shows one of the benchmarks' pictures."""
    middle = screen.grab(760, 440, 240, 120).astype(int)
    colours = {tuple(pixel) for pixel in middle.reshape(-1, 3)[::50]}
    return middle.std() > 15 and len(colours) > 100
