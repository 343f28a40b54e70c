"""`studio check`: what would spoil a run or its numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.cli.options import JsonOption, ProjectArgument
from studio.cli.output import Output
from studio.core.counting import counted
from studio.core.errors import NothingToTrainOn
from studio.core.recipe import Purpose
from studio.store import Store


def check(
    project: ProjectArgument,
    files: Annotated[bool, typer.Option("--files/--no-files", help="Read every picture and label as well.")] = True,
    recipe: Annotated[
        Path | None,
        typer.Option("--recipe", metavar="FILE|NAME", help="Whose time and memory are estimated, else the default's."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Look at the labelled items of PROJECT before they are trained on.

    Says which classes only one side of the split has, which pictures cannot be read, which masks have numbers without a
    class, and which validation items are nearly the same as a training item, and estimates what time and memory
    a run takes. Changes nothing.
    """
    from studio.preflight import check_data

    output = Output(as_json=as_json)
    with output.progress("Reading items") as progress:
        checked = check_data(project, files=files, progress=progress)
    for finding in checked.findings:
        remedies = [fix.words for fix in finding.fixes]
        output.event("finding", sentence=finding.sentence, items=list(finding.items), remedies=remedies)
        output.say(f"! {finding.sentence}", style="yellow")
    output.say(checked.looked_at)
    expected = _estimate(project, recipe)
    if expected:
        output.say(expected)
    found = len(checked.findings)
    sentence = f"{counted(found, 'thing')} to look at before training." if found else "Nothing stands in the way."
    output.result("checked", sentence, findings=found, looked_at=checked.looked_at, estimate=expected)


def _estimate(project: Path, recipe: Path | None) -> str:
    """Empty where there is nothing to train on. Raises BadInput for a recipe that cannot be read."""
    from studio.cli.recipes import RecipeOptions, make_spec
    from studio.preflight import estimate

    with Store.open(project) as store:
        try:
            spec = make_spec(store, RecipeOptions(recipe=recipe), purpose=Purpose.TRAIN, device="auto")
        except NothingToTrainOn:
            return ""
        return estimate(store, spec)
