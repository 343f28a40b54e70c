"""Making the folder of a proposal job from the project as it is now. For a background thread."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from studio.core.atomic import why, write_atomically
from studio.core.errors import BadInput, CannotWrite, StudioError
from studio.core.items import LabelState, Split
from studio.core.label_queue import QueueWish
from studio.core.masks import write_mask
from studio.core.proposals import FROM_STROKES, JOB_FILE, ProposalJob, Stroked, Wanted, encode_job
from studio.core.recipe import Purpose
from studio.store.items import ItemFilter
from studio.store.runs import RunRecord
from studio.store.store import Store

_JOBS_FOLDER: Final = ".jobs"
_CACHE_FOLDER: Final = ".samples"

_MOST_STROKED: Final = 24
"""Items that a model of strokes learns from: those painted last."""

_MOST_KNOWN: Final = 1000
"""Labelled items that a queue's items shall differ from: spread evenly over all of them where there are more."""

_numbers = itertools.count()


def proposing_runs(store: Store) -> list[RunRecord]:
    """The runs whose models can propose labels, newest first."""
    return [
        run
        for run in reversed(store.runs())
        if run.spec.purpose is Purpose.TRAIN and run.outcome is not None and run.outcome.learnt_something
    ]


def preferred_run(store: Store) -> str | None:
    """The run that proposes where nobody names one: the one whose model was kept, else the newest; None where none
    can."""
    able = [run.id for run in proposing_runs(store)]
    kept = store.kept_run()
    return kept if kept in able else next(iter(able), None)


def make_job(root: Path, source: str, items: Sequence[int]) -> Path:
    """Freeze what proposing for these items needs in a new folder below `proposals/`; returns the folder. Raises
    StudioError."""
    with Store.open(root) as store:
        return _make(store, source, items)


def make_queue_job(root: Path, run: str, *, places: int, seed: int = 0, at_random: bool = False) -> Path:
    """Freeze what choosing and proposing the next items to label needs; returns the job's folder.

    Only training items are queued: a validation set that a model chose would measure that model's doubts, not its
    worth. Raises BadInput where all of them are labelled, StudioError.
    """
    with Store.open(root) as store:
        train = (Split.TRAIN,)
        items = store.item_ids(ItemFilter(states=(LabelState.UNLABELLED,), splits=train))
        if not items:
            raise BadInput("Every training item is labelled; there is nothing to label next until you add more.")
        labelled = store.item_ids(ItemFilter(states=(LabelState.LABELLED,), splits=train))
        step = max(1, -(-len(labelled) // _MOST_KNOWN))
        known = () if at_random else tuple(str(item.path) for item in store.items(labelled[::step]))
        wish = QueueWish(places=places, seed=seed, known=known, at_random=at_random)
        return _make(store, run, items, queue=wish)


def _make(store: Store, source: str, items: Sequence[int], *, queue: QueueWish | None = None) -> Path:
    folder = store.proposals.folder / _JOBS_FOLDER / f"{time.time_ns()}-{next(_numbers)}"
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise CannotWrite(folder, why(error)) from error
    try:
        job = msgspec.structs.replace(_job(store, folder, source, items), queue=queue)
        write_atomically(folder / JOB_FILE, encode_job(job), durable=False)
    except StudioError:
        remove_job(folder)
        raise
    return folder


def remove_job(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _job(store: Store, folder: Path, source: str, items: Sequence[int]) -> ProposalJob:
    settings, proposals = store.settings, store.proposals
    masks = proposals.mask_paths(items)
    wanted = tuple(
        Wanted(item=item.id, image=str(item.path), mask=str(masks[item.id]), group=item.group)
        for item in store.items(items)
    )
    for path in {Path(one.mask).parent for one in wanted}:
        path.mkdir(parents=True, exist_ok=True)
    from_strokes = source == FROM_STROKES
    return ProposalJob(
        task=settings.task,
        wanted=wanted,
        run=None if from_strokes else str(store.run(source).folder),
        strokes=_strokes(store, folder, items) if from_strokes else (),
        classes=settings.classes,
        cache=str(proposals.folder / _CACHE_FOLDER),
    )


def _strokes(store: Store, folder: Path, items: Sequence[int]) -> tuple[Stroked, ...]:
    """The labels of the items painted last. The first wanted item comes last: its picture is wanted again at once."""
    painted = store.proposals.painted_last(_MOST_STROKED)
    painted.sort(key=lambda item_id: item_id == items[0])
    found: list[Stroked] = []
    for item in store.items(painted):
        mask = store.read_mask(item.id)
        if mask is not None:
            name = f"{item.id}.png"
            write_mask(folder / name, mask, store.settings.classes, durable=False)
            found.append(Stroked(item=item.id, image=str(item.path), mask=name, revision=item.revision))
    if not found:
        raise BadInput("Nothing is painted yet; paint a few strokes of at least two classes, then propose.")
    return tuple(found)
