"""What a chain ends in: the training and validation batches of one size, made with the engine's own pieces."""

from __future__ import annotations

import enum
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from studio.core.architectures import Architecture
from studio.core.errors import BadInput, NothingToTrainOn
from studio.core.items import Split
from studio.core.recipe import Augment
from studio.core.resizing import Resize, resize_to_answer
from studio.core.snapshot import Snapshot, SnapshotItem
from studio.ml.data.batches import Batch, Batches
from studio.ml.data.cropping import RandomPlace, random_place, roomy_decoder
from studio.ml.data.decoding import Decoder
from studio.ml.data.images import LabelledImages, load_images, memory_limit
from studio.ml.data.read_ahead import ReadAhead
from studio.ml.data.stage_data import StageData
from studio.ml.data.threads import background_threads
from studio.ml.device import choose_device
from studio.ml.notebook.drawing import Drawn, drawn_target, picture_of
from studio.ml.notebook.figures import Figure, new_grid
from studio.ml.notebook.pictures import Image
from studio.ml.notebook.saying import say
from studio.ml.notebook.transforms import Statistics, imagenet_stats
from studio.ml.tasks.base import Task
from studio.ml.tasks.registry import make_task

BATCH_SIZE: Final = 64


class DatasetType(enum.Enum):
    Train = Split.TRAIN
    Valid = Split.VALID
    Test = Split.TEST


class Dataset(Sequence[tuple[Image, Drawn]]):
    """One split's pictures at the size of the data, as they are, with their labels; read when they are asked for."""

    def __init__(self, decoder: Decoder, items: Sequence[SnapshotItem]) -> None:
        self.items = list(items)
        self._decoder = decoder

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> tuple[Image, Drawn]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Raises UnreadableImage and BadMask."""
        item, decoder = self.items[index], self._decoder
        picture = torch.tensor(decoder.picture(Path(item.image))).permute(2, 0, 1).float() / 255
        size = {"height": decoder.height, "width": decoder.width}
        task = decoder.task
        label = decoder.target(item) if task.is_labelled(item) else task.empty_target(**size)
        target = torch.from_numpy(label)[None]
        moved = task.from_label(task.to_label(target, **size).as_subclass(Tensor), target, **size)
        return Image(picture), drawn_target(task, moved[0], **size)


class DataBunch:
    """Pictures are decoded once, when they are first needed, and kept as long as this lives and memory allows."""

    def __init__(
        self,
        snapshot: Snapshot,
        *,
        path: Path,
        height: int,
        width: int,
        bs: int,
        augment: Augment,
        resize: Resize = Resize.SQUISH,
        device: str = "auto",
    ) -> None:
        self.snapshot = snapshot
        self.path = path
        self.batch_size = bs
        self.augment = augment
        self.resize = resize
        self.device = choose_device(device)
        self.task = make_task(snapshot)
        for caution in self.task.cautions():
            say(caution)
        # A mask is at an absolute path, so that no folder of a run is needed to find it.
        self.decoder = Decoder(path, self.task, height, width, resize_to_answer(resize, snapshot.task))
        self._loaded: dict[Split, LabelledImages] = {}
        self._roomy: tuple[LabelledImages, RandomPlace] | None = None

    def __repr__(self) -> str:
        height, width = self.size
        counts = f"Train: {len(self.train_ds):,} items; Valid: {len(self.valid_ds):,}; Test: {len(self.test_ds):,}"
        return f"DataBunch for {self.snapshot.task.value} at {height}×{width}, {self.batch_size} a batch\n{counts}"

    @property
    def classes(self) -> list[str]:
        return [label_class.name for label_class in self.snapshot.classes]

    @property
    def c(self) -> int:
        """How many classes, or coordinates of points."""
        return len(self.classes) or 2 * len(self.snapshot.keypoints)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)"""
        return self.decoder.height, self.decoder.width

    @property
    def train_ds(self) -> Dataset:
        return Dataset(self.decoder, self.items(Split.TRAIN))

    @property
    def valid_ds(self) -> Dataset:
        return Dataset(self.decoder, self.items(Split.VALID))

    @property
    def test_ds(self) -> Dataset:
        return Dataset(self.decoder, self.snapshot.of(Split.TEST))

    def normalize(self, stats: Statistics = imagenet_stats) -> DataBunch:
        """Batches always have ImageNet's mean and deviation taken off, which the encoders expect. Raises BadInput for
        other statistics."""
        if not all(
            torch.allclose(torch.tensor(a), torch.tensor(b)) for a, b in zip(stats, imagenet_stats, strict=True)
        ):
            raise BadInput("The encoders expect pictures normalised by ImageNet's statistics; use imagenet_stats.")
        return self

    def make_task(self, architecture: Architecture | None) -> Task:
        """The task as it makes networks of this architecture."""
        return make_task(self.snapshot, architecture)

    def items(self, split: Split) -> list[SnapshotItem]:
        """The labelled items."""
        return [item for item in self.snapshot.of(split) if self.task.is_labelled(item)]

    def stage_data(self, *, seed: tuple[int, ...]) -> StageData:
        """What the engine's learner trains on; `seed` draws order and transforms. Raises NothingToTrainOn where no
        picture of a split can be read, BadMask for a wrong label."""
        return StageData(
            self.decoder,
            self._batches(Split.TRAIN, augment=self.augment, seed=seed),
            self._batches(Split.VALID, augment=None, seed=(0,)),
        )

    def batches(self, split: Split, *, augment: bool) -> Iterator[Batch]:
        """One pass over a split: drawn and transformed as in training, or in order and as it is."""
        return self._batches(split, augment=self.augment if augment else None, seed=(0,)).epoch(0)

    def one_batch(self, ds_type: DatasetType = DatasetType.Train) -> tuple[Tensor, Tensor]:
        """Normalised pictures (n, 3, H, W) and the engine's targets."""
        batch = next(self.batches(ds_type.value, augment=ds_type is DatasetType.Train))
        return batch.images, batch.target

    def show_batch(
        self,
        rows: int = 3,
        figsize: Sequence[float] | None = None,
        ds_type: DatasetType = DatasetType.Train,
    ) -> Figure:
        """`rows` × `rows` pictures of a batch as the network gets them, with their labels moved along."""
        batch = next(self.batches(ds_type.value, augment=ds_type is DatasetType.Train))
        count = min(rows * rows, len(batch.rows))
        figure, axes = new_grid(count, columns=rows, figsize=figsize)
        height, width = self.size
        for ax, pixels, target in zip(axes, batch.images, batch.target, strict=False):
            ax.imshow(picture_of(pixels).pixels())
            drawn_target(self.task, target, height=height, width=width).draw(ax)
        return figure

    def _batches(self, split: Split, *, augment: Augment | None, seed: tuple[int, ...]) -> Batches:
        cuts = self.resize is Resize.CROP and augment is not None
        images, place = self._to_cut(split) if cuts else (self.images_of(split), None)
        return Batches(
            images,
            self.task,
            height=self.decoder.height,
            width=self.decoder.width,
            batch_size=self.batch_size,
            device=self.device,
            augment=augment,
            place=place,
            seed=seed,
        )

    def images_of(self, split: Split) -> LabelledImages:
        """A split's pictures; its rows are what batches and losses count. Raises NothingToTrainOn where none of them
        can be read."""
        if split not in self._loaded:
            self._loaded[split] = self._load(self.decoder, split)
        return self._loaded[split]

    def _to_cut(self, split: Split) -> tuple[LabelledImages, RandomPlace]:
        """The training pictures with what a crop may show of them."""
        assert split is Split.TRAIN
        if self._roomy is None:
            decoder = roomy_decoder(
                self.decoder, self.items(split), report=lambda done, total: None, check=lambda: None
            )
            images = self._load(decoder, split)
            self._roomy = images, random_place(decoder, images.items)
        return self._roomy

    def _load(self, decoder: Decoder, split: Split) -> LabelledImages:
        images = load_images(
            decoder,
            self.items(split),
            limit=memory_limit() // 2,
            warn=say,
            report=lambda done, total: None,
            check=lambda: None,
            ahead=ReadAhead(background_threads()),
            device=self.device,
        )
        if not images.items:
            raise NothingToTrainOn(split.value)
        weakref.finalize(self, images.close)
        return images
