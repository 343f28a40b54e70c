"""Training epochs of the program against a bare PyTorch loop on tensors in memory: same network, same machine, in turn.

Run with `python -m tests.bench.throughput [EPOCHS]`.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import torch
from torch import Tensor
from torch.nn import functional

from studio.core.classes import make_classes
from studio.core.events import EpochEnd, RunEvent
from studio.core.items import Split
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Encoder, ModelSpec, RunSpec, Stage, encode_spec
from studio.core.settings import Task
from studio.core.snapshot import SNAPSHOT_FILE, Snapshot, SnapshotItem, encode_snapshot
from studio.ml.data.decoding import Decoder
from studio.ml.data.transforms import normalised
from studio.ml.models.encoders import make_encoder
from studio.ml.models.unet import UNet
from studio.ml.runner import carry_out
from studio.ml.tasks.registry import make_task
from tests.bench.table import Row, print_table

DATA = Path(os.environ.get("STUDIO_TEST_DATA", Path(__file__).parents[3] / "shared" / "data")) / "camvid11"

HEIGHT, WIDTH, BATCH, LIMIT = 96, 128, 8, 1.10


class BareLoop:
    """What anybody writes in ten minutes: no events, schedule, augmentation, checkpoints or samples."""

    def __init__(self, folder: Path, snapshot: Snapshot) -> None:
        decoder = Decoder(folder, make_task(snapshot), HEIGHT, WIDTH)
        self._train = self._tensors(decoder, snapshot.of(Split.TRAIN))
        self._valid = self._tensors(decoder, snapshot.of(Split.VALID))
        outputs = sum(not c.void for c in snapshot.classes)
        self._network = UNet(make_encoder(Encoder.RESNET18), outputs).to(memory_format=torch.channels_last)
        self._optimizer = torch.optim.AdamW(self._network.parameters(), 1e-3, fused=True)

    def epoch(self) -> float:
        """Train on all training images, then loss and accuracy on the validation images; returns seconds."""
        began = time.perf_counter()
        images, targets = self._train
        self._network.train()
        for rows in torch.randperm(len(images)).split(BATCH):
            loss = functional.cross_entropy(self._network(images[rows]), targets[rows], ignore_index=255)
            self._optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self._optimizer.step()
        self._validate()
        return time.perf_counter() - began

    @torch.inference_mode()
    def _validate(self) -> None:
        self._network.eval()
        for images, targets in zip(self._valid[0].split(BATCH), self._valid[1].split(BATCH), strict=True):
            output = self._network(images)
            functional.cross_entropy(output, targets, ignore_index=255).item()
            (output.argmax(1) == targets)[targets != 255].float().mean().item()

    @staticmethod
    def _tensors(decoder: Decoder, items: list[SnapshotItem]) -> tuple[Tensor, Tensor]:
        pictures = torch.stack([torch.from_numpy(decoder.picture(Path(item.image))) for item in items])
        targets = torch.stack([torch.from_numpy(decoder.target(item)) for item in items])
        return normalised(pictures.permute(0, 3, 1, 2)), targets.long()


class Stopwatch:
    """Runs a bare epoch after each epoch of the program, so that both meet the same machine."""

    def __init__(self, bare: BareLoop) -> None:
        self._bare = bare
        self._began = time.perf_counter()
        self.program: list[float] = []
        self.floor: list[float] = []
        self.accuracy = 0.0

    def __call__(self, event: RunEvent) -> None:
        if not isinstance(event, EpochEnd):
            return
        self.program.append(time.perf_counter() - self._began)
        self.accuracy = event.metrics[0].value
        self.floor.append(self._bare.epoch())
        self._began = time.perf_counter()


def measure(epochs: int = 5) -> list[Row]:
    budget = f"epochs from the second on within {LIMIT:.2f} of a bare loop"
    what = f"training, CamVid, U-Net on ResNet-18, {HEIGHT}×{WIDTH}, batch {BATCH}"
    if not DATA.is_dir():
        return [Row(what=what, budget=budget, measured=f"not measured: {DATA} is missing")]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "0001"
        stopwatch = Stopwatch(BareLoop(folder, _make_run(folder, epochs)))
        outcome = carry_out(folder, device="cpu", emit=stopwatch)
    if outcome is not OutcomeKind.FINISHED:
        return [Row(what=what, budget=budget, measured=f"the run ended as {outcome.value}", met=False)]
    ratios = [ours / bare for ours, bare in zip(stopwatch.program[1:], stopwatch.floor[1:], strict=True)]
    return [
        Row(
            what=what,
            budget=budget,
            measured=f"median ratio {median(ratios):.3f} ({min(ratios):.3f}–{max(ratios):.3f}), "
            f"{median(stopwatch.program[1:]):.2f} s an epoch",
            floor=f"{median(stopwatch.floor[1:]):.2f} s an epoch",
            met=median(ratios) <= LIMIT,
        )
    ]


def _make_run(folder: Path, epochs: int) -> Snapshot:
    """A run's folder on the CamVid frames, with their labels as they are."""
    (folder / "labels").mkdir(parents=True)
    valid = set((DATA / "valid.txt").read_text().split())
    items = []
    for number, image in enumerate(sorted((DATA / "images").glob("*.png")), start=1):
        mask = f"labels/{number}.png"
        shutil.copyfile(DATA / "labels" / f"{image.stem}_P.png", folder / mask)
        split = Split.VALID if image.name in valid else Split.TRAIN
        items.append(SnapshotItem(id=number, name=image.name, image=str(image), split=split, revision=1, mask=mask))
    classes = tuple(make_classes((DATA / "codes.txt").read_text().split()))
    snapshot = Snapshot(task=Task.SEGMENTATION, classes=classes, items=tuple(items))
    stage = Stage(epochs=epochs, height=HEIGHT, width=WIDTH, batch_size=BATCH)
    spec = RunSpec(task=Task.SEGMENTATION, model=ModelSpec(pretrained=False), stages=(stage,))
    (folder / "recipe.json").write_bytes(encode_spec(spec))
    (folder / SNAPSHOT_FILE).write_bytes(encode_snapshot(snapshot))
    return snapshot


if __name__ == "__main__":
    print_table(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
