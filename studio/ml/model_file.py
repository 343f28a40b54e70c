"""`model.safetensors`: a network's weights, and in its header all that is needed to use them without the project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import safetensors.torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from studio.core.architectures import Architecture, default_architecture
from studio.core.atomic import replacing
from studio.core.classes import LabelClass
from studio.core.errors import CannotWrite, NotACheckpoint
from studio.core.model_header import MODEL_FILE, MODEL_FORMAT
from studio.core.past_cache import past_the_cache
from studio.core.points import KeypointName
from studio.core.resizing import Resize
from studio.core.settings import Task as TaskName
from studio.core.snapshot import Snapshot
from studio.ml.safetensors_writing import write_safetensors


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """What a model file says. `height` and `width` are the size of its last stage, `resize` how pictures came to it
    (a file that does not say so squished them). `architecture` None: the one kind of network that its task has."""

    task: TaskName
    architecture: Architecture | None
    encoder: str
    height: int
    width: int
    resize: Resize
    parent: str
    metadata: dict[str, str]
    state: dict[str, Tensor]

    @property
    def snapshot(self) -> Snapshot:
        """A snapshot without items that has the model's classes and keypoints."""
        classes = msgspec.json.decode(self.metadata.get("classes", "[]"), type=tuple[LabelClass, ...])
        keypoints = msgspec.json.decode(self.metadata.get("keypoints", "[]"), type=tuple[KeypointName, ...])
        return Snapshot(task=self.task, classes=classes, keypoints=keypoints)


def encode_model(state: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """`metadata` as `model_metadata` makes it."""
    return safetensors.torch.save({name: value.contiguous() for name, value in state.items()}, dict(metadata))


def model_metadata(
    *,
    task: TaskName,
    architecture: Architecture | None = None,
    encoder: str,
    height: int,
    width: int,
    resize: Resize = Resize.SQUISH,
    parent: str | None,
    labels: Mapping[str, str],
) -> dict[str, str]:
    """`labels` is what the task adds: its classes or keypoints as JSON."""
    return {
        "format": MODEL_FORMAT,
        "task": task.value,
        "architecture": architecture or "",
        "encoder": str(encoder),
        "height": str(height),
        "width": str(width),
        "resize": resize.value,
        "parent": parent or "",
        **labels,
    }


def write_model(folder: Path, state: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Raises CannotWrite; the model that was there before is then still there."""
    path = folder / MODEL_FILE
    with replacing(path) as file, past_the_cache(file) as straight:
        try:
            write_safetensors(straight, state, metadata)
        except ValueError as error:
            raise CannotWrite(path, str(error)) from error


def read_model(path: Path) -> ModelFile:
    """The model at `path`, a model file or a run's folder. Raises NotACheckpoint; never unpickles anything."""
    path = path / MODEL_FILE if path.is_dir() else path
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            metadata = dict(file.metadata() or {})
            if metadata.get("format") != MODEL_FORMAT:
                raise NotACheckpoint(path, "it was not written by a run")
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - safe_open is no dict
        task = TaskName(metadata["task"])
        return ModelFile(
            task=task,
            architecture=_architecture(metadata.get("architecture", ""), task),
            encoder=metadata["encoder"],
            height=int(metadata["height"]),
            width=int(metadata["width"]),
            resize=Resize(metadata.get("resize", Resize.SQUISH)),
            parent=metadata.get("parent", ""),
            metadata=metadata,
            state=state,
        )
    except FileNotFoundError as error:
        raise NotACheckpoint(path, "there is no such file") from error
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise NotACheckpoint(path, _what_it_is(path)) from error


def _architecture(name: str, task: TaskName) -> Architecture | None:
    """Files that name none are older than the choice, and are of the task's default."""
    return Architecture(name) if name else default_architecture(task)


def _what_it_is(path: Path) -> str:
    """Why a file is not taken, by its first bytes. A safetensors file begins with the length of its header (64 bits,
    little-endian) and a brace; `torch.save` writes a zip archive with a pickle in it, or a pickle."""
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except OSError:
        return "it cannot be read"
    if start.startswith((b"PK\x03\x04", b"\x80")) and start[8:] != b"{":
        return "it is a pickle, which could run code when it is opened"
    if start[8:] == b"{":
        return "it is cut off or damaged"
    return "it is no safetensors file of a run"
