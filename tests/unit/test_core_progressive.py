"""Progressive resizing of a recipe."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from studio.core.progressive import growing_sizes, grown, size_row
from studio.core.recipe import LearningRate, ModelSpec, RunSpec, Stage
from studio.core.schedules import OneCycle
from studio.core.settings import Task

STAGE = Stage(epochs=24, height=128, width=128, batch_size=16, lr=LearningRate(high=1e-2))
SPEC = RunSpec(task=Task.MULTI_LABEL, stages=(STAGE,), note="planet")
SCRATCH = replace(SPEC, model=ModelSpec(pretrained=False))


def test_square_pictures_grow_from_64_over_128_to_256() -> None:
    assert growing_sizes(SPEC, (256, 256)) == ((64, 64), (128, 128), (256, 256))
    assert size_row(growing_sizes(SPEC, (256, 256))) == "64 → 128 → 256"


@pytest.mark.parametrize(
    ("image_size", "row"),
    [
        ((200, 200), "64 → 128"),
        ((640, 480), "64×64 → 96×128 → 224×288"),
        ((60, 60), ""),
        ((90, 180), "64×32"),
    ],
)
def test_sizes_have_the_pictures_shape_and_are_no_larger(image_size: tuple[int, int], row: str) -> None:
    sizes = growing_sizes(SPEC, image_size)
    assert all(height * width <= image_size[0] * image_size[1] for height, width in sizes)
    assert size_row(sizes) == row


def test_a_recipe_of_larger_pictures_grows_from_a_quarter_over_half_to_all_of_them() -> None:
    large = replace(SPEC, stages=(replace(STAGE, height=480, width=640),))
    sizes = growing_sizes(large, (960, 720))
    assert sizes[-1] == (480, 640)
    for (height, width), part in zip(sizes, (1 / 16, 1 / 4, 1), strict=True):
        assert 0.6 < height * width / (part * 480 * 640) <= 1
        assert width / height == pytest.approx(4 / 3, rel=0.1)


def test_with_weights_that_know_something_each_size_trains_the_head_first() -> None:
    growth = grown(SPEC, (256, 256))
    assert growth is not None
    assert [(s.height, s.frozen, s.epochs, s.batch_size) for s in growth.spec.stages] == [
        (64, True, 4, 64),
        (64, False, 4, 64),
        (128, True, 4, 16),
        (128, False, 4, 16),
        (256, True, 4, 4),
        (256, False, 4, 4),
    ]
    assert [s.lr.high for s in growth.spec.stages] == pytest.approx([1e-2, 2e-3, 5e-3, 1e-3, 5e-3, 1e-3])
    assert [s.lr.discriminative for s in growth.spec.stages] == [False, True] * 3
    assert growth.sentence == (
        "6 stages, 64 → 128 → 256: at each the head first, then the whole network at a fifth of the rate; "
        "the same 24 epochs in all."
    )


def test_from_random_weights_the_whole_network_is_trained_at_each_size() -> None:
    growth = grown(SCRATCH, (200, 200))
    assert growth is not None
    assert [(s.height, s.frozen, s.epochs, s.lr) for s in growth.spec.stages] == [
        (64, False, 12, LearningRate(high=1e-2)),
        (128, False, 12, LearningRate(high=5e-3)),
    ]
    assert growth.sentence == (
        "2 stages, 64 → 128: at half the rate after the first; the same 24 epochs in all. "
        "Larger ones are left out, the pictures have 200×200."
    )


def test_what_is_not_about_stages_stays_and_so_does_the_last_stages_schedule() -> None:
    schedule = OneCycle(pct_start=0.4)
    spec = replace(SPEC, stages=(replace(STAGE, schedule=OneCycle()), replace(STAGE, schedule=schedule)))
    growth = grown(spec, (256, 256))
    assert growth is not None
    assert replace(growth.spec, stages=spec.stages) == spec
    assert {stage.schedule for stage in growth.spec.stages} == {schedule}


@given(
    st.integers(1, 60),
    st.integers(1, 64),
    st.booleans(),
    st.tuples(st.integers(8, 3000), st.integers(8, 3000)),
    st.lists(st.tuples(st.sampled_from([32, 96, 224, 512]), st.sampled_from([32, 128, 320])), min_size=1, max_size=4),
)
def test_any_recipe_grows_within_its_memory_and_growing_it_again_changes_nothing(
    epochs: int, batch: int, pretrained: bool, image_size: tuple[int, int], sizes: list[tuple[int, int]]
) -> None:
    stages = tuple(replace(STAGE, epochs=epochs, batch_size=batch, height=h, width=w) for h, w in sizes)
    spec = replace(SPEC, stages=stages, model=ModelSpec(pretrained=pretrained))
    growth = grown(spec, image_size)
    if growth is None:
        assert len(growing_sizes(spec, image_size)) < 2
        return
    made = growth.spec.stages
    areas = [stage.height * stage.width for stage in made]
    assert areas == sorted(areas)
    batches = [stage.batch_size for stage in made]
    assert batches == sorted(batches, reverse=True)
    memory = max(stage.batch_size * stage.height * stage.width for stage in stages)
    assert all(stage.batch_size * area <= max(memory, 2 * area) for stage, area in zip(made, areas, strict=True))
    total = epochs * len(stages)
    assert sum(stage.epochs for stage in made) == max(total, len(made))


def test_texts_do_not_grow() -> None:
    text = RunSpec(task=Task.TEXT, stages=(Stage(epochs=1, height=1, width=600),))
    assert grown(text, (640, 480)) is None
