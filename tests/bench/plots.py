"""The plots of a run with 100,000 recorded steps: until they are there, and frames while they are panned; and the
longest that the window did not listen while a recorded run was replayed to it.

Panning is at the pace of a screen; a frame's time is all that the GUI thread did in it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.table import Row

_STEPS = 100_000
_ROOT = Path(__file__).parents[2]


def measure(steps: int = _STEPS) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": folder, "XDG_CONFIG_HOME": folder}
        told = subprocess.run(
            [sys.executable, "-m", "tests.bench.plotting", folder, str(steps)],
            cwd=_ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
    figures = json.loads(told)
    pan, gap = figures["pan"], figures["longest_gap_ms"]
    return [
        Row(
            what=f"the plots of {steps:,} recorded steps: opening them",
            budget="≤ 0.5 s",
            measured=f"{figures['open_s']:.2f} s from the click on the run to the drawn curves; "
            f"processor time {figures['open_processor_s']:.2f} s",
            met=figures["open_s"] <= 0.5,
        ),
        Row(
            what=f"panning the loss of {steps:,} steps, a frame",
            budget="p95 ≤ 16 ms",
            measured=f"median {pan['median_ms']:.1f} / p95 {pan['p95_ms']:.1f} / max {pan['max_ms']:.1f} ms; "
            f"processor time p95 {pan['processor_p95_ms']:.1f} ms",
            met=pan["p95_ms"] <= 16,
        ),
        Row(
            what="the longest that the window did not listen while a run went on",
            budget="≤ 30 ms",
            measured=f"{gap:.1f} ms, of processor time {figures['longest_processor_gap_ms']:.1f} ms, "
            f"in {figures['replayed_s']:.0f} s of {figures['replayed']:,} events; {figures['redraws']} redraws",
            met=gap <= 30,
        ),
    ]
