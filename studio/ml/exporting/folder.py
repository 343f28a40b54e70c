"""The folder of an exported model, complete or not there at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import torch
from torch import Tensor

from studio.core.atomic import whole_folder
from studio.core.errors import BadInput, UnreadableImage
from studio.core.events import read_events
from studio.core.items import Split
from studio.core.snapshot import Snapshot
from studio.ml.data.decoding import Decoder
from studio.ml.data.transforms import normalised
from studio.ml.event_log import EVENTS_FILE
from studio.ml.exporting.model_card import PLAIN_PYTHON, model_card
from studio.ml.exporting.programs import write_onnx, write_torch_program
from studio.ml.model_file import ModelFile, read_model, write_model
from studio.ml.models.encoders import image_statistics
from studio.ml.network import network_of
from studio.ml.runner import read_recipe
from studio.ml.tasks.registry import make_task

PICTURES_CHECKED: Final = 4


@dataclass(frozen=True)
class Exported:
    """`differences`: for each exported program the largest difference to PyTorch on real pictures of the run."""

    folder: Path
    differences: dict[str, float]


def export_model(
    run: Path, out: Path, *, onnx: bool = False, progress: Callable[[int, int], None] = lambda done, total: None
) -> Exported:
    """Write the model of a run's folder to the new folder `out`; after any error there is no `out`.

    Raises NotACheckpoint, BadInput where `out` exists or no picture of the run can be read, MissingPackage,
    ExportDiffers, CannotWrite.
    """
    model = read_model(run)
    spec, snapshot = read_recipe(run)
    task = make_task(model.snapshot, model.architecture)
    network = network_of(model, task).eval()
    images = _real_inputs(run, snapshot, Decoder(run, task, model.height, model.width))
    how = _preprocessing(model)
    steps = 4 if onnx else 3
    if out.exists():
        raise BadInput(f"{out} already exists; name a new folder for the model.")
    with whole_folder(out) as folder:
        write_model(folder, model.state, model.metadata)
        _write_json(folder / "classes.json", _names(model.snapshot))
        _write_json(folder / "preprocessing.json", how)
        progress(1, steps)
        differences = {"model.pt2": write_torch_program(network, images, folder / "model.pt2")}
        progress(2, steps)
        if onnx:
            described = {**model.metadata, "preprocessing": msgspec.json.encode(how).decode()}
            differences["model.onnx"] = write_onnx(network, images, folder / "model.onnx", described)
            progress(3, steps)
        card = model_card(run, spec, snapshot, read_events(run / EVENTS_FILE), differences)
        (folder / "README.md").write_text(card, encoding="utf-8")
        (folder / "use.py").write_text(PLAIN_PYTHON, encoding="utf-8")
        progress(steps, steps)
    return Exported(out, differences)


def _real_inputs(run: Path, snapshot: Snapshot, decoder: Decoder) -> Tensor:
    """(N, 3, H, W), at least two rows: an exporter takes a batch of one for a fixed size."""
    items = sorted(snapshot.items, key=lambda item: item.split is not Split.VALID)
    pictures: list[np.ndarray] = []
    for item in items:
        try:
            pictures.append(decoder.picture(Path(item.image)))
        except UnreadableImage:
            continue
        if len(pictures) == PICTURES_CHECKED:
            break
    if not pictures:
        raise BadInput(
            f"No picture of {run} can be read, so an export could not be checked; "
            "put the pictures back where they were."
        )
    stacked = np.stack(pictures if len(pictures) > 1 else pictures * 2)
    return normalised(torch.from_numpy(stacked).permute(0, 3, 1, 2)).contiguous()


def _preprocessing(model: ModelFile) -> dict[str, Any]:
    mean, deviation = (values.flatten().tolist() for values in image_statistics())
    return {
        "height": model.height,
        "width": model.width,
        "resize": "squish, averaged over area",
        "channels": "RGB, scaled to 0–1, then (pixel - mean) / std",
        "mean": [round(value, 6) for value in mean],
        "std": [round(value, 6) for value in deviation],
    }


def _names(snapshot: Snapshot) -> dict[str, Any]:
    return {"task": snapshot.task, "classes": snapshot.classes, "keypoints": snapshot.keypoints}


def _write_json(path: Path, value: object) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2))
