"""Where a run's batches come from, by its task."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from studio.core.recipe import RunSpec
from studio.ml.data.stage_data import DataSource
from studio.ml.tasks.base import Task
from studio.ml.tasks.text import Text
from studio.ml.text.text_source import TextSource


def make_source(
    *,
    folder: Path,
    spec: RunSpec,
    task: Task,
    device: torch.device,
    warn: Callable[[str], None],
    progress: Callable[[str, int, int], None],
    check: Callable[[], None],
) -> DataSource | TextSource:
    """`progress` is told what is read, how many are done, of how many; `check` may raise to give up early."""
    if isinstance(task, Text):
        return TextSource(folder=folder, spec=spec, task=task, device=device, warn=warn, progress=progress, check=check)
    return DataSource(folder=folder, spec=spec, task=task, device=device, warn=warn, progress=progress, check=check)
