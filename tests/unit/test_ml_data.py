"""Drawing, decoding and batching."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from studio.core.errors import BadMask
from studio.core.masks import read_mask, write_mask
from studio.core.recipe import Augment
from studio.core.settings import Task
from studio.core.snapshot import Snapshot, decode_snapshot
from studio.ml.data.batches import Batches
from studio.ml.data.decoding import Decoder
from studio.ml.data.images import ImagesInMemory, LabelledImages, StreamedImages, load_images
from studio.ml.data.order import batch_count, batches_of, draws_per_epoch, epoch_order
from studio.ml.tasks.registry import make_task
from tests.unit.ml_runs import CLASSES, make_run, recipe

ALL_IN_MEMORY, NOTHING_IN_MEMORY = 2**30, 0

Load = Callable[..., LabelledImages]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_run(tmp_path / "0001", recipe(), train=8, valid=3, size=(40, 36))


def snapshot_of(folder: Path) -> Snapshot:
    return decode_snapshot((folder / "snapshot.json").read_bytes())


@pytest.fixture
def load(folder: Path) -> Load:
    def load_with(limit: int, *, warn: Callable[[str], None] = lambda sentence: None) -> LabelledImages:
        snapshot = snapshot_of(folder)
        decoder = Decoder(folder, make_task(snapshot), 32, 48)
        return load_images(
            decoder,
            snapshot.items,
            limit=limit,
            warn=warn,
            report=lambda done, total: None,
            check=lambda: None,
        )

    return load_with


@given(st.lists(st.floats(0, 4), min_size=1, max_size=30), st.integers(0, 2**32))
def test_an_item_is_drawn_as_often_as_its_weight_says(weights: list[float], seed: int) -> None:
    order = epoch_order(weights, seed)
    assert len(order) == draws_per_epoch(weights)
    drawn = Counter(order)
    for row, weight in enumerate(weights):
        assert int(weight) <= drawn[row] <= int(weight) + 2
        if weight % 1 == 0:
            assert drawn[row] == weight or sum(w % 1 for w in weights) > 0


def test_fractions_of_a_weight_are_met_over_many_epochs() -> None:
    weights = [1.0, 0.5, 2.25, 0.25]
    drawn = Counter(row for seed in range(2000) for row in epoch_order(weights, seed))
    for row, weight in enumerate(weights):
        assert drawn[row] / 2000 == pytest.approx(weight, rel=0.1)


def test_the_order_is_repeated_by_its_seed_and_shuffled_by_another() -> None:
    weights = [1.0] * 50
    assert epoch_order(weights, 1) == epoch_order(weights, 1)
    assert epoch_order(weights, 1) != epoch_order(weights, 2)
    assert sorted(epoch_order(weights, 3)) == list(range(50))


@pytest.mark.parametrize(("rows", "sizes"), [(9, [4, 5]), (8, [4, 4]), (10, [4, 4, 2]), (1, [2]), (0, [])])
def test_no_batch_has_a_single_item(rows: int, sizes: list[int]) -> None:
    batches = batches_of(list(range(rows)), 4)
    assert [len(batch) for batch in batches] == sizes
    assert batch_count(rows, 4) == len(sizes)
    assert {row for batch in batches for row in batch} == set(range(rows))


def test_a_batch_size_of_one_is_honoured() -> None:
    assert batches_of([4, 2, 7], 1) == [[4], [2], [7]]


@pytest.mark.parametrize("limit", [ALL_IN_MEMORY, NOTHING_IN_MEMORY])
def test_pictures_and_masks_come_at_the_stage_size(folder: Path, load: Load, limit: int) -> None:
    images = load(limit)
    pictures, targets = images.fetch([0, 5])
    assert isinstance(images, ImagesInMemory if limit else StreamedImages)
    assert (pictures.shape, pictures.dtype) == ((2, 3, 32, 48), torch.uint8)
    assert pictures.is_contiguous(memory_format=torch.channels_last)
    original = np.asarray(Image.open(snapshot_of(folder).items[5].image))
    assert pictures[1].float().mean((1, 2)).numpy() == pytest.approx(original.mean((0, 1)), abs=2)
    mask, _ = read_mask(folder / "labels/6.png")
    square = (mask == 1).mean()
    assert (targets[1] == 1).float().mean().item() == pytest.approx(square, abs=0.03)
    assert set(targets.unique().tolist()) == {0, 1, 255}, "void and unlabelled pixels are one: ignored"
    images.close()


def test_pictures_of_exactly_the_stage_size_are_read_without_a_warning(folder: Path) -> None:
    """Warnings fail the suite: PyTorch says one, once a process, of an array that cannot be written."""
    snapshot = snapshot_of(folder)
    torch.set_warn_always(True)
    try:
        decoder = Decoder(folder, make_task(snapshot), 36, 40)
        options = {"warn": print, "report": lambda done, total: None, "check": lambda: None}
        images = load_images(decoder, snapshot.items, limit=10**9, **options)
        pictures, _ = images.fetch([1])
        images.close()
    finally:
        torch.set_warn_always(False)
    with Image.open(snapshot.items[1].image) as picture:
        assert np.array_equal(pictures[0].permute(1, 2, 0).numpy(), np.asarray(picture))


def test_both_ways_of_holding_images_give_the_same_batches(load: Load) -> None:
    in_memory, streamed = load(ALL_IN_MEMORY), load(NOTHING_IN_MEMORY)
    for first, second in zip(in_memory.fetch([3, 3, 1]), streamed.fetch([3, 3, 1]), strict=True):
        assert torch.equal(first, second)
    in_memory.close()
    streamed.close()


def test_images_in_memory_need_no_file_after_the_first_reading(folder: Path, load: Load) -> None:
    images = load(ALL_IN_MEMORY)
    before = images.fetch([0, 1])
    images.fetch(range(len(images.items)))
    for item in images.items:
        Path(item.image).unlink()
        (folder / str(item.mask)).unlink()
    after = images.fetch([0, 1])
    images.close()
    assert torch.equal(before[0], after[0])
    assert torch.equal(before[1], after[1])


@pytest.mark.parametrize("limit", [ALL_IN_MEMORY, NOTHING_IN_MEMORY])
def test_an_unreadable_image_is_named_and_left_out(folder: Path, load: Load, limit: int) -> None:
    broken = Path(snapshot_of(folder).items[2].image)
    broken.write_bytes(b"no picture")
    warnings: list[str] = []
    images = load(limit, warn=warnings.append)
    assert [item.id for item in images.items] == [1, 2, 4, 5, 6, 7, 8, 9, 10, 11]
    assert len(warnings) == 1
    assert str(broken) in warnings[0]
    assert "replace the file or leave it out" in warnings[0]
    images.close()


def test_a_streamed_image_that_breaks_later_is_ignored_with_one_warning(folder: Path, load: Load) -> None:
    warnings: list[str] = []
    images = load(NOTHING_IN_MEMORY, warn=warnings.append)
    Path(images.items[1].image).write_bytes(b"gone")
    for _ in range(2):
        _, targets = images.fetch([0, 1])
        assert (targets[1] == 255).all()
        assert (targets[0] != 255).any()
    assert len(warnings) == 1
    images.close()


def test_an_image_in_memory_whose_end_is_missing_is_ignored_with_one_warning(folder: Path, load: Load) -> None:
    cut = Path(snapshot_of(folder).items[1].image)
    cut.write_bytes(cut.read_bytes()[:-60])
    warnings: list[str] = []
    images = load(ALL_IN_MEMORY, warn=warnings.append)
    for _ in range(2):
        _, targets = images.fetch([0, 1])
        assert (targets[1] == 255).all()
        assert (targets[0] != 255).any()
    images.close()
    assert len(warnings) == 1
    assert str(cut) in warnings[0]


@pytest.mark.parametrize(("mask", "named"), [((36, 40, 77), "77"), ((36, 41, 0), "41×36")])
def test_a_mask_that_fits_no_class_or_picture_is_named(
    folder: Path, load: Load, mask: tuple[int, int, int], named: str
) -> None:
    height, width, value = mask
    write_mask(folder / "labels/4.png", np.full((height, width), value, np.uint8), CLASSES)
    with pytest.raises(BadMask, match=rf"labels/4\.png.*{named}"):
        load(NOTHING_IN_MEMORY)
    images = load(ALL_IN_MEMORY)
    with pytest.raises(BadMask, match=rf"labels/4\.png.*{named}"):
        images.fetch([0, 3])
    with pytest.raises(BadMask, match=rf"labels/4\.png.*{named}"):
        images.fetch([0])
    images.close()


def test_a_large_jpeg_is_decoded_smaller_and_looks_the_same(tmp_path: Path, folder: Path) -> None:
    smooth = np.linspace(0, 255, 640, dtype=np.uint8)
    picture = np.stack([np.tile(smooth, (480, 1)), np.tile(smooth[:480, None], (1, 640)), np.full((480, 640), 90)], -1)
    Image.fromarray(picture.astype(np.uint8)).save(tmp_path / "big.jpg", quality=95)
    decoder = Decoder(folder, make_task(snapshot_of(folder)), 48, 64)
    small = decoder.picture(tmp_path / "big.jpg")
    averaged = picture.reshape(48, 10, 64, 10, 3).mean((1, 3))
    assert np.abs(small - averaged).max() <= 4


def batches(images: LabelledImages, snapshot: Snapshot, *, augment: Augment | None, seed: int = 1) -> Batches:
    return Batches(
        images,
        make_task(snapshot),
        height=32,
        width=48,
        batch_size=4,
        device=torch.device("cpu"),
        augment=augment,
        seed=(seed, 0),
    )


@pytest.mark.parametrize("limit", [ALL_IN_MEMORY, NOTHING_IN_MEMORY])
def test_an_epoch_can_be_entered_in_its_middle(folder: Path, load: Load, limit: int) -> None:
    images = load(limit)
    training = batches(images, snapshot_of(folder), augment=Augment(rotate=10, lighting=0.2))
    whole = list(training.epoch(2))
    rest = list(training.epoch(2, first=1))
    assert len(whole) == len(training) == 3
    for first, second in zip(whole[1:], rest, strict=True):
        assert first.rows == second.rows
        assert torch.equal(first.images, second.images)
        assert torch.equal(first.target, second.target)
    assert [b.rows for b in training.epoch(3)] != [b.rows for b in whole]
    images.close()


@pytest.mark.parametrize("limit", [ALL_IN_MEMORY, NOTHING_IN_MEMORY])
def test_for_a_single_batch_of_a_size_nothing_else_is_read(
    folder: Path, load: Load, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = load(limit)
    source = batches(images, snapshot_of(folder), augment=Augment())
    read: list[Path] = []
    honest = Decoder.picture

    def noted(self: Decoder, path: Path) -> np.ndarray:
        read.append(path)
        return honest(self, path)

    monkeypatch.setattr(Decoder, "picture", noted)
    rows = {row for _ in range(3) for row in source.of_size(2).rows}
    images.close()
    assert set(read) == {Path(images.items[row].image) for row in rows}
    assert len(rows) == 2


def test_validation_goes_through_the_items_in_order_as_they_are(folder: Path, load: Load) -> None:
    images = load(ALL_IN_MEMORY)
    valid = batches(images, snapshot_of(folder), augment=None)
    assert [row for batch in valid.epoch(0) for row in batch.rows] == list(range(11))
    pictures, targets = images.fetch([0, 1, 2, 3])
    first = next(valid.epoch(5))
    assert torch.equal(first.target, targets)
    assert torch.allclose(first.images.mean(), first.images.new_tensor(0.0), atol=3)
    assert len(pictures) == 4
    images.close()


def test_points_are_carried_to_the_stage_size(tmp_path: Path) -> None:
    spec = recipe(Task.KEYPOINTS)
    folder = make_run(tmp_path / "0001", spec, train=3, valid=1, size=(40, 36))
    snapshot = snapshot_of(folder)
    task = make_task(snapshot)
    target = Decoder(folder, task, 72, 20).target(snapshot.items[0])
    placed = snapshot.items[0].points
    assert placed is not None
    assert target[0].tolist() == pytest.approx([placed.placed[0].x / 2, placed.placed[0].y * 2, 1, 40, 36, 40])
