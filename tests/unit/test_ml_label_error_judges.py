"""Which labels are suspected, and what is proposed, from answers that are made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.core.classes import UNLABELLED, make_classes
from studio.core.items import Split
from studio.core.masks import read_mask, write_mask
from studio.core.points import Keypoint, KeypointName, Points, Visibility
from studio.core.review import NO_CLASS, ItemScore
from studio.core.settings import Task
from studio.core.snapshot import Snapshot, SnapshotItem
from studio.core.tags import PredictedTags, Tags
from studio.ml.label_errors.answers import Answer, Judged
from studio.ml.label_errors.calibration import calibrated
from studio.ml.label_errors.classes import judge_classes
from studio.ml.label_errors.masks import judge_masks
from studio.ml.label_errors.points import judge_points, robust_z
from studio.ml.label_errors.shares import ShareKeeper
from studio.ml.label_errors.tags import judge_tags
from studio.ml.tasks.keypoints import Keypoints
from studio.ml.tasks.multi_label import MultiLabel
from studio.ml.tasks.segmentation import MaskPrediction, Segmentation
from studio.ml.tasks.single_label import SingleLabel

CLASSES = tuple(make_classes(["ants", "bees", "void"]))
NAMES = tuple(KeypointName(name=name, color="#ff0000") for name in ("eye", "nose"))


def answer(number: int, *, folder: Path = Path(), **parts: object) -> Answer:
    label = {name: parts.pop(name) for name in ("label_tags", "label_points", "label_mask") if name in parts}
    item = SnapshotItem(
        id=number,
        name=f"{number}.png",
        image="",
        split=Split.TRAIN,
        revision=1,
        tags=label.get("label_tags"),  # type: ignore[arg-type]
        points=label.get("label_points"),  # type: ignore[arg-type]
        mask=label.get("label_mask"),  # type: ignore[arg-type]
    )
    score = ItemScore(
        item=number,
        name=item.name,
        split=Split.VALID,
        revision=1,
        loss=0,
        error=0,
        label=item.tags,
        **parts,  # type: ignore[arg-type]
    )
    return Answer(item=item, score=score, folder=folder)


def tagged(number: int, label: tuple[int, ...], said: tuple[int, ...], ants: float, bees: float) -> Answer:
    shares = tuple(sorted(((0, ants), (1, bees)), key=lambda pair: -pair[1]))
    return answer(number, label_tags=Tags(label), tags=PredictedTags(tags=Tags(said), shares=shares))


def test_the_class_that_a_network_is_sure_is_another_one_is_the_most_suspicious() -> None:
    right = [tagged(i, (i % 2,), (i % 2,), *((0.9, 0.1) if i % 2 == 0 else (0.1, 0.9))) for i in range(20)]
    wrong = tagged(20, (0,), (1,), 0.03, 0.97)
    unsure = tagged(21, (0,), (1,), 0.49, 0.51)
    judged = list(
        judge_classes(SingleLabel(Snapshot(task=Task.SINGLE_LABEL, classes=CLASSES)), [*right, wrong, unsure])
    )
    order = sorted(judged, key=lambda j: j.suspicion.quality)
    assert [j.suspicion.item for j in order[:2]] == [20, 21]
    assert order[0].suspicion.is_issue
    assert order[0].suspicion.tags == (1,)
    assert order[0].score.tags is not None
    assert order[0].score.tags.tags == Tags((1,))
    assert not any(j.suspicion.is_issue for j in judged[:20])
    assert {j.score.split for j in judged} == {Split.TRAIN}


def test_only_the_doubted_tag_is_proposed_the_other_way_round() -> None:
    right = [tagged(i, (0, 1) if i % 2 else (0,), (0,), 0.9, 0.95 if i % 2 else 0.05) for i in range(20)]
    missing = tagged(20, (0,), (), 0.9, 0.99)
    judged = list(judge_tags(MultiLabel(Snapshot(task=Task.MULTI_LABEL, classes=CLASSES)), [*right, missing]))
    worst = min(judged, key=lambda j: j.suspicion.quality)
    assert (worst.suspicion.item, worst.suspicion.tags) == (20, (1,))
    assert worst.score.tags is not None
    assert worst.score.tags.tags == Tags((0, 1))
    assert worst.score.confusion == ((NO_CLASS, 1, 1),)
    for right_one in judged[:20]:
        assert right_one.score.tags is not None
        assert right_one.score.tags.tags == right_one.score.label


def test_a_tag_that_a_network_cannot_see_counts_for_little() -> None:
    dice = np.random.default_rng(0)
    having = np.stack([np.arange(400) % 2 == 0, np.arange(400) % 4 == 0], 1)
    seen = np.where(having[:, 0], 0.97, 0.03)
    unseen = dice.permutation(np.where(having[:, 1], 0.97, 0.03))
    fitted = calibrated(having, np.stack([seen, unseen], 1))
    assert np.abs(fitted[:, 0] - having[:, 0]).max() < 0.1
    assert np.abs(fitted[:, 1] - 0.25).max() < 0.1


def test_a_tag_of_one_item_keeps_its_probability() -> None:
    having = np.zeros((9, 1), np.bool_)
    having[4] = True
    shares = np.linspace(0.1, 0.9, 9)[:, None]
    assert np.array_equal(calibrated(having, shares), shares)


def test_a_tag_that_no_item_has_or_all_have_doubts_nothing() -> None:
    judged = list(
        judge_tags(
            MultiLabel(Snapshot(task=Task.MULTI_LABEL, classes=CLASSES)),
            [tagged(i, (0,), (0,), 0.9, 0.1) for i in range(6)],
        )
    )
    assert not any(j.suspicion.is_issue for j in judged)


def pointed(number: int, *, eye: tuple[float, float], visibility: Visibility = Visibility.VISIBLE) -> Answer:
    """The network is a pixel or two off at the eye, and right at the nose, which is at (50, 50)."""
    noise = (number % 5) / 2
    return answer(
        number,
        label_points=Points(
            (Keypoint(index=0, x=eye[0], y=eye[1], visibility=visibility), Keypoint(index=1, x=50.0, y=50.0))
        ),
        points=Points((Keypoint(index=0, x=20.0 + noise, y=20.0), Keypoint(index=1, x=50.0, y=50.0 + noise))),
    )


def test_a_moved_point_is_found_and_alone_proposed_where_the_network_sees_it() -> None:
    answers = [pointed(i, eye=(20.0, 20.0)) for i in range(20)]
    answers.append(pointed(20, eye=(80.0, 20.0)))
    judged = list(judge_points(keypoints(), answers))
    worst = min(judged, key=lambda j: j.suspicion.quality)
    assert (worst.suspicion.item, worst.suspicion.points) == (20, (0,))
    assert worst.score.points == Points((Keypoint(index=0, x=20.0, y=20.0), Keypoint(index=1, x=50.0, y=50.0)))
    assert [j.suspicion.item for j in judged if j.suspicion.is_issue] == [20]
    assert judged[3].score.points == answers[3].item.points


def test_a_hidden_point_is_never_doubted() -> None:
    answers = [pointed(i, eye=(20.0, 20.0)) for i in range(20)]
    answers.append(pointed(20, eye=(80.0, 20.0), visibility=Visibility.HIDDEN))
    assert not any(j.suspicion.is_issue for j in judge_points(keypoints(), answers))


def test_the_robust_z_score_of_normal_numbers_is_their_standard_score() -> None:
    numbers = np.random.default_rng(0).normal(7, 3, (20_000, 1))
    numbers[0] = np.nan
    z = robust_z(numbers)
    assert np.isnan(z[0, 0])
    assert np.allclose(z[1:], (numbers[1:] - 7) / 3, atol=0.15)


def keypoints() -> Keypoints:
    return Keypoints(Snapshot(task=Task.KEYPOINTS, keypoints=NAMES))


@pytest.fixture
def segmentation() -> Segmentation:
    return Segmentation(Snapshot(task=Task.SEGMENTATION, classes=CLASSES))


def masked(task: Segmentation, run: Path, number: int, label: np.ndarray, answered: np.ndarray, sure: float) -> Answer:
    """`answered` (H, W) class ids, each with the probability `sure`; the network worked at half the scale."""
    write_mask(run / f"labels/{number}.png", label, CLASSES)
    write_mask(run / f"fold/predictions/{number}.png", answered, CLASSES)
    small = answered[::2, ::2]
    shares = np.where(np.arange(2)[:, None, None] == small, sure, 1 - sure).astype(np.float32)
    item = answer(number, folder=run / "fold", label_mask=f"labels/{number}.png", mask=f"predictions/{number}.png")
    ShareKeeper(run / "fold").keep(item.item, MaskPrediction(answered, np.log(shares), CLASSES))
    return item


def halves() -> np.ndarray:
    """Ants above, bees below, void at the left edge, nothing said at the right one."""
    mask = np.zeros((80, 120), np.uint8)
    mask[40:] = 1
    mask[:, :4] = 2
    mask[:, -4:] = UNLABELLED
    return mask


def judged_masks(task: Segmentation, run: Path, answers: list[Answer]) -> list[Judged]:
    return list(judge_masks(run, task, answers))


def test_a_repainted_region_is_found_and_proposed_as_the_network_sees_it(
    segmentation: Segmentation, tmp_path: Path
) -> None:
    true, wrong = halves(), halves()
    wrong[50:70, 30:60] = 0
    seen = np.where(true > 1, 0, true)
    answers = [masked(segmentation, tmp_path, i, true, seen, 0.9) for i in range(4)]
    answers.append(masked(segmentation, tmp_path, 4, wrong, seen, 0.95))
    judged = judged_masks(segmentation, tmp_path, answers)
    assert [j.suspicion.is_issue for j in judged] == [False] * 4 + [True]
    (region,) = judged[4].suspicion.regions
    assert (region.left, region.top, region.right, region.bottom) == (30, 50, 60, 70)
    assert (region.area, region.label, region.proposed) == (600, 0, 1)
    proposed, _ = read_mask(tmp_path / str(judged[4].score.mask))
    assert np.array_equal(proposed, true)
    assert judged[4].score.confusion == ((0, 1, 600),)


def test_outlines_drawn_a_little_differently_and_unsure_answers_are_no_issue(
    segmentation: Segmentation, tmp_path: Path
) -> None:
    true, shifted = halves(), halves()
    shifted[38:40, 4:-4] = 1
    seen = np.where(true > 1, 0, true)
    answers = [masked(segmentation, tmp_path, i, true, seen, 0.9) for i in range(4)]
    answers.append(masked(segmentation, tmp_path, 4, shifted, seen, 0.95))
    answers.append(masked(segmentation, tmp_path, 5, true, 1 - np.minimum(seen, 1), 0.6))
    judged = judged_masks(segmentation, tmp_path, answers)
    assert not any(j.suspicion.is_issue for j in judged)
    for number, label in ((4, shifted), (5, true)):
        assert np.array_equal(read_mask(tmp_path / str(judged[number].score.mask))[0], label)
