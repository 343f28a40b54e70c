"""A text run's network and where its first weights come from: a parent run, or chance."""

from __future__ import annotations

from pathlib import Path

from studio.core.errors import BadInput, NotACheckpoint
from studio.core.recipe import RunSpec
from studio.ml.model_file import ModelFile, read_model
from studio.ml.tasks.text import Text
from studio.ml.text.text_net import TextNet


def first_text_weights(spec: RunSpec, task: Text, folder: Path) -> tuple[TextNet, str, list[str]]:
    """The network for the task's vocabulary, the sentence on where its weights come from, and warnings. Raises
    BadInput where the parent does not fit."""
    network = task.make_network()
    if spec.parent is None:
        return network, "From scratch; the language model's stages come first.", []
    parent = read_model(folder.parent / spec.parent)
    if parent.task is not spec.task:
        raise BadInput(f"Run {spec.parent} is for {parent.task.value}, this recipe for {spec.task.value}.")
    return network, f"From run {spec.parent}.", task.adapt(parent.state, parent.metadata, network)


def text_network_of(model: ModelFile, task: Text) -> TextNet:
    """The network of a model file, with its weights; the task takes over its vocabulary. Raises NotACheckpoint where
    they do not fit its own header."""
    path = Path("model.safetensors")
    try:
        task.take_over(model.metadata)
        network = task.make_network()
        network.load_state_dict(model.state)
    except (KeyError, ValueError) as error:
        raise NotACheckpoint(path, "its header has no vocabulary of a text model") from error
    except RuntimeError as error:
        raise NotACheckpoint(path, "its weights do not fit its header") from error
    return network
