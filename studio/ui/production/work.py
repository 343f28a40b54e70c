"""What the steps have done away from the GUI thread."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import StudioError
from studio.engine.launch import worker_command, worker_environment
from studio.production import BroughtIn, begin_scoring, bring_in, open_model
from studio.store import RunRecord, Store


@dataclass(frozen=True, kw_only=True)
class Prepared:
    brought: BroughtIn
    record: RunRecord


def check_model(project: Path, model: str) -> str:
    """What it is called, where the project can take it. Raises StudioError."""
    with Store.open(project) as store:
        return open_model(store, model).words


def prepare(
    project: Path, model: str, source: Path, progress: Callable[[int, int], None], cancelled: Callable[[], bool]
) -> Prepared:
    """Bring errors in and make the run that scores them, ready to be carried out. Raises StudioError."""
    with Store.open(project) as store:
        opened = open_model(store, model)
        brought = bring_in(store, source, progress=progress, cancelled=cancelled)
        return Prepared(brought=brought, record=begin_scoring(store, opened, brought.items, source))


def export_model(run: Path, out: Path) -> str:
    """Have the program itself write the model to the new folder `out`; a sentence about it. Raises StudioError."""
    command = [*worker_command()[:-1], "export-model", str(run), str(out), "--json"]
    ended = subprocess.run(
        command, env=worker_environment(), capture_output=True, text=True, encoding="utf-8", check=False
    )
    lines = [line for line in ended.stdout.splitlines() if line.startswith("{")]
    sentences = [event["sentence"] for line in lines if "sentence" in (event := json.loads(line))]
    if ended.returncode != 0:
        raise StudioError(sentences[-1] if sentences else f"The model could not be exported: {ended.stderr[-300:]}")
    return sentences[-1]
