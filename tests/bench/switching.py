"""The key for the next item → the next picture on the screen."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from tests.bench.pictures import SIZES, photograph, project_of
from tests.bench.startup import rss_mib
from tests.bench.table import Row
from tests.e2e.screen import Screen, wait_until

_PICTURES = 24


def measure(pictures: int = _PICTURES) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        images = [_tinted(Path(folder) / f"{i:03}.jpg", i) for i in range(pictures)]
        project = project_of(images, Path(folder) / "project")
        with Screen() as screen:
            process = screen.start([sys.executable, "-m", "studio", str(project)])
            time.sleep(6)
            screen.click(800, 500)  # a click of the hand tool gives the canvas the keyboard
            before = rss_mib(process.pid)
            times = [_switch(screen) for _ in range(pictures - 1)]
            after = rss_mib(process.pid)
            process.terminate()
            process.wait()
    p95 = float(np.percentile(times, 95))
    return [
        Row(
            what="next image (prefetched), 1920×1080",
            budget="p95 ≤ 30 ms",
            measured=f"median {statistics.median(times):.0f} / p95 {p95:.0f} ms; {before} → {after} MiB",
            met=p95 <= 30,
        )
    ]


def _tinted(path: Path, index: int) -> Path:
    """A photograph whose middle is a shade that its neighbours do not have."""
    photograph(path, *SIZES["1920×1080"], seed=index)
    picture = cv2.imread(str(path))
    picture[340:740, 660:1260] = (index * 97 % 256, index * 53 % 256, 255 * (index % 2))
    cv2.imwrite(str(path), picture)
    return path


def _switch(screen: Screen) -> float:
    """Milliseconds until the middle of the screen is another picture's."""

    def middle() -> np.ndarray:
        return screen.grab(790, 480, 8, 8).astype(int)

    time.sleep(0.6)
    before = middle()
    screen.key("Next", pause=0)
    return wait_until(lambda: bool(np.abs(middle() - before).max() > 12), seconds=5, every=0) * 1000
