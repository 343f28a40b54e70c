"""Makes run folders as the store makes them, with small drawn pictures, and carries them out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from PIL import Image

from studio.core.classes import UNLABELLED, LabelClass, make_classes
from studio.core.events import RunEvent
from studio.core.items import Split
from studio.core.masks import write_mask
from studio.core.outcome import OutcomeKind
from studio.core.points import Keypoint, KeypointName, Points
from studio.core.recipe import Augment, Encoder, ModelSpec, Precision, RunSpec, Stage, encode_spec
from studio.core.settings import TAG_TASKS, Task
from studio.core.snapshot import SNAPSHOT_FILE, Snapshot, SnapshotItem, encode_snapshot
from studio.core.tags import Tags
from studio.ml.control import Commands
from studio.ml.runner import carry_out

CLASSES: tuple[LabelClass, ...] = tuple(make_classes(["ground", "square", "void"]))

ALL_BUT_ONE = 1024
"""Cores to reserve so that one thread is left: on pictures this small more threads only wait for each other."""

SMALL_MODEL = ModelSpec(encoder="squeezenet1_1", pretrained=False)
"""Few layers and few weights, because most of such a run's time goes into calling the ones and writing the others."""

NORMED_MODEL = ModelSpec(encoder=Encoder.MOBILENET_V3, pretrained=False)
"""The smallest of the usual encoders, with batch norm in every layer, whose statistics must come back as well; a run
takes twice the time."""

Kind = TypeVar("Kind", bound=RunEvent)


def square_picture(random: np.random.Generator, *, width: int, height: int) -> tuple[np.ndarray, np.ndarray, Keypoint]:
    """A bright square on a dark ground: picture, mask (a void frame, some unlabelled pixels), its centre."""
    side = min(width, height) // 3
    left, top = int(random.integers(1, width - side - 1)), int(random.integers(1, height - side - 1))
    mask = np.zeros((height, width), np.uint8)
    mask[top : top + side, left : left + side] = 1
    picture = np.where(mask[..., None] == 1, (220, 200, 60), (40, 60, 90)) + random.integers(
        -20, 20, (height, width, 3)
    )
    mask[0] = 2
    mask[-1] = UNLABELLED
    centre = Keypoint(index=0, x=left + side / 2, y=top + side / 2)
    return picture.clip(0, 255).astype(np.uint8), mask, centre


def recipe(
    task: Task = Task.SEGMENTATION,
    *,
    stages: Sequence[Stage] = (Stage(epochs=2, height=32, width=32, batch_size=4),),
    model: ModelSpec = SMALL_MODEL,
    augment: Augment | None = None,
    precision: Precision = Precision.FLOAT32,
    **others: object,
) -> RunSpec:
    """In float32, which every machine computes alike."""
    options: dict[str, Any] = {"augment": augment or Augment(flip=False), "precision": precision, **others}
    return RunSpec(task=task, stages=tuple(stages), model=model, **options)


def make_run(
    folder: Path,
    spec: RunSpec,
    *,
    train: int = 8,
    valid: int = 4,
    size: tuple[int, int] = (40, 36),
    seed: int = 0,
) -> Path:
    """A run's folder with drawn items (`size` is width, height); ids count from 1, the training items first. For
    classes of whole pictures every second one shows no square."""
    (folder / "labels").mkdir(parents=True, exist_ok=True)
    images = folder.parent / f"{folder.name}-images"
    images.mkdir(exist_ok=True)
    random = np.random.default_rng(seed)
    items = []
    for number in range(1, train + valid + 1):
        picture, mask, centre = square_picture(random, width=size[0], height=size[1])
        has_square = spec.task not in TAG_TASKS or number % 2 == 1
        if not has_square:
            picture = np.broadcast_to(picture[:1].mean(0, keepdims=True).astype(np.uint8), picture.shape)
        path = images / f"{number:02}.png"
        Image.fromarray(picture).save(path)
        write_mask(folder / f"labels/{number}.png", mask, CLASSES)
        items.append(
            SnapshotItem(
                id=number,
                name=path.name,
                image=str(path),
                split=Split.TRAIN if number <= train else Split.VALID,
                revision=number * 10,
                mask=f"labels/{number}.png" if spec.task is Task.SEGMENTATION else None,
                points=Points((centre,)) if spec.task is Task.KEYPOINTS else None,
                tags=_tags(spec.task, has_square=has_square) if spec.task in TAG_TASKS else None,
            )
        )
    return write_run(folder, spec, items)


def _tags(task: Task, *, has_square: bool) -> Tags:
    """One of two classes, or the ground always and the square where it is."""
    if task is Task.MULTI_LABEL:
        return Tags((0, 1)) if has_square else Tags((0,))
    return Tags((int(has_square),))


def write_run(folder: Path, spec: RunSpec, items: Sequence[SnapshotItem]) -> Path:
    snapshot = Snapshot(
        task=spec.task, classes=CLASSES, keypoints=(KeypointName(name="centre", color="#ff0000"),), items=tuple(items)
    )
    (folder / "recipe.json").write_bytes(encode_spec(spec))
    (folder / SNAPSHOT_FILE).write_bytes(encode_snapshot(snapshot))
    return folder


class Listener:
    """Collects a run's events and says a command when the wanted step has come."""

    def __init__(self, commands: Commands | None = None, *, at_step: int = 0, say: str = "stop") -> None:
        self.events: list[RunEvent] = []
        self._commands = commands
        self._at_step = at_step
        self._say = say

    def __call__(self, event: RunEvent) -> None:
        self.events.append(event)
        if self._commands is not None and getattr(event, "step", None) == self._at_step:
            getattr(self._commands, self._say)()

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.events if isinstance(event, kind)]


def run(folder: Path, *, resume: bool = False) -> tuple[OutcomeKind, Listener]:
    listener = Listener()
    return carry_out(folder, resume=resume, device="cpu", reserve_cores=ALL_BUT_ONE, emit=listener), listener


def run_until(folder: Path, step: int, *, say: str = "stop", resume: bool = False) -> tuple[OutcomeKind, Listener]:
    """Carry out and `say` stop, leave or pause right after `step`."""
    commands = Commands()
    listener = Listener(commands, at_step=step, say=say)
    return carry_out(
        folder, resume=resume, device="cpu", reserve_cores=ALL_BUT_ONE, commands=commands, emit=listener
    ), listener


def same_tensors(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    """Bit for bit, names included."""
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)
