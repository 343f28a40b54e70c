"""`studio review`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import typer

from studio.cli.options import JsonOption, ProjectArgument, RunOption
from studio.cli.output import Output
from studio.cli.review_details import show_tags, weighed_words
from studio.core.counting import counted
from studio.core.errors import BadInput
from studio.core.items import Split
from studio.core.report import error_figure
from studio.core.review import SCORES_FILE, Decision, ItemScore, ReviewItem, mistake_in_words
from studio.core.settings import TAG_TASKS, ProjectSettings, Task
from studio.core.tag_figures import tag_counts
from studio.core.tags import ids_of
from studio.core.thresholds import kept_threshold, threshold_curve
from studio.store import ReviewFilter, Store

_WORDS: Final = 3
"""Of those that weighed most, so many are in the table; a program is told all."""


def review(
    project: ProjectArgument,
    run: RunOption,
    top: Annotated[int, typer.Option("--top", metavar="N", help="How many.", min=1)] = 20,
    split: Annotated[
        Split | None, typer.Option("--split", help="Only this split; by default all that were scored.")
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", metavar="X", help="Of tags: predict those above this probability from now on."),
    ] = None,
    asked: Annotated[
        bool, typer.Option("--asked", help="Only items about which somebody has asked and nobody has answered.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List the items whose loss is greatest, worst first."""
    output = Output(as_json=as_json)
    with Store.open(project) as store:
        load_scores(store, run)
        if threshold is not None:
            _choose_threshold(store, run, threshold)
        scores = _valid_scores(store, run) if store.settings.task is Task.MULTI_LABEL else []
        kept = kept_threshold(store.run(run).folder)
        ids = store.review.ids(run, ReviewFilter(splits=(split,) if split else (), asked=asked))
        items = store.review.items(run, ids[:top])
        words = {i.score.item: weighed_words(store.item(i.score.item).path, i.score.words) for i in items}
        settings = store.settings
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
            decision=item.decision,
            note=item.note,
            confusion=[
                {"label": label, "predicted": predicted, "pixels": pixels}
                for label, predicted, pixels in score.confusion[:5]
            ],
            **_classes(score, names),
            **({"words": words[score.item]} if words[score.item] else {}),
        )
    rows = [_row(rank, item, settings, words[item.score.item]) for rank, item in enumerate(items, start=1)]
    taken = ("mistakes" if settings.task in TAG_TASKS else "taken for",) if settings.classes else ()
    weighed = ("weighed most",) if settings.task is Task.TEXT else ()
    columns = ("#", "item", "split", "loss", "error", *taken, *weighed, "decision")
    output.table(columns, rows)
    curve = threshold_curve(scores)
    if curve is not None:
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
    output.result(
        "reviewed", f"The worst {len(items):,} of {counted(len(ids), 'item')} of run {run}.", run=run, items=len(ids)
    )


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
    error = error_figure(score.error, settings.task)
    figures = (str(rank), score.name, score.split.value, f"{score.loss:.4f}", error)
    if settings.task is Task.TEXT:
        figures = (*figures, taken, ", ".join(f"{word} {100 * share:+.0f} %" for word, share in words[:_WORDS]))
    elif settings.classes:
        figures = (*figures, taken)
    return (*figures, decision)
