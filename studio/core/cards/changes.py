"""What the button of a card does to a recipe: data in the card's file, carried out by `changed_recipe`."""

from __future__ import annotations

from studio.core.cards.recipe_changes import (
    AverageWeights,
    BalanceClasses,
    ClipGradients,
    ComputeInParts,
    GoBack,
    MixPictures,
    MixPrecision,
    NextSeed,
    ReplayMore,
    ResizePictures,
    SetAugment,
    SetWeightDecay,
    SmoothLabels,
    StopEarly,
    UseArchitecture,
)
from studio.core.cards.stage_changes import (
    AddUnfrozenStage,
    DoubleBatch,
    DoubleSize,
    FreezeFirst,
    ScaleRates,
    SpreadRates,
    StartSmaller,
    TrainLonger,
    UseOneCycle,
)
from studio.core.recipe import RunSpec

Change = (
    ClipGradients
    | SetWeightDecay
    | ScaleRates
    | AddUnfrozenStage
    | FreezeFirst
    | SpreadRates
    | DoubleSize
    | StartSmaller
    | ComputeInParts
    | DoubleBatch
    | SetAugment
    | MixPrecision
    | StopEarly
    | GoBack
    | UseOneCycle
    | TrainLonger
    | ReplayMore
    | UseArchitecture
    | NextSeed
    | SmoothLabels
    | BalanceClasses
    | AverageWeights
    | MixPictures
    | ResizePictures
)


def changed_recipe(change: Change, spec: RunSpec) -> RunSpec | None:
    """The recipe as the change makes it; None where it changes nothing or no such recipe can be."""
    try:
        changed = change.apply(spec)
    except ValueError:
        return None
    return changed if changed != spec else None


def why_not(change: Change, spec: RunSpec) -> str:
    """A sentence on why `changed_recipe` is None: the recipe is so already, or has no place for the change."""
    try:
        change.apply(spec)
    except ValueError as error:
        return f"Its button has no place in this recipe: {error}."
    return "Its button has nothing to change: the recipe is so already."
