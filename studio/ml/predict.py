"""Predicting on pictures with a run's model: from its folder alone, without project, recipe or labels."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np

from studio.core.errors import BadInput, UnreadableItem
from studio.core.images import IMAGE_SUFFIXES
from studio.core.recipe import Precision
from studio.core.settings import Task as TaskName
from studio.core.texts import TEXT_SUFFIXES
from studio.core.thresholds import kept_threshold
from studio.ml.data.decoders import make_decoder
from studio.ml.data.threads import decoding_threads
from studio.ml.device import MixedPrecision, choose_device, resolve_precision
from studio.ml.model_file import read_model
from studio.ml.network import network_of
from studio.ml.scoring import forward_pictures
from studio.ml.tasks.base import ItemDecoder
from studio.ml.tasks.multi_label import MultiLabel
from studio.ml.tasks.registry import make_task

BATCH_SIZE: Final = 8


def predict(
    run: Path,
    images: Path | Sequence[Path],
    out: Path,
    *,
    device: str = "auto",
    progress: Callable[[int, int], None] = lambda done, total: None,
    warn: Callable[[str], None] = lambda sentence: None,
) -> list[Path]:
    """Predict on a picture (or a text), a folder of them with its subfolders, or a list; write the answers to `out`.

    Masks become `out/NAME.png` (class ids at the picture's size, in the classes' colours), keypoints `out/points.csv`,
    classes of pictures and texts `out/tags.csv`. A file that cannot be read gets a warning and is left out. Returns the
    files written. Raises NotACheckpoint for anything but a run's folder or model file, and BadInput where there is no
    file of the kind.
    """
    model = read_model(run)
    task = make_task(model.snapshot, model.architecture)
    if isinstance(task, MultiLabel):
        task.threshold = kept_threshold(run if run.is_dir() else run.parent)
    chosen = choose_device(device)
    network = network_of(model, task).to(chosen).eval()
    precision = MixedPrecision(resolve_precision(Precision.AUTO, chosen, warn, task=model.task), chosen)
    decoder = make_decoder(run, task, height=model.height, width=model.width, resize=model.resize)
    paths = texts_in(images) if model.task is TaskName.TEXT else pictures_in(images)
    out.mkdir(parents=True, exist_ok=True)
    sink = task.open_sink(out)
    with ThreadPoolExecutor(decoding_threads(), thread_name_prefix="predict") as pool:
        for start in range(0, len(paths), BATCH_SIZE):
            decoded = list(pool.map(lambda path: _read(decoder, path, warn), paths[start : start + BATCH_SIZE]))
            readable = [(path, picture) for path, picture in decoded if picture is not None]
            if readable:
                outputs = forward_pictures(
                    [picture for _, picture in readable], network=network, precision=precision, device=chosen
                ).cpu()
                for (path, _), output in zip(readable, outputs, strict=True):
                    sink.add(_name_below(images, path), task.predict(output, decoder.frame(path)))
            progress(min(start + BATCH_SIZE, len(paths)), len(paths))
    return sink.close()


def pictures_in(images: Path | Sequence[Path]) -> list[Path]:
    """The picture files that are meant, in the order of their names. Raises BadInput where there is none."""
    return _files_in(images, IMAGE_SUFFIXES, one="picture", many="pictures")


def texts_in(texts: Path | Sequence[Path]) -> list[Path]:
    """The text files that are meant, in the order of their names. Raises BadInput where there is none."""
    return _files_in(texts, TEXT_SUFFIXES, one="text file", many="text files")


def _files_in(files: Path | Sequence[Path], suffixes: Collection[str], *, one: str, many: str) -> list[Path]:
    if not isinstance(files, Path):
        paths = list(files)
    elif files.is_dir():
        paths = sorted(p for p in files.rglob("*") if p.suffix.lower() in suffixes and p.is_file())
    elif files.is_file():
        paths = [files]
    else:
        raise BadInput(f"{files} does not exist; name a {one} or a folder of {many}.")
    if not paths:
        raise BadInput(f"{files} has no {one} in it; name a {one} or a folder of {many}.")
    return paths


def _read(decoder: ItemDecoder, path: Path, warn: Callable[[str], None]) -> tuple[Path, np.ndarray | None]:
    try:
        return path, decoder.picture(path)
    except UnreadableItem as error:
        warn(error.sentence)
        return path, None


def _name_below(images: Path | Sequence[Path], path: Path) -> str:
    """A picture of a folder keeps its place below it; any other goes by its file name."""
    if isinstance(images, Path) and images.is_dir():
        return path.relative_to(images).as_posix()
    return path.name
