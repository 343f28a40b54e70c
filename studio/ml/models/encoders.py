"""The encoders that a network can start from: torchvision's classifiers without their classifier."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchvision.models import get_model

from studio.core.recipe import Encoder


class ImageEncoder(nn.Module):
    """Feature maps at 1/2, 1/4, 1/8, 1/16 and 1/32 of the input.

    `stages[i]` takes the output of `stages[i - 1]` and halves it. `channels[i]` is the width of its output.
    `first_part` counts the stages of the first parameter group: fastai splits a ResNet behind its second block.
    """

    first_part = 3

    def __init__(self, stages: list[nn.Module]) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.channels = tuple(_output_width(stage) for stage in stages)

    def forward(self, images: Tensor) -> list[Tensor]:
        """(N, 3, H, W) float → five maps, largest first; an odd size is rounded up at each halving."""
        features: list[Tensor] = []
        for stage in self.stages:
            images = stage(images)
            features.append(images)
        return features


def make_encoder(encoder: Encoder, classifier: nn.Module | None = None) -> ImageEncoder:
    """An encoder out of `classifier`, a torchvision model of that architecture; without one, at random weights."""
    model = classifier if classifier is not None else get_model(encoder.value, weights=None)
    if encoder is Encoder.MOBILENET_V3:
        return ImageEncoder(_mobilenet_stages(model))
    return ImageEncoder(_resnet_stages(model))


def _resnet_stages(model: nn.Module) -> list[nn.Module]:
    parts = dict(model.named_children())
    return [
        nn.Sequential(parts["conv1"], parts["bn1"], parts["relu"]),
        nn.Sequential(parts["maxpool"], parts["layer1"]),
        parts["layer2"],
        parts["layer3"],
        parts["layer4"],
    ]


def _mobilenet_stages(model: nn.Module) -> list[nn.Module]:
    """The blocks grouped so that each group begins with the block that halves the picture."""
    blocks = list(dict(model.named_children())["features"].children())
    halving = [i for i, block in enumerate(blocks) if _halves(block)]
    ends = [*halving[1:], len(blocks)]
    return [nn.Sequential(*blocks[start:end]) for start, end in zip(halving, ends, strict=True)]


def _halves(block: nn.Module) -> bool:
    return any(isinstance(m, nn.Conv2d) and m.stride == (2, 2) for m in block.modules())


def _output_width(stage: nn.Module) -> int:
    """Channels of a stage's output: each of these architectures ends a stage with a batch norm of that width."""
    return [m for m in stage.modules() if isinstance(m, nn.BatchNorm2d)][-1].num_features


def image_statistics() -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of ImageNet's pixels in [0, 1], each (1, 3, 1, 1): what the encoders expect."""
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    return mean, deviation
