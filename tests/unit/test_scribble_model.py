"""The model that learns from strokes: what it sees, what it answers, and that it answers the same again."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.classes import UNLABELLED
from studio.core.errors import BadInput
from studio.scribble.features import pixel_features
from studio.scribble.model import WORKING_PIXELS, Scene, ScribbleModel, entropy, shrunk_label
from studio.scribble.samples import PIXELS_A_CLASS, take_samples
from studio.scribble.smoothing import GuidedFilter
from tests.unit.scribbles import right, scene, strokes


def test_two_strokes_are_enough_to_propose_the_rest_of_a_plain_picture() -> None:
    picture, mask = scene()
    drawn = Scene.of(picture)
    label = strokes(mask)
    answer = ScribbleModel.learn([drawn.samples(label)]).propose(drawn)
    assert (label != UNLABELLED).mean() < 0.02
    assert right(answer.mask, mask) > 0.9


def test_what_was_learnt_on_one_picture_is_known_on_the_next() -> None:
    picture, mask = scene(0)
    model = ScribbleModel.learn([Scene.of(picture).samples(strokes(mask))])
    other, other_mask = scene(5)
    assert right(model.propose(Scene.of(other)).mask, other_mask) > 0.9


def test_the_same_strokes_give_the_same_proposal() -> None:
    picture, mask = scene()
    masks = []
    for _ in range(2):
        drawn = Scene.of(picture)
        masks.append(ScribbleModel.learn([drawn.samples(strokes(mask))], threads=2).propose(drawn).mask)
    assert np.array_equal(*masks)


def test_strokes_of_one_class_are_asked_for_more() -> None:
    picture, mask = scene()
    label = np.where(mask == 1, np.uint8(1), np.uint8(UNLABELLED))
    with pytest.raises(BadInput, match="two classes"):
        ScribbleModel.learn([Scene.of(picture).samples(label)])
    with pytest.raises(BadInput, match="two classes"):
        ScribbleModel.learn([])


def test_a_large_picture_is_answered_at_its_own_size() -> None:
    picture, mask = scene()
    size = (1200, 900)
    picture = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    mask = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)
    drawn = Scene.of(picture)
    assert drawn.features.shape[0] * drawn.features.shape[1] <= WORKING_PIXELS * 1.01
    answer = ScribbleModel.learn([drawn.samples(strokes(mask))]).propose(drawn)
    assert answer.mask.shape == (900, 1200)
    assert right(answer.mask, mask) > 0.9


def test_an_unclear_picture_is_more_uncertain_than_a_clear_one() -> None:
    picture, mask = scene()
    model = ScribbleModel.learn([Scene.of(picture).samples(strokes(mask))])
    between = np.full_like(picture, 0) + np.array((130, 115, 105), np.uint8)
    clear, unclear = model.propose(Scene.of(picture)), model.propose(Scene.of(between))
    assert 0 <= clear.uncertainty < unclear.uncertainty <= 1


def test_entropy_is_nought_where_sure_and_one_where_all_are_alike() -> None:
    assert entropy(np.array([[1, 0, 0], [0, 1, 0]], np.float32)) == pytest.approx(0, abs=1e-9)
    assert entropy(np.full((5, 4), 0.25, np.float32)) == pytest.approx(1)


@settings(max_examples=12, deadline=None)
@given(width=st.integers(1, 40), height=st.integers(1, 40), seed=st.integers(0, 5))
def test_features_are_finite_whatever_the_pictures_size(width: int, height: int, seed: int) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    features = pixel_features(picture)
    assert features.shape[:2] == (height, width)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    assert np.abs(features).max() < 20


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_thin_stroke_is_still_there_in_the_smaller_copy(data: st.DataObject) -> None:
    label = np.full((60, 80), UNLABELLED, np.uint8)
    y, x, value = data.draw(st.integers(0, 59)), data.draw(st.integers(0, 79)), data.draw(st.integers(0, 9))
    label[y, x] = value
    small = shrunk_label(label, data.draw(st.integers(1, 80)), data.draw(st.integers(1, 60)))
    assert (small == value).sum() == 1
    assert (small != UNLABELLED).sum() == 1


def test_no_more_of_a_class_is_taken_than_needed_and_nothing_unlabelled() -> None:
    picture, mask = scene()
    label = np.where(mask == 1, np.uint8(1), np.uint8(UNLABELLED))
    samples = take_samples(pixel_features(picture), label, seed=1)
    assert len(samples.classes) == min(PIXELS_A_CLASS, int(mask.sum()))
    assert set(samples.classes) == {1}


def test_smoothing_moves_a_ragged_border_onto_the_edge_of_the_picture() -> None:
    mask = np.zeros((80, 80), np.uint8)
    mask[:, 40:] = 1
    picture = np.where(mask[..., None] == 1, 200, 50).astype(np.uint8).repeat(3, axis=2)
    ragged = mask.astype(np.float32)
    ragged[::3, 36:40] = 1
    ragged[1::3, 40:43] = 0
    smooth = GuidedFilter(picture, picture).smooth(ragged) > 0.5
    assert (smooth != (mask == 1)).sum() < (np.rint(ragged) != mask).sum() / 4
