"""Carrying out a fix, and taking it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from studio.core.classes import LabelClass, distinct_color
from studio.core.counting import counted
from studio.core.errors import BadInput
from studio.core.items import Split
from studio.core.settings import ProjectSettings
from studio.preflight.findings import Fix, FixKind
from studio.preflight.wording import names_in_words
from studio.store import Store

_SPLITS = {FixKind.TO_TRAIN: Split.TRAIN, FixKind.TO_VALID: Split.VALID}

ChangeSettings = Callable[[ProjectSettings], ProjectSettings]


@dataclass(frozen=True)
class ItemsMended:
    """What was done, and where each of the items was before: in a split, or left out or not."""

    sentence: str
    splits: Mapping[int, Split]
    left_out: tuple[int, ...] = ()


@dataclass(frozen=True)
class SettingsMended:
    """`put_back` takes this one change out of the settings as they are by then."""

    sentence: str
    settings: ProjectSettings
    put_back: ChangeSettings


def mend_items(store: Store, fix: Fix) -> ItemsMended:
    """Raises CannotWrite."""
    is_now = counted(len(fix.items), "item is", "items are")
    if fix.kind is FixKind.LEAVE_OUT:
        store.set_left_out(fix.items, True)
        return ItemsMended(f"{is_now} left out now.", {}, fix.items)
    before = {item.id: item.split for item in store.items(fix.items)}
    split = _SPLITS[fix.kind]
    store.set_split(fix.items, split)
    return ItemsMended(f"{is_now} in the {split.value} split now.", before)


def put_items_back(store: Store, mended: ItemsMended) -> None:
    """Raises CannotWrite."""
    if mended.left_out:
        store.set_left_out(mended.left_out, False)
    for old in set(mended.splits.values()):
        store.set_split([item for item, was in mended.splits.items() if was is old], old)


def mend_settings(store: Store, fix: Fix) -> SettingsMended:
    """Nothing is saved here. Raises BadInput where the project has changed since the look, so that the fix is none."""
    if fix.kind is FixKind.REMOVE_CLASSES:
        return _removed(store, fix.classes)
    (number,) = fix.classes
    if fix.kind is FixKind.ADD_CLASS:
        return _added(store.settings, number)
    name = _named(store.settings, number).name
    sentence = f"{name} is a void class now: neither learnt nor counted."
    return SettingsMended(sentence, _with_void(store.settings, number, True), lambda s: _with_void(s, number, False))


def _with_void(settings: ProjectSettings, number: int, void: bool) -> ProjectSettings:
    classes = tuple(replace(c, void=void) if c.id == number else c for c in settings.classes)
    return replace(settings, classes=classes)


def _removed(store: Store, numbers: tuple[int, ...]) -> SettingsMended:
    names = [_named(store.settings, number).name for number in numbers]
    if any(store.items_with_class(number) for number in numbers):
        raise BadInput("By now some item has one of these classes; check the data again.")

    def back(settings: ProjectSettings) -> ProjectSettings:
        for number in numbers:
            settings = settings.with_class_again(number)
        return settings

    settings = store.settings
    for number in numbers:
        settings = settings.without_class(number)
    is_removed = "is" if len(names) == 1 else "are"
    sentence = f"{names_in_words(names)} {is_removed} removed; the menu of the classes brings them back."
    return SettingsMended(sentence, settings, back)


def _added(settings: ProjectSettings, number: int) -> SettingsMended:
    if any(c.id == number for c in settings.known_classes):
        raise BadInput(f"Number {number} has a class by now; check the data again.")
    new = LabelClass(id=number, name=f"class {number}", color=distinct_color(number))
    classes = tuple(sorted((*settings.classes, new), key=lambda c: c.id))
    sentence = f"{new.name} is a class now; give it its name on the Label page."
    return SettingsMended(
        sentence,
        replace(settings, classes=classes),
        lambda s: replace(s, classes=tuple(c for c in s.classes if c.id != number)),
    )


def _named(settings: ProjectSettings, number: int) -> LabelClass:
    found = next((c for c in settings.classes if c.id == number), None)
    if found is None:
        raise BadInput("The class is not in the project any more; check the data again.")
    return found
