"""`studio demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.cli.options import JsonOption
from studio.cli.output import Output
from studio.core.settings import Task


def demo(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Where it goes; by default into your data folder.")
    ] = None,
    task: Annotated[
        Task,
        typer.Option(
            help="Streets with masks, with their weather or with tags, or faces with keypoints; of texts there is none."
        ),
    ] = Task.SEGMENTATION,
    window: Annotated[bool, typer.Option("--window/--no-window", help="Open the window on it afterwards.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Make the sample project, once, and open it. Some of its labels are missing and some wrong, on purpose."""
    from studio.demo import default_demo_folder, make_demo, read_notes

    output = Output(as_json=as_json)
    with output.progress("Drawing the demo") as progress:
        project = make_demo(folder or default_demo_folder(task), task, progress=progress)
    notes = read_notes(project)
    output.result(
        "demo",
        f"The demo is at {project}; on purpose {len(notes.missing)} labels are missing and {len(notes.wrong)} wrong.",
        project=str(project),
        missing=notes.missing,
        wrong=notes.wrong,
    )
    if window:
        from studio.ui.app import run
        from studio.ui.options import WindowOptions

        raise typer.Exit(run(WindowOptions(project=project)))
