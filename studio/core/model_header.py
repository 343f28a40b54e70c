"""What a model file says about itself in its header, read without loading a weight."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from studio.core.architectures import Architecture, default_architecture
from studio.core.classes import LabelClass
from studio.core.errors import NotACheckpoint
from studio.core.points import KeypointName
from studio.core.resizing import Resize
from studio.core.settings import Task

MODEL_FILE: Final = "model.safetensors"

MODEL_FORMAT: Final = "relearn-studio-model-1"

_LENGTH_BYTES: Final = 8
_LONGEST: Final = 100_000_000
"""The longest header that the safetensors format allows, in bytes."""


@dataclass(frozen=True, kw_only=True)
class ModelHeader:
    """`path` is the model file's; `height` and `width` are those of its last stage in pixels, of texts 1 and tokens."""

    path: Path
    task: Task
    architecture: Architecture | None
    encoder: str
    height: int
    width: int
    resize: Resize
    classes: tuple[LabelClass, ...]
    keypoints: tuple[KeypointName, ...]


def read_model_header(path: Path) -> ModelHeader:
    """Of the model at `path`: a model file, a run's folder or an exported model's. Raises NotACheckpoint.

    A safetensors file begins with the length of its header, 64 bits little-endian, and the header, JSON.
    """
    path = path / MODEL_FILE if path.is_dir() else path
    said = _metadata(path)
    if said.get("format") != MODEL_FORMAT:
        raise NotACheckpoint(path, "it was not written by a run")
    try:
        task = Task(said["task"])
        named = said.get("architecture", "")
        return ModelHeader(
            path=path,
            task=task,
            architecture=Architecture(named) if named else default_architecture(task),
            encoder=said["encoder"],
            height=int(said["height"]),
            width=int(said["width"]),
            resize=Resize(said.get("resize", Resize.SQUISH)),
            classes=msgspec.json.decode(said.get("classes", "[]"), type=tuple[LabelClass, ...]),
            keypoints=msgspec.json.decode(said.get("keypoints", "[]"), type=tuple[KeypointName, ...]),
        )
    except (KeyError, ValueError, msgspec.DecodeError) as error:
        raise NotACheckpoint(path, "its header says no task, classes or size that this program knows") from error


def _metadata(path: Path) -> dict[str, str]:
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
            header = file.read(length) if length <= _LONGEST else b""
    except FileNotFoundError as error:
        raise NotACheckpoint(path, "there is no such file") from error
    except OSError as error:
        raise NotACheckpoint(path, "it cannot be read") from error
    try:
        values: Any = json.loads(header)
    except ValueError as error:
        raise NotACheckpoint(path, "it is no safetensors file of a run, or it is damaged") from error
    said: Any = values.get("__metadata__") if isinstance(values, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return cast("dict[str, str]", said) if isinstance(said, dict) else {}
