"""Classes that only one side of the split has, that nothing has, or that look like void ones."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from studio.core.classes import LabelClass, is_void_name
from studio.core.items import Item, Split
from studio.core.settings import Task
from studio.preflight.findings import Finding, Fix, FixKind
from studio.preflight.wording import items_in_words
from studio.store import Store

_SHARE: Final = 0.2
"""Of the items that have a class, how many are proposed for the split that has none."""

_MISSING: Final = {
    Split.VALID: "is in no validation item, so no metric tells how well it is learnt",
    Split.TRAIN: "is in no training item, so it cannot be learnt and each validation item with it counts as wrong",
}
_TO: Final = {Split.VALID: FixKind.TO_VALID, Split.TRAIN: FixKind.TO_TRAIN}


def class_findings(store: Store, items: Sequence[Item]) -> list[Finding]:
    """`items` are those that a run would use."""
    settings = store.settings
    if settings.task is Task.KEYPOINTS:
        return []
    by_id = {item.id: item for item in items}
    masks = settings.task is Task.SEGMENTATION
    findings = [_like_void(c) for c in settings.classes if masks and is_void_name(c.name) and not c.void]
    for label_class in settings.classes:
        if label_class.void:
            continue
        having = [by_id[item] for item in store.items_with_class(label_class.id) if item in by_id]
        if not having:
            if items:
                findings.append(_without_items(label_class))
            continue
        for missing in (Split.TRAIN, Split.VALID):
            if all(item.split is not missing for item in having) and any(item.split is missing for item in items):
                findings.append(_one_sided(label_class, having, missing))
    return findings


def _like_void(label_class: LabelClass) -> Finding:
    name = label_class.name
    return Finding(
        sentence=f"{name} is learnt and counted like any class; by its name it says where nobody knows.",
        fixes=(Fix(kind=FixKind.MARK_VOID, words=f"Do not count {name}", class_id=label_class.id),),
    )


def _without_items(label_class: LabelClass) -> Finding:
    return Finding(
        sentence=f"No labelled item has {label_class.name}; the model would have an output that learns nothing.",
        fixes=(Fix(kind=FixKind.REMOVE_CLASS, words=f"Remove {label_class.name}", class_id=label_class.id),),
    )


def _one_sided(label_class: LabelClass, having: Sequence[Item], missing: Split) -> Finding:
    """Whole sequences move where items belong to some, or their neighbours would lie on both sides."""
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
