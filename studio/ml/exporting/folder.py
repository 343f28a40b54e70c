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
from studio.core.errors import BadInput, UnreadableItem
from studio.core.events import read_events
from studio.core.items import Split
from studio.core.resizing import resize_to_answer
from studio.core.settings import Task as TaskName
from studio.core.snapshot import Snapshot
from studio.core.thresholds import keep_threshold, kept_threshold
from studio.core.vocabulary import PADDING_ID
from studio.ml.data.decoders import make_decoder
from studio.ml.data.framing import PADDING
from studio.ml.data.inputs import network_input
from studio.ml.event_log import EVENTS_FILE
from studio.ml.exporting.model_card import RESIZE_IN_WORDS, model_card, plain_python
from studio.ml.exporting.programs import require_onnx, write_onnx, write_torch_program
from studio.ml.model_file import ModelFile, read_model, write_model
from studio.ml.models.encoders import image_statistics
from studio.ml.network import network_of
from studio.ml.runner import read_recipe
from studio.ml.tasks.base import ItemDecoder
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
    if onnx:
        require_onnx()
    model = read_model(run)
    spec, snapshot = read_recipe(run)
    task = make_task(model.snapshot, model.architecture)
    network = network_of(model, task).eval()
    decoder = make_decoder(run, task, height=model.height, width=model.width, resize=model.resize)
    images = _real_inputs(run, snapshot, decoder)
    how = _preprocessing(model)
    steps = 4 if onnx else 3
    if out.exists():
        raise BadInput(f"{out} already exists; name a new folder for the model.")
    with whole_folder(out) as folder:
        write_model(folder, model.state, model.metadata)
        _write_json(folder / "classes.json", _names(model.snapshot))
        _write_json(folder / "preprocessing.json", how)
        if "vocabulary" in model.metadata:
            (folder / "vocabulary.json").write_text(model.metadata["vocabulary"], encoding="utf-8")
        if model.snapshot.task is TaskName.MULTI_LABEL:
            keep_threshold(folder, kept_threshold(run))
        progress(1, steps)
        differences = {"model.pt2": write_torch_program(network, images, folder / "model.pt2")}
        progress(2, steps)
        if onnx:
            described = {**model.metadata, "preprocessing": msgspec.json.encode(how).decode()}
            differences["model.onnx"] = write_onnx(network, images, folder / "model.onnx", described)
            progress(3, steps)
        card = model_card(run, spec, snapshot, read_events(run / EVENTS_FILE), differences)
        (folder / "README.md").write_text(card, encoding="utf-8")
        (folder / "use.py").write_text(plain_python(spec.task, spec.resize), encoding="utf-8")
        progress(steps, steps)
    return Exported(out, differences)


def _real_inputs(run: Path, snapshot: Snapshot, decoder: ItemDecoder) -> Tensor:
    """(N, 3, H, W) or (N, L), at least two rows: an exporter takes a batch of one for a fixed size."""
    items = sorted(snapshot.items, key=lambda item: item.split is not Split.VALID)
    pictures: list[np.ndarray] = []
    for item in items:
        try:
            pictures.append(decoder.picture(Path(item.image)))
        except UnreadableItem:
            continue
        if len(pictures) == PICTURES_CHECKED:
            break
    if not pictures:
        raise BadInput(
            f"Nothing that {run} was trained on can be read, so an export could not be checked; "
            "put the files back where they were."
        )
    return network_input(pictures if len(pictures) > 1 else pictures * 2, torch.device("cpu")).contiguous()


def _preprocessing(model: ModelFile) -> dict[str, Any]:
    if model.task is TaskName.TEXT:
        return {
            "tokens": model.width,
            "padding": PADDING_ID,
            "input": "(documents, tokens) int64: the ids of the first tokens of each, that many at most; "
            "in a batch the shorter ones are filled up with padding behind, which changes nothing",
            "vocabulary": "vocabulary.json: the token of each id; a token that is not in it has the id of xxunk",
        }
    resize = resize_to_answer(model.resize, model.task)
    mean, deviation = (values.flatten().tolist() for values in image_statistics())
    return {
        "height": model.height,
        "width": model.width,
        "resize": resize.value,
        "resize in words": RESIZE_IN_WORDS[resize],
        "padding": list(PADDING),
        "channels": "RGB, scaled to 0–1, then (pixel - mean) / std",
        "mean": [round(value, 6) for value in mean],
        "std": [round(value, 6) for value in deviation],
    }


def _names(snapshot: Snapshot) -> dict[str, Any]:
    return {"task": snapshot.task, "classes": snapshot.classes, "keypoints": snapshot.keypoints}


def _write_json(path: Path, value: object) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2))
