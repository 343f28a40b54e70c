"""Two recipes differ in a few words."""

from __future__ import annotations

from msgspec.structs import replace

from studio.core.recipe import LearningRate, RunSpec, Stage
from studio.core.recipe_difference import differences
from studio.core.settings import Task

STAGE = Stage(epochs=4, height=32, width=64, lr=LearningRate(high=1e-3))
SPEC = RunSpec(task=Task.SEGMENTATION, stages=(STAGE,))


def test_the_same_recipe_with_another_note_differs_in_nothing() -> None:
    assert differences(replace(SPEC, note="again"), SPEC) == []


def test_each_field_that_differs_is_named_with_both_values() -> None:
    other = replace(SPEC, seed=7, stages=(replace(STAGE, epochs=8, lr=LearningRate(high=5e-4, low=1e-5)),))
    assert differences(other, SPEC) == [
        "epochs 8 instead of 4",
        "rate 0.0005 instead of 0.001",
        "low rate 1e-05 instead of none",
        "seed 7 instead of 42",
    ]


def test_stages_are_numbered_where_there_are_several_and_counted_where_their_number_differs() -> None:
    two = replace(SPEC, stages=(STAGE, STAGE))
    assert differences(replace(two, stages=(STAGE, replace(STAGE, frozen=True))), two) == [
        "stage 2 frozen on instead of off"
    ]
    assert differences(two, SPEC) == ["stages 2 instead of 1"]
