"""Before and after a fine-tuning: item by item, what got fixed, what broke and what stayed.

Errors are `ItemScore.error`: the share of counted pixels that are wrong, the mean distance in pixels of the original,
whether the class is wrong, or how many tags are. "Before" is the parent run against the label as it then was, "after"
the fine-tuned run against the label as it is now; items whose label changed in between are therefore reported apart,
for part of their gain is the label's.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from studio.core.items import Split
from studio.core.review import NO_CLASS, Correction, Decision, ItemScore
from studio.core.settings import TAG_TASKS, Task
from studio.core.significance import PairedTest, chance_in_words, paired_test

RELATIVE_MARGIN: Final = 0.2
"""A change below this share of the larger of the two errors is no change."""

ABSOLUTE_MARGIN: Final = {Task.SEGMENTATION: 0.02, Task.KEYPOINTS: 2.0}
"""A change below this is no change either: a share of pixels, or pixels of distance. Of classes of whole items any
change is one."""

_MEASURES: Final = {
    Task.SEGMENTATION: "of pixels wrong",
    Task.KEYPOINTS: "off",
    Task.SINGLE_LABEL: "of items wrong",
    Task.MULTI_LABEL: "tags wrong",
    Task.TEXT: "of items wrong",
}
"""What a mean error is a mean of."""

_SHARES_OF_ITEMS: Final = TAG_TASKS - {Task.MULTI_LABEL}
"""Tasks whose mean error is a share of the items."""

_SPLIT_ORDER: Final = (Split.VALID, Split.TEST, Split.PRODUCTION, Split.TRAIN)


class Verdict(enum.StrEnum):
    """The last two are items that only one of the two runs has scored."""

    FIXED = "fixed"
    BROKEN = "broken"
    UNCHANGED = "unchanged"
    ONLY_BEFORE = "only before"
    ONLY_AFTER = "only after"


@dataclass(frozen=True, kw_only=True)
class ReportRow:
    """One item. `corrected`: a person changed it in review; `label_changed`: the two runs saw different labels."""

    item: int
    name: str
    split: Split
    verdict: Verdict
    before: float | None
    after: float | None
    corrected: bool = False
    label_changed: bool = False
    decision: Decision = Decision.UNDECIDED

    @property
    def apart(self) -> bool:
        """Not comparable as it stands: the label is not the one that the parent run was scored against."""
        return self.corrected or self.label_changed


@dataclass(frozen=True, kw_only=True)
class ReportPart:
    """Totals of some rows; the mean errors are over the items that both runs have, None when there are none."""

    fixed: int = 0
    broken: int = 0
    unchanged: int = 0
    only_before: int = 0
    only_after: int = 0
    error_before: float | None = None
    error_after: float | None = None

    @property
    def compared(self) -> int:
        return self.fixed + self.broken + self.unchanged

    @property
    def items(self) -> int:
        return self.compared + self.only_before + self.only_after


@dataclass(frozen=True, kw_only=True)
class ClassChange:
    """Wrong pixels, or items, of one label class, over the untouched validation items; of tags also those too many."""

    class_id: int
    wrong_before: int
    wrong_after: int


@dataclass(frozen=True, kw_only=True)
class Report:
    """`untouched`: validation items whose label stayed, the honest comparison, and `chance` whether their change could
    be chance, None without any; `corrected`: the items a person changed; `others`: the rest. `rows` are sorted by
    change, the largest gain first; `summary` is for people."""

    task: Task
    rows: tuple[ReportRow, ...]
    total: ReportPart
    untouched: ReportPart
    corrected: ReportPart
    others: ReportPart
    by_class: tuple[ClassChange, ...]
    chance: PairedTest | None
    summary: tuple[str, ...]


def before_after(
    before: Iterable[ItemScore], after: Iterable[ItemScore], corrections: Iterable[Correction], *, task: Task
) -> Report:
    """Compare the parent run's scores with the fine-tuned run's.

    An item that was scored in several splits (a corrected validation item is trained on as well) counts once: in the
    split that both runs share, validation first.
    """
    decisions = _latest_decisions(corrections)
    old, new = _by_item(before), _by_item(after)
    pairs = [_pair(old.get(item, {}), new.get(item, {})) for item in sorted(old.keys() | new.keys())]
    rows = [_row(was, now, decisions, task) for was, now in pairs]
    honest = [pair for pair, row in zip(pairs, rows, strict=True) if _is_untouched(row)]
    untouched = _part([row for row in rows if _is_untouched(row)])
    corrected = _part([row for row in rows if row.apart])
    others = _part([row for row in rows if not _is_untouched(row) and not row.apart])
    chance = _chance([row for row in rows if _is_untouched(row)], task)
    return Report(
        task=task,
        rows=tuple(sorted(rows, key=_gain)),
        total=_part(rows),
        untouched=untouched,
        corrected=corrected,
        others=others,
        by_class=_by_class(honest),
        chance=chance,
        summary=_sentences(untouched, corrected, others, chance, task),
    )


def verdict(before: float | None, after: float | None, task: Task) -> Verdict:
    """Swapping the arguments swaps fixed and broken."""
    if before is None or after is None:
        return Verdict.ONLY_AFTER if before is None else Verdict.ONLY_BEFORE
    change = abs(after - before)
    if change <= _margin(before, after, task):
        return Verdict.UNCHANGED
    return Verdict.FIXED if after < before else Verdict.BROKEN


def _margin(before: float, after: float, task: Task) -> float:
    return 0.0 if task in TAG_TASKS else max(ABSOLUTE_MARGIN[task], RELATIVE_MARGIN * max(before, after))


def error_in_words(error: float, task: Task) -> str:
    """`12.4 % of pixels wrong`, `31 px off`, `wrong` or `2 tags wrong`."""
    if task is Task.MULTI_LABEL:
        return f"{error_figure(error, task)} wrong"
    return error_figure(error, task) if task in _SHARES_OF_ITEMS else f"{error_figure(error, task)} {_MEASURES[task]}"


def score_in_words(score: ItemScore, task: Task) -> tuple[str, ...]:
    """`12.4 % of pixels wrong` and `loss 0.31`, or that nobody had labelled the item."""
    if not score.labelled:
        return ("no label to judge by",)
    return error_in_words(score.error, task), f"loss {score.loss:.3g}"


def error_figure(error: float, task: Task) -> str:
    """One item's bare figure with its unit: `12.4 %`, `31 px`, `wrong` or `2 tags`."""
    if task is Task.SEGMENTATION:
        return f"{error * 100:.1f} %"
    if task is Task.MULTI_LABEL:
        return "1 tag" if error == 1 else f"{error:.0f} tags"
    if task in _SHARES_OF_ITEMS:
        return "wrong" if error else "right"
    return f"{error:.0f} px" if error >= 10 else f"{error:.1f} px"


def change_figure(before: float, after: float, task: Task) -> str:
    """How one item's error changed: `+1.2 %`, `−3.0 px`, `now right` or `−2 tags`; empty where one class stays as right
    or wrong as it was."""
    if task in _SHARES_OF_ITEMS:
        return "" if before == after else f"now {error_figure(after, task)}"
    sign = "+" if after > before else "−" if after < before else ""
    return sign + error_figure(abs(after - before), task)


def mean_change(before: float, after: float, task: Task) -> str:
    """How a mean error changed, with what it is a mean of: `12.4 % → 8.1 % of pixels wrong`, `1.3 → 0.8 tags wrong`."""
    return f"{_mean_figure(before, task)} → {_mean_figure(after, task)} {_MEASURES[task]}"


def _mean_figure(error: float, task: Task) -> str:
    if task is Task.MULTI_LABEL:
        return f"{error:.2f}"
    return f"{error * 100:.1f} %" if task in _SHARES_OF_ITEMS else error_figure(error, task)


def _latest_decisions(corrections: Iterable[Correction]) -> dict[int, Decision]:
    latest: dict[int, Correction] = {}
    for correction in corrections:
        known = latest.get(correction.item)
        if known is None or _age(known) < _age(correction):
            latest[correction.item] = correction
    return {item: correction.decision for item, correction in latest.items()}


def _age(correction: Correction) -> tuple[float, int, str]:
    return correction.time, correction.after, correction.decision.value


def _by_item(scores: Iterable[ItemScore]) -> dict[int, dict[Split, ItemScore]]:
    """Scores by item and split. Of two lines about the same (a resumed run's), the newer label's, then the worse."""
    table: dict[int, dict[Split, ItemScore]] = {}
    for score in scores:
        splits = table.setdefault(score.item, {})
        known = splits.get(score.split)
        if known is None or (known.revision, known.error, known.name) < (score.revision, score.error, score.name):
            splits[score.split] = score
    return table


def _pair(old: dict[Split, ItemScore], new: dict[Split, ItemScore]) -> tuple[ItemScore | None, ItemScore | None]:
    shared = next((split for split in _SPLIT_ORDER if split in old and split in new), None)
    if shared is not None:
        return old[shared], new[shared]
    return _first(old), _first(new)


def _first(splits: dict[Split, ItemScore]) -> ItemScore | None:
    return next((splits[split] for split in _SPLIT_ORDER if split in splits), None)


def _row(was: ItemScore | None, now: ItemScore | None, decisions: dict[int, Decision], task: Task) -> ReportRow:
    score = now or was
    assert score is not None
    before, after = was.error if was else None, now.error if now else None
    return ReportRow(
        item=score.item,
        name=score.name,
        split=score.split,
        verdict=verdict(before, after, task),
        before=before,
        after=after,
        corrected=score.item in decisions or bool(now and now.corrected),
        label_changed=was is not None and now is not None and was.revision != now.revision,
        decision=decisions.get(score.item, Decision.UNDECIDED),
    )


def _is_untouched(row: ReportRow) -> bool:
    return row.split is Split.VALID and not row.apart


def _gain(row: ReportRow) -> tuple[bool, float, str, int]:
    if row.before is None or row.after is None:
        return True, 0.0, row.name, row.item
    return False, row.after - row.before, row.name, row.item


def _part(rows: Sequence[ReportRow]) -> ReportPart:
    def count(wanted: Verdict) -> int:
        return sum(row.verdict is wanted for row in rows)

    paired = _paired(rows)
    return ReportPart(
        fixed=count(Verdict.FIXED),
        broken=count(Verdict.BROKEN),
        unchanged=count(Verdict.UNCHANGED),
        only_before=count(Verdict.ONLY_BEFORE),
        only_after=count(Verdict.ONLY_AFTER),
        error_before=sum(b for b, _ in paired) / len(paired) if paired else None,
        error_after=sum(a for _, a in paired) / len(paired) if paired else None,
    )


def _paired(rows: Sequence[ReportRow]) -> list[tuple[float, float]]:
    """The errors before and after of the items that both runs have."""
    return [(row.before, row.after) for row in rows if row.before is not None and row.after is not None]


def _chance(rows: Sequence[ReportRow], task: Task) -> PairedTest | None:
    errors = np.array(_paired(rows), np.float64).reshape(-1, 2)
    return paired_test(errors[:, 0], errors[:, 1], task)


def _by_class(pairs: Iterable[tuple[ItemScore | None, ItemScore | None]]) -> tuple[ClassChange, ...]:
    wrong: dict[int, list[int]] = {}
    for was, now in pairs:
        if was is None or now is None:
            continue
        for side, score in enumerate((was, now)):
            for label, predicted, pixels in score.confusion:
                wrong.setdefault(predicted if label == NO_CLASS else label, [0, 0])[side] += pixels
    return tuple(
        ClassChange(class_id=class_id, wrong_before=counts[0], wrong_after=counts[1])
        for class_id, counts in sorted(wrong.items())
    )


def _sentences(
    untouched: ReportPart, corrected: ReportPart, others: ReportPart, chance: PairedTest | None, task: Task
) -> tuple[str, ...]:
    """What a person needs to hear, the honest comparison first."""
    parts = (untouched, corrected, others)
    sentences = [
        _sentence(untouched, task, "validation item whose label stayed", "validation items whose labels stayed"),
        chance_in_words(chance, task) if chance is not None else "",
        _sentence(corrected, task, "corrected item", "corrected items"),
        _sentence(others, task, "other item", "other items"),
        _missing(sum(part.only_before for part in parts), "before"),
        _missing(sum(part.only_after for part in parts), "after"),
    ]
    told = tuple(sentence for sentence in sentences if sentence)
    return told or ("The two runs have no item in common.",)


def _sentence(part: ReportPart, task: Task, one: str, many: str) -> str:
    if part.error_before is None or part.error_after is None:
        return ""
    who = f"the one {one}" if part.compared == 1 else f"the {part.compared} {many}"
    averages = part.compared > 1 and task not in _SHARES_OF_ITEMS
    change = f"{mean_change(part.error_before, part.error_after, task)}{' on average' if averages else ''}"
    return f"On {who}: {part.fixed} fixed, {part.broken} broken, {part.unchanged} unchanged; {change}."


def _missing(count: int, when: str) -> str:
    if not count:
        return ""
    return f"1 item was scored only {when}." if count == 1 else f"{count} items were scored only {when}."
