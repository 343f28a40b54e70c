"""A run's network and where its first weights come from: a parent run, ImageNet, or chance."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import nn

from studio.core.architectures import Architecture, check_encoder, is_timm
from studio.core.errors import BadInput, NotACheckpoint
from studio.core.recipe import RunSpec
from studio.ml.imagenet import pretrained_classifier
from studio.ml.model_file import ModelFile, read_model
from studio.ml.models.encoders import ImageEncoder, make_encoder
from studio.ml.models.timm_encoders import make_timm_encoder
from studio.ml.tasks.base import Task
from studio.ml.tasks.text import Text
from studio.ml.text.first_weights import first_text_weights, text_network_of
from studio.ml.timm_weights import pretrained_timm_encoder

DILATED: Final = frozenset({Architecture.DEEPLABV3, Architecture.LRASPP})
"""Architectures that stand on dilated encoders."""


@dataclass(frozen=True)
class FirstWeights:
    """A network on the CPU (one for pictures in channels-last layout), the sentence on where its weights come from, and
    warnings."""

    network: nn.Module
    sentence: str
    warnings: list[str]
    from_imagenet: bool = False


def make_network(spec: RunSpec, task: Task, folder: Path) -> FirstWeights:
    """The network that `spec` asks for, in `folder`'s run. Raises BadInput where the parent does not fit."""
    if isinstance(task, Text):
        return FirstWeights(*first_text_weights(spec, task, folder))
    if spec.parent is not None:
        return _from_parent(spec, task, folder.parent / spec.parent)
    encoder, sentence, from_imagenet = _first_encoder(spec)
    network = task.make_network(encoder)
    return FirstWeights(_channels_last(network), sentence, [], from_imagenet=from_imagenet)


def _first_encoder(spec: RunSpec) -> tuple[ImageEncoder, str, bool]:
    """The encoder, the sentence on its weights, and whether they are ImageNet's."""
    name, dilated = spec.model.encoder, spec.architecture in DILATED
    if not spec.model.pretrained:
        return _bare_encoder(name, dilated=dilated), "From scratch, as the recipe asks.", False
    if is_timm(name):
        return pretrained_timm_encoder(name)
    classifier, sentence = pretrained_classifier(name, dilated=dilated)
    return make_encoder(name, classifier, dilated=dilated), sentence, classifier is not None


def _bare_encoder(name: str, *, dilated: bool) -> ImageEncoder:
    return make_timm_encoder(name) if is_timm(name) else make_encoder(name, dilated=dilated)


def network_of(model: ModelFile, task: Task) -> nn.Module:
    """The network of a model file, with its weights. Raises NotACheckpoint where they do not fit its own header."""
    if isinstance(task, Text):
        return text_network_of(model, task)
    try:
        check_encoder(model.encoder, model.architecture)
    except ValueError as error:
        raise NotACheckpoint(Path("model.safetensors"), str(error)) from error
    network = task.make_network(_bare_encoder(model.encoder, dilated=model.architecture in DILATED))
    try:
        network.load_state_dict(model.state)
    except RuntimeError as error:
        raise NotACheckpoint(Path("model.safetensors"), "its weights do not fit its header") from error
    return _channels_last(network)


def _from_parent(spec: RunSpec, task: Task, parent_folder: Path) -> FirstWeights:
    parent = read_model(parent_folder)
    if parent.task is not spec.task:
        raise BadInput(f"Run {spec.parent} is for {parent.task.value}, this recipe for {spec.task.value}.")
    if (parent.architecture, parent.encoder) != (spec.architecture, spec.model.encoder):
        raise BadInput(
            f"Run {spec.parent} is {_named(parent.architecture, parent.encoder)}, this recipe asks for "
            f"{_named(spec.architecture, spec.model.encoder)}; choose the parent's model and encoder."
        )
    network = task.make_network(_bare_encoder(spec.model.encoder, dilated=spec.architecture in DILATED))
    warnings = task.adapt(parent.state, parent.metadata, network)
    return FirstWeights(_channels_last(network), f"From run {spec.parent}.", warnings)


def _named(architecture: Architecture | None, encoder: str) -> str:
    return f"{architecture} on {encoder}" if architecture else encoder


def _channels_last(network: nn.Module) -> nn.Module:
    return network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
