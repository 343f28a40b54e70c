"""Carrying an import into a project: the one way in for the command line, the window and the demo."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from studio.core.counting import counted
from studio.core.errors import BadInput
from studio.core.items import Item, NewItem, Split
from studio.formats import Annotation, ImportPlan
from studio.formats.embedded_pictures import unpack_pictures
from studio.formats.embedded_texts import unpack_texts
from studio.formats.picture_look import looked_at, unreadable_pictures
from studio.import_fit import Fit, fit
from studio.store import Store

SETTINGS_FILE: Final = "studio.toml"
_OWN_FOLDERS: Final = ("labels", "runs")
"""Folders in which a project keeps its own files."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What an import brought. `items` are new ones, by split in `by_split`; `labelled` counts labels that were taken
    over now; `problems` has a sentence for each thing that was left out; `sentence` says it all in one; `not_looked_at`
    counts pictures that may be bad without a sentence."""

    items: int
    by_split: Mapping[Split, int]
    labelled: int
    problems: tuple[str, ...]
    sentence: str
    cancelled: bool = False
    not_looked_at: int = 0


Progress = Callable[[int, int], object]
"""Called with how many labels are done and of how many."""


def import_into(
    root: Path,
    plan: ImportPlan,
    *,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    look_at_most: int | None = None,
) -> ImportReport:
    """Make the project at `root`, or open it, and bring in what `plan` has.

    Items come first, in one transaction, then their labels. An import that is interrupted or cancelled leaves a project
    that opens; importing again goes on where it ended, because only items that nobody has labelled get a label.
    Of pictures without a label the first `look_at_most`, or all, are looked at, so that a bad one gets its sentence.
    Raises BadInput where the plan has no item or does not fit the project, CannotWrite.
    """
    if not plan.items:
        raise BadInput(f"There is nothing to import: {plan.found}")
    store, fitted = _open(root.absolute(), plan)
    with store:
        return _carry_in(
            store, plan, fitted, progress=progress, cancelled=cancelled or never, look_at_most=look_at_most
        )


def never() -> bool:
    return False


def _open(root: Path, plan: ImportPlan) -> tuple[Store, Fit]:
    if not (root / SETTINGS_FILE).is_file():
        taken = [name for name in _OWN_FOLDERS if (root / name).exists()]
        if taken:
            raise BadInput(
                f"{root} has a folder {taken[0]} already, in which a project would keep its own; choose another folder."
            )
        return Store.create(root, plan.settings), Fit()
    store = Store.open(root)
    try:
        fitted = fit(root, store.settings, plan)
        roots = [each for each in plan.settings.image_roots if each not in store.settings.image_roots]
        if roots:
            merged = (*store.settings.image_roots, *roots)
            store.save_settings(msgspec.structs.replace(store.settings, image_roots=merged))
    except BaseException:
        store.close()
        raise
    return store, fitted


def _carry_in(
    store: Store,
    plan: ImportPlan,
    fitted: Fit,
    *,
    progress: Progress | None,
    cancelled: Callable[[], bool],
    look_at_most: int | None,
) -> ImportReport:
    before = store.counts().total
    wanted = [msgspec.structs.replace(item, name=item_name(item.name)) for item in plan.items]
    unpacked = unpack_pictures(store.root, plan, wanted)
    unpack_texts(store.root, plan, wanted)
    ids = store.add_items(wanted)
    new = store.counts().total - before
    others, labelled_before = (set(), set()) if new == len(wanted) else known_before(wanted, store.items(ids))
    to_look_at = (i for i in looked_at(plan) if i not in others)
    first = itertools.islice(to_look_at, look_at_most)
    problems = [*unpacked, *tell_others(others), *unreadable_pictures(plan.items[i].path for i in first)]
    due = [i for i in plan.labels if i not in labelled_before and i not in others]
    labelled = stopped = 0

    def labels() -> Iterator[tuple[int, Annotation]]:
        nonlocal labelled, stopped
        for done, index in enumerate(due, start=1):
            if cancelled():
                stopped = len(due) - done + 1
                return
            label = plan.read(index)
            if label is not None:
                labelled += 1
                yield ids[index], fitted.of(label)
            if progress:
                progress(done, len(due))

    if plan.notes:
        store.note_source(plan.source, plan.notes)
    store.import_annotations(labels())
    store.flush()
    counts = Counter(item.split for item in plan.items)
    every_problem = (*plan.problems, *problems)
    return ImportReport(
        items=new,
        by_split={split: counts.get(split, 0) for split in Split},
        labelled=labelled,
        problems=every_problem,
        sentence=_sentence(store.root, new, counts, labelled, len(every_problem), stopped),
        cancelled=stopped > 0,
        not_looked_at=sum(1 for _ in to_look_at),
    )


def item_name(name: str) -> str:
    """A file's name as an item's: what would lead elsewhere on another system becomes an underscore."""
    return name.replace("\\", "_").replace(":", "_")


def known_before(wanted: Sequence[NewItem], items: Sequence[Item]) -> tuple[set[int], set[int]]:
    """Indices of those whose name the project has for a picture in another place, and of those labelled already."""
    others = {
        index
        for index, (new, item) in enumerate(zip(wanted, items, strict=True))
        if new.path != item.path and new.path.resolve() != item.path.resolve()
    }
    return others, {index for index, item in enumerate(items) if item.revision > 0}


def tell_others(others: set[int]) -> list[str]:
    if not others:
        return []
    return [
        (
            f"{counted(len(others), 'image has a name', 'images have names')} that the project has already for "
            "others; they were left out."
        )
    ]


def _sentence(root: Path, new: int, counts: Mapping[Split, int], labelled: int, problems: int, stopped: int) -> str:
    splits = ", ".join(f"{counts[split]:,} {split}" for split in Split if counts.get(split))
    text = f"{root} has {counted(new, 'new item')} ({splits}), {labelled:,} labelled"
    text += f"; {counted(problems, 'problem')}." if problems else "."
    if stopped:
        text += f" Stopped with {counted(stopped, 'label')} to go; import again to go on."
    return text
