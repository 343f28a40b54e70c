"""The options of `train` and `fine-tune` about what training does to labels and weights."""

from __future__ import annotations

from typing import Annotated

import typer

from studio.core.recipe import ClassWeights

LabelSmoothingOption = Annotated[
    float | None,
    typer.Option(
        "--label-smoothing",
        metavar="X",
        help="Share of a label that goes to all classes evenly while training, such as 0.1; 0 is off.",
    ),
]

ClassWeightsOption = Annotated[
    ClassWeights | None,
    typer.Option(
        "--class-weights",
        help="How classes count in the training loss: off, each pixel or item alike; balanced, rare ones more.",
    ),
]

AverageWeightsOption = Annotated[
    float | None,
    typer.Option(
        "--average-weights",
        metavar="DECAY",
        help="Answer with a moving average of the weights, such as 0.99, about a hundred steps long; 0 is off.",
    ),
]

MixUpOption = Annotated[
    float | None,
    typer.Option(
        "--mixup",
        metavar="ALPHA",
        help="For one class or tags of a picture only: mix each picture with another of its batch, its classes "
        "likewise, such as 0.4; 0 is off.",
    ),
]

CompileOption = Annotated[
    bool | None,
    typer.Option(
        "--compile/--no-compile",
        help="Compute the steps with a program that PyTorch's compiler makes of the network: a minute or so to begin "
        "with, then faster, mostly on a GPU.",
    ),
]
