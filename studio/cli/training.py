"""`studio train` and `studio lr-find`."""

from __future__ import annotations

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
from studio.cli.recipe_options import (
    ArchOption,
    BatchOption,
    ClipNormOption,
    EarlyStopOption,
    EncoderOption,
    EpochsOption,
    FromOption,
    FrozenOption,
    GrowOption,
    OnDivergenceOption,
    OnMemoryOption,
    PartsOption,
    PretrainedOption,
    RateOption,
    RecipeOption,
    ResizeOption,
    ScheduleOption,
    SeedOption,
    SizeOption,
)
from studio.cli.recipes import RecipeOptions, make_spec
from studio.cli.run_watch import carry_out, exit_code, watch
from studio.core.errors import BadInput
from studio.core.recipe import Purpose, RunSpec
from studio.store import Store

ResumeOption = Annotated[
    str | None, typer.Option("--resume", metavar="RUN", help="Go on with a run that was stopped or crashed.")
]


def train(
    *,
    project: ProjectArgument,
    recipe: RecipeOption = None,
    epochs: EpochsOption = None,
    size: SizeOption = None,
    resize: ResizeOption = None,
    batch: BatchOption = None,
    lr: RateOption = None,
    schedule: ScheduleOption = None,
    arch: ArchOption = None,
    encoder: EncoderOption = None,
    pretrained: PretrainedOption = None,
    parent: FromOption = None,
    seed: SeedOption = None,
    frozen: FrozenOption = None,
    on_divergence: OnDivergenceOption = None,
    on_memory: OnMemoryOption = None,
    clip_norm: ClipNormOption = None,
    parts: PartsOption = None,
    early_stop: EarlyStopOption = None,
    label_smoothing: LabelSmoothingOption = None,
    class_weights: ClassWeightsOption = None,
    average_weights: AverageWeightsOption = None,
    mixup: MixUpOption = None,
    compiled: CompileOption = None,
    grow: GrowOption = False,
    note: Annotated[str | None, typer.Option("--note", help="A few words to know the run by.")] = None,
    resume: ResumeOption = None,
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
        batch=_asked_batch(batch),
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
            spec = _spec(store, options, output, batch=batch, purpose=Purpose.TRAIN, device=device)
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
        batch=_asked_batch(batch),
        arch=arch,
        encoder=encoder,
        pretrained=pretrained,
        parent=parent,
        seed=seed,
        frozen=frozen,
    )
    output = Output(as_json=as_json)
    with Store.open(project) as store:
        spec = _spec(store, options, output, batch=batch, purpose=Purpose.LR_FIND, device=device)
        _, outcome = carry_out(store, spec, output, device=device, tensorboard=tensorboard)
    raise typer.Exit(exit_code(outcome))


def _asked_batch(batch: str | None) -> str | None:
    """What the recipe is to say; `auto` is tried out once there is one."""
    return None if batch == AUTO else batch


def _spec(
    store: Store, options: RecipeOptions, output: Output, *, batch: str | None, purpose: Purpose, device: str
) -> RunSpec:
    """Raises what `make_spec` does."""
    spec = make_spec(store, options, purpose=purpose, device=device)
    return with_probed_batches(store, spec, output, device=device) if batch == AUTO else spec
