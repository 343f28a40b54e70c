"""`studio review`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from studio.cli.options import JsonOption, ProjectArgument, RunOption
from studio.cli.output import Output
from studio.cli.review_details import show_tags
from studio.cli.review_figures import class_named, span
from studio.cli.review_list import Listed, read_listed, show_items, tell_items
from studio.core.counting import counted
from studio.core.errors import BadInput
from studio.core.items import Split
from studio.core.review import SCORES_FILE, ItemScore
from studio.core.review_order import GroupBy, ReviewOrder, SortBy, order_in_words
from studio.core.settings import Task
from studio.core.tag_figures import tag_counts
from studio.core.thresholds import kept_threshold, threshold_curve
from studio.store import ReviewFilter, Store

SplitOption = Annotated[Split | None, typer.Option("--split", help="Only this split; by default all that were scored.")]
ThresholdOption = Annotated[
    float | None,
    typer.Option("--threshold", metavar="X", help="Of tags: predict those above this probability from now on."),
]
SortOption = Annotated[SortBy, typer.Option("--sort", help="What comes first; by itself the end that needs a look.")]
ClassOption = Annotated[
    str | None,
    typer.Option(
        "--class",
        metavar="NAME",
        help="Only items in which this class was mistaken; with --sort iou the class whose IoU counts.",
    ),
]
RangesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--range", metavar="KIND=FROM..TO", help="Only items with such values, as loss=1.. or confidence=..0.5."
    ),
]
WrongOption = Annotated[bool, typer.Option("--wrong", help="Only items whose label and prediction differ.")]
CorrectedOption = Annotated[bool, typer.Option("--corrected", help="Only items whose label was corrected.")]
AskedOption = Annotated[
    bool, typer.Option("--asked", help="Only items about which somebody has asked and nobody has answered.")
]


def review(
    project: ProjectArgument,
    run: RunOption,
    *,
    top: Annotated[int, typer.Option("--top", metavar="N", help="How many.", min=1)] = 20,
    split: SplitOption = None,
    threshold: ThresholdOption = None,
    sort: SortOption = SortBy.LOSS,
    reverse: Annotated[bool, typer.Option("--reverse", help="The other end first.")] = False,
    label_class: ClassOption = None,
    group: Annotated[GroupBy, typer.Option("--group", help="One group after the other.")] = GroupBy.NOTHING,
    ranges: RangesOption = None,
    wrong: WrongOption = False,
    corrected: CorrectedOption = False,
    asked: AskedOption = False,
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
        class_id = class_named(store.settings, label_class)
        order = _order(store, run, ReviewOrder(by=sort, class_id=class_id, reverse=reverse, group=group))
        wanted = ReviewFilter(
            splits=(split,) if split else (),
            class_id=None if sort is SortBy.OVERLAP else class_id,
            spans=tuple(span(words) for words in ranges or ()),
            only_wrong=wrong,
            only_corrected=corrected,
            asked=asked,
        )
        listed = read_listed(store, run, wanted, order, top=top)
    tell_items(output, listed)
    show_items(output, listed)
    _tell_threshold(output, scores, kept, listed.names)
    _tell_how_many(output, run, listed, label_class or "")


def _tell_how_many(output: Output, run: str, listed: Listed, class_name: str) -> None:
    """The last line: how many there are, and in which order where it is not the usual one."""
    found, words = len(listed.arranged.ids), order_in_words(listed.order, class_name)
    is_usual = listed.order == ReviewOrder(class_id=listed.order.class_id)
    first, how = ("The worst", "") if is_usual else ("The first", f", {words}")
    output.result(
        "reviewed",
        f"{first} {len(listed.items):,} of {counted(found, 'item')} of run {run}{how}.",
        run=run,
        items=found,
        order=words,
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
