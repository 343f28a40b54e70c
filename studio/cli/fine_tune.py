"""`studio fine-tune`: train on, on the corrections, and say item by item what came of it."""

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
from studio.cli.options import DeviceOption, JsonOption, ProjectArgument, RunOption, TensorboardOption
from studio.cli.output import Output
from studio.cli.recipes import read_rate, with_learning
from studio.cli.report import show_report
from studio.cli.review import load_scores
from studio.cli.run_watch import carry_out, exit_code
from studio.core.errors import BadInput
from studio.core.fine_tuning import (
    FINE_TUNE_EPOCHS,
    FINE_TUNE_WEIGHT,
    fine_tune_spec,
    proposed_replay,
    teacher_of,
)
from studio.lessons import lessons_for
from studio.reports import read_report
from studio.store import TRAINED_ON, Store

EpochsOption = Annotated[int, typer.Option("--epochs", metavar="N", min=1, help="How often through the data.")]
RateOption = Annotated[
    str | None, typer.Option("--lr", metavar="X", help="Peak rate; by default a fifth of the run's frozen one.")
]
ReplayOption = Annotated[
    float | None,
    typer.Option(
        "--replay",
        metavar="SHARE",
        min=0,
        max=1,
        help="Of the run's training items, kept beside them; by default five for each correction, at least 100.",
    ),
]
WeightOption = Annotated[
    float, typer.Option("--weight", metavar="X", min=0.1, help="How many times as often a correction is drawn.")
]
FrozenOption = Annotated[
    bool, typer.Option("--frozen", help="Train the head alone, by default at the rate the run's head had.")
]
LastEpochOption = Annotated[
    bool,
    typer.Option("--last-epoch", help="End with all that was learnt, whatever it costs of what the model knew."),
]


def fine_tune(
    *,
    project: ProjectArgument,
    run: RunOption,
    epochs: EpochsOption = FINE_TUNE_EPOCHS,
    lr: RateOption = None,
    replay: ReplayOption = None,
    weight: WeightOption = FINE_TUNE_WEIGHT,
    frozen: FrozenOption = False,
    last_epoch: LastEpochOption = False,
    label_smoothing: LabelSmoothingOption = None,
    class_weights: ClassWeightsOption = None,
    average_weights: AverageWeightsOption = None,
    mixup: MixUpOption = None,
    compiled: CompileOption = None,
    device: DeviceOption = "auto",
    tensorboard: TensorboardOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start from RUN's model and train on what its review corrected; then compare before and after, item by item."""
    output = Output(as_json=as_json)
    with Store.open(project) as store:
        load_scores(store, run)
        items = _lessons(store, run, project)
        rate = read_rate(lr).high if lr is not None else None
        parent = with_learning(
            store.run(run).spec,
            label_smoothing=label_smoothing,
            class_weights=class_weights,
            average_weights=average_weights,
            mixup=mixup,
            compile=compiled,
        )
        spec = fine_tune_spec(
            parent,
            run,
            items,
            replay=proposed_replay(len(items), store.item_count(TRAINED_ON)) if replay is None else replay,
            weight=weight,
            epochs=epochs,
            rate=rate,
            frozen=frozen,
            least_forgetting=not last_epoch,
        )
        record, outcome = carry_out(store, spec, output, device=device, tensorboard=tensorboard)
        if outcome.learnt_something:
            load_scores(store, record.id)
            show_report(read_report(store, record.id), output)
    raise typer.Exit(exit_code(outcome))


def _lessons(store: Store, run: str, project: Path) -> tuple[int, ...]:
    """Raises BadInput where there is nothing to learn, or no model that could."""
    items = lessons_for(store, run)
    if not items:
        raise BadInput(
            f"Run {run} has led to no corrected label yet; correct some in the window, or with `studio decide`."
        )
    if teacher_of(store.run(run).spec, run) is None:
        raise BadInput(
            f"Run {run} looked for label errors before any model was trained; train one on the corrected labels "
            f"with `studio train {project}`."
        )
    return items
