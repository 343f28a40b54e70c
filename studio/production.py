"""What a model got wrong out there, on its way into a project and to a run that scores it."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from studio.core.arrays import Mask
from studio.core.counting import counted
from studio.core.defaults import default_spec
from studio.core.errors import BadInput, NotACheckpoint, StudioError, UnknownItem
from studio.core.fine_tuning import proposed_rate
from studio.core.images import image_size
from studio.core.items import LabelState, NewItem, Split
from studio.core.masks import write_mask
from studio.core.model_header import ModelHeader, read_model_header
from studio.core.points import Points
from studio.core.recipe import ModelSpec, Purpose, RunSpec
from studio.core.settings import TAG_TASKS, Task
from studio.core.tags import PredictedTags, Tags
from studio.formats.production import ReportedError, ReportedErrors, read_reported
from studio.formats.told_labels import Told, told_label
from studio.store import ItemFilter, RunRecord, Store
from studio.store.production import Seen

FOLDER: Final = "production"
"""Names of items seen in production begin with it, whatever split they are moved to later."""

_AT_ONCE: Final = 500
"""Proposals that are kept in one transaction."""

Progress = Callable[[int, int], object]


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model that was opened. `run` is its id where it is one of the project's."""

    header: ModelHeader
    run: str | None = None

    @property
    def words(self) -> str:
        return f"run {self.run}" if self.run is not None else str(self.header.path.parent)


@dataclass(frozen=True, kw_only=True)
class BroughtIn:
    """`items` are all that the source names and that can be read, `new` how many of them the project did not have,
    `labelled` how many got a label from it; `problems` is a sentence for each that could not be used as it stands."""

    items: tuple[int, ...]
    new: int
    labelled: int
    problems: tuple[str, ...]

    @property
    def sentence(self) -> str:
        known = len(self.items) - self.new
        parts = [f"{counted(self.new, 'production error')} came in, {self.labelled:,} with a true label"]
        parts += [f"{known:,} were there before"] if known else []
        return "; ".join(parts) + "."


def open_model(store: Store, named: str) -> Model:
    """The model of a run of the project, by its id, or of a folder or file elsewhere.

    Raises NotACheckpoint, and BadInput where it is for another task or lacks a class of the project.
    """
    known = {record.id: record for record in store.runs()}
    if named in known:
        model = Model(header=read_model_header(known[named].folder), run=named)
    else:
        path = Path(named).expanduser().absolute()
        if not path.exists():
            raise BadInput(f"There is neither a run nor a folder {named}; name a run or an exported model's folder.")
        inside = next((r.id for r in known.values() if r.folder in (path, path.parent)), None)
        model = Model(header=read_model_header(path), run=inside)
    _check_fit(store, model)
    return model


def _check_fit(store: Store, model: Model) -> None:
    header, settings = model.header, store.settings
    if header.task is not settings.task:
        raise BadInput(f"{header.path} is a model for {header.task}, and this project is for {settings.task}.")
    theirs = {c.id: c.name for c in header.classes}
    strange = [c.name for c in settings.classes if not c.void and theirs.get(c.id) != c.name]
    if strange and settings.task is not Task.KEYPOINTS:
        raise BadInput(
            f"{header.path} does not know {', '.join(strange[:5])} as this project does; "
            "choose a model that was trained with its classes."
        )
    if [k.name for k in header.keypoints] != [k.name for k in settings.keypoints]:
        raise BadInput(f"{header.path} has other keypoints than this project; choose a model that was trained on them.")


def bring_in(
    store: Store,
    source: Path,
    *,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> BroughtIn:
    """Make items of what `source` tells and take over what is true of them, where nobody has labelled them yet.

    Bringing the same source in again goes on where it ended. Raises BadInput where it tells nothing.
    """
    told = read_reported(source.absolute(), texts=store.settings.task is Task.TEXT)
    problems = list(told.problems)
    usable = [error for error in told.errors if _can_be_read(error, store.settings.task, problems)]
    if not usable:
        raise BadInput(f"Nothing that {told.source} names can be read: {problems[0]}")
    before = store.counts().total
    ids = store.add_items(_new_items(store, usable, told))
    new = store.counts().total - before
    store.production.note(
        Seen(item=item, source=str(told.source), predicted=error.predicted)
        for item, error in zip(ids, usable, strict=True)
    )
    true = _true_labels(store, told, dict(zip(ids, usable, strict=True)), problems, progress, cancelled)
    labelled = store.import_annotations(true)
    store.flush()
    return BroughtIn(items=tuple(dict.fromkeys(ids)), new=new, labelled=labelled, problems=tuple(problems))


def _can_be_read(error: ReportedError, task: Task, problems: list[str]) -> bool:
    try:
        if task is not Task.TEXT:
            image_size(error.path)
    except StudioError as unreadable:
        problems.append(unreadable.sentence)
        return False
    return True


def _new_items(store: Store, errors: Sequence[ReportedError], told: ReportedErrors) -> list[NewItem]:
    """One for each error. It keeps its name where the same file comes in again; another file, of another source or
    folder that happens to be called the same, gets a name of its own, as items go by their names."""
    paths: dict[str, Path] = {}
    new: list[NewItem] = []
    for error in errors:
        names = _names(error, told)
        name = next(one for one in names if _is_free_for(error, paths.get(one) or _path_of(store, one)))
        paths[name] = error.path
        new.append(NewItem(name=name, path=error.path, split=Split.PRODUCTION))
    return new


def _names(error: ReportedError, told: ReportedErrors) -> Iterator[str]:
    """What it may be called, without end."""
    below = error.name.replace(":", "_")
    yield f"{FOLDER}/{told.source.stem}/{below}"
    yield from (f"{FOLDER}/{told.source.stem} {number}/{below}" for number in itertools.count(2))


def _is_free_for(error: ReportedError, there: Path | None) -> bool:
    """Whether nothing, or the very same file, has the name already."""
    return there is None or there == error.path or there.resolve() == error.path.resolve()


def _path_of(store: Store, name: str) -> Path | None:
    try:
        return store.item_named(name).path
    except UnknownItem:
        return None


def _true_labels(
    store: Store,
    told: ReportedErrors,
    errors: dict[int, ReportedError],
    problems: list[str],
    progress: Progress | None,
    cancelled: Callable[[], bool],
) -> Iterator[tuple[int, Told]]:
    """Of the items that have no label, one after the other, as many masks together would take all memory."""
    due = [item for item in store.items(errors) if item.state is LabelState.UNLABELLED and errors[item.id].true]
    for done, item in enumerate(due, start=1):
        if cancelled():
            return
        error = errors[item.id]
        try:
            label = told_label(error.true, store.settings, picture=error.path, folder=told.folder)
        except (ValueError, StudioError) as wrong:
            reason = wrong.sentence if isinstance(wrong, StudioError) else f"{wrong}"
            problems.append(f"{error.where or error.name}: {reason}; {error.name} comes without a label.")
        else:
            yield item.id, label
        if progress is not None:
            progress(done, len(due))


def begin_scoring(store: Store, model: Model, items: tuple[int, ...], source: Path) -> RunRecord:
    """A run, ready to be carried out, in which `model` answers `items`, which came from `source`. Raises BadInput,
    CannotWrite."""
    spec = msgspec.structs.replace(
        _recipe(store, model),
        purpose=Purpose.SCORE,
        parent=model.run,
        fine_tune=None,
        note=f"What {model.words} got wrong: {source.name}",
    )
    return store.create_production_run(spec, items, model=model.header.path)


def _recipe(store: Store, model: Model) -> RunSpec:
    """That of the model's own run, or one of the same network and size that a fine-tuning can go by."""
    header = model.header
    if model.run is not None:
        spec = store.run(model.run).spec
        own = spec.parent if spec.purpose is Purpose.SCORE else None
        return _at_head_rate(store.run(own).spec if own is not None else spec)
    usual = default_spec(
        store.settings, n_items=store.item_count(ItemFilter(splits=(Split.TRAIN,))), image_size=(640, 480)
    )
    last = msgspec.structs.replace(usual.stages[-1], height=header.height, width=header.width)
    try:
        network = ModelSpec(encoder=header.encoder, architecture=header.architecture, pretrained=False)
        return msgspec.structs.replace(usual, model=network, resize=header.resize, stages=(last,))
    except ValueError as error:
        raise NotACheckpoint(header.path, str(error)) from error


def _at_head_rate(spec: RunSpec) -> RunSpec:
    """`spec`, of a model that was fine-tuned with the rate that its head would go at, as other recipes have it: else a
    further fine-tuning would divide the rate once more."""
    if spec.fine_tune is None:
        return spec
    last = spec.stages[-1]
    rate = msgspec.structs.replace(last.lr, high=proposed_rate(spec, frozen=True))
    return msgspec.structs.replace(spec, stages=(*spec.stages[:-1], msgspec.structs.replace(last, lr=rate)))


def pre_label(store: Store, run: str) -> tuple[int, ...]:
    """Propose, for each production item of the run that nobody has labelled and that has no proposal, what the source
    says was answered, or else what the model answers now. Returns their ids."""
    ids = store.production.unlabelled(run)
    said = store.production.of(ids)
    folder = store.run(run).folder
    made: list[int] = []
    for start in range(0, len(ids), _AT_ONCE):
        with store.proposals.together():
            made += _pre_label(store, run, ids[start : start + _AT_ONCE], said, folder)
    return tuple(made)


def _pre_label(store: Store, run: str, ids: Sequence[int], said: Mapping[int, Seen], folder: Path) -> list[int]:
    made: list[int] = []
    for review in store.review.items(run, ids):
        item, score = store.item(review.score.item), review.score
        reported = _reported(store, said.get(item.id), item.path)
        if isinstance(reported, np.ndarray):
            _put_mask(store, item.id, reported)
        elif score.mask is not None:
            target = store.proposals.mask_path(item.id)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / score.mask, target)
        points = reported if isinstance(reported, Points) else score.points
        tags = PredictedTags(tags=reported) if isinstance(reported, Tags) else score.tags
        store.proposals.put(item.id, run, points=points, tags=tags, uncertainty=score.entropy)
        made.append(item.id)
    return made


def _put_mask(store: Store, item: int, mask: Mask) -> None:
    target = store.proposals.mask_path(item)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_mask(target, mask, store.settings.known_classes)


def _reported(store: Store, seen: Seen | None, picture: Path) -> Told | None:
    """What the source says the model answered; None where it says nothing that can be used."""
    if seen is None or not seen.predicted:
        return None
    source = Path(seen.source)
    folder = source if source.is_dir() else source.parent
    try:
        return told_label(seen.predicted, store.settings, picture=picture, folder=folder)
    except (ValueError, StudioError):
        return None


def answers_otherwise(store: Store, run: str) -> tuple[int, int]:
    """Of how many items the model answers now something else than the source says it did, and of how many that can be
    told; of classes of whole items."""
    if store.settings.task not in TAG_TASKS:
        return 0, 0
    ids = store.production.scored(run)
    said = store.production.of(ids)
    compared = different = 0
    for review in store.review.items(run, ids):
        reported = _reported(store, said.get(review.score.item), Path())
        if isinstance(reported, Tags) and review.score.tags is not None:
            compared += 1
            different += reported != review.score.tags.tags
    return different, compared


def otherwise_in_words(different: int, compared: int) -> str:
    """Empty where the model answers as it was told to have."""
    if not different:
        return ""
    return (
        f"The model answers {different:,} of {counted(compared, 'item')} otherwise than was reported; is it the one "
        "that was in use, and did the pictures come to it as they are here?"
    )
