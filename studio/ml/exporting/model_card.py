"""The model card of an exported model, with the lines of plain Python that use it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import torch
import torchvision

from studio import __version__
from studio.core.architectures import Architecture
from studio.core.counting import counted
from studio.core.events import EpochEnd, RunEvent, Started
from studio.core.items import Split
from studio.core.learning_words import learning_words
from studio.core.recipe import RunSpec, Stage
from studio.core.resizing import Resize, resize_to_answer
from studio.core.settings import Task
from studio.core.snapshot import Snapshot

RESIZE_IN_WORDS: Final = {
    Resize.SQUISH: "both sides to the input's, averaged over area",
    Resize.PAD: "as large as fits into the input, averaged over area, in its middle; the padding's colour around it",
    Resize.CROP: "as large as covers the input, averaged over area; its middle is taken",
}

PLAIN_PYTHON: Final = """\
import json, sys, torch, numpy as np
from PIL import Image, ImageOps

here = sys.argv[1]  # this folder; the second argument is a picture
how = json.load(open(f"{here}/preprocessing.json", encoding="utf-8"))
size, by = (how["width"], how["height"]), Image.Resampling.BOX
picture = PICTURE
pixels = (np.asarray(picture, np.float32) / 255 - how["mean"]) / how["std"]
model = torch.export.load(f"{here}/model.pt2").module()
output = model(torch.from_numpy(pixels).float().permute(2, 0, 1)[None])
print(tuple(output.shape), output.flatten()[:3].tolist())
"""
"""The script that the card shows; it needs torch, NumPy and Pillow, and nothing of this program. `PICTURE` stands for
one of the next."""

_OPENED: Final = 'Image.open(sys.argv[2]).convert("RGB")'

RESIZED_PICTURE: Final = {
    Resize.SQUISH: f"{_OPENED}.resize(size, by)",
    Resize.PAD: f'ImageOps.pad({_OPENED}, size, by, tuple(how["padding"]))',
    Resize.CROP: f"ImageOps.fit({_OPENED}, size, by)",
}

PLAIN_PYTHON_FOR_TEXTS: Final = """\
import json, sys
import torch
from studio.core.tokens import tokenize  # Relearn Studio's way to split a text, which needs neither torch nor Qt

here = sys.argv[1]  # this folder; the second argument is a text file
how = json.load(open(f"{here}/preprocessing.json", encoding="utf-8"))
known = {token: i for i, token in enumerate(json.load(open(f"{here}/vocabulary.json", encoding="utf-8")))}
tokens = tokenize(open(sys.argv[2], encoding="utf-8").read())[: how["tokens"]]
model = torch.export.load(f"{here}/model.pt2").module()
ids = [known.get(token, 0) for token in tokens]
output = model(torch.tensor([ids]))
print(tuple(output.shape), output.flatten()[:3].tolist())
"""


def plain_python(task: Task, resize: Resize) -> str:
    """The script for a task's models that were trained with `resize`."""
    if task is Task.TEXT:
        return PLAIN_PYTHON_FOR_TEXTS
    return PLAIN_PYTHON.replace("PICTURE", RESIZED_PICTURE[resize_to_answer(resize, task)])


def model_card(
    run: Path, spec: RunSpec, snapshot: Snapshot, events: Iterable[RunEvent], differences: dict[str, float]
) -> str:
    """Markdown. `differences` has the largest difference to PyTorch of each exported file."""
    events = list(events)
    what = "TEXT" if spec.task is Task.TEXT else "PICTURE"
    parts = [
        f"# Model of run {run.name}: {spec.task.value}",
        spec.note,
        "## Data\n\n" + _data(snapshot),
        "## Output\n\n" + _output(spec),
        "## Metrics\n\n" + _metrics(events),
        "## Recipe\n\n" + _recipe(spec),
        "## Made with\n\n" + _made_with(events),
        "## Files\n\n" + _files(differences),
        (
            f"## Use\n\nWith Relearn Studio: `studio predict THIS_FOLDER {what}S --out DIR`. With plain Python "
            f"(`python use.py THIS_FOLDER {what}`):\n\n```python\n{plain_python(spec.task, spec.resize)}```"
        ),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _data(snapshot: Snapshot) -> str:
    splits = [f"{len(snapshot.of(split)):,} in {split.value}" for split in Split]
    corrected = sum(item.corrected for item in snapshot.items)
    names = [c.name + (" (void: never predicted)" if c.void else "") for c in snapshot.classes]
    names += [k.name for k in snapshot.keypoints]
    return "\n".join(
        [
            f"- Items: {len({item.id for item in snapshot.items}):,} ({', '.join(splits)})",
            f"- Names: {', '.join(names)}",
            (
                "- Labelled: in Relearn Studio or imported into it, frozen when the run began; "
                f"{counted(corrected, 'entry is a correction', 'entries are corrections')} made in review"
            ),
        ]
    )


def _output(spec: RunSpec) -> str:
    """What the network answers, for those who use it without this program."""
    if resize_to_answer(spec.resize, spec.task) is Resize.PAD:
        return f"{_places(spec)} All of it is about the padded picture."
    return _places(spec)


def _places(spec: RunSpec) -> str:
    if spec.architecture is Architecture.HEATMAP:
        return (
            "`(pictures, keypoints, H/4, W/4)`: a map for each keypoint whose peak is its place; "
            "the middle of cell i of n is at (i + 0.5) / n of the side."
        )
    if spec.task is Task.KEYPOINTS:
        return "`(pictures, keypoints, 2)`: x and y; -1 and 1 are the picture's edges."
    if spec.task is Task.TEXT:
        return (
            "`(documents, classes without the void ones)`: scores before the softmax. A document has any number of "
            "tokens from 1 on, a batch any number of documents; padding behind a document changes nothing."
        )
    return "`(pictures, names without the void ones, …)`: scores before the softmax or sigmoid."


def _metrics(events: list[RunEvent]) -> str:
    ends = [event for event in events if isinstance(event, EpochEnd)]
    if not ends:
        return "The run ended no epoch, so nothing was measured."
    last = ends[-1]
    rows = [f"| {m.name} | {m.value:.4g} | {m.detail} |" for m in last.metrics]
    rows.append(f"| validation loss | {last.valid_loss:.4g} | epoch {last.epoch}, step {last.step} |")
    return "\n".join(["| metric | value | of |", "| --- | --- | --- |", *rows])


def _recipe(spec: RunSpec) -> str:
    start = f"from run {spec.parent}" if spec.parent else "ImageNet weights" if spec.model.pretrained else "scratch"
    model = f"{spec.architecture} on {spec.model.encoder}" if spec.architecture else f"Encoder {spec.model.encoder}"
    model = "AWD-LSTM" if spec.task is Task.TEXT else model
    lines = [f"- {model}, start: {start}; weight decay {spec.weight_decay}, seed {spec.seed}"]
    lines += [] if spec.task is Task.TEXT else [f"- Pictures come to each size by: {spec.resize}"]
    lines += [f"- Stage {number}: {_stage(stage)}" for number, stage in enumerate(spec.stages, start=1)]
    learning = [*learning_words(spec), *(["asked to be compiled"] if spec.compile else [])]
    lines += [f"- While training: {', '.join(learning)}"] if learning else []
    return "\n".join(lines)


def _stage(stage: Stage) -> str:
    low = f"{stage.lr.low:g} to " if stage.lr.low is not None else ""
    what = ", the language model" if stage.language else ", encoder frozen" if stage.frozen else ""
    what = f", the last {stage.unfrozen} parameter groups" if stage.unfrozen else what
    return (
        f"{counted(stage.epochs, 'epoch')} of {stage.size_in_words}, batch {stage.batch_size}, "
        f"learning rate {low}{stage.lr.high:g}{what}"
    )


def _made_with(events: list[RunEvent]) -> str:
    started = [event for event in events if isinstance(event, Started)]
    lines = [f"- Trained on {started[-1].device} in {started[-1].precision}"] if started else []
    lines.append(
        f"- Exported by Relearn Studio {__version__} with PyTorch {torch.__version__} and torchvision "
        f"{torchvision.__version__}"
    )
    return "\n".join(lines)


def _files(differences: dict[str, float]) -> str:
    lines = ["- `model.safetensors`: the weights", "- `classes.json`, `preprocessing.json`: what goes in and comes out"]
    lines += [
        f"- `{name}`: the model as a program; differs from PyTorch by at most {difference:.1e} on items of the run"
        for name, difference in differences.items()
    ]
    return "\n".join(lines)
