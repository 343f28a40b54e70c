"""The data of a text project's stages: the vocabulary first, then batches for the language model or the classifier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch

from studio.core.errors import NothingToTrainOn, UnreadableText
from studio.core.items import Split
from studio.core.recipe import RunSpec, Stage
from studio.core.snapshot import SnapshotItem
from studio.core.vocabulary import kept_vocabulary, save_vocabulary
from studio.ml.data.order import batch_count, draws_per_epoch
from studio.ml.data.stage_data import StageData
from studio.ml.model_file import read_model
from studio.ml.tasks.text import Text
from studio.ml.text.documents import DocumentBatches, DocumentDecoder, Documents
from studio.ml.text.language import LanguageBatches, step_count, stream_count
from studio.ml.text.reading import Ids, made_vocabulary


@dataclass(frozen=True, kw_only=True)
class TextSource:
    """What it takes to load any stage's data. `progress` is told what is read, how many are done, of how many."""

    folder: Path
    spec: RunSpec
    task: Text
    device: torch.device
    warn: Callable[[str], None]
    progress: Callable[[str, int, int], None]
    check: Callable[[], None]
    _documents: dict[Split, Documents] = field(default_factory=dict)
    _further: list[Ids] = field(default_factory=list)

    def labelled(self, split: Split) -> list[SnapshotItem]:
        return [item for item in self.task.snapshot.of(split) if self.task.is_labelled(item)]

    def require(self, split: Split) -> None:
        """Raises NothingToTrainOn when no item of the split has a label."""
        if not self.labelled(split):
            raise NothingToTrainOn(split.value)

    def prepare(self) -> None:
        """Read every text once and number its tokens, with the vocabulary that the run had before, or else the parent's
        and what is frequent in the texts. Those of the validation split are not in it: a model meets them unread."""
        train, further = self.labelled(Split.TRAIN), self.task.snapshot.further
        self._take_over_parent()
        kept = kept_vocabulary(self.folder)
        counts = self.task.reader.count(
            [*(item.image for item in train), *further], warn=self.warn, report=self._report, check=self.check
        )
        if kept is None:
            parent = self.task.vocabulary if self.spec.parent is not None else None
            kept = made_vocabulary(counts, parent)
            save_vocabulary(self.folder, kept)
        self.task.vocabulary = kept
        self._documents[Split.TRAIN] = self._readable(train)
        self._documents[Split.VALID] = self._readable(self.labelled(Split.VALID))
        self._further.extend(ids for ids in map(self._ids, further) if ids is not None)
        for split, documents in self._documents.items():
            if not documents.items and self.labelled(split):
                raise NothingToTrainOn(split.value)

    def steps(self, stage: Stage) -> int:
        """Batches of a stage. Call `prepare` before."""
        train = self._documents[Split.TRAIN]
        if stage.language:
            tokens = sum(len(ids) for ids in self._texts(train))
            return step_count(tokens, stream_count(tokens, stage.batch_size)) * stage.epochs
        return batch_count(draws_per_epoch([item.weight for item in train.items]), stage.batch_size) * stage.epochs

    def load(self, stage_number: int) -> StageData:
        """Both splits."""
        stage = self.spec.stages[stage_number]
        decoder = DocumentDecoder(self.folder, self.task, stage.height, stage.width)
        valid = self._documents[Split.VALID]
        if stage.language:
            validation = LanguageBatches(
                valid, valid.ids, width=stage.width, batch_size=stage.batch_size, device=self.device, seed=None
            )
        else:
            validation = DocumentBatches(
                valid, decoder, batch_size=stage.batch_size, device=self.device, shuffles=False
            )
        return StageData(decoder, self.load_train(stage_number), validation)

    def load_train(self, stage_number: int) -> DocumentBatches | LanguageBatches:
        stage = self.spec.stages[stage_number]
        train = self._documents[Split.TRAIN]
        seed = (self.spec.seed, stage_number)
        if stage.language:
            return LanguageBatches(
                train,
                self._texts(train),
                width=stage.width,
                batch_size=stage.batch_size,
                device=self.device,
                seed=seed,
            )
        decoder = DocumentDecoder(self.folder, self.task, stage.height, stage.width)
        return DocumentBatches(
            train, decoder, batch_size=stage.batch_size, device=self.device, shuffles=True, seed=seed
        )

    def _texts(self, train: Documents) -> list[Ids]:
        return [*train.ids, *self._further]

    def _take_over_parent(self) -> None:
        if self.spec.parent is not None:
            self.task.take_over(read_model(self.folder.parent / self.spec.parent).metadata)

    def _readable(self, items: list[SnapshotItem]) -> Documents:
        documents = Documents()
        for item in items:
            ids = self._ids(item.image)
            if ids is not None:
                documents.items.append(item)
                documents.ids.append(ids)
        return documents

    def _ids(self, path: str) -> Ids | None:
        try:
            return self.task.ids(Path(path))
        except UnreadableText as error:
            self.warn(error.sentence)
            return None

    def _report(self, done: int, total: int) -> None:
        self.progress("reading texts", done, total)
