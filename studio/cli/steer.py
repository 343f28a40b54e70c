"""`studio steer`: what the window's buttons ask of a run that goes on, wherever it was started."""

from __future__ import annotations

import enum
from typing import Annotated, Final

import typer

from studio.cli.options import JsonOption, ProjectArgument
from studio.cli.output import Output
from studio.core.commands import AddEpoch, Command, Continue, LowerRate, Pause, Stop
from studio.core.errors import BadInput
from studio.core.recipe import Purpose
from studio.core.run_commands import tell_run
from studio.core.run_lock import is_held
from studio.store import Store


class Wish(enum.StrEnum):
    LOWER_RATE = "lower-rate"
    ADD_EPOCH = "add-epoch"
    PAUSE = "pause"
    CONTINUE = "continue"
    STOP = "stop"


_COMMANDS: dict[Wish, Command] = {
    Wish.LOWER_RATE: LowerRate(),
    Wish.ADD_EPOCH: AddEpoch(),
    Wish.PAUSE: Pause(),
    Wish.CONTINUE: Continue(),
    Wish.STOP: Stop(),
}


_TRAINS_NOTHING: Final = {
    Purpose.LR_FIND: "looks for a learning rate",
    Purpose.PROBE: "tries batch sizes",
    Purpose.SCORE: "scores production errors",
    Purpose.LOOK: "draws augmented samples",
    Purpose.LABEL_ERRORS: "looks for label errors",
}


def steer(
    *,
    project: ProjectArgument,
    wish: Annotated[
        Wish,
        typer.Argument(
            metavar="WISH",
            help="lower-rate divides all rates by 3 from here, add-epoch trains the stage an epoch longer; or pause, "
            "continue, stop.",
            show_default=False,
        ),
    ],
    run: Annotated[str, typer.Option("--run", metavar="RUN", help="A run that is going on, such as 0003.")],
    as_json: JsonOption = False,
) -> None:
    """Ask something of a run that goes on in the window, in another terminal or in the background."""
    with Store.open(project) as store:
        record = store.run(run)
    if is_held(record.folder) is False:
        raise BadInput(f"Run {run} is not going on; `studio train {project} --resume {run}` does so where it can.")
    doing = _TRAINS_NOTHING.get(record.spec.purpose)
    if doing is not None and wish is not Wish.STOP:
        raise BadInput(
            f"Run {run} {doing} and trains no epochs, so it hears nothing but stop; `studio steer {project} stop "
            f"--run {run}` ends it."
        )
    tell_run(record.folder, _COMMANDS[wish])
    sentence = f"Run {run} was asked to {wish}; its events say when it has."
    Output(as_json=as_json).result("asked", sentence, run=run, wish=wish.value)
