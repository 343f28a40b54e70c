"""Scoring items with a model that is there already: those seen in production, and the validation items beside them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import torch

from studio.core.events import Progress, Scored, Started, Warned
from studio.core.items import Split
from studio.core.outcome import OutcomeKind
from studio.core.recipe import RunSpec
from studio.core.review import SCORES_FILE
from studio.core.snapshot import Snapshot
from studio.core.thresholds import kept_threshold
from studio.ml.control import Commands, StopRequested
from studio.ml.data.decoders import make_decoder
from studio.ml.device import MixedPrecision, device_name, resolve_precision
from studio.ml.event_log import EventLog
from studio.ml.model_file import ModelFile, read_model
from studio.ml.network import network_of
from studio.ml.scoring import Scorer
from studio.ml.tasks.base import Task
from studio.ml.tasks.multi_label import MultiLabel
from studio.ml.tasks.registry import make_task


def judge(
    folder: Path, spec: RunSpec, snapshot: Snapshot, *, device: torch.device, commands: Commands, log: EventLog
) -> OutcomeKind:
    """Write the scores of a run whose folder has its model. Training items are named in the snapshot, not scored.
    Raises NotACheckpoint."""

    def warn(sentence: str) -> None:
        log.emit(Warned(sentence=sentence))

    model = read_model(folder)
    task = _task(model, snapshot, folder)
    network = network_of(model, task).to(device).eval()
    precision = MixedPrecision(resolve_precision(spec.precision, device, warn, task=model.task), device)
    items = [item for item in snapshot.items if item.split is not Split.TRAIN]
    log.emit(
        Started(
            purpose=spec.purpose.value,
            device=device_name(device),
            precision=precision.precision.value,
            weights=f"From run {spec.parent}." if spec.parent is not None else "From the model that was opened.",
            parameters=sum(p.numel() for p in network.parameters()),
            train_items=0,
            valid_items=len(items),
            steps=0,
            epochs=0,
        )
    )
    scorer = Scorer(
        make_decoder(folder, task, height=model.height, width=model.width, resize=model.resize),
        network,
        precision=precision,
        device=device,
        batch_size=spec.stages[-1].batch_size,
        warn=warn,
        report=lambda done, total: log.emit(Progress(what="scoring", done=done, total=total)),
        check=commands.check,
    )
    try:
        number = scorer.score_all(items)
    except StopRequested:
        return OutcomeKind.STOPPED
    log.emit(Scored(scores=SCORES_FILE, items=number))
    return OutcomeKind.FINISHED


def _task(model: ModelFile, snapshot: Snapshot, folder: Path) -> Task:
    """With the classes that the model knows; where a label has another one, nobody has said anything."""
    known = model.snapshot
    strange = [c for c in snapshot.classes if c.id not in {own.id for own in known.classes}]
    judged = msgspec.structs.replace(
        snapshot,
        classes=known.classes,
        keypoints=known.keypoints or snapshot.keypoints,
        retired=(*snapshot.retired, *strange),
    )
    task = make_task(judged, model.architecture)
    if isinstance(task, MultiLabel):
        task.threshold = kept_threshold(folder)
    return task
