"""`studio keep`: go on with the new model, or with the old one."""

from __future__ import annotations

from typing import Annotated

import typer

from studio.cli.options import JsonOption, ProjectArgument, RunOption
from studio.cli.output import Output
from studio.core.errors import BadInput
from studio.core.model_choices import Kept
from studio.store import Store


def keep(
    project: ProjectArgument,
    run: RunOption,
    old: Annotated[bool, typer.Option("--old", help="Keep the model that RUN started from.")] = False,
    undecided: Annotated[bool, typer.Option("--undecided", help="Take the decision back.")] = False,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="Why; it stays on record.")] = "",
    who: Annotated[
        str | None, typer.Option("--who", metavar="NAME", help="Who decides; by default the account's name.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Keep RUN's model rather than the one it started from, or the other way round.

    The kept model is what predictions come from where no run is named. It can be decided anew; every decision stays on
    record.
    """
    output = Output(as_json=as_json)
    if old and undecided:
        raise BadInput("Either the old model is kept or nothing is decided; leave out --old or --undecided.")
    kept = Kept.OLD if old else Kept.UNDECIDED if undecided else Kept.NEW
    with Store.open(project) as store:
        choice = store.models.keep(run, kept, note=note, who=who)
        now = store.kept_run()
    told = f"Run {choice.kept_run} is kept" if choice.kept_run else f"Nothing is decided about run {run}"
    goes_on = f"; run {now} is what is gone on with." if now not in (None, choice.kept_run) else "."
    output.result(
        "kept", told + goes_on, run=run, parent=choice.parent, kept=kept, who=choice.who, note=note, kept_run=now
    )
