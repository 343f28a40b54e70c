"""`studio review`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import typer

from studio.cli.options import JsonOption, ProjectArgument, RunOption
from studio.cli.output import Output
from studio.cli.review_details import show_tags, weighed_words
from studio.cli.review_figures import class_named, figure, figures, span
from studio.core.counting import counted
from studio.core.errors import BadInput
from studio.core.items import Split
from studio.core.report import error_figure
from studio.core.review import SCORES_FILE, Decision, ItemScore, ReviewItem, mistake_in_words
from studio.core.review_order import GroupBy, ReviewOrder, SortBy, order_in_words
from studio.core.settings import TAG_TASKS, ProjectSettings, Task
from studio.core.tag_figures import tag_counts
from studio.core.tags import ids_of
from studio.core.thresholds import kept_threshold, threshold_curve
from studio.store import Arrangement, ReviewFilter, Store

_WORDS: Final = 3
"""Of those that weighed most, so many are in the table; a program is told all."""


def review(
    project: ProjectArgument,
    run: RunOption,
    *,
    top: Annotated[int, typer.Option("--top", metavar="N", help="How many.", min=1)] = 20,
    split: Annotated[
        Split | None, typer.Option("--split", help="Only this split; by default all that were scored.")
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", metavar="X", help="Of tags: predict those above this probability from now on."),
    ] = None,
    sort: Annotated[SortBy, typer.Option("--sort", help="What comes first; by itself the end that needs a look.")] = (
        SortBy.LOSS
    ),
    reverse: Annotated[bool, typer.Option("--reverse", help="The other end first.")] = False,
    label_class: Annotated[
        str | None,
        typer.Option(
            "--class",
            metavar="NAME",
            help="Only items in which this class was mistaken; with --sort iou the class whose IoU counts.",
        ),
    ] = None,
    group: Annotated[GroupBy, typer.Option("--group", help="One group after the other.")] = GroupBy.NOTHING,
    ranges: Annotated[
        list[str] | None,
        typer.Option(
            "--range", metavar="KIND=FROM..TO", help="Only items with such values, as loss=1.. or confidence=..0.5."
        ),
    ] = None,
    wrong: Annotated[bool, typer.Option("--wrong", help="Only items whose label and prediction differ.")] = False,
    corrected: Annotated[bool, typer.Option("--corrected", help="Only items whose label was corrected.")] = False,
    asked: Annotated[
        bool, typer.Option("--asked", help="Only items about which somebody has asked and nobody has answered.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List the items whose loss is greatest, worst first, or in another order."""
    output = Output(as_json=as_json)
    with Store.open(project) as store:
        load_scores(store, run)
        if threshold is not None:
            _choose_threshold(store, run, threshold)
        scores = _valid_scores(store, run) if store.settings.task is Task.MULTI_LABEL else []
        kept = kept_threshold(store.run(run).folder)
        settings = store.settings
        class_id = class_named(settings, label_class)
        order = _order(store, run, ReviewOrder(by=sort, class_id=class_id, reverse=reverse, group=group))
        wanted = ReviewFilter(
            splits=(split,) if split else (),
            class_id=None if sort is SortBy.OVERLAP else class_id,
            spans=tuple(span(words) for words in ranges or ()),
            only_wrong=wrong,
            only_corrected=corrected,
            asked=asked,
        )
        arranged = store.review.arranged(run, wanted, order)
        ids = arranged.ids
        items = store.review.items(run, ids[:top])
        words = {i.score.item: weighed_words(store.item(i.score.item).path, i.score.words) for i in items}
    names = {c.id: c.name for c in settings.known_classes}
    for rank, item in enumerate(items, start=1):
        score = item.score
        output.event(
            "item",
            rank=rank,
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
            **figures(score, settings),
            **_classes(score, names),
            **({"words": words[score.item]} if words[score.item] else {}),
            **({} if group is GroupBy.NOTHING else {"group": _group(arranged, rank - 1, names)}),
        )
    shown = (SortBy.CONFIDENCE, SortBy.MARGIN, SortBy.ENTROPY, SortBy.OVERLAP)
    sorted_by = (sort.value,) if sort in shown else ()
    grouped_by = () if group is GroupBy.NOTHING else (group.value,)
    rows = [
        (
            *_row(rank, item, settings, words[item.score.item]),
            *(figure(item.score, order) for _ in sorted_by),
            *(_group(arranged, rank - 1, names) for _ in grouped_by),
        )
        for rank, item in enumerate(items, start=1)
    ]
    taken = ("mistakes" if settings.task in TAG_TASKS else "taken for",) if settings.classes else ()
    weighed = ("weighed most",) if settings.task is Task.TEXT else ()
    columns = ("#", "item", "split", "loss", "error", *taken, *weighed, "decision", *sorted_by, *grouped_by)
    output.table(columns, rows)
    _tell_threshold(output, scores, kept, names)
    first = "The worst" if order == ReviewOrder(class_id=class_id) else "The first"
    how = "" if first == "The worst" else f", {order_in_words(order, label_class or '')}"
    output.result(
        "reviewed",
        f"{first} {len(items):,} of {counted(len(ids), 'item')} of run {run}{how}.",
        run=run,
        items=len(ids),
        order=order_in_words(order, label_class or ""),
    )


def _tell_threshold(output: Output, scores: Sequence[ItemScore], kept: float, names: Mapping[int, str]) -> None:
    """How tags fare at the threshold that is `kept`, and at the best one; nothing where nothing was scored."""
    curve = threshold_curve(scores)
    if curve is None:
        return
    output.result(
        "threshold",
        f"F2 by sample is {curve.at(kept):.3f} at the threshold {kept:g}; the best is "
        f"{curve.at(curve.best):.3f} at {curve.best:g}, over {curve.items:,} validation items.",
        threshold=kept,
        f2=curve.at(kept),
        best=curve.best,
        best_f2=curve.at(curve.best),
    )
    show_tags(output, tag_counts(scores).at(kept), names)


def _order(store: Store, run: str, order: ReviewOrder) -> ReviewOrder:
    """Raises BadInput where the run has nothing to sort by so."""
    if order.by is SortBy.OVERLAP and order.class_id is None:
        raise BadInput("Say by --class which class's IoU counts.")
    if order.by not in store.review.sortable(run):
        raise BadInput(f"Run {run} has no figures of {order.by.value}; sort by another, or train anew.")
    return order


def _group(arranged: Arrangement, row: int, names: Mapping[int, str]) -> str:
    """That of an arranged row, in words; empty for what belongs to none."""
    key = next(group.key for group in arranged.groups if row < group.start + group.count)
    return names.get(key, str(key)) if isinstance(key, int) else key or ""


def _choose_threshold(store: Store, run: str, threshold: float) -> None:
    """Raises BadInput."""
    if store.settings.task is not Task.MULTI_LABEL:
        raise BadInput("Only tags have a threshold; leave out --threshold.")
    store.review.choose_threshold(run, threshold)


def _valid_scores(store: Store, run: str) -> list[ItemScore]:
    ids = store.review.ids(run, ReviewFilter(splits=(Split.VALID,)))
    return [item.score for item in store.review.items(run, ids)]


def load_scores(store: Store, run: str) -> None:
    """Bring the run's scores into the project. Raises UnknownRun, BadInput where it has scored nothing."""
    record = store.run(run)
    if not (record.folder / SCORES_FILE).is_file():
        raise BadInput(f"Run {run} has scored no items; train it to its end, or stop it with Ctrl+C once.")
    store.review.load_scores(run)


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
