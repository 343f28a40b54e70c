"""The recipe that the form opens with."""

from __future__ import annotations

import platform
import shutil
import sys
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from studio.core.defaults import COMMON_SIZE, default_spec
from studio.core.errors import StudioError
from studio.core.images import image_size
from studio.core.items import LabelState, Split
from studio.core.recipe import Purpose, RunSpec
from studio.store import ItemFilter, Store

_TRIED: Final = 5


def starting_recipe(store: Store) -> RunSpec:
    """The last training from all labels, without its note, or the defaults where there was none."""
    for record in reversed(store.runs()):
        spec = record.spec
        if spec.purpose is Purpose.TRAIN and spec.fine_tune is None and spec.task is store.settings.task:
            return replace(spec, parent=None, note="")
    return recommended_recipe(store)


def recommended_recipe(store: Store) -> RunSpec:
    """The defaults for this project's task, number of labels and image size, on this computer's likely device."""
    ids = _training_items(store)
    return default_spec(
        store.settings, n_items=len(ids), image_size=_first_size(store, ids), device_kind=likely_device()
    )


def usual_size(store: Store) -> tuple[int, int]:
    """(width, height) of the pictures to train on."""
    return _first_size(store, _training_items(store))


def likely_device() -> str:
    """cuda, mps or cpu, told without loading PyTorch; a run's own answer is in its `Started` event."""
    if sys.platform == "darwin":
        return "mps" if platform.machine() == "arm64" else "cpu"
    has_driver = Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None
    return "cuda" if has_driver else "cpu"


def _training_items(store: Store) -> list[int]:
    """Those with a label, or all where none has one."""
    labelled = store.item_ids(ItemFilter(states=(LabelState.LABELLED,), splits=(Split.TRAIN,)))
    return labelled or store.item_ids(ItemFilter(splits=(Split.TRAIN,)))


def _first_size(store: Store, ids: list[int]) -> tuple[int, int]:
    """(width, height) of the first picture that can be read, in pixels."""
    for item in store.items(ids[:_TRIED]):
        try:
            return image_size(item.path)
        except (StudioError, OSError):
            continue
    return COMMON_SIZE
