"""New runs: a folder with its recipe and the data it is to see, frozen from the project as it is now."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.items import LabelState
from studio.core.recipe import Purpose, RunSpec
from studio.core.settings import ProjectSettings
from studio.store.items import Items
from studio.store.production import take_over_model
from studio.store.runs import RunRecord, Runs, write_run
from studio.store.snapshot import Freezer, Labels, RunData


class RunMaking:
    def __init__(
        self, runs: Runs, items: Items, *, settings: Callable[[], ProjectSettings], labels: Callable[[], Labels]
    ) -> None:
        """`labels` says where a snapshot takes its labels from; it may wait until label files are written."""
        self._runs = runs
        self._items = items
        self._settings = settings
        self._labels = labels

    def make(self, spec: RunSpec, data: RunData | None) -> RunRecord:
        """All labelled items by their split unless `data` says otherwise, for `spec.fine_tune` what it says, or for a
        parent that is asked about labels those that it has not learnt. Raises NothingToTrainOn, UnknownRun,
        CannotWrite."""
        parent = self._parent(spec)
        asks_parent = spec.fine_tune is not None or spec.label_errors is not None
        parent_data = self._runs.snapshot(parent.id) if parent is not None and asks_parent else None
        with self._claimed() as (run_id, folder):
            freezer = self._freezer(folder)
            usable = self._items.usable()
            if spec.fine_tune is not None and parent is not None and parent_data is not None:
                snapshot = freezer.freeze_corrections(usable, spec.fine_tune, parent_data, parent.folder, spec.seed)
            elif parent_data is not None:
                snapshot = freezer.freeze_unseen(usable, parent_data)
            else:
                validated = spec.purpose is Purpose.TRAIN
                snapshot = freezer.freeze(usable, data or RunData(), validated=validated)
            return self._runs.record(run_id, folder, spec, snapshot)

    def make_for_production(self, spec: RunSpec, items: Iterable[int], *, model: Path) -> RunRecord:
        """`items`, seen in production, and the validation items; those that are left out are passed over. Raises
        UnknownRun, CannotWrite."""
        parent = self._parent(spec)
        snapshot = self._runs.snapshot(parent.id) if parent is not None else None
        seen = [item for item in self._items.many(items) if item.state is not LabelState.LEFT_OUT]
        with self._claimed() as (run_id, folder):
            frozen = self._freezer(folder).freeze_production(
                self._items.usable(), seen, snapshot, parent.folder if parent is not None else None
            )
            take_over_model(model, folder)
            return self._runs.record(run_id, folder, spec, frozen)

    def freeze(self, folder: Path, spec: RunSpec, items: Iterable[int]) -> None:
        """These training items only; no run of the project comes of it. Raises NothingToTrainOn, CannotWrite."""
        labelled = [item for item in self._items.many(items) if item.state is LabelState.LABELLED]
        write_run(folder, spec, self._freezer(folder).freeze(labelled, RunData(valid=()), validated=False))

    def _parent(self, spec: RunSpec) -> RunRecord | None:
        return self._runs.get(spec.parent) if spec.parent is not None else None

    def _freezer(self, folder: Path) -> Freezer:
        return Freezer(self._settings(), self._labels(), folder)

    @contextmanager
    def _claimed(self) -> Generator[tuple[str, Path]]:
        """An id and its new folder, which goes again where no run can be made in it."""
        run_id, folder = self._runs.claim_folder()
        try:
            yield run_id, folder
        except StudioError:
            self._runs.abandon(folder)
            raise
