"""The options of `train` and `lr-find` about the recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.core.recipe import OnDivergence, OnMemory
from studio.core.resizing import Resize

RecipeOption = Annotated[
    Path | None,
    typer.Option("--recipe", metavar="FILE|NAME", help="A recipe.json, or a sample's name such as camvid-lesson-3."),
]
SizeOption = Annotated[str | None, typer.Option("--size", metavar="HxW", help="Training size, such as 96x128.")]
ResizeOption = Annotated[
    Resize | None,
    typer.Option(
        "--resize",
        help="How pictures of another shape come to that size: squish their sides, crop a part drawn anew each time, "
        "or pad them with grey. After a crop masks and points are judged and predicted on whole, padded pictures, "
        "classes on the middle.",
    ),
]
BatchOption = Annotated[
    str | None,
    typer.Option(
        "--batch",
        metavar="N|auto",
        help="Images a batch; auto tries growing ones first, and takes the smallest that is about as fast as any that "
        "fits into memory.",
    ),
]
ArchOption = Annotated[
    str | None,
    typer.Option(
        "--arch",
        metavar="A",
        help="The model, such as dynamic_unet or heatmap.",
    ),
]
EncoderOption = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        metavar="E",
        help="What it stands on: resnet34 or another of torchvision's, or timm/NAME where timm is installed.",
    ),
]
PretrainedOption = Annotated[
    bool | None, typer.Option("--pretrained/--from-scratch", help="Whether to start from ImageNet weights.")
]
FromOption = Annotated[str | None, typer.Option("--from", metavar="RUN", help="Start from this run's weights.")]
SeedOption = Annotated[int | None, typer.Option("--seed", metavar="N", help="Of order, transforms and first weights.")]
ScheduleOption = Annotated[
    str | None,
    typer.Option(
        "--schedule",
        metavar="KIND[:NAME=X,…]",
        help="How the rate moves: one-cycle, flat-cosine or constant, such as one-cycle:pct_start=0.3,div=10.",
    ),
]
OnDivergenceOption = Annotated[
    OnDivergence | None,
    typer.Option(
        "--on-divergence",
        help="When the loss is no number any more: stop, or go back to the last good checkpoint and on with a third of "
        "the rates, three times at most.",
    ),
]
OnMemoryOption = Annotated[
    OnMemory | None,
    typer.Option(
        "--on-memory",
        help="When a batch does not fit into memory: compute it in parts, go on in half precision where the device has "
        "it, or stop with the last good checkpoint.",
    ),
]
FrozenOption = Annotated[
    bool | None, typer.Option("--frozen/--unfrozen", help="Train the head and the batch-norm layers only.")
]
EpochsOption = Annotated[int | None, typer.Option("--epochs", metavar="N", help="How often through the data.", min=1)]
RateOption = Annotated[
    str | None, typer.Option("--lr", metavar="X|LO:HI", help="Peak rate, or a range over the layers.")
]
ClipNormOption = Annotated[
    float | None, typer.Option("--clip-norm", metavar="X", help="Shorten gradients that are longer than this.")
]
PartsOption = Annotated[
    int | None, typer.Option("--parts", metavar="N", help="Compute each batch in N parts, for less memory.", min=1)
]
EarlyStopOption = Annotated[
    int | None,
    typer.Option("--early-stop", metavar="N", help="End a stage after N epochs without a better loss.", min=1),
]
GrowOption = Annotated[
    bool, typer.Option("--grow", help="Progressive resizing: spread the epochs over growing sizes of the pictures.")
]
