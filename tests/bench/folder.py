"""A folder of 100,000 images: from the import to its picture, then process start → picture of the project, the first
time and again, and the memory that it takes. All of it as seen on the screen."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.pictures import photograph, project_of
from tests.bench.startup import is_noisy, picture_seen
from tests.bench.table import Row
from tests.e2e.driver import Program
from tests.e2e.screen import Screen, wait_until

_IMAGES = 100_000
_RUNS = 3
_LINKS = 50_000
"""Hard links to one file; ext4 takes 65,000."""


def measure(images: int = _IMAGES) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "pictures"
        pictures.mkdir()
        links = [pictures / f"frame {i:06}.jpg" for i in range(images)]
        for number, link in enumerate(links):
            if number % _LINKS == 0:
                original = photograph(Path(folder) / f"original {number}.jpg", 480, 640)
            os.link(original, link)
        looked_at, imported = _import(pictures, Path(folder))
        project = project_of(links, Path(folder) / "project")
        window = [sys.executable, "-m", "studio", str(project)]
        first, _ = picture_seen(window)
        floor = [sys.executable, str(Path(__file__).with_name("floor.py")), "window", str(links[0])]
        pairs = [(picture_seen(window), picture_seen(floor)) for _ in range(_RUNS)]
    again = statistics.median(ours for (ours, _), _ in pairs)
    resident = max(memory for (_, memory), _ in pairs)
    return [
        Row(
            what=f"plain folder of {images:,} images: import in the window",
            budget="–",
            measured=f"window start → looked through {looked_at:.2f} s, Import pressed → picture {imported:.2f} s",
        ),
        Row(
            what=f"project of {images:,} images: picture on screen",
            budget="first ≤ 1.5 s, again ≤ 0.9 s, RSS ≤ 250 MiB",
            measured=f"first {first:.2f} s, again {again:.2f} s, {resident} MiB",
            floor=f"{statistics.median(bare for _, (bare, _) in pairs):.2f} s",
            met=first <= 1.5 and again <= 0.9 and resident <= 250,
        ),
    ]


def _import(pictures: Path, home: Path) -> tuple[float, float]:
    """Seconds until the window has looked through the folder, and from the press of Import to the first picture."""
    with Screen() as screen:
        begin = time.perf_counter()
        window = Program(screen, [str(pictures)], home=home)
        try:
            wait_until(lambda: "images" in window.text("import_found"), seconds=60)
            looked_at = time.perf_counter() - begin
            x, y, width, height = window.wait_for("import_go")
            screen.move(x + width / 2, y + height / 2)
            time.sleep(0.5)
            begin = time.perf_counter()
            screen.press()
            screen.release()
            wait_until(lambda: is_noisy(screen), seconds=120)
            return looked_at, time.perf_counter() - begin
        finally:
            window.close()
