"""Classes that only one side of the split has, that nothing has, or that look like void ones."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from studio.core.classes import LabelClass, is_void_name
from studio.core.items import Item, LabelState, Split
from studio.core.settings import Task
from studio.preflight.findings import Finding, Fix, FixKind
from studio.preflight.wording import items_in_words, names_in_words
from studio.store import ItemFilter, Store

_SHARE: Final = 0.2
"""Of the items that have a class, how many are proposed for the split that has none."""

_MISSING: Final = {
    Split.VALID: "is in no validation item, so no metric tells how well it is learnt",
    Split.TRAIN: "is in no training item, so it cannot be learnt and each validation item with it counts as wrong",
}
_TO: Final = {Split.VALID: FixKind.TO_VALID, Split.TRAIN: FixKind.TO_TRAIN}


def class_findings(store: Store) -> list[Finding]:
    """What the counts of the database tell; items are looked up only for classes that are on one side alone."""
    settings = store.settings
    if settings.task is Task.KEYPOINTS:
        return []
    masks = settings.task is Task.SEGMENTATION
    findings = [_like_void(c) for c in settings.classes if masks and is_void_name(c.name) and not c.void]
    counts, used = store.items_with_each_class(), _used_splits(store)
    if not used:
        return findings
    bare: list[LabelClass] = []
    for label_class in settings.classes:
        if label_class.void:
            continue
        there = [split for split in used if counts.get(label_class.id, {}).get(split)]
        if not there:
            bare.append(label_class)
        findings += [_one_sided(store, label_class, missing) for missing in used if there and missing not in there]
    return findings + ([_without_items(store, bare)] if bare else [])


def _used_splits(store: Store) -> list[Split]:
    """Those of a run that have a labelled item."""
    labelled = (LabelState.LABELLED,)
    return [s for s in (Split.TRAIN, Split.VALID) if store.item_count(ItemFilter(states=labelled, splits=(s,)))]


def _like_void(label_class: LabelClass) -> Finding:
    name = label_class.name
    return Finding(
        sentence=f"{name} is learnt and counted like any class; by its name it says where nobody knows.",
        fixes=(Fix(kind=FixKind.MARK_VOID, words=f"Do not count {name}", classes=(label_class.id,)),),
    )


def _without_items(store: Store, classes: Sequence[LabelClass]) -> Finding:
    """Those that not even an item of the test split or one that is left out has can go."""
    names = names_in_words([c.name for c in classes])
    outputs = "an output that learns nothing" if len(classes) == 1 else "outputs that learn nothing"
    unused = [c for c in classes if not store.items_with_class(c.id)]
    fixes = ()
    if unused:
        words = f"Remove {unused[0].name}" if len(unused) == 1 else f"Remove {len(unused):,} classes"
        fixes = (Fix(kind=FixKind.REMOVE_CLASSES, words=words, classes=tuple(c.id for c in unused)),)
    return Finding(
        sentence=f"No labelled item of training or validation has {names}; the model would have {outputs}.",
        fixes=fixes,
    )


def _one_sided(store: Store, label_class: LabelClass, missing: Split) -> Finding:
    """Whole sequences move where items belong to some, or their neighbours would lie on both sides."""
    other = Split.TRAIN if missing is Split.VALID else Split.VALID
    wanted = ItemFilter(states=(LabelState.LABELLED,), splits=(other,), class_id=label_class.id)
    having = store.items(store.item_ids(wanted))
    moved = _proposed(having)
    there = "training" if missing is Split.VALID else "validation"
    fixes = ()
    if len(moved) < len(having):
        words = f"Move {len(moved):,} of them to {missing.value}"
        fixes = (Fix(kind=_TO[missing], words=words, items=tuple(item.id for item in moved)),)
    return Finding(
        sentence=f"{label_class.name} {_MISSING[missing]}; {items_in_words(len(having))} of {there} "
        f"{'has' if len(having) == 1 else 'have'} it.",
        items=tuple(item.id for item in having),
        fixes=fixes,
    )


def _proposed(having: Sequence[Item]) -> Sequence[Item]:
    groups: dict[str, list[Item]] = defaultdict(list)
    for item in having:
        groups[item.group].append(item)
    wanted = math.ceil(_SHARE * len(having))
    if len(groups) < 2:
        return having[:: max(1, round(len(having) / wanted))]
    return min(groups.values(), key=lambda group: (abs(len(group) - wanted), group[0].group))
