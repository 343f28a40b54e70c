"""From what networks answered about labels they had not seen to which labels are suspected, and what is proposed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from studio.core.atomic import write_atomically
from studio.core.review import SCORES_FILE, ItemScore, encode_score
from studio.core.suspicions import SUSPICIONS_FILE, Suspicion, encode_suspicion
from studio.ml.label_errors.answers import Answer, Judged
from studio.ml.label_errors.classes import judge_classes
from studio.ml.label_errors.masks import judge_masks
from studio.ml.label_errors.points import judge_points
from studio.ml.label_errors.tags import judge_tags
from studio.ml.tasks.base import Task
from studio.ml.tasks.keypoints import Keypoints
from studio.ml.tasks.multi_label import MultiLabel
from studio.ml.tasks.segmentation import Segmentation
from studio.ml.tasks.single_label import SingleLabel


def judge(folder: Path, task: Task, answers: Sequence[Answer], *, report: Callable[[int, int], None]) -> None:
    """Write `scores.jsonl` with what is proposed for each item, and `suspicions.jsonl`, the most suspicious first.
    Raises BadMask, CannotWrite."""
    scores: list[ItemScore] = []
    suspicions: list[Suspicion] = []
    for done, judged in enumerate(_judged(folder, task, answers), start=1):
        scores.append(judged.score)
        suspicions.append(judged.suspicion)
        report(done, len(answers))
    suspicions.sort(key=lambda suspicion: (suspicion.quality, suspicion.item))
    write_atomically(folder / SUSPICIONS_FILE, b"".join(map(encode_suspicion, suspicions)))
    write_atomically(folder / SCORES_FILE, b"".join(map(encode_score, scores)))


def _judged(folder: Path, task: Task, answers: Sequence[Answer]) -> Iterator[Judged]:
    match task:
        case Segmentation():
            return judge_masks(folder, task, answers)
        case Keypoints():
            return judge_points(task, answers)
        case MultiLabel():
            return judge_tags(task, answers)
        case SingleLabel():
            return judge_classes(task, answers)
        case _:
            raise TypeError(f"labels of {type(task).__name__} cannot be judged")
