"""Carrying out a fix, and taking it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from msgspec.structs import replace

from studio.core.classes import LabelClass, distinct_color
from studio.core.counting import counted
from studio.core.items import Split
from studio.core.settings import ProjectSettings
from studio.preflight.findings import Fix, FixKind
from studio.store import Store

_SPLITS = {FixKind.TO_TRAIN: Split.TRAIN, FixKind.TO_VALID: Split.VALID}


@dataclass(frozen=True)
class Mended:
    """`sentence` says what was done; `settings` are the project's new ones, or None where they stay; `put_back` takes
    back what was done to items."""

    sentence: str
    settings: ProjectSettings | None = None
    put_back: Callable[[], None] = lambda: None


def mend(store: Store, fix: Fix) -> Mended:
    """Items are changed here; new settings are for the caller to save. Raises StudioError where they cannot be."""
    if fix.kind in _SPLITS:
        return _moved(store, fix, _SPLITS[fix.kind])
    if fix.kind is FixKind.LEAVE_OUT:
        store.set_left_out(fix.items, True)
        sentence = f"{counted(len(fix.items), 'item is', 'items are')} left out now."
        return Mended(sentence, put_back=partial(store.set_left_out, fix.items, False))
    settings, number = store.settings, fix.class_id
    assert number is not None
    if fix.kind is FixKind.REMOVE_CLASS:
        name = next(c.name for c in settings.classes if c.id == number)
        return Mended(f"{name} is removed; the menu of the classes brings it back.", settings.without_class(number))
    if fix.kind is FixKind.MARK_VOID:
        name = next(c.name for c in settings.classes if c.id == number)
        classes = tuple(replace(c, void=True) if c.id == number else c for c in settings.classes)
        return Mended(f"{name} is a void class now: neither learnt nor counted.", replace(settings, classes=classes))
    new = LabelClass(id=number, name=f"class {number}", color=distinct_color(number))
    classes = tuple(sorted((*settings.classes, new), key=lambda c: c.id))
    return Mended(f"{new.name} is a class now; give it its name on the Label page.", replace(settings, classes=classes))


def _moved(store: Store, fix: Fix, split: Split) -> Mended:
    before = {item.id: item.split for item in store.items(fix.items)}

    def put_back() -> None:
        for old in set(before.values()):
            store.set_split([item for item, was in before.items() if was is old], old)

    store.set_split(fix.items, split)
    is_in = counted(len(fix.items), "item is", "items are")
    return Mended(f"{is_in} in the {split.value} split now.", put_back=put_back)
