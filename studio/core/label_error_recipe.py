"""From a recipe that trains to one that looks for wrong labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from studio.core.errors import BadInput
from studio.core.recipe import DEFAULT_FOLDS, Judge, LabelErrors, Purpose, RunSpec
from studio.core.settings import Task

GET_CLEANLAB: Final = (
    "cleanlab is not installed, so labels are ranked by the probability of the given class alone (self-confidence); "
    "`pip install cleanlab` brings the better measure."
)


def usual_judge(task: Task) -> Judge:
    """Texts are judged by their words, which takes seconds; anything else needs the network."""
    return Judge.WORDS if task is Task.TEXT else Judge.NETWORK


def cross_validation(
    recipe: RunSpec, *, folds: int = DEFAULT_FOLDS, run: str | None = None, by: Judge = Judge.NETWORK
) -> RunSpec:
    """Each fold is trained as `recipe` says, from the first weights that it would have without a parent: a parent has
    seen the labels. `run` is the run whose recipe it is. Raises ValueError for folds or a judge that cannot be."""
    return msgspec.structs.replace(
        recipe,
        purpose=Purpose.LABEL_ERRORS,
        label_errors=LabelErrors(folds=folds, run=run, by=by),
        parent=None,
        fine_tune=None,
        compile=False,
        note="",
    )


def asking_run(recipe: RunSpec, run: str) -> RunSpec:
    """`run` itself, whose recipe it is, says what it thinks of the labels of its validation items."""
    return msgspec.structs.replace(
        recipe,
        purpose=Purpose.LABEL_ERRORS,
        label_errors=LabelErrors(folds=0, run=run),
        parent=run,
        fine_tune=None,
        note="",
    )


def run_to_follow(recipes: Mapping[str, RunSpec], run: str | None, models: Sequence[str]) -> str | None:
    """The run whose recipe a search follows, and which can be asked at once, while `run` is looked at: that run, or of
    a search the one it followed, or else the newest. `models` are the runs that have a model, newest last; None where
    there is none."""
    looked_at = recipes[run].label_errors if run is not None and run in recipes else None
    own = looked_at.run if looked_at is not None else run
    return own if own in models else (models[-1] if models else None)


def recipe_to_follow(recipes: Mapping[str, RunSpec], run: str) -> RunSpec:
    """The recipe by which the model of `run` first came about: a fine-tuning's own is too short to begin with. Raises
    BadInput where `run` trained no model."""
    spec = recipes[run]
    if spec.purpose is not Purpose.TRAIN:
        raise BadInput(f"Run {run} trained no model; name one that did, or leave out --run.")
    seen = {run}
    while spec.parent is not None and spec.parent in recipes and spec.parent not in seen:
        seen.add(spec.parent)
        spec = recipes[spec.parent]
    return spec
