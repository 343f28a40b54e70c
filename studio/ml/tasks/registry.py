"""Which class carries out which task. A new task is a file in this folder and a line here."""

from __future__ import annotations

from typing import Final

from studio.core.settings import Task as TaskName
from studio.core.snapshot import Snapshot
from studio.ml.tasks.base import Task, TaskFactory
from studio.ml.tasks.keypoints import Keypoints
from studio.ml.tasks.segmentation import Segmentation

TASKS: Final[dict[TaskName, TaskFactory]] = {
    TaskName.SEGMENTATION: Segmentation,
    TaskName.KEYPOINTS: Keypoints,
}


def make_task(snapshot: Snapshot) -> Task:
    return TASKS[snapshot.task](snapshot)
