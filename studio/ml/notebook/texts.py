"""Lesson 3's words for texts: a language model on all of them, then the classifier on the same AWD-LSTM."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Self

import msgspec
import numpy as np

from studio.core.errors import BadInput
from studio.core.items import Split
from studio.core.recipe import Augment, RunSpec, Stage
from studio.core.settings import Task as TaskName
from studio.core.snapshot import Snapshot, SnapshotItem
from studio.core.texts import as_read, read_document
from studio.core.vocabulary import Vocabulary, save_vocabulary
from studio.ml.data.batches import Batch, SplitItems
from studio.ml.data.stage_data import StageData
from studio.ml.model_file import MODEL_FILE, read_model
from studio.ml.notebook.data_bunch import DataBunch, DatasetType
from studio.ml.notebook.labels import Labelled, make_snapshot
from studio.ml.notebook.learner import Learner
from studio.ml.notebook.saying import say
from studio.ml.notebook.tables import Column, read_table
from studio.ml.random_state import derived_seed
from studio.ml.tasks.text import Text
from studio.ml.text.text_source import TextSource

BATCH_SIZE: Final = 32

MAX_LEN: Final = 600
"""Tokens that the classifier reads of a document."""


class TextDataset(Sequence[tuple[str, str]]):
    """One split's documents as they are read, with their classes."""

    def __init__(self, items: Sequence[SnapshotItem], classes: Sequence[str]) -> None:
        self.items = list(items)
        self._classes = classes

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> tuple[str, str]:  # pyright: ignore[reportIncompatibleMethodOverride]
        item = self.items[index]
        ids = item.tags.ids if item.tags is not None else ()
        return as_read(read_document(Path(item.image))), ";".join(self._classes[i] for i in ids)


class TextDataBunch(DataBunch):
    """Documents for the classifier or, with `language`, for the language model. `folder` holds them as files and goes
    with this."""

    language = False

    def __init__(
        self,
        snapshot: Snapshot,
        *,
        path: Path,
        folder: Path,
        vocab: Vocabulary | None = None,
        bs: int = BATCH_SIZE,
        max_len: int = MAX_LEN,
    ) -> None:
        super().__init__(snapshot, path=path, height=1, width=max_len, bs=bs, augment=Augment(flip=False))
        assert isinstance(self.task, Text)
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        if vocab is not None:
            save_vocabulary(folder, vocab)
        self._source = TextSource(
            folder=folder,
            spec=RunSpec(task=TaskName.TEXT, stages=(self._stage(),)),
            task=self.task,
            device=self.device,
            warn=say,
            progress=lambda what, done, total: None,
            check=lambda: None,
        )
        self._source.prepare()

    @classmethod
    def from_csv(
        cls,
        path: Path | str,
        csv_name: str,
        *,
        text_cols: Column = 1,
        label_cols: Column = 0,
        valid_col: Column | None = None,
        valid_pct: float = 0.2,
        vocab: Vocabulary | None = None,
        bs: int = BATCH_SIZE,
        max_len: int = MAX_LEN,
    ) -> Self:
        """A table's texts and classes. `valid_col` says True of the rows that are held out; without it a share of
        `valid_pct` is, drawn with NumPy's global generator. `vocab`: another data's, so that its encoder fits. Raises
        BadTable, BadInput."""
        columns = [label_cols, text_cols, *([valid_col] if valid_col is not None else [])]
        rows = read_table(Path(path) / csv_name, columns, has_header=True)
        if valid_col is None:
            drawn = set(np.random.permutation(len(rows))[: int(valid_pct * len(rows))].tolist())
        else:
            drawn = {i for i, row in enumerate(rows) if row[2].strip().lower() in ("true", "1")}
        folder = Path(tempfile.mkdtemp(prefix="studio-texts-"))
        labelled: dict[Split, list[Labelled]] = {Split.TRAIN: [], Split.VALID: []}
        for i, row in enumerate(rows):
            document = folder / f"{i:06}.txt"
            document.write_text(row[1], encoding="utf-8", newline="")
            labelled[Split.VALID if i in drawn else Split.TRAIN].append((document, row[0]))
        snapshot = make_snapshot(TaskName.TEXT, labelled, classes=None, order="yx")
        return cls(snapshot, path=Path(path), folder=folder, vocab=vocab, bs=bs, max_len=max_len)

    @property
    def vocab(self) -> Vocabulary:
        assert isinstance(self.task, Text)
        return self.task.vocabulary

    @property
    def train_ds(self) -> TextDataset:  # pyright: ignore[reportIncompatibleMethodOverride]
        return TextDataset(self.items(Split.TRAIN), self.classes)

    @property
    def valid_ds(self) -> TextDataset:  # pyright: ignore[reportIncompatibleMethodOverride]
        return TextDataset(self.items(Split.VALID), self.classes)

    def make_task(self, architecture: str | None) -> Text:
        """The one that knows the vocabulary."""
        assert isinstance(self.task, Text)
        return self.task

    def stage_data(self, *, seed: tuple[int, ...]) -> StageData:
        spec = msgspec.structs.replace(self._source.spec, seed=derived_seed(*seed))
        return dataclasses.replace(self._source, spec=spec).load(0)

    def images_of(self, split: Split) -> SplitItems:  # pyright: ignore[reportIncompatibleMethodOverride]
        data = self.stage_data(seed=(0,))
        return data.train.images if split is Split.TRAIN else data.valid.images

    def batches(self, split: Split, *, augment: bool) -> Iterator[Batch]:
        data = self.stage_data(seed=(0,))
        return (data.train if split is Split.TRAIN else data.valid).epoch(0)

    def show_batch(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, rows: int = 5, ds_type: DatasetType = DatasetType.Train
    ) -> list[tuple[str, str]]:
        """The first documents of a split with their classes."""
        dataset = self.valid_ds if ds_type is DatasetType.Valid else self.train_ds
        return [dataset[i] for i in range(min(rows, len(dataset)))]

    def _stage(self) -> Stage:
        height, width = self.size
        return Stage(epochs=1, height=height, width=width, batch_size=self.batch_size, language=self.language)


class TextClasDataBunch(TextDataBunch):
    """Documents for the classifier."""


class TextLMDataBunch(TextDataBunch):
    """Documents for the language model, which reads all of each."""

    language = True


class TextLearner(Learner):
    """An AWD-LSTM from scratch: a language model where the data is for one, else a classifier."""

    def __init__(self, data: TextDataBunch, **options: Any) -> None:
        self._unfrozen: int | None = None
        self._language = data.language
        super().__init__(data, "resnet18", pretrained=False, **options)

    def freeze(self) -> None:
        self.freeze_to(-1)

    def unfreeze(self) -> None:
        self.frozen, self._unfrozen = False, None

    def freeze_to(self, n: int) -> None:
        """Train the last `-n` parts only: the head, then the LSTM, then the embedding."""
        if not -3 <= n <= -1:
            raise BadInput("A text network has three parts; freeze_to takes -1, -2 or -3.")
        self.frozen, self._unfrozen = False, -n

    def save_encoder(self, name: str) -> Path:
        """What the language model learnt, for `load_encoder`."""
        return self.save(name)

    def load_encoder(self, name: str) -> None:
        """Everything but the classifier, from a model of the same vocabulary. Raises BadInput for another one."""
        model = read_model(self._folder(name) / MODEL_FILE)
        if model.metadata.get("vocabulary") != self.data.task.metadata()["vocabulary"]:
            raise BadInput(f"{name} has another vocabulary; make this data with vocab=data_lm.vocab.")
        kept = {key: value for key, value in model.state.items() if not key.startswith("classifier.")}
        self.model.load_state_dict({**self.model.state_dict(), **kept})

    def _stage(self, **fields: Any) -> Stage:
        stage = super()._stage(**fields)
        return msgspec.structs.replace(stage, language=self._language, unfrozen=self._unfrozen)


def language_model_learner(data: TextDataBunch, **options: Any) -> TextLearner:
    """Raises BadInput for data that is not a language model's."""
    if not data.language:
        raise BadInput("A language model reads a TextLMDataBunch; make one of the same table.")
    return TextLearner(data, **options)


def text_classifier_learner(data: TextDataBunch, **options: Any) -> TextLearner:
    """Raises BadInput for data that is a language model's."""
    if data.language:
        raise BadInput("A classifier reads a TextClasDataBunch; make one with vocab=data_lm.vocab.")
    return TextLearner(data, **options)
