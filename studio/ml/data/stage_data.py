"""The data of one stage: train and valid at its size."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from studio.core.errors import NothingToTrainOn
from studio.core.items import Split
from studio.core.recipe import RunSpec, Stage
from studio.core.resizing import Resize, resize_to_answer
from studio.core.snapshot import SnapshotItem
from studio.ml.data.batches import Batches, SplitBatches
from studio.ml.data.cropping import RoomyDecoder, random_place, roomy_decoder
from studio.ml.data.decoded_room import DecodedRoom, decoded_folder
from studio.ml.data.decoding import Decoder, Warn
from studio.ml.data.images import load_images, memory_limit
from studio.ml.data.mixup import MixedBatches
from studio.ml.data.order import batch_count, draws_per_epoch
from studio.ml.data.read_ahead import ReadAhead
from studio.ml.data.threads import background_threads
from studio.ml.tasks.base import ItemDecoder, Task


@dataclass(frozen=True)
class StageData:
    decoder: ItemDecoder
    train: SplitBatches
    valid: SplitBatches

    def close(self) -> None:
        self.train.images.close()
        self.valid.images.close()


@dataclass(frozen=True, kw_only=True)
class DataSource:
    """What it takes to load any stage's data. `progress` is told what is read, how many are done, of how many."""

    folder: Path
    spec: RunSpec
    task: Task
    device: torch.device
    warn: Warn
    progress: Callable[[str, int, int], None]
    check: Callable[[], None]
    limit: int | None = None

    def labelled(self, split: Split) -> list[SnapshotItem]:
        return [item for item in self.task.snapshot.of(split) if self.task.is_labelled(item)]

    def require(self, split: Split) -> None:
        """Raises NothingToTrainOn when no item of the split has a label."""
        if not self.labelled(split):
            raise NothingToTrainOn(split.value)

    def prepare(self) -> None:
        """Nothing: pictures are read at each stage's size."""

    def steps(self, stage: Stage) -> int:
        """Batches of a stage as the snapshot promises them; pictures that turn out unreadable make it fewer."""
        draws = draws_per_epoch([item.weight for item in self.labelled(Split.TRAIN)])
        return batch_count(draws, stage.batch_size) * stage.epochs

    def load(self, stage_number: int) -> StageData:
        """Both splits. Raises NothingToTrainOn when no picture of one can be read, BadMask for a wrong label."""
        stage = self.spec.stages[stage_number]
        decoder = self._decoder(stage)
        ahead = ReadAhead(background_threads())
        with contextlib.ExitStack() as opened:
            opened.callback(ahead.close)
            train = self._train(stage_number, ahead)
            opened.callback(train.images.close)
            data = StageData(decoder, train, self._batches(decoder, stage, Split.VALID, ahead))
            opened.pop_all()
        return data

    def load_train(self, stage_number: int) -> SplitBatches:
        return self._train(stage_number, ReadAhead(background_threads()))

    def _decoder(self, stage: Stage) -> Decoder:
        """Of what the network is judged by."""
        resize = resize_to_answer(self.spec.resize, self.spec.task)
        return Decoder(self.folder, self.task, stage.height, stage.width, resize)

    def _train(self, stage_number: int, ahead: ReadAhead) -> SplitBatches:
        stage = self.spec.stages[stage_number]
        decoder = self._decoder(stage)
        if self.spec.resize is Resize.CROP:
            decoder = roomy_decoder(
                decoder, self.labelled(Split.TRAIN), report=self._reporting(Split.TRAIN, stage), check=self.check
            )
        seed = (self.spec.seed, stage_number)
        batches = self._batches(decoder, stage, Split.TRAIN, ahead, seed=seed)
        return MixedBatches(batches, self.task, alpha=self.spec.mixup, seed=seed) if self.spec.mixup else batches

    def _batches(
        self, decoder: Decoder, stage: Stage, split: Split, ahead: ReadAhead, *, seed: tuple[int, ...] | None = None
    ) -> Batches:
        limit = memory_limit() if self.limit is None else self.limit
        images = load_images(
            decoder,
            self.labelled(split),
            limit=limit // 2,
            warn=self.warn,
            report=self._reporting(split, stage),
            check=self.check,
            ahead=ahead,
            device=self.device,
            room=DecodedRoom(decoded_folder(self.folder), split.value),
        )
        if not images.items:
            raise NothingToTrainOn(split.value)
        return Batches(
            images,
            self.task,
            height=stage.height,
            width=stage.width,
            batch_size=stage.batch_size,
            device=self.device,
            augment=self.spec.augment if seed else None,
            place=random_place(decoder, images.items) if isinstance(decoder, RoomyDecoder) else None,
            seed=seed or (0,),
        )

    def _reporting(self, split: Split, stage: Stage) -> Callable[[int, int], None]:
        return partial(self.progress, f"reading {split.value} images at {stage.height}×{stage.width}")
