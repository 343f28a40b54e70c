"""Joint transforms by their content: what moves the picture moves its label."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision import tv_tensors

from studio.core.classes import UNLABELLED
from studio.core.points import KeypointName
from studio.core.recipe import Augment
from studio.core.settings import Task
from studio.core.snapshot import Snapshot
from studio.ml.data.transforms import TrainingTransform, normalised
from studio.ml.models.encoders import image_statistics
from studio.ml.tasks.keypoints import Keypoints

HEIGHT, WIDTH, COUNT = 48, 64, 16

ALL = Augment(flip=True, rotate=25, zoom=0.3, lighting=0.0)


def squares() -> tuple[Tensor, Tensor, Tensor]:
    """White squares on black at different places: pictures, masks (1 in the square) and the squares' centres."""
    pictures = torch.zeros(COUNT, 3, HEIGHT, WIDTH, dtype=torch.uint8)
    masks = torch.zeros(COUNT, HEIGHT, WIDTH, dtype=torch.uint8)
    centres = torch.zeros(COUNT, 1, 2)
    random = np.random.default_rng(3)
    for i in range(COUNT):
        left, top = int(random.integers(14, 40)), int(random.integers(12, 24))
        pictures[i, :, top : top + 11, left : left + 11] = 255
        masks[i, top : top + 11, left : left + 11] = 1
        centres[i, 0] = torch.tensor([left + 5.5, top + 5.5])
    return pictures, masks, centres


def brightness(pixels: Tensor) -> Tensor:
    """Back from normalised floats to [0, 1], (N, H, W)."""
    mean, deviation = image_statistics()
    return (pixels * deviation + mean).mean(1)


def centre_of(shares: Tensor) -> Tensor:
    """(N, H, W) → (N, 2): the centre of mass, where a pixel's centre lies at +0.5."""
    x = (shares.sum(1) * (torch.arange(WIDTH) + 0.5)).sum(1) / shares.sum((1, 2))
    y = (shares.sum(2) * (torch.arange(HEIGHT) + 0.5)).sum(1) / shares.sum((1, 2))
    return torch.stack([x, y], dim=1)


@pytest.mark.parametrize(
    "augment",
    [
        ALL,
        Augment(flip=True),
        Augment(flip=False, rotate=30),
        Augment(zoom=0.4),
        Augment(flip=False, flip_vertical=True),
        Augment(flip=True, flip_vertical=True, rotate=20),
        Augment(flip=False, warp=0.4),
        Augment(flip=True, flip_vertical=True, rotate=10, zoom=0.1, warp=0.3),
    ],
)
def test_a_square_its_mask_and_its_centre_stay_together(augment: Augment) -> None:
    pictures, masks, centres = squares()
    transform = TrainingTransform(augment)
    pixels, moved = transform(pictures, tv_tensors.Mask(masks), seed=5)
    _, points = transform(pictures, tv_tensors.KeyPoints(centres, canvas_size=(HEIGHT, WIDTH)), seed=5)
    white = (brightness(pixels) > 0.75).float()
    assert (white - (moved == 1).float()).abs().mean() < 0.01, "the mask lies on its square"
    assert torch.allclose(centre_of((moved == 1).float()), points[:, 0], atol=0.55)
    assert torch.allclose(
        centre_of(white), points[:, 0], atol=0.65
    )  # a tilted square's middle is not its centre of mass
    assert not torch.allclose(points, centres, atol=0.2), "something did move"


def test_a_flip_is_an_exact_mirror_image_of_picture_mask_and_point() -> None:
    pictures, masks, centres = squares()
    pictures = torch.randint(0, 256, pictures.shape, dtype=torch.uint8)
    transform = TrainingTransform(Augment(flip=True))
    pixels, moved = transform(pictures, tv_tensors.Mask(masks), seed=1)
    _, points = transform(pictures, tv_tensors.KeyPoints(centres, canvas_size=(HEIGHT, WIDTH)), seed=1)
    plain = normalised(pictures)
    flipped = [not torch.equal(pixels[i], plain[i]) for i in range(COUNT)]
    assert 2 < sum(flipped) < COUNT - 2
    for i, was_flipped in enumerate(flipped):
        assert torch.equal(pixels[i], plain[i].flip(-1) if was_flipped else plain[i])
        assert torch.equal(moved[i], masks[i].flip(-1) if was_flipped else masks[i])
        expected = WIDTH - centres[i, 0, 0] if was_flipped else centres[i, 0, 0]
        assert points[i, 0, 0] == expected
        assert points[i, 0, 1] == centres[i, 0, 1]


def test_pixels_that_come_from_outside_are_unlabelled_and_none_of_the_label_is_invented() -> None:
    pictures, masks, _ = squares()
    masks += 7
    _, moved = TrainingTransform(Augment(flip=False, rotate=40))(pictures, tv_tensors.Mask(masks), seed=2)
    assert set(moved.unique().tolist()) == {7, 8, UNLABELLED}
    corners = torch.stack([moved[:, 0, 0], moved[:, 0, -1], moved[:, -1, 0], moved[:, -1, -1]])
    assert (corners == UNLABELLED).any()


def test_the_same_seed_draws_the_same_and_another_one_differs() -> None:
    pictures, masks, _ = squares()
    transform = TrainingTransform(Augment(flip=True, rotate=10, zoom=0.2, lighting=0.3))
    first, second, other = (transform(pictures, tv_tensors.Mask(masks), seed=seed)[0] for seed in (9, 9, 10))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_drawing_leaves_the_global_generators_alone() -> None:
    pictures, masks, _ = squares()
    before = torch.get_rng_state()
    TrainingTransform(ALL)(pictures, tv_tensors.Mask(masks), seed=9)
    assert torch.equal(torch.get_rng_state(), before)


def test_lighting_changes_brightness_by_picture_and_leaves_the_label_alone() -> None:
    pictures, masks, _ = squares()
    grey = torch.full_like(pictures, 128)
    pixels, moved = TrainingTransform(Augment(flip=False, lighting=0.4))(grey, tv_tensors.Mask(masks), seed=4)
    means = brightness(pixels).mean((1, 2))
    assert torch.equal(moved, masks)
    assert means.std() > 0.02
    assert (means - 128 / 255).abs().max() <= 0.2 + 1e-5


def test_without_augmentation_pictures_are_normalised_and_nothing_else() -> None:
    pictures, masks, _ = squares()
    pixels, moved = TrainingTransform(Augment(flip=False))(pictures, tv_tensors.Mask(masks), seed=0)
    mean, deviation = image_statistics()
    assert torch.allclose(pixels, (pictures / 255 - mean) / deviation, atol=1e-6)
    assert pixels.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(moved, masks)
    assert torch.equal(normalised(pictures), pixels)


@pytest.mark.parametrize("augment", [Augment(flip=True), ALL])
def test_a_mirrored_left_point_is_called_right_and_its_visibility_goes_with_it(augment: Augment) -> None:
    """Left, right and a nose; of some pictures the left point is hidden. The square marks where the left point was."""
    names = (
        KeypointName(name="left", color="#ff0000", mirror="right"),
        KeypointName(name="nose", color="#00ff00"),
        KeypointName(name="right", color="#0000ff"),
    )
    task = Keypoints(Snapshot(task=Task.KEYPOINTS, keypoints=names))
    pictures = torch.zeros(COUNT, 3, HEIGHT, WIDTH, dtype=torch.uint8)
    target = torch.zeros(COUNT, 3, 5)
    for i in range(COUNT):
        target[i, :, :3] = torch.tensor([[22.0, 24.0, i % 2], [32.0, 30.0, 1], [42.0, 24.0, 1]])
    label = task.to_label(target, height=HEIGHT, width=WIDTH)
    plain = TrainingTransform(augment)(pictures, label, seed=3)[1]
    moved = TrainingTransform(augment, task.mirror)(pictures, label, seed=3)[1]
    answer = task.from_label(moved, target, height=HEIGHT, width=WIDTH)
    flipped = plain[:, 2, 0] < plain[:, 1, 0]
    assert 2 < int(flipped.sum()) < COUNT - 2
    for i in range(COUNT):
        order = [2, 1, 0] if flipped[i] else [0, 1, 2]
        assert torch.allclose(moved[i], plain[i, order], equal_nan=True)
        assert answer[i, order.index(0), 2] == i % 2, "the hidden one is still hidden, whatever it is called"
        assert answer[i, order.index(2), 2] == 1
        assert (answer[i, 0, 0] < answer[i, 2, 0]) or i % 2 == 0, "what is called left lies left again"
    assert answer[..., :2].isfinite().all()


def test_a_picture_turned_upside_down_and_mirrored_keeps_the_names_of_its_points() -> None:
    """Half a turn leaves a left eye a left eye; one mirror image makes it a right one."""
    pictures, _, centres = squares()
    both = torch.cat([centres, centres + 1], dim=1)
    augment = Augment(flip=True, flip_vertical=True)
    points = tv_tensors.KeyPoints(both, canvas_size=(HEIGHT, WIDTH))
    _, moved = TrainingTransform(augment, mirror=[1, 0])(pictures, points, seed=3)
    across = (moved - both).abs()[..., 0].amax(1) > 2
    down = (moved - both).abs()[..., 1].amax(1) > 2
    assert {(bool(a), bool(d)) for a, d in zip(across, down, strict=True)} >= {(True, True), (True, False)}
    for before, after, a, d in zip(both, moved, across, down, strict=True):
        expected = before.clone()
        expected[:, 0] = WIDTH - expected[:, 0] if a else expected[:, 0]
        expected[:, 1] = HEIGHT - expected[:, 1] if d else expected[:, 1]
        expected = expected[[1, 0]] if a != d else expected
        assert torch.allclose(after, expected)


def test_a_tilt_makes_one_side_larger_than_the_other() -> None:
    """Two equal squares at the left and the right edge: afterwards one is larger, by no more than was asked for."""
    pictures = torch.zeros((16, 3, HEIGHT, WIDTH), dtype=torch.uint8)
    masks = torch.zeros((16, HEIGHT, WIDTH), dtype=torch.uint8)
    middle = HEIGHT // 2
    masks[:, middle - 5 : middle + 5, 6:16] = 1
    masks[:, middle - 5 : middle + 5, -16:-6] = 2
    _, moved = TrainingTransform(Augment(flip=False, warp=0.4))(pictures, tv_tensors.Mask(masks), seed=1)
    left, right = (moved == 1).sum((1, 2)).float(), (moved == 2).sum((1, 2)).float()
    ratio = torch.maximum(left, right) / torch.minimum(left, right)
    assert ratio.max() > 1.3
    assert ratio.max() < 2.5


def test_recipes_without_the_newer_augmentations_draw_what_they_always_drew() -> None:
    """An interrupted run goes on with the batches that it would have had: the numbers are those of one generator."""
    pictures, masks, _ = squares()
    plain = TrainingTransform(ALL)(pictures, tv_tensors.Mask(masks), seed=9)
    generator = torch.Generator().manual_seed(9)
    flips = torch.rand(COUNT, generator=generator) < 0.5
    mirrored = TrainingTransform(Augment(flip=True))(pictures, tv_tensors.Mask(masks), seed=9)[1]
    assert torch.equal(mirrored[flips], masks[flips].flip(-1))
    assert torch.equal(mirrored[~flips], masks[~flips])
    assert plain[0].shape == pictures.shape


def test_a_warp_beyond_the_horizon_is_refused() -> None:
    with pytest.raises(ValueError, match="warp"):
        Augment(warp=0.9)
