"""The list that `studio review` gives: an event an item for programs, a table for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from studio.cli.output import Output
from studio.cli.review_details import weighed_words
from studio.cli.review_figures import figure, figures
from studio.core.report import error_figure
from studio.core.review import Decision, ItemScore, ReviewItem, mistake_in_words
from studio.core.review_order import GroupBy, ReviewOrder, SortBy
from studio.core.settings import TAG_TASKS, ProjectSettings, Task
from studio.core.tags import ids_of
from studio.store import Arrangement, ReviewFilter, Store

_WORDS: Final = 3
"""Of those that weighed most, so many are in the table; a program is told all."""

_SHOWN: Final = (SortBy.CONFIDENCE, SortBy.MARGIN, SortBy.ENTROPY, SortBy.OVERLAP)
"""What has a column of its own in the table once items are sorted by it."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """The first items in an order, and all that are arranged in it."""

    settings: ProjectSettings
    order: ReviewOrder
    arranged: Arrangement
    items: Sequence[ReviewItem]
    words: Mapping[int, list[tuple[str, float]]]
    """By item, those that weighed most, with their shares; of texts only."""

    @cached_property
    def names(self) -> dict[int, str]:
        return {c.id: c.name for c in self.settings.known_classes}

    @property
    def is_grouped(self) -> bool:
        return self.order.group is not GroupBy.NOTHING

    def group(self, row: int) -> str:
        """That of an arranged row, in words; empty for what belongs to none."""
        key = next(group.key for group in self.arranged.groups if row < group.start + group.count)
        return self.names.get(key, str(key)) if isinstance(key, int) else key or ""


def read_listed(store: Store, run: str, wanted: ReviewFilter, order: ReviewOrder, *, top: int) -> Listed:
    arranged = store.review.arranged(run, wanted, order)
    items = store.review.items(run, arranged.ids[:top])
    words = {i.score.item: weighed_words(store.item(i.score.item).path, i.score.words) for i in items}
    return Listed(settings=store.settings, order=order, arranged=arranged, items=items, words=words)


def tell_items(output: Output, listed: Listed) -> None:
    """An event each."""
    for row, item in enumerate(listed.items):
        score = item.score
        words = listed.words[score.item]
        output.event(
            "item",
            rank=row + 1,
            item=score.item,
            name=score.name,
            split=score.split,
            loss=score.loss,
            error=score.error,
            labelled=score.labelled,
            decision=item.decision,
            note=item.note,
            confusion=[
                {"label": label, "predicted": predicted, "pixels": pixels}
                for label, predicted, pixels in score.confusion[:5]
            ],
            **figures(score, listed.settings),
            **_classes(score, listed.names),
            **({"words": words} if words else {}),
            **({"group": listed.group(row)} if listed.is_grouped else {}),
        )


def show_items(output: Output, listed: Listed) -> None:
    """A row each."""
    settings, order = listed.settings, listed.order
    sorted_by = (order.by.value,) if order.by in _SHOWN else ()
    grouped_by = (order.group.value,) if listed.is_grouped else ()
    rows = [
        (
            *_row(row + 1, item, settings, listed.words[item.score.item]),
            *(figure(item.score, order) for _ in sorted_by),
            *(listed.group(row) for _ in grouped_by),
        )
        for row, item in enumerate(listed.items)
    ]
    taken = ("mistakes" if settings.task in TAG_TASKS else "taken for",) if settings.classes else ()
    weighed = ("weighed most",) if settings.task is Task.TEXT else ()
    columns = ("#", "item", "split", "loss", "error", *taken, *weighed, "decision", *sorted_by, *grouped_by)
    output.table(columns, rows)


def _classes(score: ItemScore, names: Mapping[int, str]) -> dict[str, object]:
    """Of classes of whole items: what the label and the model say, by name, the model's with their probabilities."""
    if score.tags is None:
        return {}
    return {
        "classes": [names.get(i, str(i)) for i in ids_of(score.label)],
        "predicted": [names.get(i, str(i)) for i in score.tags.tags.ids],
        "probabilities": {names.get(i, str(i)): share for i, share in score.tags.shares},
    }


def _row(rank: int, item: ReviewItem, settings: ProjectSettings, words: Sequence[tuple[str, float]]) -> tuple[str, ...]:
    score = item.score
    names = {c.id: c.name for c in settings.known_classes}
    told = score.confusion if settings.task in TAG_TASKS else score.confusion[:1]
    taken = ", ".join(mistake_in_words(label, predicted, names) for label, predicted, _ in told)
    said = [] if item.decision is Decision.UNDECIDED else [item.decision.value]
    if item.note is not None:
        said.append(f"{'asked' if item.note.is_open else 'answered'}: {item.note.answer or item.note.text}")
    decision = "; ".join(said)
    judged = (f"{score.loss:.4f}", error_figure(score.error, settings.task)) if score.labelled else ("–", "–")
    figures = (str(rank), score.name, score.split.value, *judged)
    if settings.task is Task.TEXT:
        figures = (*figures, taken, ", ".join(f"{word} {100 * share:+.0f} %" for word, share in words[:_WORDS]))
    elif settings.classes:
        figures = (*figures, taken)
    return (*figures, decision)
