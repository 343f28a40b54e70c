"""`studio train` and `studio lr-find`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.cli.learning_options import (
    AverageWeightsOption,
    ClassWeightsOption,
    CompileOption,
    LabelSmoothingOption,
    MixUpOption,
)
from studio.cli.options import DeviceOption, JsonOption, ProjectArgument, TensorboardOption
from studio.cli.output import Output
from studio.cli.probing import AUTO, with_probed_batches
from studio.cli.recipes import RecipeOptions, make_spec
from studio.cli.run_watch import carry_out, exit_code, watch
from studio.core.errors import BadInput
from studio.core.recipe import OnDivergence, OnMemory, Purpose
from studio.core.resizing import Resize
from studio.store import Store

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


def train(
    *,
    project: ProjectArgument,
    recipe: RecipeOption = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", metavar="N", help="How often through the data.", min=1)
    ] = None,
    size: SizeOption = None,
    resize: ResizeOption = None,
    batch: BatchOption = None,
    lr: Annotated[
        str | None, typer.Option("--lr", metavar="X|LO:HI", help="Peak rate, or a range over the layers.")
    ] = None,
    schedule: ScheduleOption = None,
    arch: ArchOption = None,
    encoder: EncoderOption = None,
    pretrained: PretrainedOption = None,
    parent: FromOption = None,
    seed: SeedOption = None,
    frozen: FrozenOption = None,
    on_divergence: OnDivergenceOption = None,
    on_memory: OnMemoryOption = None,
    clip_norm: Annotated[
        float | None, typer.Option("--clip-norm", metavar="X", help="Shorten gradients that are longer than this.")
    ] = None,
    parts: Annotated[
        int | None, typer.Option("--parts", metavar="N", help="Compute each batch in N parts, for less memory.", min=1)
    ] = None,
    early_stop: Annotated[
        int | None,
        typer.Option("--early-stop", metavar="N", help="End a stage after N epochs without a better loss.", min=1),
    ] = None,
    label_smoothing: LabelSmoothingOption = None,
    class_weights: ClassWeightsOption = None,
    average_weights: AverageWeightsOption = None,
    mixup: MixUpOption = None,
    compiled: CompileOption = None,
    grow: Annotated[
        bool, typer.Option("--grow", help="Progressive resizing: spread the epochs over growing sizes of the pictures.")
    ] = False,
    note: Annotated[str | None, typer.Option("--note", help="A few words to know the run by.")] = None,
    resume: Annotated[
        str | None, typer.Option("--resume", metavar="RUN", help="Go on with a run that was stopped or crashed.")
    ] = None,
    device: DeviceOption = "auto",
    tensorboard: TensorboardOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a model on the labels as they are now. Ctrl+C stops and keeps what was learnt; twice ends it at once.

    Without options the recipe is one that fits the data and the device.
    """
    options = RecipeOptions(
        recipe=recipe,
        epochs=epochs,
        size=size,
        resize=resize,
        batch=None if batch == AUTO else batch,
        lr=lr,
        schedule=schedule,
        arch=arch,
        encoder=encoder,
        pretrained=pretrained,
        parent=parent,
        seed=seed,
        frozen=frozen,
        on_divergence=on_divergence,
        on_memory=on_memory,
        clip_norm=clip_norm,
        parts=parts,
        early_stop=early_stop,
        label_smoothing=label_smoothing,
        class_weights=class_weights,
        average_weights=average_weights,
        mixup=mixup,
        compile=compiled,
        note=note,
        grow=grow,
    )
    output = Output(as_json=as_json)
    with Store.open(project) as store:
        if resume is not None:
            if options != RecipeOptions() or batch is not None:
                raise BadInput(f"Run {resume} goes on with its own recipe; leave out the other options with --resume.")
            record, outcome = watch(
                store, store.run(resume), output, device=device, resume=True, tensorboard=tensorboard
            )
        else:
            spec = make_spec(store, options, purpose=Purpose.TRAIN, device=device)
            if batch == AUTO:
                spec = with_probed_batches(store, spec, output, device=device)
            record, outcome = carry_out(store, spec, output, device=device, tensorboard=tensorboard)
    if outcome.learnt_something:
        output.say(f"Its worst items: studio review {project} --run {record.id}")
    raise typer.Exit(exit_code(outcome))


def lr_find(
    *,
    project: ProjectArgument,
    recipe: RecipeOption = None,
    size: SizeOption = None,
    resize: ResizeOption = None,
    batch: BatchOption = None,
    arch: ArchOption = None,
    encoder: EncoderOption = None,
    pretrained: PretrainedOption = None,
    parent: FromOption = None,
    seed: SeedOption = None,
    frozen: FrozenOption = None,
    device: DeviceOption = "auto",
    tensorboard: TensorboardOption = None,
    as_json: JsonOption = False,
) -> None:
    """Try rates from 1e-7 to 10 on the training items and suggest some; nothing is trained for good."""
    options = RecipeOptions(
        recipe=recipe,
        size=size,
        resize=resize,
        batch=None if batch == AUTO else batch,
        arch=arch,
        encoder=encoder,
        pretrained=pretrained,
        parent=parent,
        seed=seed,
        frozen=frozen,
    )
    output = Output(as_json=as_json)
    with Store.open(project) as store:
        spec = make_spec(store, options, purpose=Purpose.LR_FIND, device=device)
        if batch == AUTO:
            spec = with_probed_batches(store, spec, output, device=device)
        _, outcome = carry_out(store, spec, output, device=device, tensorboard=tensorboard)
    raise typer.Exit(exit_code(outcome))
