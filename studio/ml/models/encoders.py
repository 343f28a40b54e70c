"""The encoders that a network can start from: torchvision's classifiers without their classifier."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torchvision.models import ResNet, get_model

_PROBE_SIDE = 256

_KNOWN_OUTPUTS: dict[tuple[str, bool], list[tuple[int, int]]] = {}
"""What `_outputs` found by name and dilation: it takes a tenth of a second, and a warm worker has asked before."""


class ImageEncoder(nn.Module):
    """Feature maps at ever smaller sizes, for most encoders 1/2, 1/4, 1/8, 1/16 and 1/32 of the input.

    `stages[i]` takes the output of `stages[i - 1]` and shrinks it. `channels[i]` is the width of its output and
    `scales[i]` by how much it is smaller than the input (2, 4, …).
    """

    def __init__(self, stages: Sequence[nn.Module], channels: Sequence[int], scales: Sequence[int]) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.channels = tuple(channels)
        self.scales = tuple(scales)

    def parameter_groups(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """The first two that a network is trained in: fastai splits a ResNet behind its second block, which leaves two
        stages for the second group."""
        first, rest = self.stages[:-2], self.stages[-2:]
        return list(first.parameters()), list(rest.parameters())

    def forward(self, images: Tensor) -> list[Tensor]:
        """(N, 3, H, W) float → a map for each stage, largest first; most encoders round an odd size up."""
        features: list[Tensor] = []
        for stage in self.stages:
            images = stage(images)
            features.append(images)
        return features


def make_encoder(name: str, classifier: nn.Module | None = None, *, dilated: bool = False) -> ImageEncoder:
    """An encoder out of `classifier`, a torchvision model called `name`; without one, at random weights.

    `dilated`: the last stages do not shrink the picture any further than to 1/8 (ResNets) or 1/16 (MobileNetV3) and see
    as much of it by dilation. Its stages and the names of its weights are those of the ordinary encoder.
    """
    model = classifier if classifier is not None else make_classifier(name, dilated=dilated)
    if (name, dilated) not in _KNOWN_OUTPUTS:
        _KNOWN_OUTPUTS[name, dilated] = _outputs(model)
    outputs = _KNOWN_OUTPUTS[name, dilated]
    sides = [side for _, side in (_outputs(_ordinary(name)) if dilated else outputs)]
    starts = [i for i, side in enumerate(sides) if i == 0 or side != sides[i - 1]]
    ends = [*starts[1:], len(sides)]
    blocks = _blocks(model)
    return ImageEncoder(
        [_joined(blocks[start:end]) for start, end in zip(starts, ends, strict=True)],
        channels=[outputs[end - 1][0] for end in ends],
        scales=[2 ** round(math.log2(_PROBE_SIDE / outputs[end - 1][1])) for end in ends],
    )


def make_classifier(name: str, *, dilated: bool = False) -> nn.Module:
    """torchvision's model of that name at random weights."""
    if not dilated:
        return get_model(name, weights=None)
    if name.startswith("mobilenet_v3"):
        return get_model(name, weights=None, dilated=True)
    return get_model(name, weights=None, replace_stride_with_dilation=[False, True, True])


def _ordinary(name: str) -> nn.Module:
    """The model without dilation and without memory for its weights, to ask for sizes; draws no random number."""
    with torch.device("meta"):
        return make_classifier(name)


def _blocks(model: nn.Module) -> list[nn.Module]:
    """The parts that turn a picture into features, in the order in which it goes through them."""
    parts = dict(model.named_children())
    if isinstance(model, ResNet):
        return [parts[name] for name in ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4")]
    if "features" in parts or "layers" in parts:
        blocks = list((parts.get("features") or parts["layers"]).children())
    elif "trunk_output" in parts:
        blocks = [parts["stem"], *parts["trunk_output"].children()]
    else:
        blocks = [block for name, block in parts.items() if name != "fc"]
    while isinstance(blocks[-1], nn.MaxPool2d):  # it was there for the classifier, and has no weights behind it
        blocks.pop()
    return blocks


def _outputs(model: nn.Module) -> list[tuple[int, int]]:
    """Channels and side of each block's output for a square picture, without computing any."""
    tensors = itertools.chain(model.parameters(), model.buffers())
    twin = copy.deepcopy(model, {id(tensor): tensor.detach().to("meta") for tensor in tensors}).eval()
    values = torch.zeros(1, 3, _PROBE_SIDE, _PROBE_SIDE, device="meta")
    answers: list[tuple[int, int]] = []
    with torch.no_grad():
        for block in _blocks(twin):
            values = block(values)
            answers.append((values.shape[1], values.shape[-1]))
    return answers


def _joined(blocks: Sequence[nn.Module]) -> nn.Module:
    return blocks[0] if len(blocks) == 1 else nn.Sequential(*blocks)


def image_statistics() -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of ImageNet's pixels in [0, 1], each (1, 3, 1, 1): what the encoders expect."""
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    return mean, deviation
