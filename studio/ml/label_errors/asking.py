"""What a run that is there already says about labels that it never learnt."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch

from studio.core.events import Progress, Started, Warned
from studio.core.recipe import Purpose, RunSpec
from studio.ml.control import Commands
from studio.ml.data.decoders import make_decoder
from studio.ml.data.sources import make_source
from studio.ml.device import MixedPrecision, device_name, resolve_precision
from studio.ml.event_log import RunLog
from studio.ml.label_errors.folds import in_folder
from studio.ml.label_errors.shares import ShareKeeper
from studio.ml.network import make_network
from studio.ml.scoring import Scorer
from studio.ml.tasks.base import Task


def ask_parent(
    run: Path, out: Path, spec: RunSpec, task: Task, device: torch.device, commands: Commands, log: RunLog
) -> None:
    """Predict all items of the run in `run` with its parent's network and score them in `out`. Raises StopRequested,
    BadInput where the parent's network does not fit, and whatever a forward pass may raise."""

    def warn(sentence: str) -> None:
        log.emit(Warned(sentence=sentence))

    def report(what: str, done: int, total: int) -> None:
        log.emit(Progress(what=what, done=done, total=total))

    out.mkdir(parents=True, exist_ok=True)
    stage = spec.stages[-1]
    source = make_source(
        folder=run, spec=spec, task=task, device=device, warn=warn, progress=report, check=commands.check
    )
    source.prepare()
    first = make_network(spec, task, run)
    precision = MixedPrecision(resolve_precision(spec.precision, device, warn, task=spec.task), device)
    items = [in_folder(item, run) for item in task.snapshot.items if task.is_labelled(item)]
    log.emit(
        Started(
            purpose=Purpose.LABEL_ERRORS.value,
            device=device_name(device),
            precision=precision.precision.value,
            weights=first.sentence,
            parameters=sum(p.numel() for p in first.network.parameters()),
            train_items=0,
            valid_items=len(items),
            steps=0,
            epochs=0,
        )
    )
    for warning in first.warnings:
        warn(warning)
    scorer = Scorer(
        make_decoder(out, task, height=stage.height, width=stage.width, resize=spec.resize),
        first.network.to(device),
        precision=precision,
        device=device,
        batch_size=stage.batch_size,
        warn=warn,
        report=partial(report, "asking the run"),
        check=commands.check,
        keep=ShareKeeper(out).keep,
    )
    scorer.score_all(items)
