"""`studio label-errors`: labels that are probably wrong, by models that never saw them."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from studio.cli.options import DeviceOption, JsonOption, ProjectArgument
from studio.cli.output import Output
from studio.cli.recipes import RecipeOptions, make_spec, with_epochs
from studio.cli.run_watch import carry_out, exit_code, watch
from studio.core.counting import counted
from studio.core.errors import BadInput
from studio.core.label_error_recipe import asking_run, cross_validation, recipe_to_follow, run_to_follow, usual_judge
from studio.core.recipe import DEFAULT_FOLDS, MOST_FOLDS, Judge, Purpose, RunSpec
from studio.core.suspicion_words import doubt_in_words
from studio.store import RunRecord, Store

FoldsOption = Annotated[
    int,
    typer.Option(
        "--folds",
        metavar="N",
        help="Divide the labelled items into N parts; each is judged by a model trained on the others.",
        min=2,
        max=MOST_FOLDS,
    ),
]
EpochsOption = Annotated[
    int | None, typer.Option("--epochs", metavar="N", help="How often through the data, in each fold.", min=1)
]
FollowedOption = Annotated[
    str | None, typer.Option("--run", metavar="RUN", help="Follow this run's recipe; by default the newest one's.")
]
JudgeOption = Annotated[
    Judge | None,
    typer.Option(
        "--by",
        help="What judges: the recipe's network, or of texts their words, by a linear model in seconds, as is the "
        "default of texts.",
    ),
]
QuickOption = Annotated[
    bool,
    typer.Option(
        "--quick",
        help="Train nothing: ask RUN about its validation items, which it never learnt. Its training items need "
        "cross-validation.",
    ),
]
ResumeOption = Annotated[
    str | None, typer.Option("--resume", metavar="RUN", help="Go on with a search that was stopped or crashed.")
]


def label_errors(
    *,
    project: ProjectArgument,
    folds: FoldsOption = DEFAULT_FOLDS,
    epochs: EpochsOption = None,
    run: FollowedOption = None,
    by: JudgeOption = None,
    quick: QuickOption = False,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", help="Of the folds and their training.")] = None,
    top: Annotated[int, typer.Option("--top", metavar="N", help="How many to list.", min=1)] = 20,
    resume: ResumeOption = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """List the labels that are probably wrong, each with the label proposed in its place.

    Every label of the training and validation splits is judged by a model that never saw it. Ctrl+C stops; the folds
    that are done are judged. In the window's Review the run shows the same list, and A accepts what is proposed.
    """
    output = Output(as_json=as_json)
    with Store.open(project) as store:
        if resume is not None:
            record, outcome = watch(store, _search(store, resume), output, device=device, resume=True)
        else:
            spec = _spec(store, run=run, folds=folds, epochs=epochs, by=by, quick=quick, device=device)
            spec = spec if seed is None else msgspec.structs.replace(spec, seed=seed)
            record, outcome = carry_out(store, spec, output, device=device)
        if outcome.learnt_something:
            _show(store, record, output, top=top)
    raise typer.Exit(exit_code(outcome))


def _search(store: Store, run: str) -> RunRecord:
    record = store.run(run)
    if record.spec.purpose is not Purpose.LABEL_ERRORS:
        raise BadInput(f"Run {run} looks for no label errors; go on with it by `studio train --resume {run}`.")
    return record


def _spec(
    store: Store, *, run: str | None, folds: int, epochs: int | None, by: Judge | None, quick: bool, device: str
) -> RunSpec:
    """Raises UnknownRun, BadInput."""
    if run is not None:
        store.run(run)  # one that is not there has its own sentence
    recipes = {record.id: record.spec for record in store.runs()}
    trained = [record.id for record in store.runs() if record.has_model]
    followed = run or run_to_follow(recipes, None, trained)
    if quick:
        if followed is None:
            raise BadInput("No run has trained a model yet that could be asked; leave out --quick.")
        if epochs is not None or by is not None:
            raise BadInput("With --quick nothing is trained; leave out --epochs and --by.")
        return asking_run(recipes[followed], followed)
    if followed is None:
        recipe = make_spec(store, RecipeOptions(), purpose=Purpose.TRAIN, device=device)
    else:
        recipe = recipe_to_follow(recipes, followed)
    judge = by or (usual_judge(store.settings.task) if epochs is None else Judge.NETWORK)
    try:
        return cross_validation(with_epochs(recipe, epochs), folds=folds, run=followed, by=judge)
    except ValueError as error:
        raise BadInput(f"This search cannot be: {error}.") from error


def _show(store: Store, record: RunRecord, output: Output, *, top: int) -> None:
    settings = store.settings
    issues, judged = store.review.suspicion_counts(record.id)
    ids = store.review.suspects(record.id)[:top]
    suspicions = store.review.suspicions(record.id, ids)
    scores = {item.score.item: item.score for item in store.review.items(record.id, ids)}
    rows: list[tuple[str, ...]] = []
    for rank, item in enumerate(ids, start=1):
        suspicion = suspicions[item]
        words = doubt_in_words(suspicion, scores[item], settings) if suspicion.is_issue else ""
        rows.append((str(rank), suspicion.name, suspicion.split.value, f"{suspicion.quality:.3f}", words))
        output.event(
            "suspicion",
            rank=rank,
            item=item,
            name=suspicion.name,
            split=suspicion.split,
            quality=suspicion.quality,
            is_issue=suspicion.is_issue,
            method=suspicion.method,
            proposed=words,
            regions=suspicion.regions,
        )
    if rows:
        output.table(("#", "item", "split", "quality", "probably wrong"), rows)
    output.result(
        "suspected",
        f"{counted(issues, 'label')} of {judged:,} {'is' if issues == 1 else 'are'} probably wrong; look at them in "
        f"Review, or accept with `studio decide {store.root} ITEM accept --run {record.id}`.{_left_out(record)}",
        run=record.id,
        issues=issues,
        judged=judged,
    )


def _left_out(record: RunRecord) -> str:
    """What a quick look cannot judge."""
    wanted = record.spec.label_errors
    if wanted is None or wanted.folds:
        return ""
    return f" Run {wanted.run} has learnt its training items, so only cross-validation can judge those."
