"""What a look at augmented samples shows: the very pictures and labels that training would draw, nothing trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.core.classes import UNLABELLED
from studio.core.events import Augmented, AugmentedSample, Failed
from studio.core.items import Split
from studio.core.masks import read_mask
from studio.core.outcome import OutcomeKind
from studio.core.points import Keypoint, KeypointName, Points
from studio.core.recipe import Augment, Purpose, RunSpec, Stage
from studio.core.resizing import Resize
from studio.core.settings import Task
from studio.core.snapshot import SNAPSHOT_FILE, Snapshot, SnapshotItem, encode_snapshot
from studio.core.tags import Tags
from studio.ml.augmented_look import ROLLS
from tests.unit.ml_runs import CLASSES, make_run, recipe, run
from tests.unit.text_runs import make_run as make_text_run
from tests.unit.text_runs import recipe as text_recipe

WIDTH, HEIGHT = 48, 40
VOID = 2
FLIPS = Augment(flip=True)


def look_recipe(task: Task = Task.SEGMENTATION, augment: Augment = FLIPS, **others: object) -> RunSpec:
    stage = Stage(epochs=1, height=HEIGHT, width=WIDTH)
    return recipe(task, stages=(stage,), augment=augment, purpose=Purpose.LOOK, **others)


def look(folder: Path, spec: RunSpec, *, train: int = 5) -> list[Augmented]:
    """The rolls of a look at drawn items that are as large as the network's input, so that nothing is resized."""
    make_run(folder, spec, train=train, valid=0, size=(WIDTH, HEIGHT))
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.FINISHED
    return heard.of(Augmented)


def pixels_of(folder: Path, sample: AugmentedSample) -> np.ndarray:
    with Image.open(folder / sample.picture) as image:
        return np.asarray(image.convert("RGB"))


def original_of(folder: Path, sample: AugmentedSample) -> np.ndarray:
    with Image.open(folder.parent / f"{folder.name}-images" / sample.name) as image:
        return np.asarray(image.convert("RGB"))


def is_mirrored(folder: Path, sample: AugmentedSample) -> bool:
    """Whether the picture is the original's mirror image; it is the original or that, pixel by pixel."""
    seen, original = pixels_of(folder, sample), original_of(folder, sample)
    mirrored = np.array_equal(seen, original[:, ::-1])
    assert mirrored or np.array_equal(seen, original)
    return mirrored


def test_a_recipe_that_only_flips_shows_the_picture_or_its_mirror_and_the_mask_moves_along(tmp_path: Path) -> None:
    folder = tmp_path / "look"
    rolls = look(folder, look_recipe())
    assert [event.roll for event in rolls] == list(range(1, ROLLS + 1))
    flips: set[bool] = set()
    for event in rolls:
        assert [sample.item for sample in event.samples] == [1, 2, 3, 4, 5]
        for sample in event.samples:
            flipped = is_mirrored(folder, sample)
            label, _ = read_mask(folder / f"labels/{sample.item}.png")
            taught = np.where(label == VOID, UNLABELLED, label)
            assert sample.mask is not None
            shown, _ = read_mask(folder / sample.mask)
            np.testing.assert_array_equal(shown, taught[:, ::-1] if flipped else taught)
            flips.add(flipped)
    assert flips == {True, False}


def test_points_move_with_the_picture_and_take_their_partners_names_in_a_mirror(tmp_path: Path) -> None:
    folder = tmp_path / "look"
    make_run(folder, look_recipe(Task.KEYPOINTS), train=4, valid=0, size=(WIDTH, HEIGHT))
    names = (
        KeypointName(name="left", color="#ff0000", mirror="right"),
        KeypointName(name="right", color="#00ff00"),
    )
    left, right = Keypoint(index=0, x=10.5, y=7.25), Keypoint(index=1, x=30.0, y=20.5)
    images = sorted((tmp_path / "look-images").iterdir())
    write_snapshot(folder, images, task=Task.KEYPOINTS, keypoints=names, points=Points((left, right)))
    _outcome, heard = run(folder)
    for event in heard.of(Augmented):
        for sample in event.samples:
            expected = [(10.5, 7.25), (30.0, 20.5)]
            if is_mirrored(folder, sample):
                expected = [(WIDTH - 30.0, 20.5), (WIDTH - 10.5, 7.25)]
            assert sample.points is not None
            assert [p.index for p in sample.points.placed] == [0, 1]
            np.testing.assert_allclose([(p.x, p.y) for p in sample.points.placed], expected, atol=1e-3)


@pytest.mark.parametrize("resize", list(Resize))
def test_a_point_stays_on_what_it_marks_however_the_picture_is_turned(tmp_path: Path, resize: Resize) -> None:
    """A bright dot is drawn where the point lies; afterwards the dot's middle is where the point says."""
    folder = tmp_path / "look"
    augment = Augment(flip=True, flip_vertical=True, rotate=40, zoom=0.2, warp=0.2)
    make_run(folder, look_recipe(Task.KEYPOINTS, augment, resize=resize), train=3, valid=0)
    y, x = np.mgrid[:96, :150] + 0.5
    dot = np.exp(-((x - 70) ** 2 + (y - 40) ** 2) / 18)
    path = tmp_path / "dot.png"
    Image.fromarray((dot * 255).astype(np.uint8)).convert("RGB").save(path)
    names = (KeypointName(name="dot", color="#ff0000"),)
    write_snapshot(
        folder, [path], task=Task.KEYPOINTS, keypoints=names, points=Points((Keypoint(index=0, x=70, y=40),))
    )
    _outcome, heard = run(folder)
    seen = 0
    for event in heard.of(Augmented):
        (sample,) = event.samples
        pixels = pixels_of(folder, sample)
        glow = np.where(pixels.min(2) > 150, pixels[..., 0].astype(float), 0.0)  # above the grey from outside
        rows, columns = np.mgrid[: glow.shape[0], : glow.shape[1]] + 0.5
        for point in sample.points.placed if sample.points is not None else ():
            if 4 < point.x < WIDTH - 4 and 4 < point.y < HEIGHT - 4:
                middle = (glow * columns).sum() / glow.sum(), (glow * rows).sum() / glow.sum()
                np.testing.assert_allclose((point.x, point.y), middle, atol=0.8)
                seen += 1
    assert seen >= 3


def test_rolls_differ_and_repeat_with_the_seed(tmp_path: Path) -> None:
    augment = Augment(flip=True, rotate=20, lighting=0.3)

    def pictures(name: str, seed: int) -> list[bytes]:
        rolls = look(tmp_path / name, look_recipe(augment=augment, seed=seed), train=2)
        return [pixels_of(tmp_path / name, sample).tobytes() for event in rolls for sample in event.samples]

    first, again, other = pictures("first", 1), pictures("again", 1), pictures("other", 2)
    assert first == again
    assert len(set(first)) == len(first)
    assert not set(first) & set(other)


def test_tags_and_classes_stay_whatever_is_done_to_the_picture(tmp_path: Path) -> None:
    many = look(tmp_path / "many", look_recipe(Task.MULTI_LABEL), train=2)
    one = look(tmp_path / "one", look_recipe(Task.SINGLE_LABEL), train=2)
    assert [sample.tags for sample in many[0].samples] == [Tags((0, 1)), Tags((0,))]
    assert [sample.tags for sample in one[-1].samples] == [Tags((1,)), Tags((0,))]
    assert many[0].samples[0].mask is None


def test_mixed_pictures_are_shown_with_the_shares_of_their_classes(tmp_path: Path) -> None:
    """A picture with a square is class 1, one without is class 0; the shares say how much of each is seen."""
    folder = tmp_path / "look"
    rolls = look(folder, look_recipe(Task.SINGLE_LABEL, Augment(flip=False), mixup=0.4), train=2)
    mixed = [sample for event in rolls for sample in event.samples if sample.shares]
    assert mixed
    for sample in mixed:
        (first, most), (second, rest) = sample.shares
        assert {first, second} == {0, 1}
        assert most + rest == pytest.approx(1, abs=1e-5)
        images = sorted((tmp_path / "look-images").iterdir())
        shown, square, plain = (np.asarray(Image.open(p), float) for p in (folder / sample.picture, *images))
        share = dict(sample.shares)[1]
        np.testing.assert_allclose(shown, share * square + (1 - share) * plain, atol=1)


def test_one_item_is_shown_once_and_nothing_is_trained(tmp_path: Path) -> None:
    rolls = look(tmp_path / "look", look_recipe(), train=1)
    assert [len(event.samples) for event in rolls] == [1] * ROLLS
    files = {path.name for path in (tmp_path / "look").iterdir()}
    assert not files & {"model.safetensors", "state.pt", "scores.jsonl"}


def test_texts_are_refused_with_a_sentence(tmp_path: Path) -> None:
    folder = make_text_run(tmp_path / "look", text_recipe(purpose=Purpose.LOOK))
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.BAD_INPUT
    assert heard.of(Failed)[0].sentence == "Texts are read as they stand; there is nothing to augment."


def write_snapshot(
    folder: Path, images: list[Path], *, task: Task, keypoints: tuple[KeypointName, ...], points: Points
) -> None:
    items = tuple(
        SnapshotItem(id=i, name=path.name, image=str(path), split=Split.TRAIN, revision=1, points=points)
        for i, path in enumerate(images, start=1)
    )
    snapshot = Snapshot(task=task, classes=CLASSES, keypoints=keypoints, items=items)
    (folder / SNAPSHOT_FILE).write_bytes(encode_snapshot(snapshot))
