"""Training epochs of the program against a bare PyTorch loop on tensors in memory: same network, same machine, in turn,
both in float32.

Run with `python -m tests.bench.throughput [CASE …]`.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from studio.core.events import EpochEnd, RunEvent
from studio.core.items import Split
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Augment, ModelSpec, Precision, RunSpec, Stage
from studio.core.settings import Task as TaskName
from studio.core.snapshot import Snapshot, SnapshotItem
from studio.formats import importer, recognise
from studio.ingest import import_into
from studio.ml.data.decoding import Decoder
from studio.ml.data.transforms import normalised
from studio.ml.network import make_network
from studio.ml.runner import carry_out, read_recipe
from studio.ml.tasks.base import Task
from studio.ml.tasks.registry import make_task
from studio.store import RunData, Store
from tests.bench.table import Row, print_table

DATA: Final = Path(os.environ.get("STUDIO_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
HEIGHT, WIDTH, BATCH = 96, 128, 8
EPOCHS: Final = 5
MOST_TRAIN, MOST_VALID = 160, 40
PLAIN: Final = Augment(flip=False)


@dataclass(frozen=True)
class Case:
    """`least`: the share of the bare loop's speed that is asked for; the bare loop never augments."""

    what: str
    folder: str
    least: float = 0.95
    augment: Augment = PLAIN


CASES: Final = {
    "masks": Case("masks, U-Net on ResNet-18", "camvid11"),
    "augmented": Case(
        "masks, augmented (flip, rotate, zoom, lighting)",
        "camvid11",
        least=0.90,
        augment=Augment(flip=True, rotate=10, zoom=0.1, lighting=0.2),
    ),
    "keypoints": Case("keypoints, regression on ResNet-18", "biwi_composite"),
    "classes": Case("classes, ResNet-18", "hymenoptera"),
}


class BareLoop:
    """What anybody writes in ten minutes: no events, schedule, augmentation, checkpoints or samples."""

    def __init__(self, folder: Path, spec: RunSpec, snapshot: Snapshot) -> None:
        self._task = make_task(snapshot)
        decoder = Decoder(folder, self._task, HEIGHT, WIDTH)
        self._train = self._tensors(decoder, snapshot.of(Split.TRAIN))
        self._valid = self._tensors(decoder, snapshot.of(Split.VALID))
        self._loss = _plain_loss(self._task)
        self._network = make_network(spec, self._task, folder).network
        self._optimizer = torch.optim.AdamW(self._network.parameters(), 1e-3, fused=True)

    def epoch(self) -> float:
        """Train on all training images, then the loss on the validation images; returns seconds."""
        began = time.perf_counter()
        images, targets = self._train
        self._network.train()
        for rows in torch.randperm(len(images)).split(BATCH):
            loss = self._loss(self._network(images[rows]), targets[rows])
            self._optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self._optimizer.step()
        self._validate()
        return time.perf_counter() - began

    @torch.inference_mode()
    def _validate(self) -> None:
        self._network.eval()
        for images, targets in zip(self._valid[0].split(BATCH), self._valid[1].split(BATCH), strict=True):
            self._loss(self._network(images), targets).item()

    @staticmethod
    def _tensors(decoder: Decoder, items: list[SnapshotItem]) -> tuple[Tensor, Tensor]:
        pictures = torch.stack([torch.from_numpy(decoder.picture(Path(item.image))) for item in items])
        targets = torch.stack([torch.as_tensor(decoder.target(item)) for item in items])
        return normalised(pictures.permute(0, 3, 1, 2)), targets


class Stopwatch:
    """Runs a bare epoch after each epoch of the program, so that both meet the same machine."""

    def __init__(self, bare: BareLoop) -> None:
        self._bare = bare
        self._began = time.perf_counter()
        self.program: list[float] = []
        self.floor: list[float] = []

    def __call__(self, event: RunEvent) -> None:
        if not isinstance(event, EpochEnd):
            return
        self.program.append(time.perf_counter() - self._began)
        self.floor.append(self._bare.epoch())
        self._began = time.perf_counter()


def measure(names: tuple[str, ...] = tuple(CASES)) -> list[Row]:
    return [_measured(CASES[name]) for name in names]


def _measured(case: Case) -> Row:
    what = f"training {case.what}, {HEIGHT}×{WIDTH}, batch {BATCH}"
    budget = f"from the second epoch on ≥ {case.least:.2f} of a bare loop's speed"
    source = DATA / case.folder
    if not source.is_dir():
        return Row(what=what, budget=budget, measured=f"not measured: {source.name} is missing")
    with tempfile.TemporaryDirectory() as temporary:
        folder = _make_run(source, Path(temporary) / "project", case)
        spec, snapshot = read_recipe(folder)
        stopwatch = Stopwatch(BareLoop(folder, spec, snapshot))
        outcome = carry_out(folder, device="cpu", emit=stopwatch)
    if outcome is not OutcomeKind.FINISHED:
        return Row(what=what, budget=budget, measured=f"the run ended as {outcome.value}", met=False)
    shares = [bare / ours for ours, bare in zip(stopwatch.program[1:], stopwatch.floor[1:], strict=True)]
    return Row(
        what=what,
        budget=budget,
        measured=f"median {median(shares):.3f} ({min(shares):.3f}–{max(shares):.3f}), "
        f"{median(stopwatch.program[1:]):.2f} s an epoch",
        floor=f"{median(stopwatch.floor[1:]):.2f} s an epoch",
        met=median(shares) >= case.least,
    )


def _make_run(source: Path, project: Path, case: Case) -> Path:
    """A run on part of a data set, imported as anybody would."""
    recognised = recognise(source)
    import_into(project, importer(recognised.format).plan(recognised.source))
    with Store.open(project) as store:
        stage = Stage(epochs=EPOCHS, height=HEIGHT, width=WIDTH, batch_size=BATCH)
        model = ModelSpec(pretrained=False)
        spec = RunSpec(
            task=store.settings.task, model=model, stages=(stage,), augment=case.augment, precision=Precision.FLOAT32
        )
        items = [store.item(item_id) for item_id in store.item_ids()]
        train = [item.id for item in items if item.split is Split.TRAIN]
        valid = [item.id for item in items if item.split is Split.VALID]
        every = max(1, len(train) // MOST_TRAIN)
        data = RunData(train=train[::every][:MOST_TRAIN], valid=valid[:MOST_VALID])
        return store.create_run(spec, data=data).folder


def _plain_loss(task: Task) -> Callable[[Tensor, Tensor], Tensor]:
    """The loss without what a task adds; the task's own where that is as plain already."""
    if task.snapshot.task is TaskName.SEGMENTATION:
        return lambda output, target: functional.cross_entropy(output, target.long(), ignore_index=255)
    return task.loss


if __name__ == "__main__":
    torch.manual_seed(0)
    print_table(measure(tuple(sys.argv[1:]) or tuple(CASES)))
