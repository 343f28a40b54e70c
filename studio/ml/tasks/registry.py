"""Which class carries out which task. A new task is a file in this folder and a line here."""

from __future__ import annotations

from functools import partial
from typing import Final

from studio.core.architectures import SMP_ARCHITECTURES, Architecture
from studio.core.settings import Task as TaskName
from studio.core.snapshot import Snapshot
from studio.ml.models.atrous import LRASPP, DeepLabV3
from studio.ml.models.dynamic_unet import DynamicUnet
from studio.ml.models.pooled_keypoints import PooledKeypointNet
from studio.ml.models.smp_networks import SmpNetwork
from studio.ml.tasks.base import Task, TaskFactory
from studio.ml.tasks.heatmap_keypoints import HeatmapKeypoints
from studio.ml.tasks.keypoints import Keypoints
from studio.ml.tasks.multi_label import MultiLabel
from studio.ml.tasks.segmentation import Segmentation
from studio.ml.tasks.single_label import SingleLabel
from studio.ml.tasks.text import Text

TASKS: Final[dict[TaskName, TaskFactory]] = {
    TaskName.SEGMENTATION: Segmentation,
    TaskName.KEYPOINTS: Keypoints,
    TaskName.SINGLE_LABEL: SingleLabel,
    TaskName.MULTI_LABEL: MultiLabel,
    TaskName.TEXT: Text,
}
"""Each with its default network."""

OTHER_NETWORKS: Final[dict[Architecture, TaskFactory]] = {
    Architecture.DYNAMIC_UNET: partial(Segmentation, network=DynamicUnet),
    Architecture.DEEPLABV3: partial(Segmentation, network=DeepLabV3),
    Architecture.LRASPP: partial(Segmentation, network=LRASPP),
    **{one: partial(Segmentation, network=partial(SmpNetwork, architecture=one)) for one in SMP_ARCHITECTURES},
    Architecture.HEATMAP: HeatmapKeypoints,
    Architecture.REGRESSION: partial(Keypoints, network=PooledKeypointNet, head="head"),
}


def make_task(snapshot: Snapshot, architecture: Architecture | None = None) -> Task:
    """`architecture` is one of the task's; None is its default."""
    factory = TASKS[snapshot.task] if architecture is None else OTHER_NETWORKS.get(architecture, TASKS[snapshot.task])
    return factory(snapshot)
