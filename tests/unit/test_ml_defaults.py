"""Recipes that the program proposes."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.classes import make_classes
from studio.core.defaults import default_epochs, default_spec, training_size
from studio.core.keypoint_pairs import guessed_pairs
from studio.core.points import KeypointName
from studio.core.recipe import decode_spec, encode_spec
from studio.core.settings import ProjectSettings, Task

MASKS = ProjectSettings(name="m", task=Task.SEGMENTATION, classes=tuple(make_classes(["a", "b"])))
ONE_POINT = ProjectSettings(name="k", task=Task.KEYPOINTS, keypoints=(KeypointName(name="c", color="#ff0000"),))
EYES = ProjectSettings(
    name="e", task=Task.KEYPOINTS, keypoints=tuple(KeypointName(name=n, color="#ff0000") for n in ("left", "right"))
)


@given(
    st.integers(0, 100_000),
    st.tuples(st.integers(1, 20_000), st.integers(1, 20_000)),
    st.sampled_from(["cpu", "cuda", "mps", "something new"]),
    st.sampled_from([MASKS, ONE_POINT, EYES]),
)
def test_any_data_set_gets_a_recipe_that_can_be_carried_out(
    n_items: int, image_size: tuple[int, int], device: str, settings: ProjectSettings
) -> None:
    spec = default_spec(settings, n_items=n_items, image_size=image_size, device_kind=device)
    assert decode_spec(encode_spec(spec)) == spec
    assert spec.task is settings.task
    for stage in spec.stages:
        assert stage.height % 32 == stage.width % 32 == 0
        assert 2 <= stage.batch_size <= 32


def test_camvid_on_a_processor_gets_the_small_size_that_trains_in_minutes() -> None:
    spec = default_spec(MASKS, n_items=150, image_size=(480, 360), device_kind="cpu")
    (stage,) = spec.stages
    assert (stage.height, stage.width, stage.batch_size, stage.epochs) == (96, 128, 8, 10)
    assert stage.lr.high == 1e-3


def test_a_gpu_gets_stages_of_growing_size() -> None:
    spec = default_spec(MASKS, n_items=150, image_size=(480, 360), device_kind="cuda")
    small, large = spec.stages
    assert small.height * small.width < large.height * large.width <= 480 * 360
    assert small.batch_size >= large.batch_size


@pytest.mark.parametrize(("size", "aspect"), [((1920, 1080), 16 / 9), ((1000, 1000), 1), ((600, 900), 2 / 3)])
def test_the_training_size_keeps_the_aspect_roughly(size: tuple[int, int], aspect: float) -> None:
    height, width = training_size(size, 200_000)
    assert width / height == pytest.approx(aspect, rel=0.15)


def test_few_items_are_shown_more_often() -> None:
    assert default_epochs(5) == 40
    assert default_epochs(150) == 10
    assert default_epochs(100_000) == 5


def test_faces_with_a_left_and_a_right_eye_are_not_mirrored() -> None:
    assert not default_spec(EYES, n_items=50, image_size=(640, 480)).augment.flip
    assert default_spec(ONE_POINT, n_items=50, image_size=(640, 480)).augment.flip
    assert default_spec(MASKS, n_items=50, image_size=(640, 480)).augment.flip


def test_faces_whose_eyes_are_mirror_partners_are_mirrored() -> None:
    eyes = msgspec.structs.replace(EYES, keypoints=guessed_pairs(EYES.keypoints))
    assert default_spec(eyes, n_items=50, image_size=(640, 480)).augment.flip
