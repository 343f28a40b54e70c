"""Mouse event → painted pixel on the screen, for this program and for a bare painter, in the same run."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from studio.store import Store
from tests.bench.pictures import SIZES, photograph, project_of
from tests.bench.table import Row
from tests.e2e.screen import Screen, wait_until

_SCREEN_BRUSH = 24
"""Brush diameter on the screen, in pixels; steps are wider, so that the pixel that is watched is always fresh."""
STEP = 40


@dataclass(frozen=True)
class Latency:
    median_ms: float
    p95_ms: float
    steps: int
    missed: int
    painted_after_fast_stroke: float
    """Share of the fast stroke's points under which the screen changed."""

    def __str__(self) -> str:
        return f"{self.median_ms:.1f} / {self.p95_ms:.1f} ms"


def measure(sizes: Sequence[str] = tuple(SIZES)) -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in sizes:
            height, width = SIZES[name]
            image = photograph(Path(folder) / f"{width}.jpg", height, width)
            project = project_of([image], Path(folder) / f"project-{width}")
            diameter = round(_SCREEN_BRUSH * width / 1000)
            ours = latency(window_argv(project, diameter))
            floor = latency(
                [sys.executable, str(Path(__file__).with_name("floor.py")), "brush", str(image), str(diameter)]
            )
            rows.append(
                Row(
                    what=f"mouse event → painted pixel, {name}",
                    budget="median ≤ 3 ms, p95 ≤ 6 ms",
                    measured=f"{ours}, {ours.missed} of {ours.steps} missed",
                    floor=str(floor),
                    met=ours.median_ms <= 3 and ours.p95_ms <= 6 and not ours.missed,
                )
            )
            share, saved = ours.painted_after_fast_stroke, painted_pixels(project)
            rows.append(
                Row(
                    what=f"a fast 400-event stroke, {name}",
                    budget="every event is in the mask",
                    measured=f"{share:.1%} of its points seen, {saved} px saved",
                    met=share == 1,
                )
            )
    return rows


def window_argv(project: Path, diameter: int) -> list[str]:
    options = ["--tool", "brush", "--brush-size", str(diameter), "--class", "class 4"]
    return [sys.executable, "-m", "studio", str(project), *options]


def latency(argv: Sequence[str], *, settle: float = 5.0) -> Latency:
    """Slow strokes, one event at a time, then one fast stroke of 400 events; the strokes lie in the window's middle."""
    with Screen() as screen:
        process = screen.start(argv)
        time.sleep(settle)
        times = [
            step(screen, x, y)
            for y in range(330, 490, 40)
            for x in slow_stroke(screen, y, range(540 + STEP, 1100, STEP))
        ]
        share = _fast_stroke(screen, y=560)
        process.terminate()
        process.wait()
    seen = [value for value in times if value is not None]
    if not seen:
        raise RuntimeError("no step of the brush was ever seen on the screen")
    return Latency(statistics.median(seen), float(np.percentile(seen, 95)), len(times), len(times) - len(seen), share)


def slow_stroke(screen: Screen, y: int, places: range):
    screen.move(places.start - STEP, y)
    time.sleep(0.1)
    screen.press()
    time.sleep(0.3)
    yield from places
    screen.release()
    time.sleep(0.3)


def step(screen: Screen, x: int, y: int) -> float | None:
    """Milliseconds from the event to a changed pixel beside the cursor's hot spot; None when it never changed."""

    def pixel() -> np.ndarray:
        return screen.grab(x + 4, y + 5, 2, 2).astype(int)

    before = pixel()
    screen.move(x, y)
    try:
        passed = wait_until(lambda: bool(np.abs(pixel() - before).max() > 8), seconds=2, every=0)
    except TimeoutError:
        return None
    time.sleep(0.05)
    return passed * 1000


def _fast_stroke(screen: Screen, y: int) -> float:
    points = [(540 + 560 * i / 400, y + 20 * np.sin(i / 20)) for i in range(401)]
    before = screen.grab(0, 0, screen.width, screen.height).astype(int)
    screen.move(*points[0])
    time.sleep(0.2)
    screen.press()
    for x, height in points[1:]:
        screen.move(x, height)
        time.sleep(0.001)
    time.sleep(0.5)
    screen.release()
    time.sleep(0.5)
    after = screen.grab(0, 0, screen.width, screen.height).astype(int)
    changed = np.abs(after - before).max(axis=2) > 8
    near = [changed[round(h) - 3 : round(h) + 4, round(x) - 3 : round(x) + 4].any() for x, h in points]
    return float(np.mean(near))


def painted_pixels(project: Path) -> int:
    """Labelled pixels of the project's first item, as a newly opened project sees them."""
    with Store.open(project) as store:
        mask = store.read_mask(store.item_ids()[0])
        return 0 if mask is None else int((mask != 255).sum())
