"""A project on disk: the only thing that touches its files."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from studio.core.arrays import Mask
from studio.core.atomic import why
from studio.core.document import Document
from studio.core.edits import MaskEdit
from studio.core.errors import CannotWrite, ProjectExists, StudioError
from studio.core.events import RunEvent
from studio.core.items import Item, NewItem, Split
from studio.core.labelling_time import LabellingTime
from studio.core.model_choices import Standing
from studio.core.outcome import RunOutcome
from studio.core.points import Points
from studio.core.recipe import RunSpec
from studio.core.settings import ProjectSettings
from studio.core.shapes import Carried, SourceNotes
from studio.core.signals import Signal
from studio.core.snapshot import Snapshot
from studio.core.tags import Tags
from studio.store.annotations import Annotation, Annotations
from studio.store.carried import CarriedShapes
from studio.store.database import DATABASE_FILE, Database
from studio.store.decisions import Decisions
from studio.store.items import ItemCounts, ItemFilter, Items
from studio.store.journal import Journal
from studio.store.label_deeds import Surroundings
from studio.store.label_files import LABELS_FOLDER, LabelFiles, ReadLabel
from studio.store.label_queue import LabelQueue
from studio.store.label_writer import LabelWriter
from studio.store.locations import Locations
from studio.store.many_tags import ManyTags
from studio.store.model_choices import ModelChoices
from studio.store.predictions import Predictions
from studio.store.production import Production
from studio.store.proposals import Proposals
from studio.store.review import Review
from studio.store.review_queries import ReviewQueries
from studio.store.run_making import RunMaking
from studio.store.run_remarks import Remarks
from studio.store.runs import RUNS_FOLDER, RunRecord, Runs
from studio.store.scores import Scores
from studio.store.settings_file import SETTINGS_FILE, read_settings, write_settings
from studio.store.snapshot import Labels, RunData
from studio.store.suspicions import Suspicions
from studio.store.working_times import labelling_time


class Store:
    """One opened project. A store belongs to the thread that opened it; other threads and processes open their own.

    It is a thin front: each part of it has its own room beside this file.
    """

    def __init__(self, root: Path, settings: ProjectSettings, database: Database) -> None:
        """Use `Store.create` or `Store.open`."""
        self.root = root
        self.last_errors: Signal[str] = Signal()
        """A sentence, when a label file cannot be written (it is tried again; the journal has every stroke) or is not
        what was expected. May be emitted on the label writer's thread."""
        self._settings = settings
        self._database = database
        self._items = Items(database, Locations(root, settings))
        self._journal = Journal(database, self._items)
        self._files = LabelFiles(root, database, self._journal, lambda: self._settings.known_classes)
        self._shapes = CarriedShapes(database)
        self._annotations = Annotations(database, self._items, self._journal, self._files, self._shapes)
        self.proposals = Proposals(root, database)
        """What models propose; nothing of it is a label."""
        self.tags = ManyTags(database, self._journal, self.proposals, self._annotations.all_opened)
        """The tags of many items, to read and to change as one action."""
        self.models = ModelChoices(database, root)
        """Which models were kept and which set aside."""
        self._runs = Runs(root, database, self.models)
        self._making = RunMaking(self._runs, self._items, settings=lambda: self._settings, labels=self._labels)
        self.queue = LabelQueue(database)
        """What to label next, as a model chose."""
        self.production = Production(database)
        """What models got wrong out there."""
        self.review = self._make_review(database)
        """What runs scored, and what was decided about it."""
        self._writer = LabelWriter(self._files_for_writer)
        self._journal.mask_moved.connect(self._writer.mark)
        self._journal.root_left.connect(self._files.keep_root)
        self._journal.moved.connect(self.proposals.follow)
        self._journal.tagged.connect(lambda item, edit: self.proposals.settle({item: edit}))
        self._files.noticed.connect(self.last_errors.emit)
        self._writer.noticed.connect(self.last_errors.emit)
        self._writer.failed.connect(self.last_errors.emit)

    @classmethod
    def create(cls, root: Path, settings: ProjectSettings) -> Self:
        """Make a project in `root`, which may exist but hold no project. Raises ProjectExists, CannotWrite."""
        root = root.absolute()
        if (root / SETTINGS_FILE).exists() or (root / DATABASE_FILE).exists():
            raise ProjectExists(root)
        try:
            for folder in (root, root / LABELS_FOLDER, root / RUNS_FOLDER):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CannotWrite(root, why(error)) from error
        database = Database(root / DATABASE_FILE, create=True)
        try:
            database.checkpoint()
            write_settings(root, settings)
        except StudioError:
            database.close()
            raise
        return cls(root, settings, database)

    @classmethod
    def open(cls, root: Path) -> Self:
        """Open the project in `root`; label files that a crash left behind the journal are brought up to date.

        Raises NotAProject, ProjectTooNew, ProjectDamaged, CannotWrite.
        """
        root = root.absolute()
        settings = read_settings(root)
        store = cls(root, settings, Database(root / DATABASE_FILE))
        for item_id in store._files.behind():
            store._writer.catch_up(item_id)
        return store

    def close(self) -> None:
        """Write what is pending and close the files; what cannot be written is tried again at the next start."""
        self._writer.close()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- settings ---

    @property
    def settings(self) -> ProjectSettings:
        return self._settings

    def save_settings(self, settings: ProjectSettings) -> None:
        """Raises CannotWrite; the old settings then stay in force."""
        write_settings(self.root, settings)
        self._settings = settings
        self._items.locations = Locations(self.root, settings)

    # --- items ---

    def add_items(self, items: Iterable[NewItem]) -> list[int]:
        """The ids of `items` in their order; names that the project has already keep their item. All or nothing."""
        return self._items.add(items)

    def item(self, item_id: int) -> Item:
        """Raises UnknownItem."""
        return self._items.get(item_id)

    def item_named(self, name: str) -> Item:
        """Raises UnknownItem."""
        return self._items.named(name)

    def items(self, ids: Iterable[int]) -> list[Item]:
        """In the order of `ids`; ids that the project does not have are passed over."""
        return self._items.many(ids)

    def sequence(self, item: Item, reach: int) -> tuple[list[Item], int]:
        """The items that stand in a row with `item` in natural order and belong to its group, at most `reach` to either
        side, and its place among them."""
        return self._items.sequence(item, reach)

    def item_ids(self, wanted: ItemFilter | None = None) -> list[int]:
        """The ids of the items that pass, in natural order of their names."""
        return self._items.ids(wanted or ItemFilter())

    def items_with_class(self, class_id: int) -> list[int]:
        """The ids of the items whose label has the class."""
        return self._items.with_class(class_id)

    def item_count(self, wanted: ItemFilter) -> int:
        return self._items.count(wanted)

    def items_with_each_class(self) -> dict[int, dict[Split, int]]:
        return self._items.with_each_class()

    def counts(self) -> ItemCounts:
        return self._items.counts()

    def set_split(self, ids: Iterable[int], split: Split) -> None:
        ids = list(ids)
        self._items.set_split(ids, split)
        self._annotations.note_changes(ids)

    def set_left_out(self, ids: Iterable[int], left_out: bool) -> None:
        ids = list(ids)
        self._items.set_left_out(ids, left_out)
        self._annotations.note_changes(ids)

    # --- annotations ---

    def import_annotations(
        self, annotations: Iterable[tuple[int, Annotation]], progress: Callable[[int], object] | None = None
    ) -> int:
        """Take over annotations from elsewhere, as a beginning without history where an item had none. `progress` is
        told how many are in. Returns how many; raises CannotWrite."""
        return self._annotations.bring_in(annotations, progress)

    def huge_label(self, item_id: int) -> Path | None:
        """The item's label file where reading it takes long and has not been done; for `read_label` on any thread, and
        `open_document` afterwards. Raises UnknownItem."""
        return self._files.huge(item_id) if self._annotations.opened(item_id) is None else None

    def open_document(self, item_id: int, read: ReadLabel | None = None) -> Document:
        """The item for editing; the same document for as long as somebody holds it. `read` is its label file as read
        before.

        Raises UnknownItem, UnreadableImage, BadMask.
        """
        return self._annotations.open(item_id, self._settings.task, read)

    def read_mask(self, item_id: int) -> Mask | None:
        """The current mask, (H, W) uint8, the caller's own; None without a label. Raises UnknownItem, BadMask."""
        return self._annotations.mask(item_id)

    def read_points(self, item_id: int) -> Points | None:
        """The current points; None when nobody ever placed one."""
        return self._journal.points(item_id)

    def read_tags(self, item_id: int) -> Tags | None:
        """The current classes of an item; None when nobody has said anything."""
        return self._journal.tags(item_id)

    def replace_points(
        self, points: Mapping[int, Points], what: str, heads: Mapping[int, int] | None = None
    ) -> list[int]:
        """Give items other points: one edit an item, all or none. With `heads`, items that are being drawn or stand at
        another edit are passed over. Returns the ids of those that changed.

        Raises UnknownItem, CannotWrite.
        """
        return self._annotations.replace_points(points, what, heads)

    def carry_out(self, item_id: int, edit: MaskEdit, head: int) -> bool:
        """Make an edit of an item's mask that was worked out elsewhere while it stood at `head`; an open document
        follows. False where it has moved on or is being painted. Raises UnknownItem, CannotWrite."""
        return self._annotations.carry_out(item_id, edit, head)

    def carried(self, item_id: int) -> Carried | None:
        """The shapes that an import brought for the item, as they were then; None where it brought none."""
        return self._shapes.of(item_id)

    def source_notes(self) -> SourceNotes:
        """What imports' sources say about their whole data sets, by format."""
        return self._shapes.notes()

    def note_source(self, source: str, notes: Mapping[str, Any]) -> None:
        """Keep what the format `source` says about a whole data set, for an export in the same format."""
        self._shapes.note(source, notes)

    def label_path(self, item_id: int) -> Path:
        """Where the item's label image lies, once it has one."""
        return self._files.path(item_id)

    @property
    def journal(self) -> Journal:
        """Every edit of every item, for reading."""
        return self._journal

    def flush(self) -> None:
        """Wait until every label file is written. Raises the error of the first that cannot be (it is tried again)."""
        self._writer.flush()

    # --- runs ---

    def create_run(self, spec: RunSpec, *, data: RunData | None = None) -> RunRecord:
        """Make a run's folder with its recipe and its frozen data: all labelled items by their split unless `data` says
        otherwise, for `spec.fine_tune` what it says, or for a parent that is asked about labels those that it has not
        learnt. Raises NothingToTrainOn, UnknownRun, CannotWrite."""
        return self._making.make(spec, data)

    def create_production_run(self, spec: RunSpec, items: Iterable[int], *, model: Path) -> RunRecord:
        """Make the folder of a run that has the model file `model` answer `items`, seen in production, and the
        validation items. `spec.parent` is the run whose model it is, if it is one of this project; items that are left
        out are passed over. Raises UnknownRun, CannotWrite."""
        return self._making.make_for_production(spec, items, model=model)

    def freeze(self, folder: Path, spec: RunSpec, items: Iterable[int]) -> None:
        """Write into `folder` what carrying out `spec` on these training items takes; it does not become a run of the
        project. Items of other splits or without a label are passed over. Raises NothingToTrainOn, CannotWrite."""
        self._making.freeze(folder, spec, items)

    def runs(self) -> list[RunRecord]:
        """Newest last."""
        return self._runs.all()

    def run(self, run_id: str) -> RunRecord:
        """Raises UnknownRun."""
        return self._runs.get(run_id)

    def snapshot(self, run_id: str) -> Snapshot:
        """The run's frozen data. Raises UnknownRun, ProjectDamaged."""
        return self._runs.snapshot(run_id)

    def set_outcome(self, run_id: str, outcome: RunOutcome | None) -> None:
        """How the run ended, or None when it goes on again. Raises UnknownRun."""
        self._runs.set_outcome(run_id, outcome)

    def delete_run(self, run_id: str) -> None:
        """Move the run's folder to runs/.trash. Raises UnknownRun, CannotWrite."""
        self._runs.delete(run_id)

    def restore_run(self, run_id: str) -> RunRecord:
        """Take a deleted run out of the trash again. Raises UnknownRun, CannotWrite."""
        return self._runs.restore(run_id)

    def trashed_runs(self) -> list[str]:
        """Ids of the deleted runs that can be restored, the one that was deleted last at the end."""
        return self._runs.trashed()

    def set_remarks(self, run_id: str, remarks: Remarks) -> None:
        """A person's star and note of a run. Raises UnknownRun, CannotWrite."""
        self._runs.set_remarks(run_id, remarks)

    def kept_run(self) -> str | None:
        """The run whose model was decided for last; None where nobody has decided, or it is deleted."""
        return self.models.kept()

    def model_run(self) -> RunRecord | None:
        """The run to predict with where nobody names one: the kept one, else the newest that was not set aside; None
        where none has a model."""
        able = [record for record in self._runs.all() if record.has_model]
        kept = [record for record in able if record.standing is Standing.KEPT]
        open_ones = [record for record in able if record.standing is not Standing.SET_ASIDE]
        return next(iter(kept or reversed(open_ones or able)), None)

    def labelling_time(self) -> LabellingTime:
        """When a person labelled and decided; reads the whole journal, so it is for a thread of its own."""
        return labelling_time(self._database)

    def run_events(self, run_id: str) -> Iterator[RunEvent]:
        """What the run said so far; torn lines are passed over. Raises UnknownRun."""
        return self._runs.events(run_id)

    def _make_review(self, database: Database) -> Review:
        scores = Scores(database)
        around = Surroundings(
            folder=lambda run_id: self._runs.get(run_id).folder,
            classes=lambda: self._settings.classes,
            keypoints=lambda: tuple(point.name for point in self._settings.keypoints),
            current_mask=self._annotations.mask,
            open_document=self._annotations.opened,
        )
        predictions = Predictions(scores, self._items, around.folder)
        return Review(
            scores,
            ReviewQueries(database),
            Decisions(database, self._items, self._journal, predictions, around),
            Suspicions(database),
            predictions,
            folder=around.folder,
            settings=lambda: self._settings,
        )

    def _labels(self) -> Labels:
        """Where a snapshot takes its labels from, as far as possible from label files that are up to date."""
        with contextlib.suppress(StudioError):  # told already, through `last_errors`; those come from the journal
            self._writer.flush()
        return Labels(
            up_to_date=self._files.up_to_date,
            mask=self._annotations.mask,
            points=self._journal.points,
            tags=self._journal.tags,
            unlabelled=self._items.unlabelled_paths,
        )

    def _files_for_writer(self) -> tuple[LabelFiles, Database]:
        """A second connection, for the label writer's thread. What it notes there can be found out again, so it does
        not wait for the disk."""
        database = Database(self._database.path, durable=False)
        journal = Journal(database, Items(database, Locations(self.root, self._settings)))
        return LabelFiles(self.root, database, journal, lambda: self._settings.known_classes), database
